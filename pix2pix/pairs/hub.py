"""Pairs of a data set on the Hugging Face Hub, through the `datasets` library."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pix2pix.errors import DataError, ImageError
from pix2pix.pairs.source import Pair, Source
from pix2pix.pictures.images import open_image


def hub_splits(name: str, columns: tuple[str, str], streaming: bool = False) -> dict[str, Source]:
    """The splits of a data set of the Hub, or of anything else that `datasets.load_dataset` takes by name.

    Args:
        name: `owner/name`, with `@revision` if need be, or a local folder of Parquet files.
        columns: of A and B; each holds pictures.
        streaming: do not wait for the whole data set.

    Raises:
        DataError: the `datasets` library is missing, or there is no such data set or column.
    """
    try:
        import datasets
    except ImportError:
        raise DataError("Data sets of the Hub need the datasets library: pip install datasets.") from None
    path, _, revision = name.partition("@")
    try:
        found: Any = datasets.load_dataset(path, revision=revision or None, streaming=streaming)
    except Exception as error:  # the library lets those of many others through
        raise DataError(f"The data set {name} cannot be loaded ({type(error).__name__}: {error}).") from None
    for rows in found.values():
        for column in columns:
            if not isinstance((rows.features or {}).get(column), datasets.Image):
                fit = [c for c, kind in (rows.features or {}).items() if isinstance(kind, datasets.Image)]
                raise DataError(
                    f"The data set {name} has no column {column} of pictures: name two of {', '.join(fit) or 'none'} "
                    "with --columns."
                )
    if not streaming:
        return {split: HubPairs(rows, columns) for split, rows in found.items()}
    return {split: HubStream(name, split, rows, columns) for split, rows in found.items()}


class HubPairs:
    """One split of a data set that is here."""

    arriving = False

    def __init__(self, rows: Any, columns: tuple[str, str]) -> None:
        import datasets

        for column in columns:  # decoded here, after a look at their size
            rows = rows.cast_column(column, datasets.Image(decode=False))
        self.rows = rows
        self.columns = columns
        self.names = [f"{i:08d}" for i in range(len(rows))]

    def open(self, index: int) -> Pair:
        row = self.rows[index]
        try:
            a, b = (open_image(io.BytesIO(encoded(row[column])), f"{column} of row {index}") for column in self.columns)
        except ImageError as error:
            raise DataError(str(error)) from None
        return a, b

    def keys(self) -> list[tuple[str, str]]:
        return [(name, name) for name in self.names]


class HubStream:
    """One split of a data set that comes in while it is used. What has come is kept, as it was encoded, in a temporary
    folder until the process ends, so that later epochs ask the Hub for nothing.

    Raises:
        DataError: the data set does not tell how many rows it has.
    """

    arriving = True

    def __init__(self, name: str, split: str, rows: Any, columns: tuple[str, str]) -> None:
        import datasets

        count = getattr((getattr(rows.info, "splits", None) or {}).get(split), "num_examples", None)
        if not count:
            raise DataError(f"The data set {name} does not tell its length: leave --streaming out.")
        for column in columns:
            rows = rows.cast_column(column, datasets.Image(decode=False))
        self.name = name
        self.rows = rows
        self.columns = columns
        self.names = [f"{i:08d}" for i in range(count)]
        self._folder = tempfile.TemporaryDirectory(prefix="pix2pix-stream-")
        self._stream: Iterator[dict[str, Any]] | None = None
        self._come = 0

    def open(self, index: int) -> Pair:
        while self._come <= index:
            self._take_next()
        a, b = (open_image(self._file(index, column)) for column in self.columns)
        return a, b

    def keys(self) -> list[tuple[str, str]]:
        return [(name, name) for name in self.names]

    def _take_next(self) -> None:
        self._stream = self._stream or iter(self.rows)
        try:
            row = next(self._stream)
        except Exception as error:  # a connection of another library, or the end before its time
            raise DataError(f"The data set {self.name} broke off after {self._come} pairs ({error}): resume.") from None
        for column in self.columns:
            self._file(self._come, column).write_bytes(encoded(row[column]))
        self._come += 1

    def _file(self, index: int, column: str) -> Path:
        return Path(self._folder.name) / f"{index:08d}-{self.columns.index(column)}"


def encoded(value: dict[str, Any]) -> bytes:
    """The bytes of a picture as `datasets` gives it undecoded: they are there, or in a local file."""
    if value["bytes"] is not None:
        return value["bytes"]
    return Path(value["path"]).read_bytes()
