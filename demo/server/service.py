"""The page as a service to strangers: who is let in, whose turn it is, what is noted, how it stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.middleware import Middleware

from demo.files import Job
from demo.server.checks import Functions
from demo.server.door import Door
from demo.server.journal import Journal
from demo.server.visitors import Limits, Visitors

PATIENCE = 30.0  # seconds that running work is given when the server stops


class Service:
    """The accounts behind one page.

    Args:
        limits: what it takes on.
        journal: where it writes what it did.
        health: what `/health` tells beside the number of waiting jobs.
    """

    def __init__(
        self,
        limits: Limits,
        journal: Journal | None = None,
        health: Callable[[], dict] = dict,
    ) -> None:
        self.limits = limits
        self.journal = journal or Journal()
        self.visitors = Visitors(limits)
        self.functions = Functions()
        self.health = health

    def middleware(self) -> Middleware:
        """The door, for Gradio's `launch(app_kwargs={"middleware": [...]})`."""
        return Middleware(
            Door, visitors=self.visitors, journal=self.journal, functions=self.functions, health=self.health
        )  # type: ignore[arg-type]

    @contextmanager
    def drawing(self, request: Any) -> Iterator[None]:
        """While a drawing of a Gradio request is worked on."""
        start = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - start
            self.visitors.done(*visitor(request), seconds)
            self.journal.drawing(1000 * seconds)

    def outdated(self, request: Any, drawing: Any) -> bool:
        """Whether the visitor has sent a newer drawing, so that this one need not be translated."""
        return isinstance(drawing, str) and self.visitors.outdated(request.session_hash or "", drawing)

    @contextmanager
    def file(self, request: Any) -> Iterator[Job]:
        """While files of a Gradio request are worked on; yields how far that may go."""
        start = time.monotonic()
        name, session = visitor(request)
        job = Job(self.limits.pixels, start + self.limits.job, self.limits.job, lambda: self.visitors.is_gone(session))
        done = False
        try:
            yield job
            done = True
        finally:
            seconds = time.monotonic() - start
            self.visitors.done(name, session, seconds)
            self.journal.note("file", name, done=done, ms=round(1000 * seconds))

    def stop(self) -> None:
        """Let nobody in any more, and wait until the work under way is finished and was fetched, `PATIENCE` at most."""
        self.visitors.stopping = True
        until = time.monotonic() + PATIENCE
        while (self.visitors.waiting or self.visitors.answers) and time.monotonic() < until:
            time.sleep(0.05)
        self.journal.note("stopped", unfinished=self.visitors.waiting)


def visitor(request: Any) -> tuple[str, str]:
    """The address and the session of a Gradio request."""
    return (request.client.host if request.client else ""), request.session_hash or ""
