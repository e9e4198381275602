"""The page's functions for files: uploaded pictures of any size, one or many."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from demo import texts
from demo.live import whole_seed
from demo.models import Models
from demo.server.deadline import NO_DEADLINE, Deadline
from pix2pix import ImageError, open_image
from pix2pix.devices import release_freed_memory
from pix2pix.files import free_name
from pix2pix.translate.engines import LARGE

Report = Callable[[int, int], None]
MAX_FILES = 32


def translate_picture(
    models: Models, path: Path | None, model: str, seed: Any, deadline: Deadline = NO_DEADLINE
) -> Image.Image:
    """Translate an uploaded picture to one of the same size.

    Raises:
        Pix2PixError: the file is missing, too large or not a picture, or the model is not offered.
    """
    if path is None:
        raise ImageError("There is no picture: send one as the first argument.")
    picture = open_image(path, "The uploaded file", deadline.pixels, models[model].reading)
    return translated(models, picture, model, whole_seed(seed), deadline)


def translate_file(
    models: Models,
    path: Path | None,
    model: str,
    seed: Any,
    crop: bool = False,
    report: Report | None = None,
    deadline: Deadline = NO_DEADLINE,
) -> tuple[Any, str]:
    """Translate an uploaded picture to (before, after) for the slider, and a line about it.

    Args:
        crop: whether to use only the middle square.
        report: called with the numbers of finished and of all bands, for a picture that is computed in bands.

    Raises:
        Pix2PixError: the file is too large or not a picture.
    """
    if path is None:
        return None, ""
    picture = open_image(path, "The uploaded file", deadline.pixels, models[model].reading)
    if crop:
        picture = ImageOps.fit(picture, (min(picture.size),) * 2)
    seed = whole_seed(seed)
    start = time.perf_counter()
    result = translated(models, picture, model, seed, deadline, report)
    ms = 1000 * (time.perf_counter() - start)
    return (picture, result), texts.TIMING.format(width=picture.width, height=picture.height, ms=ms)


def translate_files(
    models: Models,
    paths: Sequence[Path | None],
    model: str,
    seed: Any,
    report: Report,
    folder: Path,
    deadline: Deadline = NO_DEADLINE,
) -> Path | None:
    """Translate uploaded pictures to a zip of PNG files with the pictures' names.

    Args:
        report: called with the numbers of finished and of all pictures.
        folder: folder for the zip.

    Raises:
        Pix2PixError: a file is too large or not a picture, or there are more than `MAX_FILES`.
    """
    if not paths:
        return None
    if len(paths) > MAX_FILES:
        raise ImageError(f"These are {len(paths)} pictures: send at most {MAX_FILES} at once.")
    target = folder / "pix2pix.zip"
    names: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # PNG files are compressed already
        for done, path in enumerate(filter(None, paths)):
            report(done, len(paths))
            picture = open_image(path, path.name, deadline.pixels, models[model].reading)
            result = translated(models, picture, model, whole_seed(seed), deadline)
            buffer = io.BytesIO()
            result.save(buffer, "PNG", compress_level=1)
            archive.writestr(f"{free_name(path.stem, names)}.png", buffer.getvalue())
    return target


def translated(
    models: Models, picture: Image.Image, model: str, seed: int, deadline: Deadline, report: Report | None = None
):
    """Translate a file in its turn, and stop at its deadline."""
    translator = models[model]

    def band_done(done: int, count: int) -> None:
        deadline.check()
        models.turns.give_way()
        if report:
            report(done, count)

    with models.turns.file():
        deadline.check()
        seen, _ = translator.read(picture)
        if picture.width * picture.height > LARGE:
            release_freed_memory()  # of the large picture before, which would come on top
        return translator(seen, seed, report=band_done, polarity="dark-lines")
