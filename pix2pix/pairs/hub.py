"""Pairs from a data set on the Hugging Face Hub, through the `datasets` library."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from pix2pix.errors import DataError, ImageError, reason
from pix2pix.pairs.source import Pair, Source, shared_names
from pix2pix.pictures.images import as_stored, open_image


def hub_splits(
    name: str, columns: tuple[str, str], streaming: bool = False, config: str = ""
) -> dict[str, Callable[[], Source]]:
    """The splits of a data set of the Hub, or of anything else that `datasets.load_dataset` takes by name.

    Args:
        name: `owner/name`, optionally with `@revision`, or a local folder of Parquet files.
        columns: columns of A and B; each holds pictures.
        streaming: start before the whole data set is downloaded.
        config: name of the configuration; "" where there is only one, or one called default.

    Raises:
        DataError: the `datasets` library is missing, or there is no such data set, configuration or column.
    """
    try:
        import datasets
    except ImportError:
        raise DataError("Data sets of the Hub need the datasets library: pip install datasets.") from None
    path, _, revision = name.partition("@")
    try:
        found: Any = datasets.load_dataset(path, config or None, revision=revision or None, streaming=streaming)
    except Exception as error:  # errors of many other libraries pass through `datasets`
        configs = configurations(path, revision) if isinstance(error, ValueError) else []
        if config not in configs and len(configs) > 1 - bool(config):
            what = f"has no configuration {config}" if config else f"has {len(configs)} configurations"
            raise DataError(f"The data set {name} {what}: name one with --config ({', '.join(configs)}).") from None
        raise DataError(f"The data set {name} cannot be loaded ({type(error).__name__}: {reason(error)}).") from None
    for rows in found.values():
        for column in columns:
            if not isinstance((rows.features or {}).get(column), datasets.Image):
                fit = [c for c, kind in (rows.features or {}).items() if isinstance(kind, datasets.Image)]
                raise DataError(
                    f"The data set {name} has no column {column} of pictures: name two of {', '.join(fit) or 'none'} "
                    "with --columns."
                )
    kind = partial(HubStream, name) if streaming else HubPairs
    return {split: cache(partial(kind, rows, columns, split)) for split, rows in found.items()}


def configurations(path: str, revision: str) -> list[str]:
    """The names of a data set's configurations, or none where they cannot be listed."""
    import datasets

    try:
        return list(datasets.get_dataset_config_names(path, revision=revision or None))
    except Exception:  # the error that led here is reported instead
        return []


class Rows(Source):
    """Rows of two columns of pictures. They are decoded here, after their size is checked."""

    def __init__(self, rows: Any, columns: tuple[str, str], split: str, count: int) -> None:
        import datasets

        for column in columns:
            rows = rows.cast_column(column, datasets.Image(decode=False))
        self.rows, self.columns, self.split = rows, columns, split
        self.names = [f"{i:08d}" for i in range(count)]
        self.words = f"A in the column {columns[0]}, B in the column {columns[1]}"

    def decoded(self, index: int, contents: list[bytes | None]) -> Pair:
        """The pictures of a row.

        Args:
            contents: encoded bytes of both; None where there is no picture.

        Raises:
            DataError: a picture is missing or cannot be read.
        """
        pictures = []
        for column, content in zip(self.columns, contents, strict=True):
            name = f"{column} of row {index} in {self.split}"
            if not content:
                raise DataError(f"{name} holds no picture: remove the row from the data set, or repair it.")
            try:
                pictures.append(open_image(io.BytesIO(content), name, read=as_stored))
            except ImageError as error:
                raise DataError(str(error)) from None
        return pictures[0], pictures[1]


class HubPairs(Rows):
    """One split of a data set that is downloaded."""

    def __init__(self, rows: Any, columns: tuple[str, str], split: str = "train") -> None:
        self._fingerprint = rows._fingerprint
        super().__init__(rows, columns, split, len(rows))

    def stored(self, index: int) -> Pair:
        row = self.rows[index]
        return self.decoded(index, [encoded(row[column]) for column in self.columns])

    def keys(self) -> list[tuple[str, str]]:
        a, b = (
            shared_names((encoded(row[column]) for row in self.rows.select_columns(column)), self.names)
            for column in self.columns
        )
        return list(zip(a, b, strict=True))

    def stamp(self, index: int) -> str:
        return f"{self._fingerprint}|{index}"


class HubStream(Rows):
    """One split of a data set that is downloaded while it is used. Encoded pictures are kept in a temporary folder
    until the process ends, so that later epochs ask the Hub for nothing.

    Attributes:
        apart: number of rows at the start that are held out as val. A later row with the same input as one of them is
            replaced by another row.

    Raises:
        DataError: the data set does not state its length.
    """

    arriving = True

    def __init__(self, name: str, rows: Any, columns: tuple[str, str], split: str = "train") -> None:
        count = getattr((getattr(rows.info, "splits", None) or {}).get(split), "num_examples", None)
        if not count:
            raise DataError(f"The data set {name} does not state its length: leave --streaming out.")
        super().__init__(rows, columns, split, count)
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="pix2pix-stream-")
        self._stream: Iterator[dict[str, Any]] | None = None
        self._come = 0
        self.apart = 0
        self._inputs: set[bytes] = set()  # digests of the held-out inputs
        self._copies: dict[int, int | None] = {}  # unused rows, and the last used row before each

    def stored(self, index: int) -> Pair:
        while self._come <= index:
            self._take_next()
        if (used := self._copies.get(index, index)) is None:
            return self.stored(index + 1)
        return self.decoded(used, [self._file(used, column).read_bytes() for column in self.columns])

    def keys(self) -> list[tuple[str, str]]:
        return [(name, name) for name in self.names]

    def _take_next(self) -> None:
        self._stream = self._stream or iter(self.rows)
        try:
            row = next(self._stream)
        except Exception as error:  # a network error of another library, or too early an end
            raise DataError(
                f"The data set {self.name} broke off after {self._come} pairs ({error}): continue with --resume."
            ) from None
        contents = [encoded(row[column]) or b"" for column in self.columns]
        for column, content in zip(self.columns, contents, strict=True):
            self._file(self._come, column).write_bytes(content)
        digest = hashlib.sha256(contents[0]).digest()
        if self._come < self.apart:
            self._inputs.add(digest)
        elif digest in self._inputs:
            before = self._come - 1
            self._copies[self._come] = self._copies.get(before, before if before >= self.apart else None)
        self._come += 1

    def _file(self, index: int, column: str) -> Path:
        return Path(self._folder.name) / f"{index:08d}-{self.columns.index(column)}"


def encoded(value: dict[str, Any] | None) -> bytes | None:
    """The encoded bytes of a picture from `datasets`: they are in the value or in a local file. None: no picture."""
    if not value:
        return None
    if value["bytes"] is not None or not value["path"]:
        return value["bytes"]
    try:
        return Path(value["path"]).read_bytes()
    except OSError:
        return None
