"""The intake of teaching material: pairs from dropped pictures and zips, and a message for each file that gives
none."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from demo.server.deadline import NO_DEADLINE, Deadline
from demo.teach.kinds import has_few_colours, white
from pix2pix.errors import DataError, ImageError
from pix2pix.files import is_hidden
from pix2pix.pairs.halves import WIDE
from pix2pix.pairs.layouts import A_WORDS, B_WORDS
from pix2pix.pictures.images import open_image
from pix2pix.pictures.made import MADE

KINDS = ("sides", "groups", "edges", "lightness")
SIDE = 320  # longest side of a kept picture, in pixels; training scales to 286
FAINT = 200  # level of the darkest pixel of outlines that show nothing
ZIP_ENTRIES = 4000
ENTRY_BYTES = 32_000_000
ZIP_BYTES = 400_000_000
DIRECTORY_BYTES = 512 * ZIP_ENTRIES  # of a zip's list of files
END_BYTES = 22 + 65_535 + 20  # of a zip: where its list lies, the longest comment, and what says that it is a ZIP64


@dataclass(frozen=True)
class Dropped:
    """A dropped file.

    Attributes:
        name: the visitor's name of the file, with the folders that it was dropped or zipped in.
        path: path on the server.
        group: "a" for an input, "b" for a target; "" where the folder decides, or where it may be both.
    """

    name: str
    path: Path
    group: str = ""


@dataclass(frozen=True)
class Picture:
    """A dropped picture, in RGB."""

    name: str
    image: Image.Image
    group: str = ""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem.casefold()

    @property
    def folder(self) -> str:
        return PurePosixPath(self.name).parent.name


@dataclass(frozen=True)
class Made:
    """A pair: its name, and A and B."""

    name: str
    a: Image.Image
    b: Image.Image


def pairs_of(
    files: Sequence[Dropped], kind: str, deadline: Deadline = NO_DEADLINE, most: int = ZIP_ENTRIES
) -> tuple[list[Made], list[str]]:
    """The pairs in dropped files.

    Args:
        kind: "sides" (A and B side by side in each picture), "groups" (of equal names), "edges" or "lightness" (photos
            alone, of which A is made), or "" to tell by the pictures.
        deadline: limits of the pictures, and of the time to read them.
        most: most pairs that are wanted. Reading stops after twice as many pictures, so that memory is bounded.

    Returns:
        The pairs, and a sentence for each file that gives none.

    Raises:
        DataError: there is no such kind.
        ImageError: the time is up.
    """
    if kind and kind not in KINDS:
        raise DataError(f"There is no kind of pairs {kind!r}: choose one of {', '.join(KINDS)}.")
    pictures: list[Picture] = []
    faults: list[str] = []
    for found in read_all(files, deadline.pixels):
        deadline.check()
        if isinstance(found, str):
            faults.append(found)
        elif len(pictures) == 2 * most:  # two for a pair
            faults.append(f"Only the first {2 * most} pictures are used: drop fewer at once.")
            break
        else:
            pictures.append(found)
    if not kind:
        pictures = told_apart(pictures)
        kind = guessed(pictures)
    if kind == "groups":
        made, alone = matched(pictures)
        return made, faults + alone
    made = []
    seen: dict[bytes, str] = {}
    for picture in pictures:
        digest = hashlib.sha256(picture.image.tobytes()).digest()
        if digest in seen:
            faults.append(f"{picture.name} is the same picture as {seen[digest]}: one of them is left out.")
            continue
        seen[digest] = picture.name
        if kind == "sides":
            half = picture.image.width // 2
            if half < 8 or picture.image.height < 8:
                faults.append(f"{picture.name} is too small to hold two pictures: use larger ones.")
                continue
            height = picture.image.height
            a = picture.image.crop((0, 0, half, height))
            made.append(Made(picture.name, small(a), small(picture.image.crop((half, 0, 2 * half, height)))))
        else:
            photo = small(picture.image)
            a = MADE[kind](photo)
            if kind == "edges" and np.asarray(a).min() > FAINT:
                faults.append(f"{picture.name} shows no outlines: use a larger or clearer picture.")
                continue
            made.append(Made(picture.name, a, photo))
    return made, faults


def told_apart(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures, in groups where they are two of each name that differ in their suffix, as with lines in PNGs and
    photos in JPEGs. The inputs are those with more white."""
    found: dict[str, list[Picture]] = {}
    for picture in pictures:
        found.setdefault(PurePosixPath(picture.name).suffix.casefold(), []).append(picture)
    alone = not any(picture.group or picture.folder for picture in pictures)
    if not alone or len(found) != 2:
        return list(pictures)
    sides = sorted(found.values(), key=lambda side: -np.mean([white(np.asarray(each.image)).mean() for each in side]))
    names = [[picture.stem for picture in side] for side in sides]
    if sorted(names[0]) != sorted(names[1]) or len(set(names[0])) != len(names[0]):
        return list(pictures)
    return [replace(picture, group=group) for group, side in zip("ab", sides, strict=True) for picture in side]


