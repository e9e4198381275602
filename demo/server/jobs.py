"""The waiting and running jobs of all visitors, and the newest drawing of each page."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from demo.server.limits import Limits
from demo.server.refused import Busy

JOB = "pix2pix.job"  # key of the job in a request's scope
KNOWN_SESSIONS = 4096  # sessions whose newest drawing is remembered
USUAL_SECONDS = 0.2  # assumed length of a job before one was timed


@dataclass(frozen=True, eq=False)
class Job:
    """A call that computes.

    Attributes:
        visitor: address that it came from.
        session: session of the page that asked.
        since: time of opening, on `time.monotonic`'s clock.
    """

    visitor: str
    session: str
    since: float


class Jobs:
    """The open jobs, from `open` to `close`. A job may end in several ways: it is done, Gradio refused it, its page was
    closed, or it timed out. Closing it twice has no effect."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stopping = False
        self._lock = Lock()
        self._open: dict[Job, None] = {}
        self._newest: OrderedDict[str, int] = OrderedDict()  # hash of each session's newest drawing
        self._gone: OrderedDict[str, None] = OrderedDict()  # sessions whose page was closed
        self._seconds = USUAL_SECONDS  # moving average of a job's length

    @property
    def waiting(self) -> int:
        """The number of waiting and running jobs."""
        with self._lock:
            return len(self._open)

    def open(self, visitor: str, session: str, drawing: str | None = None) -> Job:
        """Open a job for a visitor.

        Args:
            drawing: drawing to translate, if any. Older drawings of the session are then outdated.

        Raises:
            Busy: too many jobs of all visitors or of this one are waiting, or the server is stopping.
        """
        with self._lock:
            if self.stopping:
                raise Busy("The server is being restarted", 10)
            now = time.monotonic()
            for job in [job for job in self._open if job.since <= now - 2 * self.limits.job]:
                self._close(job)
            waiting, own = len(self._open), sum(job.visitor == visitor for job in self._open)
            if waiting >= self.limits.users:
                raise Busy(f"The server is busy, with {waiting} requests waiting", waiting * self._seconds)
            if own >= max(1, self.limits.users // 2):
                raise Busy(f"{own} of your requests are still waiting", waiting * self._seconds)
            job = Job(visitor, session, now)
            self._open[job] = None
            self._gone.pop(session, None)
            if drawing is not None and session:
                remember(self._newest, session, hash(drawing))
            return job

    def close(self, job: Job | None, seconds: float = 0.0) -> None:
        """Close a job, after `seconds` of work, if any."""
        with self._lock:
            self._close(job, seconds)

    def leave(self, session: str, closed: bool) -> None:
        """End a page's jobs: it has all its answers, or it was closed and its waiting jobs are dropped."""
        with self._lock:
            for job in [job for job in self._open if job.session == session]:
                self._close(job)
            if closed:
                self._newest.pop(session, None)
                remember(self._gone, session, None)

    def is_outdated(self, session: str, drawing: str) -> bool:
        """Whether the session has sent a newer drawing."""
        with self._lock:
            return self._newest.get(session, hash(drawing)) != hash(drawing)

    def is_gone(self, session: str) -> bool:
        """Whether the session's page was closed."""
        with self._lock:
            return session in self._gone

    def _close(self, job: Job | None, seconds: float = 0.0) -> None:
        if job is not None:
            self._open.pop(job, None)
        if seconds:
            self._seconds += 0.1 * (seconds - self._seconds)


def remember(sessions: OrderedDict, session: str, value: int | None) -> None:
    """Remember a value for a session, and forget the oldest sessions beyond `KNOWN_SESSIONS`."""
    sessions[session] = value
    sessions.move_to_end(session)
    if len(sessions) > KNOWN_SESSIONS:
        sessions.popitem(last=False)
