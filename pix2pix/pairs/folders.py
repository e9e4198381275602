"""The sources of pairs: folders in the usual layouts, photos alone, or a data set of the Hugging Face Hub.

A source knows the names of its pairs and opens each as two RGB pictures, A and B. `pix2pix.pairs.pairs` does what comes
after: scaling, jitter and tensors.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path

from PIL import Image

from pix2pix.errors import DataError, ImageError, MissingSplit
from pix2pix.pairs.hub import HubStream, hub_splits
from pix2pix.pairs.layouts import SPLIT_WORDS, Split, printable, read_layout
from pix2pix.pairs.source import AS_SEEN, Pair, Readings, Source, shared_names
from pix2pix.pictures.images import as_stored, open_image
from pix2pix.pictures.made import MADE
from pix2pix.pictures.turning import as_seen

HUB = "hub:"
VAL_SPLITS = ("val", "validation", "test")  # names on the Hub; folders may use other words
HELD_OUT = 0.1  # share of the pairs that are held out where a folder has no val split
FEWEST_TO_SPLIT = 5
NAMED = 10  # files named in an error


class DataSet:
    """All splits of a data set, which is looked through once.

    Args:
        data: a folder, or `hub:owner/name` for a data set of the Hub. A folder may hold

            - side-by-side pictures, A on the left: `data/SPLIT/*`, or `data/*` for all;
            - pictures of the same names in two folders: `data/SPLITA` and `data/SPLITB`, `data/A/SPLIT` and
              `data/B/SPLIT`, `data/SPLIT/input` and `data/SPLIT/target`, or `data/input` and `data/target` for all.

            See `pix2pix.pairs.layouts` for the words that name splits and sides.
        make: for photos alone, in `data/SPLIT/*` or `data/*`: how A is made from them, "edges" (their outlines, see
            `pix2pix.pictures.edge_filter`) or "lightness" (for colourisation).
        columns: columns of A and B in a data set of the Hub.
        streaming: start before all of such a data set is downloaded.
        config: name of its configuration, where it has several.

    Attributes:
        name: name for people.
        identity: the data and the way it is read, for programs.
        ignored: files that belong to no pair, in words.

    Raises:
        DataError: the data does not exist, holds no pairs, or has a picture without a partner.
    """

    def __init__(
        self,
        data: str | Path,
        make: str = "",
        columns: tuple[str, str] = ("imageA", "imageB"),
        streaming: bool = False,
        config: str = "",
    ) -> None:
        self.name = printable(data)
        root = data if str(data).startswith(HUB) else Path(data).absolute()
        self.identity = f"{root}|{make}|{columns}|{config}"
        self.ignored: list[str] = []
        self._make = make
        self._root: Path | None = None
        self._named: dict[str, Callable[[], Source]] = {}
        if str(data).startswith(HUB):
            self._named = hub_splits(str(data)[len(HUB) :], columns, streaming, config)
            return
        if make not in ("", *MADE):
            raise DataError(f"{make!r} cannot be made from photos: choose {' or '.join(MADE)}.")
        self._root = Path(data)
        if not self._root.is_dir():
            raise DataError(f"There is no folder {self._root}: --data takes a folder of pairs, or hub:owner/name.")
        layout = read_layout(self._root, bool(make))
        self.ignored = layout.ignored
        self._named = {name: self._of(files) for name, files in layout.splits.items()}

    def split(self, name: str = "train") -> Source:
        """The pairs of one split.

        Args:
            name: usually `train` or `val`. Any of `VAL_SPLITS` counts as `val`. Without one, a tenth of the training
                pairs is held out, always the same; see `held_out`.

        Raises:
            MissingSplit: there is no such split.
            DataError: its pictures are not pairs.
        """
        found: Source | None
        if name not in ("train", "val"):
            found = self._other(name)
        elif self._val is not None:
            found = self._val if name == "val" else self._whole
        else:
            found = self._whole
            if found and (self._held or name == "val"):
                held = self._held
                found = Part(found, [i for i, key in enumerate(self._keys) if (key in held) == (name == "val")])
        if found is None or not found.names:
            raise MissingSplit(
                f"{self.name} has no {name} split: put its pairs into a folder of that name ("
                f"with {FEWEST_TO_SPLIT} pairs or more, a tenth is held out as val)."
            )
        return found

    def val(self) -> Source | None:
        """The val split, or None where the data is too small for one."""
        try:
            return self.split("val")
        except MissingSplit:
            return None

    def _of(self, split: Split) -> Callable[[], Source]:
        return cache(lambda: source_of(split, self._make))

    def _other(self, name: str) -> Source | None:
        if name not in self._named and self._root and name not in SPLIT_WORDS and (self._root / name).is_dir():
            splits = read_layout(self._root / name, bool(self._make)).splits  # a split with a name of the user's own
            if "" not in splits:
                raise DataError(
                    f"{printable(self._root / name)} has splits of its own ({', '.join(splits)}): give it as --data."
                )
            self._named[name] = self._of(splits[""])
        return self._named[name]() if name in self._named else None

    @cached_property
    def _val(self) -> Source | None:
        return next((self._named[name]() for name in VAL_SPLITS if name in self._named), None)

    @cached_property
    def _whole(self) -> Source | None:
        name = "train" if "train" in self._named or not self._root else ""
        return self._named[name]() if name in self._named else None

    @cached_property
    def _keys(self) -> list[tuple[str, str]]:
        return self._whole.keys() if self._whole else []

    @cached_property
    def _held(self) -> set[tuple[str, str]]:
        held = held_out(self._keys)
        if isinstance(self._whole, HubStream):  # the first to arrive
            self._whole.apart = len(held)
            return set(self._keys[: len(held)])
        return held


def find_source(
    data: str | Path,
    split: str = "train",
    make: str = "",
    columns: tuple[str, str] = ("imageA", "imageB"),
    streaming: bool = False,
    config: str = "",
) -> Source:
    """The pairs of one split. Arguments and errors are those of `DataSet` and of its `split`."""
    return DataSet(data, make, columns, streaming, config).split(split)


def source_of(split: Split, make: str) -> Source:
    """The pairs of a split's files."""
    if make:
        return Photos(split, make)
    return SideBySide(split) if len(split.files[0]) == 1 else Twins(split)


