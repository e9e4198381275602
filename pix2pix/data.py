"""Training pairs: folders of side-by-side pictures, and their jitter (Isola et al. 2017, appendix 6.2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from pix2pix.compat import import_torchvision
from pix2pix.edges import draw_by_hand, place
from pix2pix.errors import DataError, ImageError
from pix2pix.images import open_image

DIRECTIONS = ("AtoB", "BtoA")
SUFFIXES = {".jpg", ".jpeg", ".png"}
MEMORY_FOR_PAIRS = 1 << 30  # bytes of decoded pictures that a data set may keep


class PairFolder(Dataset):
    """Pairs from a folder of pictures that hold A and B side by side, A on the left.

    Args:
        data: the folder. Its subfolder `split` is used where there is one; `train` may also be the folder itself.
        split: name of the split, such as `train` or `val`.
        direction: `AtoB` (input A, truth B) or `BtoA`.
        size: side of the square pictures that come out, in pixels.
        jitter: scale both pictures to 286/256 of `size`, cut the same random square out of both, and mirror both or
            neither. Off, they are scaled to `size`.
        edges: with the jitter, change drawn inputs as a hand would (see `pix2pix.edges`).
        seed: of the jitter. What `dataset[epoch, index]` gives depends on (seed, epoch, index) alone, so it is the
            same in any order, in any process, and after a resume.

    Raises:
        DataError: no folder, no pictures in it, an unreadable picture, or one that is not two halves side by side.
    """

    def __init__(
        self,
        data: str | Path,
        split: str = "train",
        direction: str = "AtoB",
        size: int = 256,
        jitter: bool = False,
        edges: bool = False,
        seed: int = 0,
    ) -> None:
        if direction not in DIRECTIONS:
            raise DataError(f"The direction is {direction!r}: choose AtoB or BtoA.")
        self.files = pair_files(data, split)
        self.direction = direction
        self.size = size
        self.load_size = round(size * 286 / 256) if jitter else size
        self.seed = seed
        self.edges = edges
        self._jitter = self._make_jitter() if jitter else None
        self._kept: dict[int, Tensor] = {}
        for file in self.files:
            check_pair(file)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Tensor, Tensor]:
        """The pair `index`, or `(epoch, index)`: float32 input and truth, (3, size, size) each, in [-1, 1]."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        pair = self._load(index)
        if self._jitter is not None:
            # The transforms draw from PyTorch's global state: lend them one made from the key, then put it back.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(mixed_seed(self.seed, epoch, index))
                pair = self._jitter(pair)
        x, y = pair.to(torch.float32).div(127.5).sub(1)
        return x, y

    def _load(self, index: int) -> Tensor:
        """uint8 (2, 3, load_size, load_size): input and truth."""
        pair = self._kept.get(index)
        if pair is None:
            pair = torch.stack([to_bytes(half, self.load_size) for half in open_pair(self.files[index])])
            if self.direction == "BtoA":
                pair = pair.flip(0)
            if (len(self._kept) + 1) * pair.numel() <= MEMORY_FOR_PAIRS:
                self._kept[index] = pair
        return pair

    def _make_jitter(self) -> Callable[[Tensor], Tensor]:
        import_torchvision()
        from torchvision.transforms import v2

        # One tensor holds the pair, so that one draw crops and mirrors both.
        crop, mirror = v2.RandomCrop(self.size), v2.RandomHorizontalFlip()
        if not self.edges:
            return lambda pair: mirror(crop(pair))

        def by_hand(pair: Tensor) -> Tensor:
            pair = mirror(place(pair, self.size) if torch.rand(()) < 0.5 else crop(pair).float())
            return torch.stack([draw_by_hand(pair[0]), pair[1]])

        return by_hand


def pair_files(data: str | Path, split: str) -> list[Path]:
    """The picture files of a split, by name.

    Raises:
        DataError: there is no such folder, or it holds no pictures.
    """
    root = Path(data)
    if not root.is_dir():
        raise DataError(f"There is no folder {root}: --data takes a folder of side-by-side pictures.")
    folder = root / split
    if not folder.is_dir():
        if split != "train":
            raise DataError(f"There is no folder {folder}: put the pictures of the {split} split there.")
        folder = root
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise DataError(f"The folder {folder} holds no JPEG or PNG pictures: put side-by-side pairs there.")
    return files


def check_pair(path: Path) -> None:
    """Look at a pair's header only.

    Raises:
        DataError: it is no picture, or it cannot be cut into two equal halves.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise DataError(f"{path} is not a picture that can be read: replace it or take it out.") from None
    if width % 2 or width < 2:
        raise DataError(
            f"{path} is {width} x {height} pixels: its width must be even, for A and B stand side by side in it."
        )


def open_pair(path: Path) -> tuple[Image.Image, Image.Image]:
    """The left and the right half of a side-by-side picture, as RGB.

    Raises:
        DataError: the picture is damaged.
    """
    try:
        image = open_image(path)
    except ImageError as error:
        raise DataError(str(error)) from None
    half = image.width // 2
    return image.crop((0, 0, half, image.height)), image.crop((half, 0, 2 * half, image.height))


def to_bytes(image: Image.Image, size: int) -> Tensor:
    """RGB picture -> uint8 (3, size, size)."""
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(size, size, 3).permute(2, 0, 1)


def mixed_seed(*parts: int) -> int:
    """One 63-bit seed from several non-negative integers; different parts give unrelated seeds."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)
