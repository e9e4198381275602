"""The deadline of work for a visitor."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from pix2pix import MAX_PIXELS, ImageError


@dataclass(frozen=True)
class Deadline:
    """The limits of the work on a visitor's files.

    Attributes:
        pixels: most pixels of a picture.
        until: end of the work, on `time.monotonic`'s clock.
        seconds: length of the work that was granted.
        gone: function that tells whether the visitor has left.
    """

    pixels: int = MAX_PIXELS
    until: float = math.inf
    seconds: float = math.inf
    gone: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """
        Raises:
            ImageError: the time is up, or the visitor has left.
        """
        if self.gone():
            raise ImageError("The page was closed: open it again.")
        if time.monotonic() > self.until:
            raise ImageError(f"This takes more than {self.seconds:g} seconds: send fewer or smaller pictures at once.")


NO_DEADLINE = Deadline()
