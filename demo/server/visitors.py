"""Limits for each visitor: requests and bytes per second, and open answers.

A visitor is a network address, as reported by uvicorn. Behind a load balancer, it is the forwarded address (see
docs/deployment.md). Many people may share one, so the limits are far above the needs of one page.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from demo.server.limits import Limits
from demo.server.refused import Busy

FEW = 64  # accounts that are kept without checking which are idle


class Visitors:
    """The accounts of all visitors. An account is dropped as soon as it no longer limits its visitor."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.answers = 0  # open answers
        self._lock = Lock()
        self._visitors: defaultdict[str, Visitor] = defaultdict(
            lambda: Visitor(Bucket(limits.rate, limits.burst), Bucket(limits.upload_rate, limits.upload_burst))
        )

    def visit(self, name: str) -> None:
        """Count a request.

        Raises:
            Busy: the visitor's rate is too high.
        """
        with self._lock:
            self._count(name)

    def may_upload(self, name: str, size: int) -> None:
        """Count an upload of `size` bytes.

        Raises:
            Busy: the visitor's rate of requests or of bytes is too high.
        """
        with self._lock:
            visitor = self._count(name)
            if seconds := visitor.uploads.wait(size):
                per_minute = 60 * self.limits.upload_rate / 1e6
                raise Busy(f"You are sending more than {per_minute:g} MB of uploads a minute", seconds)

    @contextmanager
    def listening(self, name: str, answer: bool = True) -> Iterator[None]:
        """The context of an answer, or of the server's heartbeat, to a visitor.

        Raises:
            Busy: the visitor has too many open answers.
        """
        with self._lock:
            visitor = self._visitors[name]
            if visitor.streams >= self.limits.streams:
                raise Busy(f"{visitor.streams} answers are still on their way to you", 5)
            visitor.streams += 1
            self.answers += answer
        try:
            yield
        finally:
            with self._lock:
                visitor.streams -= 1
                self.answers -= answer

    def _count(self, name: str) -> Visitor:
        if len(self._visitors) >= FEW:
            for other in [other for other, visitor in self._visitors.items() if visitor.idle]:
                del self._visitors[other]
        visitor = self._visitors[name]
        if seconds := visitor.requests.wait(1):
            raise Busy(f"You are sending more than {self.limits.rate:g} requests a second", seconds)
        return visitor


@dataclass
class Bucket:
    """A token bucket: `burst` at once, and `rate` per second in the long run."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.burst, time.monotonic()

    def wait(self, amount: float) -> float:
        """Take `amount` if it is there. Otherwise take nothing and return the seconds until it will be."""
        now = time.monotonic()
        self.left, self.at = min(self.burst, self.left + (now - self.at) * self.rate), now
        if amount > self.left:
            return (amount - self.left) / self.rate
        self.left -= amount
        return 0.0

    @property
    def full(self) -> bool:
        return self.left + (time.monotonic() - self.at) * self.rate >= self.burst


@dataclass
class Visitor:
    """One visitor's account.

    Attributes:
        requests, uploads: remaining requests, and remaining bytes of uploads.
        streams: open answers.
    """

    requests: Bucket
    uploads: Bucket
    streams: int = 0

    @property
    def idle(self) -> bool:
        return not self.streams and self.requests.full and self.uploads.full
