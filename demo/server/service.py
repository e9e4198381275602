"""The page as a public service: admission, the journal and shutdown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.middleware import Middleware

from demo.server.checks import Functions
from demo.server.deadline import Deadline
from demo.server.door import Door
from demo.server.jobs import JOB, Jobs
from demo.server.journal import Journal
from demo.server.limits import Limits
from demo.server.middlewares import BoundedBody, Health, OnlyHere, OnlyOpen, Refusals
from demo.server.routes import UPLOAD, is_open, name_of
from demo.server.visitors import Visitors

PATIENCE = 30.0  # seconds for running work to finish when the server stops


class Service:
    """The service behind one page.

    Args:
        limits: limits of the page.
        journal: journal of the work and the refusals.
        health: function for the facts in `/health` beside the number of waiting jobs.
        only_here: refuse what web pages of other sites ask through a browser on this machine.
    """

    def __init__(
        self,
        limits: Limits,
        journal: Journal | None = None,
        health: Callable[[], dict] = lambda: {},
        only_here: bool = False,
    ) -> None:
        self.limits = limits
        self.journal = journal or Journal()
        self.visitors = Visitors(limits)
        self.jobs = Jobs(limits)
        self.functions = Functions()
        self.health = health
        self.only_here = only_here

    def middleware(self) -> list[Middleware]:
        """The middlewares before Gradio, outermost first, for `launch(app_kwargs={"middleware": ...})`."""
        return [
            Middleware(Refusals, journal=self.journal, name_of=name_of),  # type: ignore[arg-type]
            Middleware(Health, state=self._state),  # type: ignore[arg-type]
            *([Middleware(OnlyHere)] if self.only_here else []),
            Middleware(OnlyOpen, is_open=is_open),  # type: ignore[arg-type]
            Middleware(BoundedBody, limit_of=self._limit_of, silence=self.limits.silence),  # type: ignore[arg-type]
            Middleware(Door, visitors=self.visitors, jobs=self.jobs, functions=self.functions),  # type: ignore[arg-type]
        ]

    @contextmanager
    def drawing(self, request: Any) -> Iterator[None]:
        """The context of work on a drawing in a Gradio request."""
        with self._job(request, lambda seconds, done: self.journal.drawing(1000 * seconds)):
            yield

    @contextmanager
    def file(self, request: Any) -> Iterator[Deadline]:
        """The context of work on files in a Gradio request; yields the deadline."""
        name, session, limit = request.client.host if request.client else "", request.session_hash or "", self.limits

        def note(seconds: float, done: bool) -> None:
            self.journal.note("file", name, done=done, ms=round(1000 * seconds))

        with self._job(request, note):
            yield Deadline(limit.pixels, time.monotonic() + limit.job, limit.job, lambda: self.jobs.is_gone(session))

    def outdated(self, request: Any, drawing: Any) -> bool:
        """Whether the visitor has sent a newer drawing, so that this one need not be translated."""
        return isinstance(drawing, str) and self.jobs.is_outdated(request.session_hash or "", drawing)

    def stop(self) -> None:
        """Refuse new requests, and wait at most `PATIENCE` until running work is finished and fetched."""
        self.jobs.stopping = True
        until = time.monotonic() + PATIENCE
        while (self.jobs.waiting or self.visitors.answers) and time.monotonic() < until:
            time.sleep(0.05)
        self.journal.note("stopped", unfinished=self.jobs.waiting)

    @contextmanager
    def _job(self, request: Any, note: Callable[[float, bool], None]) -> Iterator[None]:
        """The context of work on a Gradio request's job, which is closed at its end."""
        start, done = time.monotonic(), False
        try:
            yield
            done = True
        finally:
            seconds = time.monotonic() - start
            self.jobs.close(request.request.scope.get(JOB), seconds)
            note(seconds, done)

    def _state(self) -> dict[str, Any]:
        return {"status": "stopping" if self.jobs.stopping else "ok", "waiting": self.jobs.waiting, **self.health()}

    def _limit_of(self, path: str) -> tuple[int, bool]:
        return (self.limits.upload, True) if path == UPLOAD else (self.limits.message, False)
