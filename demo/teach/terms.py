"""The limits of teaching on the page, for its owner and for strangers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from demo.rules import UNTIL_STOPPED

DAY = 24 * 3600.0  # seconds


@dataclass(frozen=True)
class Terms:
    """The limits of teaching on the page.

    Attributes:
        pairs: most pairs of a run.
        minutes: most minutes of a run.
        bytes: most bytes of all runs on disk.
        waiting: most runs that train or wait.
        each: most such runs of one visitor.
        keep: seconds that a run is kept. A run in training is never removed.
        everybody: whether every visitor sees every run. Otherwise each sees the runs whose ids their browser knows.
    """

    pairs: int
    minutes: float
    bytes: int
    waiting: int
    each: int
    keep: float
    everybody: bool


HOME = Terms(2000, UNTIL_STOPPED, 20_000_000_000, 20, 20, math.inf, True)
STRANGERS = Terms(60, 10.0, 2_000_000_000, 8, 1, DAY, False)
