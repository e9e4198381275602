"""The journal for the server's owner: a line of JSON for each refusal and each file, and one a minute for drawings.

No line holds a picture, a file name or an address. Visitors appear as hashes, which change with each restart.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TextIO

MINUTE = 60.0


class Journal:
    """Writes lines to `file`, or nowhere if it is None."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file
        self._salt = os.urandom(16)
        self._lock = Lock()
        self._drawings: list[float] = []  # ms of each drawing in this minute
        self._since = time.monotonic()

    def note(self, what: str, visitor: str = "", **more: Any) -> None:
        """Write a line. `more` must hold only numbers and fixed words."""
        if self.file is None:
            return
        who = hashlib.blake2s(visitor.encode(), key=self._salt, digest_size=4).hexdigest() if visitor else None
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "what": what, "visitor": who, **more}
        with self._lock:
            print(
                json.dumps({key: value for key, value in line.items() if value is not None}), file=self.file, flush=True
            )

    def drawing(self, ms: float) -> None:
        """Count a translated drawing. The first one of a minute writes the line of the minute before."""
        if self.file is None:
            return
        times: list[float] = []
        with self._lock:
            now = time.monotonic()
            if now - self._since >= MINUTE:
                times, self._drawings, self._since = self._drawings, [], now
            self._drawings.append(ms)
        if times:
            times.sort()
            self.note("drawings", count=len(times), p50_ms=_rank(times, 0.5), p95_ms=_rank(times, 0.95))


def _rank(times: list[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(share * len(times)))], 1)
