"""Refusals of requests: one sentence, a status and, for a busy server, a time to retry."""

from __future__ import annotations

import math


class Refused(Exception):
    """A request is refused.

    Args:
        status: HTTP status.
        sentence: message to the visitor.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers: dict[str, str] = {}


class Busy(Refused):
    """A request is refused for now, because there are too many.

    Args:
        reason: first part of the sentence.
        seconds: time until the visitor may try again.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(429, f"{reason}: try again in {self.seconds} s.")
        self.headers = {"Retry-After": str(self.seconds)}
