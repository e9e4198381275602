"""How much each visitor may ask for: at what rate, how much at once, and which of their drawings is the newest.

A visitor is a network address, as uvicorn tells it: behind a load balancer, the address that this one forwards (see
docs/deployment.md). Many people may share one, so the limits are far above what one page asks for.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

KNOWN_SESSIONS = 4096  # whose newest drawing is remembered
USUAL_SECONDS = 0.2  # of a job, before one was timed


@dataclass(frozen=True)
class Limits:
    """What the page takes on. The defaults suit two cores and 2 GB.

    users: requests that wait or run, of everybody together; one visitor may have half of them.
    rate, burst: requests a visitor may make in a second in the long run, and at once.
    message: bytes of a request that is no upload.
    upload: bytes of an upload, all its files together.
    upload_rate, upload_burst: bytes a visitor may upload in a second in the long run, and at once.
    streams: answers that a visitor may listen to at once.
    silence: seconds a visitor may take to send the next part of a request.
    job: seconds that the translation of uploaded pictures may take.
    pixels: of an uploaded picture.
    """

    users: int = 64
    rate: float = 50.0
    burst: float = 100.0
    message: int = 2_000_000
    upload: int = 128_000_000
    upload_rate: float = 2_000_000.0
    upload_burst: float = 256_000_000.0
    streams: int = 128
    silence: float = 20.0
    job: float = 300.0
    pixels: int = 4096 * 4096


class Busy(Exception):
    """Too much is asked for just now."""

    def __init__(self, reason: str, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"{reason}: try again in {self.seconds} s.")


@dataclass
class Bucket:
    """A token bucket: `burst` at once, `rate` a second in the long run."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.burst, time.monotonic()

    def wait(self, amount: float) -> float:
        """Take `amount`; or take nothing, and return the seconds until it would be there."""
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
    requests: Bucket
    uploads: Bucket
    streams: int = 0
    jobs: list[tuple[float, str]] = field(default_factory=list)  # when each was asked for, and by which session

    @property
    def idle(self) -> bool:
        return not self.jobs and not self.streams and self.requests.full and self.uploads.full


class Visitors:
    """The accounts of all visitors. What a visitor costs is forgotten as soon as it no longer limits them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stopping = False
        self.answers = 0  # that are on their way
        self._lock = Lock()
        self._visitors: defaultdict[str, Visitor] = defaultdict(
            lambda: Visitor(Bucket(limits.rate, limits.burst), Bucket(limits.upload_rate, limits.upload_burst))
        )
        self._newest: OrderedDict[str, int] = OrderedDict()  # by session: the hash of its newest drawing
        self._gone: OrderedDict[str, None] = OrderedDict()  # sessions whose page was closed
        self._seconds = USUAL_SECONDS  # of a job, a moving average

    @property
    def waiting(self) -> int:
        """Jobs that wait or run."""
        with self._lock:
            return sum(len(visitor.jobs) for visitor in self._visitors.values())

    def admit(self, name: str, session: str, drawing: str | None = None) -> None:
        """Note a job that a visitor asks for; `done` ends it.

        Args:
            drawing: what was drawn, if the job is to translate it: the session's older ones need no more be.

        Raises:
            Busy: the visitor's rate is too high, or too many jobs are waiting.
        """
        with self._lock:
            self._forget()
            if self.stopping:
                raise Busy("The server is being restarted", 10)
            visitor = self._visitors[name]
            self._count(visitor)
            waiting = sum(len(other.jobs) for other in self._visitors.values())
            if waiting >= self.limits.users:
                raise Busy(f"The server is busy, with {waiting} requests waiting", waiting * self._seconds)
            if len(visitor.jobs) >= max(1, self.limits.users // 2):
                raise Busy(f"{len(visitor.jobs)} of your requests are still waiting", waiting * self._seconds)
            visitor.jobs.append((time.monotonic(), session))
            self._gone.pop(session, None)
            if drawing is not None and session:
                self._newest[session] = hash(drawing)
                self._newest.move_to_end(session)
                if len(self._newest) > KNOWN_SESSIONS:
                    self._newest.popitem(last=False)

    def visit(self, name: str) -> None:
        """Count a request that computes nothing.

        Raises:
            Busy: the visitor's rate is too high.
        """
        with self._lock:
            self._forget()
            self._count(self._visitors[name])

    def done(self, name: str, session: str, seconds: float = 0.0) -> None:
        """A job ended, after `seconds` of work."""
        with self._lock:
            jobs = self._visitors[name].jobs
            own = next((job for job in jobs if job[1] == session), jobs[0] if jobs else None)
            if own:
                jobs.remove(own)
            if seconds:
                self._seconds += 0.1 * (seconds - self._seconds)

    def outdated(self, session: str, drawing: str) -> bool:
        """Whether the session has asked for a newer drawing."""
        with self._lock:
            return self._newest.get(session, hash(drawing)) != hash(drawing)

    def may_upload(self, name: str, size: int) -> None:
        """Count an upload against the visitor.

        Raises:
            Busy: they uploaded too much of late.
        """
        with self._lock:
            self._forget()
            visitor = self._visitors[name]
            self._count(visitor)
            if seconds := visitor.uploads.wait(size):
                per_minute = 60 * self.limits.upload_rate / 1e6
                raise Busy(f"These are more than {per_minute:g} MB of uploads a minute", seconds)

    @contextmanager
    def listening(self, name: str, answer: bool = True) -> Iterator[None]:
        """While a visitor listens to an answer, or to the heartbeat of the server.

        Raises:
            Busy: they listen to too many.
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

    def left(self, name: str, session: str, closed: bool = True) -> None:
        """A page has all its answers; or it was closed, and what it waited for is not computed."""
        with self._lock:
            if name in self._visitors:
                jobs = self._visitors[name].jobs
                jobs[:] = [job for job in jobs if job[1] != session]
            if not closed:
                return
            self._newest.pop(session, None)
            self._gone[session] = None
            if len(self._gone) > KNOWN_SESSIONS:
                self._gone.popitem(last=False)

    def is_gone(self, session: str) -> bool:
        with self._lock:
            return session in self._gone

    def _count(self, visitor: Visitor) -> None:
        if seconds := visitor.requests.wait(1):
            raise Busy(f"These are more than {self.limits.rate:g} requests a second", seconds)

    def _forget(self) -> None:
        """Drop jobs of which nothing was heard for long, and visitors who cost nothing."""
        if len(self._visitors) < 64 and not any(v.jobs for v in self._visitors.values()):
            return
        before = time.monotonic() - 2 * self.limits.job
        for name, visitor in list(self._visitors.items()):
            visitor.jobs = [job for job in visitor.jobs if job[0] > before]
            if visitor.idle:
                del self._visitors[name]
