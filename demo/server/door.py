"""The door to Gradio, which checks every request before Gradio parses or queues anything."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.server.checks import Functions, read_message
from demo.server.jobs import JOB, Jobs
from demo.server.middlewares import address, length_of
from demo.server.refused import Refused
from demo.server.routes import ANSWERS, UPLOAD, is_asset, is_stream
from demo.server.visitors import Visitors


class Door:
    """The innermost middleware that refuses requests, after `OnlyOpen` and `BoundedBody`.

    Args:
        app: Gradio's app.
        visitors: accounts of the visitors' requests.
        jobs: waiting and running jobs.
        functions: functions of the page, read when it is built.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors, jobs: Jobs, functions: Functions) -> None:
        self.app, self.visitors, self.jobs, self.functions = app, visitors, jobs, functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] == UPLOAD:
            self.visitors.may_upload(address(scope), length_of(scope) or 0)
            await self.app(scope, receive, send)
        elif scope["method"] == "POST":
            await self._call(scope, receive, send)
        else:
            if not is_asset(scope["path"]):
                self.visitors.visit(address(scope))
            if is_stream(scope["path"]):
                await self._stream(scope, receive, send)
            else:
                await self.app(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a call of one of the page's functions. A call that computes is a job, which `Service` closes."""
        data = await whole(receive)
        body = read_message(data)
        index = self.functions.called(scope["path"], body)
        kind = self.functions.kinds.get(index)
        self.visitors.visit(address(scope))
        if kind is None:
            await self.app(scope, replay(data, receive), send)
            return
        drawn = body["data"][0] if kind == "drawing" and isinstance(body["data"][0], str) else None
        job = self.jobs.open(address(scope), body.get("session_hash") or "", drawn)
        taken = False

        async def noticed(message: Message) -> None:
            nonlocal taken
            taken = taken or (message["type"] == "http.response.start" and message["status"] == 200)
            await send(message)

        try:
            await self.app({**scope, JOB: job}, replay(data, receive), noticed)
        finally:
            if not taken:  # Gradio's own queue was full, or the visitor left before the answer
                self.jobs.close(job)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a streamed answer. If a page's answer is cut off, the page was closed."""
        session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
        complete = closed = False

        async def noticed(message: Message) -> None:
            nonlocal complete
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        async def heard() -> Message:  # Gradio ends its answer in good order when it hears that nobody listens
            nonlocal closed
            message = await receive()
            closed = closed or (message["type"] == "http.disconnect" and not complete)
            return message

        with self.visitors.listening(address(scope), answer="heartbeat" not in scope["path"]):
            try:
                await self.app(scope, heard, noticed)
            except Exception as error:
                if not is_not_found(error):
                    raise
                await noticed({"type": "http.response.body", "body": b"", "more_body": False})
        if session and scope["path"] == ANSWERS:
            self.jobs.leave(session, closed or not complete)


def is_not_found(error: BaseException | None) -> bool:
    """Whether Gradio ended a stream with its own 404, as for an unknown event, which the stream already reports."""
    while error is not None:
        if isinstance(error, HTTPException) and error.status_code == 404:
            return True
        error = error.__cause__ or error.__context__
    return False


async def whole(receive: Receive) -> bytes:
    """Read a request's body.

    Raises:
        Refused: the body was cut off.
    """
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request was cut off.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(data: bytes, receive: Receive) -> Receive:
    """A `receive` that first gives a body that was read already, then continues with the original."""
    messages: list[Message] = [{"type": "http.request", "body": data}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
