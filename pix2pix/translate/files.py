"""Translating picture files: a single one, or all in a folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pix2pix.errors import ImageError, Pix2PixError
from pix2pix.files import atomic_path, free_name, is_hidden
from pix2pix.pictures.images import open_image, picture_suffixes
from pix2pix.translate.translator import Translator

Say = Callable[[str], None]


@dataclass
class Outcome:
    """The result of translating a folder.

    Attributes:
        written: number of files written.
        found: number of pictures of each kind (see `pix2pix.pictures.drawings`).
        skipped: files whose suffixes are not those of pictures.
        faults: a sentence for each picture that could not be translated.
    """

    written: int = 0
    found: Counter[str] = field(default_factory=Counter)
    skipped: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def translate_file(
    translator: Translator, source: Path, output: Path, seeds: Sequence[int | None], polarity: str, say: Say
) -> str:
    """Translate a picture file under one or more seeds.

    Args:
        output: file to write. With several seeds, "-SEED" is added to its stem.
        seeds: seeds of the noise; None for no dropout.
        polarity: see `Translator.read`.
        say: called with the path of each file that is written.

    Returns:
        The kind of the picture; see `pix2pix.pictures.drawings`.

    Raises:
        ImageError: the picture cannot be read, or the result cannot be written or would replace the picture.
    """
    names = output_names(output, seeds)
    for name in names:
        if name.exists() and os.path.samefile(name, source):
            raise ImageError(f"{name} is the picture to translate: name another file for the result.")
    image, found = translator.read(open_image(source, read=translator.reading), polarity)
    results = translator.samples(image, seeds, polarity="dark-lines")  # `image` is dark on light already
    for name, result in zip(names, results, strict=True):
        try:
            with atomic_path(name) as temporary:
                result.save(temporary)
        except (OSError, ValueError, KeyError) as error:
            raise ImageError(f"{name} cannot be written ({error}): choose another place or format.") from None
        say(str(name))
    return found


def translate_folder(
    translator: Translator,
    source: Path,
    output: Path,
    seeds: Sequence[int | None],
    polarity: str,
    say: Say,
    warn: Say,
) -> Outcome:
    """Translate every picture in a folder and in the folders below it, to PNG files of the same names.

    Pictures whose names differ only in their suffixes get numbers. Hidden files are skipped, and so is `output` if it
    is inside `source`. A picture that fails does not stop the others.

    Args:
        say: called with the path of each file that is written.
        warn: called with a sentence about each picture that fails.

    Raises:
        ImageError: there are no pictures, or `output` cannot hold the results.
    """
    if output.exists() and not output.is_dir():
        raise ImageError(f"{output} is a file: name a folder for the translations of {source}.")
    if output.exists() and os.path.samefile(output, source):
        raise ImageError(f"{output} holds the pictures to translate: name another folder for the results.")
    outcome = Outcome()
    suffixes = picture_suffixes()
    taken: dict[Path, set[str]] = {}
    pictures = list(files_below(source, output))
    inputs = {path.resolve() for path in pictures}
    for path in pictures:
        if path.suffix.lower() not in suffixes:
            outcome.skipped.append(path)
            continue
        place = output / path.parent.relative_to(source)
        name = place / f"{free_name(path.stem, taken.setdefault(place, set()))}.png"
        try:
            for result in output_names(name, seeds):
                if result.resolve() in inputs:
                    raise ImageError(f"{result} is one of the pictures to translate: name another folder.")
            outcome.found[translate_file(translator, path, name, seeds, polarity, say)] += 1
            outcome.written += len(seeds)
        except Pix2PixError as error:
            outcome.faults.append(str(error))
            warn(str(error))
    if not outcome.found and not outcome.faults:
        raise ImageError(f"The folder {source} holds no pictures: name another, or a picture file.")
    return outcome


def files_below(folder: Path, but: Path) -> Iterator[Path]:
    """The visible files in a folder and below it, by name, except those in the folder `but`."""
    for entry in sorted(folder.iterdir()):
        if is_hidden(entry.name) or not entry.exists():  # a link to nothing
            continue
        if but.exists() and os.path.samefile(entry, but):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from files_below(entry, but)
        elif entry.is_file():
            yield entry


def output_names(output: Path, seeds: Sequence[int | None]) -> list[Path]:
    """The files to write, one for each seed."""
    return [output] if len(seeds) == 1 else [output.with_stem(f"{output.stem}-{seed}") for seed in seeds]