def guessed(pictures: Sequence[Picture]) -> str:
    """The kind of pairs that pictures seem to be."""
    folders = {picture.folder for picture in pictures}
    if any(picture.group for picture in pictures) or (len(folders) == 2 and sides_of(folders)):
        return "groups"
    wide = sum(picture.image.width >= WIDE * picture.image.height for picture in pictures)
    return "sides" if pictures and 2 * wide >= len(pictures) else "edges"


def sides_of(folders: set[str]) -> dict[str, str]:
    """The folders of A and of B, where their names tell."""
    first, second = sorted(folders)
    for a, b in ((first, second), (second, first)):
        if a.casefold() in A_WORDS and b.casefold() in B_WORDS:
            return {a: "a", b: "b"}
    return {}


def matched(pictures: Sequence[Picture]) -> tuple[list[Made], list[str]]:
    """Pairs of pictures with the same names in two groups, and messages about pictures without a partner."""
    folders = {picture.folder for picture in pictures}
    known = {} if len(folders) != 2 else sides_of(folders) or dict(zip(sorted(folders), "ab", strict=True))
    groups: dict[str, dict[str, Picture]] = {"a": {}, "b": {}}
    faults = []
    for picture in pictures:
        group = picture.group or known.get(picture.folder, "")
        if not group:
            faults.append(f"{picture.name} is in neither group: drop it with the inputs or with the targets.")
        elif picture.stem in groups[group]:
            faults.append(f"{picture.name} has the name of another picture of its group: rename it.")
        else:
            groups[group][picture.stem] = picture
    a, b = groups["a"], groups["b"]
    for mine, theirs, where in ((a, b, "targets"), (b, a, "inputs")):
        faults += [
            f"{p.name} has no partner of that name among the {where}." for s, p in mine.items() if s not in theirs
        ]
    return [same_shape(a[stem].name, a[stem].image, small(b[stem].image)) for stem in a if stem in b], faults


def same_shape(name: str, a: Image.Image, b: Image.Image) -> Made:
    """A pair whose input is scaled to the shape of its target. Paintings and label maps keep their colours."""
    if a.size != b.size:
        a = a.resize(b.size, Image.Resampling.NEAREST if has_few_colours(np.asarray(a)) else Image.Resampling.BICUBIC)
    return Made(name, a, b)


def read_all(files: Sequence[Dropped], max_pixels: int) -> Iterator[Picture | str]:
    """Every picture among the files, also in zips, and a sentence for every other file."""
    left = ZIP_BYTES
    for file in files:
        if file.path.suffix.lower() == ".zip" or zipfile.is_zipfile(file.path):
            left -= yield from unzipped(file, max_pixels, left)
        else:
            yield picture_or_fault(file.name, file.path, file.group, max_pixels)


def unzipped(file: Dropped, max_pixels: int, left: int) -> Generator[Picture | str, None, int]:
    """The pictures in a zip, each read separately. Nothing is unpacked to disk.

    Args:
        left: the most bytes to unpack.

    Returns:
        The number of bytes that were unpacked.
    """
    total = 0
    if directory_size(file.path) > DIRECTORY_BYTES:
        yield f"{file.name} holds too many files: send at most {ZIP_ENTRIES:,} in one zip."
        return total
    try:
        with zipfile.ZipFile(file.path) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.is_dir() and not any(map(is_hidden, PurePosixPath(entry.filename).parts))
            ]
            if len(entries) > ZIP_ENTRIES:
                yield f"{file.name} holds {len(entries):,} files: send at most {ZIP_ENTRIES:,} in one zip."
                return total
            for entry in entries:
                with archive.open(entry) as opened:
                    data = opened.read(ENTRY_BYTES + 1)
                total += len(data)
                if len(data) > ENTRY_BYTES or total > left:
                    yield f"{entry.filename} in {file.name} is too large: make the pictures smaller."
                    return total
                yield picture_or_fault(entry.filename, io.BytesIO(data), file.group, max_pixels)
    except Exception:  # damaged, encrypted and exotic zips raise errors of several libraries
        yield f"{file.name} cannot be unpacked: make the zip again, without a password."
    return total


def directory_size(path: Path) -> float:
    """The bytes of a zip's list of files, which is read as a whole; infinite in the format for more than 65,535 files
    (ZIP64)."""
    with open(path, "rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - END_BYTES))
        end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        return 0  # no zip, as its reading will tell
    is_zip64 = end[max(0, at - 20) : at].startswith(b"PK\6\7")
    return math.inf if is_zip64 else int.from_bytes(end[at + 12 : at + 16], "little")


def picture_or_fault(name: str, source: Path | io.BytesIO, group: str, max_pixels: int) -> Picture | str:
    try:
        return Picture(name, small(open_image(source, name, max_pixels), 2 * SIDE), group)  # of a pair, maybe
    except ImageError as error:
        return str(error)


def small(image: Image.Image, side: int = SIDE) -> Image.Image:
    """A picture whose longer side is scaled down to the size that training needs."""
    if max(image.size) <= side:
        return image
    width, height = image.size
    scale = side / max(image.size)
    return image.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)
