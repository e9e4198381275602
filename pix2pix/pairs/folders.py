"""Where pairs come from: folders in their usual layouts, photos alone, or a data set of the Hugging Face Hub.

A source knows the names of its pairs and opens each as two RGB pictures, A and B. What training makes of them
(scaling, jitter, tensors) is `pix2pix.pairs.pairs`'s.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from pix2pix.errors import DataError, ImageError, MissingSplit
from pix2pix.pairs.edge_filter import outline
from pix2pix.pairs.hub import hub_splits
from pix2pix.pairs.source import Pair, Source
from pix2pix.pictures.color import grey
from pix2pix.pictures.images import open_image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
MAKES = ("edges", "lightness")
HUB = "hub:"
VAL_SPLITS = ("val", "validation", "test")
HELD_OUT = 0.1  # share of the pairs kept for val where a folder has no val split
FEWEST_TO_SPLIT = 5


def find_source(
    data: str | Path,
    split: str = "train",
    make: str = "",
    columns: tuple[str, str] = ("imageA", "imageB"),
    streaming: bool = False,
) -> Source:
    """The pairs of one split.

    Args:
        data: a folder, or `hub:owner/name` for a data set of the Hub. A folder may hold

            - side-by-side pictures, A on the left: `data/SPLIT/*`, or `data/*` for all;
            - twin folders, paired by the names of their files: `data/SPLITA` and `data/SPLITB`, `data/A/SPLIT` and
              `data/B/SPLIT`, `data/SPLIT/X` and `data/SPLIT/Y`, or `data/X` and `data/Y` for all, where X, the first by
              name, is A.
        split: usually `train` or `val`. For `val` any of `VAL_SPLITS` serves; where the data has none of them, a tenth
            of the training pairs is held out, the same one every time: see `held_out`.
        make: with photos alone in `data/SPLIT/*` or `data/*`, what to make A of: "edges" (their outlines, see
            `pix2pix.pairs.edge_filter`) or "lightness" (for colourisation).
        columns: the names of A and B in a data set of the Hub.
        streaming: begin with such a data set before all of it is here.

    Raises:
        MissingSplit: there is no such split.
        DataError: nothing there, no pairs in it, or a picture without a partner.
    """
    if str(data).startswith(HUB):
        splits = hub_splits(str(data)[len(HUB) :], columns, streaming)
        return choose(split, splits.get, lambda: None, str(data))
    if make not in ("", *MAKES):
        raise DataError(f"{make!r} cannot be made of photos: choose {' or '.join(MAKES)}.")
    root = Path(data)
    if not root.is_dir():
        raise DataError(f"There is no folder {root}: --data takes a folder of pairs, or hub:owner/name.")
    return choose(split, lambda name: folder_split(root, name, make), lambda: whole_folder(root, make), str(root))


def choose(split: str, named: Callable[[str], Source | None], whole: Callable[[], Source | None], data: str) -> Source:
    """One split of data, by what it names, or else by holding a part out."""
    vals = (source for name in VAL_SPLITS if (source := named(name)))
    if split not in ("train", "val"):
        found = named(split)
    elif split == "val" and (val := next(vals, None)):
        found = val
    elif (found := named("train") or whole()) and not next(vals, None):
        keys = found.keys()
        held = held_out(keys) if not found.arriving else set(keys[: len(held_out(keys))])  # what comes first
        if held or split == "val":
            found = Part(found, [i for i, key in enumerate(keys) if (key in held) == (split == "val")])
    if found is None or not found.names:
        raise MissingSplit(
            f"{data} has no {split} split: put its pairs into a folder of that name (of {FEWEST_TO_SPLIT} pairs or "
            "more a tenth is held out as val)."
        )
    return found


def folder_split(root: Path, split: str, make: str) -> Source | None:
    """What a folder holds under a split's name, if anything."""
    if make:
        files = pictures(root / split)
        return Photos(files, make) if files else None
    for folder_a, folder_b in (
        (root / f"{split}A", root / f"{split}B"),
        (root / "A" / split, root / "B" / split),
        subfolders(root / split),
    ):
        if folder_a and folder_b and pictures(folder_a) and pictures(folder_b):
            return Twins(partners(folder_a, folder_b))
    files = pictures(root / split)
    return SideBySide(files) if files else None


def whole_folder(root: Path, make: str) -> Source:
    """What a folder holds that names no splits.

    Raises:
        DataError: nothing.
    """
    folder_a, folder_b = subfolders(root)
    if folder_a and folder_b and not make:
        return Twins(partners(folder_a, folder_b))
    files = pictures(root)
    if not files:
        raise DataError(
            f"The folder {root} holds no pictures: put side-by-side pairs there, or A and B in two folders with the "
            "same names."
        )
    return Photos(files, make) if make else SideBySide(files)


