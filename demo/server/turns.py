"""The order of computation. One network runs at a time, since it uses all cores; drawings go before files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """A lock that gives drawings precedence. Work on files, which may take minutes, yields between bands."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._taken = False
        self._drawings = 0  # waiting drawings

    @contextmanager
    def drawing(self) -> Iterator[None]:
        with self._condition:
            self._drawings += 1
            try:
                self._condition.wait_for(lambda: not self._taken)
            finally:
                self._drawings -= 1
            self._taken = True
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def file(self) -> Iterator[None]:
        self._enter_after_drawings()
        try:
            yield
        finally:
            self._leave()

    def give_way(self) -> None:
        """Within `file`: let waiting drawings go first."""
        if self._drawings:
            self._leave()
            self._enter_after_drawings()

    def _enter_after_drawings(self) -> None:
        with self._condition:
            self._condition.wait_for(lambda: not self._taken and not self._drawings)
            self._taken = True

    def _leave(self) -> None:
        with self._condition:
            self._taken = False
            self._condition.notify_all()
