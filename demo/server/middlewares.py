"""Small ASGI middlewares that are independent of Gradio: refusals, health, foreign sites, open addresses, bounded
bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.server.journal import Journal
from demo.server.refused import Busy, Refused


class Refusals:
    """Answers a `Refused` from inner layers with its sentence, and records it in the journal.

    Args:
        name_of: function that names a path for the journal.
    """

    def __init__(self, app: ASGIApp, journal: Journal, name_of: Callable[[str], str]) -> None:
        self.app, self.journal, self.name_of = app, journal, name_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Refused as refusal:
            what = "busy" if isinstance(refusal, Busy) else "refused"
            self.journal.note(what, address(scope), door=self.name_of(scope["path"]), status=refusal.status)
            if not started:
                sentence = str(refusal)
                answer = JSONResponse({"detail": sentence, "error": sentence}, refusal.status, refusal.headers)
                await answer(scope, receive, send)


class Health:
    """Answers `/health`: 200, or 503 while the server stops.

    Args:
        state: function that gives the answer; its "status" is "ok" or "stopping".
    """

    def __init__(self, app: ASGIApp, state: Callable[[], dict]) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/health":
            state = self.state()
            await JSONResponse(state, 200 if state["status"] == "ok" else 503)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class OnlyHere:
    """Refuses requests that a web page of another site makes through a browser on this machine.

    Such a page may give its own name the address 127.0.0.1 (DNS rebinding), or send a form to it. Its name then stands
    in `Host` or in `Origin`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            host, origin = headers.get(b"host", ""), headers.get(b"origin", "")
            if not ((not host or is_loopback(f"//{host}")) and (not origin or is_loopback(origin))):
                raise Refused(
                    403,
                    "This page is for this machine alone: open it at 127.0.0.1 or localhost, or set "
                    "FORWARDED_ALLOW_IPS to the address of the proxy in front of it.",
                )
        await self.app(scope, receive, send)


class OnlyOpen:
    """Hides all web sockets and every address that is not open.

    Args:
        is_open: function that tells whether a method and a path are open.
    """

    def __init__(self, app: ASGIApp, is_open: Callable[[str, str], bool]) -> None:
        self.app, self.is_open = app, is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http" and not self.is_open(scope["method"], scope["path"]):
            raise Refused(404, "There is nothing here: the page is at /.")
        else:
            await self.app(scope, receive, send)


class BoundedBody:
    """Limits the body of a POST in bytes and in seconds of silence.

    Args:
        limit_of: function that gives the most bytes for a path, and whether a request must state its length.
        silence: seconds to wait for the next part.
    """

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], tuple[int, bool]], silence: float) -> None:
        self.app, self.limit_of, self.silence = app, limit_of, silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            limit, needs_length = self.limit_of(scope["path"])
            length = length_of(scope)
            if length is None and needs_length:
                raise Refused(411, "An upload must state its length: send it with a Content-Length.")
            if length is not None and length > limit:
                raise Refused(413, too_long(limit))
            receive = self._bounded(receive, limit if length is None else length)
        await self.app(scope, receive, send)

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        arrived, whole = 0, False

        async def bounded() -> Message:
            nonlocal arrived, whole
            if whole:
                return await receive()  # from here on, it only reports that the visitor has left
            try:
                message = await asyncio.wait_for(receive(), self.silence)
            except TimeoutError:
                raise Refused(408, f"Nothing came for {self.silence:g} seconds: send the request again.") from None
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if arrived > limit:
                raise Refused(413, too_long(limit))
            return message

        return bounded


def address(scope: Scope) -> str:
    """The visitor's network address."""
    return scope["client"][0] if scope.get("client") else ""


def is_loopback(url: str) -> bool:
    """Whether an address such as `http://localhost:7860` or `//[::1]` is of this machine alone."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def length_of(scope: Scope) -> int | None:
    """The stated length of a request, in bytes.

    Raises:
        Refused: the length is not a number.
    """
    claimed = dict(scope["headers"]).get(b"content-length")
    if claimed is not None and not claimed.isdigit():
        raise Refused(400, "Content-Length is not a number.")
    return None if claimed is None else int(claimed)


def too_long(limit: int) -> str:
    return f"The request is longer than {limit:,} bytes: send less."