class Part:
    """Some of a source's pairs."""

    def __init__(self, source: Source, indices: Sequence[int]) -> None:
        self.source = source
        self.indices = indices
        self.names = [source.names[i] for i in indices]
        self.arriving = source.arriving

    def open(self, index: int) -> Pair:
        return self.source.open(self.indices[index])

    def keys(self) -> list[str]:
        keys = self.source.keys()
        return [keys[i] for i in self.indices]


class SideBySide:
    """Pictures that hold A and B beside each other, A on the left.

    Raises:
        DataError: one is no picture, or cannot be cut into two equal halves.
    """

    arriving = False

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self.names = [path.name for path in files]
        for path in files:
            width, height = size_of(path)
            if width % 2 or width < 2:
                raise DataError(
                    f"{path} is {width} x {height} pixels: its width must be even, for A and B stand side by side "
                    "in it (pairs in two folders, and photos alone, work too: see the README)."
                )

    def open(self, index: int) -> Pair:
        image = open_picture(self.files[index])
        half = image.width // 2
        return image.crop((0, 0, half, image.height)), image.crop((half, 0, 2 * half, image.height))

    def keys(self) -> list[str]:
        return content_names(self.files)


class Twins:
    """A and B in files of their own."""

    arriving = False

    def __init__(self, files: Sequence[tuple[Path, Path]]) -> None:
        self.files = files
        self.names = [a.name for a, _ in files]
        for pair in files:
            for path in pair:
                size_of(path)

    def open(self, index: int) -> Pair:
        a, b = self.files[index]
        return open_picture(a), open_picture(b)

    def keys(self) -> list[str]:
        return content_names([a for a, _ in self.files])


class Photos:
    """B is a photo; A is made of it."""

    arriving = False

    def __init__(self, files: Sequence[Path], make: str) -> None:
        self.files = files
        self.make = make
        self.names = [path.name for path in files]
        for path in files:
            size_of(path)

    def open(self, index: int) -> Pair:
        photo = open_picture(self.files[index])
        return (grey if self.make == "lightness" else outline)(photo), photo

    def keys(self) -> list[str]:
        return content_names(self.files)


def pictures(folder: Path | None) -> list[Path]:
    """The picture files of a folder, by name; none where there is no such folder."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def subfolders(folder: Path) -> tuple[Path | None, Path | None]:
    """The two folders with pictures in `folder`, by name; None twice where there are not two."""
    found = sorted(f for f in folder.iterdir() if pictures(f)) if folder.is_dir() else []
    return (found[0], found[1]) if len(found) == 2 else (None, None)


def partners(folder_a: Path, folder_b: Path) -> list[tuple[Path, Path]]:
    """The files of two folders that have the same name, whatever their suffixes.

    Raises:
        DataError: a file has no partner, or more than one.
    """
    a_files, b_files = pictures(folder_a), pictures(folder_b)
    for files in (a_files, b_files):
        double = [stem for stem, count in Counter(path.stem for path in files).items() if count > 1]
        if double:
            raise DataError(f"{files[0].parent} holds {double[0]} more than once, with several suffixes: keep one.")
    a_by_name, b_by_name = ({path.stem: path for path in files} for files in (a_files, b_files))
    alone = [a_by_name.get(stem) or b_by_name[stem] for stem in sorted(a_by_name.keys() ^ b_by_name.keys())]
    if alone:
        listed = ", ".join(str(path) for path in alone[:10]) + (f" and {len(alone) - 10} more" if alone[10:] else "")
        raise DataError(f"No partner of the same name in {folder_a} or {folder_b} for {listed}: add it or remove them.")
    return [(a_by_name[stem], b_by_name[stem]) for stem in sorted(a_by_name)]


def held_out(names: Sequence[str]) -> set[str]:
    """The val split of what nobody has split: the tenth of the names that SHA-256 puts first, at least one.

    It follows from the names alone, so it is the same in every run and on every machine. Fewer than
    `FEWEST_TO_SPLIT` different names are not split.
    """
    different = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest())
    count = max(1, round(HELD_OUT * len(different))) if len(different) >= FEWEST_TO_SPLIT else 0
    return set(different[:count])


def content_names(files: Sequence[Path]) -> list[str]:
    """A name for each file by which to split: its own, or one that it shares with every file of the same bytes, so
    that no copy of a val picture is trained on. Only files of equal length are read."""
    lengths = [path.stat().st_size for path in files]
    counts = Counter(lengths)
    firsts: dict[str, str] = {}
    names = []
    for path, length in zip(files, lengths, strict=True):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if counts[length] > 1 else path.stem
        names.append(firsts.setdefault(digest, path.stem))
    return names


def size_of(path: Path) -> tuple[int, int]:
    """Width and height from a picture's header.

    Raises:
        DataError: it is no picture.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise DataError(f"{path} is not a picture that can be read: replace it or take it out.") from None


def open_picture(path: Path) -> Image.Image:
    try:
        return open_image(path)
    except ImageError as error:
        raise DataError(str(error)) from None
