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
from pix2pix.pairs.hub import hub_splits
from pix2pix.pairs.layouts import SPLIT_WORDS, Split, printable, read_layout
from pix2pix.pairs.source import Pair, Source
from pix2pix.pictures.color import grey
from pix2pix.pictures.edge_filter import outline
from pix2pix.pictures.images import open_image

MAKES = ("edges", "lightness")
HUB = "hub:"
VAL_SPLITS = ("val", "validation", "test")  # as data sets of the Hub name them; folders have more words for them
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
            - pictures of the same names in two folders: `data/SPLITA` and `data/SPLITB`, `data/A/SPLIT` and
              `data/B/SPLIT`, `data/SPLIT/input` and `data/SPLIT/target`, or `data/input` and `data/target` for all.

            See `pix2pix.pairs.layouts` for the words that name splits and sides.
        split: usually `train` or `val`. For `val` any of `VAL_SPLITS` serves; where the data has none of them, a tenth
            of the training pairs is held out, the same one every time: see `held_out`.
        make: with photos alone in `data/SPLIT/*` or `data/*`, what to make A of: "edges" (their outlines, see
            `pix2pix.pictures.edge_filter`) or "lightness" (for colourisation).
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
    layout = read_layout(root, bool(make))
    if split not in layout.splits and split not in SPLIT_WORDS and (root / split).is_dir():
        layout.splits[split] = read_layout(root / split, bool(make)).splits[""]  # a split of somebody's own name
    found = {name: source_of(files, make) for name, files in layout.splits.items()}
    return choose(split, found.get, lambda: found.get(""), printable(root))


def source_of(split: Split, make: str) -> Source:
    """The pairs of a split's files."""
    if make:
        return Photos(split, make)
    return SideBySide(split) if len(split.files[0]) == 1 else Twins(split)


def choose(split: str, named: Callable[[str], Source | None], whole: Callable[[], Source | None], data: str) -> Source:
    """One split of data, by what it names, or else by holding a part out."""
    vals = (source for name in VAL_SPLITS if (source := named(name)))
    if split not in ("train", "val"):
        found = named(split)
    elif split == "val" and (val := next(vals, None)):
        found = val
    elif (found := named("train") or whole()) and not next(vals, None):
        keys = found.keys()
        held = held_out(keys)
        if found.arriving:
            held = set(keys[: len(held)])  # what comes first
        if held or split == "val":
            found = Part(found, [i for i, key in enumerate(keys) if (key in held) == (split == "val")])
    if found is None or not found.names:
        raise MissingSplit(
            f"{data} has no {split} split: put its pairs into a folder of that name (of {FEWEST_TO_SPLIT} pairs or "
            "more a tenth is held out as val)."
        )
    return found


class Part:
    """Some of a source's pairs."""

    def __init__(self, source: Source, indices: Sequence[int]) -> None:
        self.source = source
        self.indices = indices
        self.names = [source.names[i] for i in indices]
        self.arriving = source.arriving

    def open(self, index: int) -> Pair:
        return self.source.open(self.indices[index])

    def keys(self) -> list[tuple[str, str]]:
        keys = self.source.keys()
        return [keys[i] for i in self.indices]


class SideBySide:
    """Pictures that hold A and B beside each other, A on the left.

    Raises:
        DataError: one is no picture, or cannot be cut into two equal halves.
    """

    arriving = False

    def __init__(self, split: Split) -> None:
        self.split = split
        self.files = [path for (path,) in split.files]
        self.names = split.names
        for path in self.files:
            width, height = size_of(path)
            if width % 2 or width < 2:
                raise DataError(
                    f"{printable(path)} is {width} x {height} pixels: its width must be even, for A and B "
                    "stand side by side in it (pairs in two folders, and photos alone, work too: see the README)."
                )

    def open(self, index: int) -> Pair:
        image = open_picture(self.files[index])
        half = image.width // 2
        return image.crop((0, 0, half, image.height)), image.crop((half, 0, 2 * half, image.height))

    def keys(self) -> list[tuple[str, str]]:
        names = content_names(self.files, self.split.keys)
        return list(zip(names, names, strict=True))


class Twins:
    """A and B in files of their own."""

    arriving = False

    def __init__(self, split: Split) -> None:
        self.split = split
        self.files = [(a, b) for a, b in split.files]
        self.names = split.names
        for pair in self.files:
            for path in pair:
                size_of(path)

    def open(self, index: int) -> Pair:
        a, b = self.files[index]
        return open_picture(a), open_picture(b)

    def keys(self) -> list[tuple[str, str]]:
        a, b = (content_names([pair[i] for pair in self.files], self.split.keys) for i in (0, 1))
        return list(zip(a, b, strict=True))


class Photos:
    """B is a photo; A is made of it."""

    arriving = False

    def __init__(self, split: Split, make: str) -> None:
        self.split = split
        self.files = [path for (path,) in split.files]
        self.make = make
        self.names = split.names
        for path in self.files:
            size_of(path)

    def open(self, index: int) -> Pair:
        photo = open_picture(self.files[index])
        return (grey if self.make == "lightness" else outline)(photo), photo

    def keys(self) -> list[tuple[str, str]]:
        names = content_names(self.files, self.split.keys)
        return list(zip(names, names, strict=True))


def held_out(keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """The val split of what nobody has split: a tenth of the different pairs, at least one and never more.

    Pairs of the same input stay together, so that no held-out input is trained on; where every input comes so often
    that a tenth has no room for one, single pairs are held out. The order is that of SHA-256, so the split follows from
    the keys alone and is the same in every run and on every machine. Fewer than `FEWEST_TO_SPLIT` different pairs are
    not split.

    Args:
        keys: of each pair, the names of its input and of its target; see `Source.keys`.
    """
    families: dict[str, set[tuple[str, str]]] = {}
    for key in keys:
        families.setdefault(key[0], set()).add(key)
    different = set(keys)
    if len(different) < FEWEST_TO_SPLIT:
        return set()
    room = max(1, round(HELD_OUT * len(different)))
    held: set[tuple[str, str]] = set()
    for name in sorted(families, key=sha256):
        if len(held) + len(families[name]) <= room:
            held |= families[name]
    return held or set(sorted(different, key=lambda key: sha256("\0".join(key)))[:room])


def sha256(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def content_names(files: Sequence[Path], names: Sequence[str]) -> list[str]:
    """A name for each file by which to split: its own, or one that it shares with every file of the same bytes, so
    that no copy of a val picture is trained on. Only files of equal length are read."""
    lengths = [path.stat().st_size for path in files]
    counts = Counter(lengths)
    firsts: dict[str, str] = {}
    found = []
    for path, name, length in zip(files, names, lengths, strict=True):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if counts[length] > 1 else f"only {name}"
        found.append(firsts.setdefault(digest, name))
    return found


def size_of(path: Path) -> tuple[int, int]:
    """Width and height from a picture's header.

    Raises:
        DataError: it is no picture.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise DataError(f"{printable(path)} is not a picture that can be read: replace it or take it out.") from None


def open_picture(path: Path) -> Image.Image:
    try:
        return open_image(path)
    except ImageError as error:
        raise DataError(str(error)) from None
