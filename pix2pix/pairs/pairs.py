"""Training pairs as tensors, and their jitter (Isola et al. 2017, appendix 6.2)."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from pix2pix.compat import import_torchvision
from pix2pix.errors import DataError
from pix2pix.pairs.flat_art import flat_colours
from pix2pix.pairs.hand_drawn import draw_by_hand, leave_outline, place
from pix2pix.pairs.paint import is_flat_art, painted
from pix2pix.pairs.source import DIRECTIONS, Source
from pix2pix.pictures.color import lightness_and_colour
from pix2pix.pictures.images import resized
from pix2pix.pictures.palettes import Palette, snap

MEMORY_FOR_PAIRS = 1 << 30  # bytes of decoded pictures that a data set may keep


class Pairs(Dataset):
    """What a source holds, ready for the networks.

    Args:
        source: from `pix2pix.pairs.folders.find_source`.
        direction: `AtoB` (input A, target B) or `BtoA`.
        size: side of the square pictures that come out, in pixels.
        jitter: scale both pictures to 286/256 of `size` and cut the same random square out of both. Off, they are
            scaled to `size`.
        mirror: mirror both or neither, half of the time.
        hand_drawn: with the jitter, change drawn inputs as a hand would (see `pix2pix.pairs.hand_drawn`).
        palette: the labels of the inputs. They are then scaled without mixing colours, and every pixel becomes the
            palette's nearest colour, which undoes what JPEG did to them.
        lightness: for colourisation: the input becomes the target's lightness and the target its colour (see
            `pix2pix.pictures.color`).
        paint: paint the inputs (see `pix2pix.pairs.paint`). With the jitter, half of the pairs are also scaled down and
            put anywhere on white.
        seed: of the jitter. What `pairs[epoch, index]` gives depends on (seed, epoch, index) alone, so it is the same
            in any order, in any process, and after a resume.

    Raises:
        DataError: there is no such direction; later, when it is asked for, a picture that cannot be read.
    """

    def __init__(
        self,
        source: Source,
        direction: str = "AtoB",
        size: int = 256,
        jitter: bool = False,
        mirror: bool = False,
        hand_drawn: bool = False,
        palette: Palette | None = None,
        lightness: bool = False,
        seed: int = 0,
        paint: bool = False,
    ) -> None:
        if direction not in DIRECTIONS:
            raise DataError(f"The direction is {direction!r}: choose AtoB or BtoA.")
        self.source = source
        self.direction = direction
        self.size = size
        self.jitter, self.mirror, self.hand_drawn, self.paint = jitter, mirror, hand_drawn, paint
        self.load_size = round(size * 286 / 256) if jitter else size
        self.palette = palette
        self.lightness = lightness
        self.seed = seed
        self._kept: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self.source.names)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Tensor, Tensor]:
        """The pair `index`, or `(epoch, index)`: float32 input and target, (3, size, size) each, in [-1, 1]; for
        colourisation (1, size, size) and (2, size, size)."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        pair = self._load(index)
        # The changes draw from PyTorch's global state: lend them one made from the key, then put it back.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mixed_seed(self.seed, epoch, index))
            pair = self._changed(pair)
        x, y = pair.to(torch.float32).div(127.5).sub(1)
        if self.lightness:
            x, y = (torch.from_numpy(part.copy()) for part in lightness_and_colour(y.numpy()))
        return x, y

    def _load(self, index: int) -> Tensor:
        """uint8 (2, 3, load_size, load_size): input and target."""
        pair = self._kept.get(index)
        if pair is None:
            x, y = self.source.open(index)
            if self.direction == "BtoA":
                x, y = y, x
            flat = self.paint and is_flat_art(np.asarray(x))
            x = flat_colours(x) if flat else x
            pair = torch.stack([to_bytes(x, self.load_size, self.palette, flat), to_bytes(y, self.load_size)])
            if (len(self._kept) + 1) * pair.numel() <= MEMORY_FOR_PAIRS:
                self._kept[index] = pair
        return pair

    def _changed(self, pair: Tensor) -> Tensor:
        """The pair under this key's jitter, mirroring, paint and hand. One tensor holds both pictures, so one draw
        serves both."""
        by_hand = self.hand_drawn and self.jitter
        flat = self.paint and is_flat_art(pair[0].permute(1, 2, 0).numpy())
        placed = self.jitter and (self.hand_drawn or self.paint)
        if by_hand and not flat:
            pair = leave_outline(pair)
        if placed and torch.rand(()) < 0.5:
            pair = place(pair, self.size, flat)
        elif self.jitter:
            pair = random_crop(pair, self.size)
        if self.mirror and torch.rand(()) < 0.5:
            pair = pair.flip(-1)
        if self.paint:
            return painted(pair, flat, by_hand, np.random.default_rng(int(torch.randint(1 << 31, ()))))
        return torch.stack([draw_by_hand(pair[0].float()), pair[1].float()]) if by_hand else pair


def random_crop(pair: Tensor, size: int) -> Tensor:
    """The same square of `size` pixels out of both pictures."""
    import_torchvision()
    from torchvision.transforms import v2

    return v2.RandomCrop(size)(pair)


def to_bytes(image: Image.Image, size: int, palette: Palette | None = None, flat: bool = False) -> Tensor:
    """RGB picture -> uint8 (3, size, size); a label map in its palette's colours alone, flat art in its own."""
    image = resized(image, (size, size), hard=palette is not None or flat)
    if palette:
        image = Image.fromarray(snap(np.asarray(image), palette))
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(size, size, 3).permute(2, 0, 1)


def mixed_seed(*parts: int) -> int:
    """One 63-bit seed from several non-negative integers; different parts give unrelated seeds."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)
