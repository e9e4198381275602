"""What the page asks of the server about files: uploaded pictures of any size, one or many."""

from __future__ import annotations

import io
import math
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from demo import texts
from demo.live import whole_seed
from demo.models import Models
from pix2pix import MAX_PIXELS, ImageError, open_image

Report = Callable[[int, int], None]
MAX_FILES = 32


@dataclass(frozen=True)
class Job:
    """How far the work on a visitor's files may go.

    pixels: of a picture, at most.
    until: when it must be done, on `time.monotonic`'s clock.
    seconds: how many it was given.
    gone: tells whether nobody waits for it any more.
    """

    pixels: int = MAX_PIXELS
    until: float = math.inf
    seconds: float = math.inf
    gone: Callable[[], bool] = bool

    def check(self) -> None:
        """
        Raises:
            ImageError: it should end here.
        """
        if self.gone():
            raise ImageError("The page was closed: open it again.")
        if time.monotonic() > self.until:
            raise ImageError(f"This takes more than {self.seconds:g} seconds: send fewer or smaller pictures at once.")


def arrived(path: Any, folder: str) -> Path | None:
    """Where an uploaded file lies, if `path` is that of one.

    Args:
        folder: where uploads lie.
    """
    try:
        found = Path(path).resolve()
        return found if found.is_relative_to(Path(folder).resolve()) and found.is_file() else None
    except (TypeError, ValueError, OSError):
        return None


def translate_picture(models: Models, path: Path | None, model: str, seed: Any, job: Job = Job()) -> Image.Image:
    """An uploaded picture -> its translation, of the same size.

    Raises:
        Pix2PixError: there is none, it is no picture or too large, or no such model is offered.
    """
    if path is None:
        raise ImageError("There is no picture: send one as the first argument.")
    picture = open_image(path, "The uploaded file", job.pixels)
    return translated(models, picture, model, whole_seed(seed), job)


def translate_file(
    models: Models,
    path: Path | None,
    model: str,
    seed: Any,
    crop: bool = False,
    report: Report | None = None,
    job: Job = Job(),
) -> tuple[Any, str]:
    """An uploaded picture -> (before, after) for the slider, and a line about it.

    Args:
        crop: take the middle square of it alone.
        report: called with the number of tiles done and of all.

    Raises:
        Pix2PixError: it is no picture, or too large.
    """
    if path is None:
        return None, ""
    picture = open_image(path, "The uploaded file", job.pixels)
    if crop:
        picture = ImageOps.fit(picture, (min(picture.size),) * 2)
    seed = whole_seed(seed)
    start = time.perf_counter()
    result = translated(models, picture, model, seed, job, report)
    ms = 1000 * (time.perf_counter() - start)
    return (picture, result), texts.TIMING.format(width=picture.width, height=picture.height, ms=ms)


def translate_files(
    models: Models,
    paths: Sequence[Path | None],
    model: str,
    seed: Any,
    report: Report,
    folder: Path,
    job: Job = Job(),
) -> Path | None:
    """Uploaded pictures -> a zip of their translations, each a PNG under its picture's name.

    Args:
        report: called with the number of pictures done and of all.
        folder: where the zip is made.

    Raises:
        Pix2PixError: one is no picture, or too large, or there are more than `MAX_FILES`.
    """
    if not paths:
        return None
    if len(paths) > MAX_FILES:
        raise ImageError(f"These are {len(paths)} pictures: send at most {MAX_FILES} at once.")
    target = folder / "pix2pix.zip"
    names: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # a PNG is packed already
        for done, path in enumerate(filter(None, paths)):
            report(done, len(paths))
            result = translated(models, open_image(path, path.name, job.pixels), model, whole_seed(seed), job)
            buffer = io.BytesIO()
            result.save(buffer, "PNG", compress_level=1)
            archive.writestr(f"{free_name(path.stem, names)}.png", buffer.getvalue())
    return target


def free_name(stem: str, taken: set[str]) -> str:
    """A name that is not taken, in any case: `stem`, or else `stem-2` and so on. It is taken from now on."""
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    name = next(name for name in names if name.casefold() not in taken)
    taken.add(name.casefold())
    return name


def translated(models: Models, picture: Image.Image, model: str, seed: int, job: Job, report: Report | None = None):
    """A file's translation, in its turn, and stopped when the job ought to end."""
    translator = models[model]

    def tile_done(done: int, count: int) -> None:
        job.check()
        models.turns.give_way()
        if report:
            report(done, count)

    with models.turns.file():
        job.check()
        return translator(picture, seed, report=tile_done)
