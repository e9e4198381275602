"""When work for a visitor ends, done or not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from pix2pix import MAX_PIXELS, ImageError


@dataclass(frozen=True)
class Deadline:
    """How far the work on a visitor's files may go.

    Attributes:
        pixels: the most that a picture may have.
        until: when the work must be done, on `time.monotonic`'s clock.
        seconds: how many it was given.
        gone: tells whether the visitor has left.
    """

    pixels: int = MAX_PIXELS
    until: float = math.inf
    seconds: float = math.inf
    gone: Callable[[], bool] = bool

    def check(self) -> None:
        """
        Raises:
            ImageError: the time is over, or the visitor has left.
        """
        if self.gone():
            raise ImageError("The page was closed: open it again.")
        if time.monotonic() > self.until:
            raise ImageError(f"This takes more than {self.seconds:g} seconds: send fewer or smaller pictures at once.")


NO_DEADLINE = Deadline()
