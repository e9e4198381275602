"""Pairs as side-by-side JPEG files, such as those that `--make` makes from photos while training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from pix2pix.errors import DataError
from pix2pix.files import atomic_path
from pix2pix.pairs.check import look_over, refuse
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.layouts import printable
from pix2pix.pictures.images import resized
from pix2pix.pictures.made import MADE

QUALITY = 95  # of the JPEG files, whose colours keep their full size


def write_pairs(photos: Path, out: Path, make: str, size: int = 256) -> dict[str, int]:
    """Write side-by-side pictures, with the input made from a photo on the left and the photo on the right.

    A tenth of the photos is held out as val, the same in every run (see `pix2pix.pairs.folders.held_out`). Existing
    splits are kept.

    Args:
        photos: folder of photos, in any layout that `DataSet` reads with `make`.
        out: folder to create, with `train` and `val` in it. Each pair is a JPEG file named after its photo.
        make: "edges" or "lightness".
        size: side of each half, in pixels; photos are stretched to it, as training does.

    Returns:
        The number of pairs in each split.

    Raises:
        DataError: there are no photos, one cannot be read, or `out` exists already or cannot be written.
    """
    return write_splits(DataSet(photos, make), out, lambda _, photo: with_input(photo, make, size))


def write_splits(
    data: DataSet, out: Path, picture_of: Callable[[Image.Image, Image.Image], Image.Image]
) -> dict[str, int]:
    """Write a picture for each pair of a data set's `train` and `val`.

    Args:
        data: the pairs.
        out: folder to create, with `train` and `val` in it. Each picture is a JPEG file named after its pair.
        picture_of: makes the picture from A and B, which may differ in size.

    Returns:
        The number of pairs in each split.

    Raises:
        DataError: a pair cannot be read, or `out` exists already or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{printable(out)} is there already: name a new folder.")
    sources = {"train": data.split("train")}
    if val := data.val():
        sources["val"] = val
    found = look_over(data, sources, stretch=True)
    refuse(found.faults)
    for split, source in sources.items():
        taken: set[str] = set()
        for index, name in enumerate(source.names):
            picture = picture_of(*source.open(index, found.readings))
            try:
                with atomic_path(out / split / f"{file_name(name, taken)}.jpg") as temporary:
                    picture.save(temporary, quality=QUALITY, subsampling=0)
            except OSError as error:
                raise DataError(
                    f"{printable(out)} cannot be written ({error.strerror}): choose another place."
                ) from None
    return {split: len(source.names) for split, source in sources.items()}


def with_input(photo: Image.Image, make: str, size: int) -> Image.Image:
    """A photo and, on its left, the input made from it; each of `size` by `size` pixels."""
    photo = resized(photo, (size, size))
    return side_by_side(MADE[make](photo), photo)


def side_by_side(a: Image.Image, b: Image.Image) -> Image.Image:
    """Two pictures of one size as one."""
    pair = Image.new("RGB", (2 * a.width, a.height))
    pair.paste(a, (0, 0))
    pair.paste(b, (a.width, 0))
    return pair


def file_name(name: str, taken: set[str]) -> str:
    """A pair's name as a file name, with a part of its hash where another pair has the same name in any case."""
    stem = str(Path(name).with_suffix("")).replace("/", "-").replace("\\", "-").lstrip(".") or "photo"
    if stem.casefold() in taken:
        stem += "-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    taken.add(stem.casefold())
    return stem