class Part(Source):
    """Some of a source's pairs."""

    def __init__(self, source: Source, indices: Sequence[int]) -> None:
        self.source = source
        self.indices = indices
        self.names = [source.names[i] for i in indices]
        self.words, self.arriving, self.makes_a = source.words, source.arriving, source.makes_a

    def stored(self, index: int) -> Pair:
        return self.source.stored(self.indices[index])

    def open(self, index: int, readings: Readings = AS_SEEN) -> Pair:
        return self.source.open(self.indices[index], readings)

    def keys(self) -> list[tuple[str, str]]:
        keys = self.source.keys()
        return [keys[i] for i in self.indices]

    def stamp(self, index: int) -> str:
        return self.source.stamp(self.indices[index])


class Files(Source):
    """Pairs in the files of a folder.

    Raises:
        DataError: a file is not a picture.
    """

    def __init__(self, split: Split) -> None:
        self.split = split
        self.names, self.words = split.names, split.words
        self.sizes = sizes_of(split)

    def keys(self) -> list[tuple[str, str]]:
        sides = [content_names(paths, self.split.keys) for paths in zip(*self.split.files, strict=True)]
        return list(zip(sides[0], sides[-1], strict=True))

    def stamp(self, index: int) -> str:
        facts = [(path, path.stat()) for path in self.split.files[index]]
        return "|".join(f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}" for path, stat in facts)


class SideBySide(Files):
    """Pictures that hold A and B beside each other, A on the left.

    Raises:
        DataError: a file is not a picture, or cannot be cut into two equal halves.
    """

    def __init__(self, split: Split) -> None:
        super().__init__(split)
        for (path,), ((width, height),) in zip(split.files, self.sizes, strict=True):
            if width % 2 or width < 2:
                raise DataError(
                    f"{printable(path)} is {width} x {height} pixels: its width must be even, so that A and B are two "
                    "equal halves (for other layouts, such as two folders, see docs/training.md)."
                )

    def stored(self, index: int) -> Pair:
        image = as_seen(stored_picture(self.split.files[index][0]))
        half = image.width // 2
        return image.crop((0, 0, half, image.height)), image.crop((half, 0, 2 * half, image.height))


class Twins(Files):
    """A and B in separate files."""

    def stored(self, index: int) -> Pair:
        a, b = self.split.files[index]
        return stored_picture(a), stored_picture(b)


class Photos(Files):
    """B is a photo, and A is made from it."""

    makes_a = True

    def __init__(self, split: Split, make: str) -> None:
        super().__init__(split)
        self.make = make

    def stored(self, index: int) -> Pair:
        photo = stored_picture(self.split.files[index][0])
        return photo, photo

    def open(self, index: int, readings: Readings = AS_SEEN) -> Pair:
        _, photo = super().open(index, Readings(readings.b, readings.b))
        return MADE[self.make](photo), photo


def held_out(keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """The val split of data without one: at most a tenth of the different pairs, but at least one.

    Pairs of the same input stay together, so that no held-out input is trained on. If every input is so common that a
    tenth has no room for one, single pairs are held out. Pairs are ordered by SHA-256, so the split depends on the keys
    alone and is the same in every run and on every machine. Fewer than `FEWEST_TO_SPLIT` different pairs are not split.

    Args:
        keys: names of the input and the target of each pair; see `Source.keys`.
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
    """A name for each file by which to split. Files with the same bytes share one, so that no copy of a val picture is
    trained on. Only files of equal length are read."""
    lengths = [path.stat().st_size for path in files]
    counts = Counter(lengths)
    contents = (path.read_bytes() if counts[n] > 1 else None for path, n in zip(files, lengths, strict=True))
    return shared_names(contents, names)


def sizes_of(split: Split) -> list[list[tuple[int, int]]]:
    """The width and height of each picture of each pair, from the files' headers.

    Raises:
        DataError: some files are not pictures; the message names them.
    """
    sizes: list[list[tuple[int, int]]] = []
    broken = []
    for files in split.files:
        sizes.append([])
        for path in files:
            try:
                with Image.open(path) as image:
                    sizes[-1].append(image.size)
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                broken.append(printable(path))
    if len(broken) == 1:
        raise DataError(f"{broken[0]} is not a picture that can be read: replace it or take it out.")
    if broken:
        more = f" and {len(broken) - NAMED:,} more" if len(broken) > NAMED else ""
        raise DataError(
            f"{', '.join(broken[:NAMED])}{more} are not pictures that can be read: replace them or take them out."
        )
    return sizes


def stored_picture(path: Path) -> Image.Image:
    """A file's picture in its own mode, not turned by EXIF.

    Raises:
        DataError: the picture cannot be read.
    """
    try:
        return open_image(path, printable(path), read=as_stored)
    except ImageError as error:
        raise DataError(str(error)) from None
