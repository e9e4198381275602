"""Training pairs as tensors, and their jitter (Isola et al. 2017, appendix 6.2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from pix2pix.compat import import_torchvision
from pix2pix.errors import DataError
from pix2pix.pairs.flat_art import flat_colours
from pix2pix.pairs.hand_drawn import draw_by_hand, leave_outline
from pix2pix.pairs.paint import is_flat_art, painted
from pix2pix.pairs.placing import on_white, place, warp, zoom
from pix2pix.pairs.polarity import look_at
from pix2pix.pairs.source import AS_SEEN, DIRECTIONS, OUTLINES, UNPAINTED, Readings, Source
from pix2pix.pictures.color import lightness_and_colour
from pix2pix.pictures.drawings import LIGHT
from pix2pix.pictures.drawings import inverted as inverted_lines
from pix2pix.pictures.images import Size, to_array, to_image
from pix2pix.pictures.palettes import Palette, snap
from pix2pix.pictures.places import Place, as_it_is, scaled_whole

MEMORY_FOR_PAIRS = 1 << 30  # bytes of decoded pictures that a data set may keep


class Pairs(Dataset):
    """The pairs of a source as tensors for the networks.

    Args:
        source: source from `pix2pix.pairs.folders.find_source`.
        direction: `AtoB` (input A, target B) or `BtoA`.
        size: side of the resulting square pictures, in pixels.
        jitter: scale both pictures to 286/256 of `size` and cut the same random square out of both. Off, they are
            scaled to `size`.
        crop: cut squares out of larger pictures instead of scaling: random ones with the jitter, otherwise from the
            middle. Smaller pictures are extended by mirroring.
        whole: with `crop` and without the jitter, use whole pictures instead of squares.
        stretched: stretch scaled pictures to a square. Otherwise they keep their proportions and get margins (see
            `pix2pix.pictures.places`).
        paper: colour of the inputs' margins; None repeats their borders.
        mirror: mirror both or neither, half of the time.
        hand_drawn: with the jitter, redraw inputs as a hand would (see `pix2pix.pairs.hand_drawn`).
        readings: meaning of the values of A and B. Label maps are scaled without mixing colours, and every pixel
            becomes the palette's nearest colour, which removes JPEG artefacts.
        lightness: for colourisation: the input becomes the target's lightness, and the target its colour (see
            `pix2pix.pictures.color`).
        paint: paint the inputs (see `pix2pix.pairs.paint`). With this or `hand_drawn`, and with the jitter, half of the
            pairs are also scaled down and put anywhere on white. If the photo is not on white, a part is scaled up.
        unpainted: share of the line drawings that `paint` leaves unpainted, from 0 to 1.
        outlines: share of the line drawings that `hand_drawn` reduces to their outlines, from 0 to 1.
        warp: with `hand_drawn`, turn, stretch and bend things on white (see `pix2pix.pairs.placing`).
        inverted: invert the inputs, which have light lines on dark. None: the majority of drawn or painted inputs
            decides (see `pix2pix.pairs.polarity`).
        seed: seed of the jitter. `pairs[epoch, index]` depends on (seed, epoch, index) alone, so it is the same in any
            order, in any process, and after a resume.

    Raises:
        DataError: there is no such direction; or, when a pair is loaded, a picture cannot be read.
    """

    def __init__(
        self,
        source: Source,
        direction: str = "AtoB",
        size: int = 256,
        jitter: bool = False,
        mirror: bool = False,
        hand_drawn: bool = False,
        readings: Readings = AS_SEEN,
        lightness: bool = False,
        seed: int = 0,
        paint: bool = False,
        inverted: bool | None = None,
        crop: bool = False,
        whole: bool = False,
        stretched: bool = True,
        paper: str | None = None,
        unpainted: float = UNPAINTED,
        outlines: float = OUTLINES,
        warp: bool = False,
    ) -> None:
        if direction not in DIRECTIONS:
            raise DataError(f"The direction is {direction!r}: choose AtoB or BtoA.")
        self.source = source
        self.direction = direction
        self.size = size
        self.jitter, self.mirror, self.hand_drawn, self.paint = jitter, mirror, hand_drawn, paint
        self.load_size = round(size * 286 / 256) if jitter else size
        self.readings = readings
        self.lightness = lightness
        if inverted is None and (hand_drawn or paint):
            inverted = look_at(source, direction, "paint" if paint else "edges", readings=readings) == LIGHT
        self.inverted = bool(inverted)
        self.seed, self.unpainted, self.outlines, self.warp = seed, unpainted, outlines, warp
        self.crop, self.whole, self.stretched, self.paper = crop, whole, stretched, paper
        self._places: dict[int, Place] = {}
        self._flat: dict[int, bool] = {}  # whether an input is flat art, for `paint`; scaled, it may look otherwise
        self._kept: dict[int, Tensor] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.source.names)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Tensor, Tensor]:
        """The pair `index`, or `(epoch, index)`: float32 input and target, (3, size, size) each, in [-1, 1]; for
        colourisation, (1, size, size) and (2, size, size). With `whole`, they have the pictures' own size."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        pair = self._load(index)
        # The changes draw from PyTorch's global state: one that follows from the key, until the old one is restored.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mixed_seed(self.seed, epoch, index))
            pair = self._changed(pair, self._flat[index])
        x, y = pair.to(torch.float32).div(127.5).sub(1)
        if self.lightness:
            x, y = (torch.from_numpy(part.copy()) for part in lightness_and_colour(y.numpy()))
        return x, y

    def without_margins(self, index: int, picture: Tensor) -> Tensor:
        """What lies where the pictures of the pair `index` lie, without their margins, scaled to the square: (3, size,
        size) -> the same. Of the pair's own pictures, or an output."""
        if index not in self._places:
            self._load(index)
        place = self._places[index]
        if place.inner == place.canvas or self.crop:
            return picture
        inner = replace(place, outer=place.canvas).leave(to_image(picture.numpy()))
        return torch.from_numpy(to_array(inner))

    def _place(self, size: Size) -> Place:
        """Where an input of this size, and its target, lie in what comes out, but for the jitter."""
        if self.crop:
            return as_it_is(size, least=1 if self.whole else self.size)
        return scaled_whole(size, self.load_size, self.stretched)

    def _load(self, index: int) -> Tensor:
        """uint8 (2, 3, load_size, load_size): input and target. With `crop`, of the pictures' own size."""
        pair = self._kept.get(index)
        if pair is None:
            x, y = self.source.open(index, self.readings)
            if self.direction == "BtoA":
                x, y = y, x
            x = inverted_lines(x) if self.inverted else x
            flat = self._flat[index] = self.paint and is_flat_art(np.asarray(x))
            x = flat_colours(x) if flat else x
            inputs, targets = (reading.palette for reading in self.readings.facing(self.direction))
            place = self._places[index] = self._place(x.size)
            pair = torch.stack([to_bytes(x, place, inputs, flat, self.paper), to_bytes(y, place, targets)])
            if self._kept_bytes + pair.numel() <= MEMORY_FOR_PAIRS:
                self._kept[index] = pair
                self._kept_bytes += pair.numel()
        return pair

    def _changed(self, pair: Tensor, flat: bool) -> Tensor:
        """The pair after jitter, mirroring, paint and redrawing. One tensor holds both pictures, so both get the same
        changes."""
        by_hand = self.hand_drawn and self.jitter
        placed = self.jitter and (self.hand_drawn or self.paint)
        labels = self.readings.facing(self.direction)[1].palette is not None
        if by_hand and not flat:
            pair = leave_outline(pair, self.outlines)
        if by_hand and self.warp and not labels:
            pair = warp(pair, flat)
        if placed and torch.rand(()) < 0.5:
            placeable = flat or labels or on_white(pair[1])
            pair = place(pair, self.size, flat, labels) if placeable else zoom(pair, self.size)
        elif self.jitter:
            pair = random_crop(pair, self.size)
        elif self.crop and not self.whole:
            pair = middle(pair, self.size)
        if self.mirror and torch.rand(()) < 0.5:
            pair = pair.flip(-1)
        if self.paint:
            return painted(pair, flat, by_hand, np.random.default_rng(int(torch.randint(1 << 31, ()))), self.unpainted)
        return torch.stack([draw_by_hand(pair[0].float()), pair[1].float()]) if by_hand else pair


def random_crop(pair: Tensor, size: int) -> Tensor:
    """The same square of `size` pixels from both pictures."""
    import_torchvision()
    from torchvision.transforms import v2

    return v2.RandomCrop(size)(pair)


def middle(pictures: Tensor, size: int) -> Tensor:
    """The square of `size` pixels in the middle of (..., H, W)."""
    top, left = (pictures.shape[-2] - size) // 2, (pictures.shape[-1] - size) // 2
    return pictures[..., top : top + size, left : left + size]


def to_bytes(
    image: Image.Image, place: Place, palette: Palette | None = None, flat: bool = False, paper: str | None = None
) -> Tensor:
    """RGB picture -> uint8 (3, H, W), in its place; a label map in its palette's colours alone, flat art in its own."""
    image = place.enter(image, paper, hard=palette is not None or flat)
    if palette:
        image = Image.fromarray(snap(np.asarray(image), palette))
    values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return values.view(image.height, image.width, 3).permute(2, 0, 1)


def mixed_seed(*parts: int) -> int:
    """A 63-bit seed from several non-negative integers, each below 2**32. Tuples of one length give unrelated seeds;
    zeros at the end of a longer one change nothing."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)
