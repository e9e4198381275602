"""What a visitor is told who is not let in: one sentence, a status, and for a busy server when to come back."""

from __future__ import annotations

import math


class Refused(Exception):
    """A request is not let in.

    Args:
        status: of HTTP.
        sentence: what the visitor reads.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers: dict[str, str] = {}


class Busy(Refused):
    """Too much is asked for just now.

    Args:
        reason: the sentence's beginning.
        seconds: after which to try again.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(429, f"{reason}: try again in {self.seconds} s.")
        self.headers = {"Retry-After": str(self.seconds)}
