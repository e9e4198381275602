"""The door of the web server: what is let in to Gradio, and what is refused with a sentence.

It is an ASGI middleware, so that nothing is read, parsed or queued before it has been looked at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.server.checks import API, Functions, Refused, read_message
from demo.server.journal import Journal
from demo.server.visitors import Busy, Visitors

# What the page, gradio_client and curl need. Gradio has more doors (proxies, recordings, run histories, editors).
ROUTES = {
    "GET": re.compile(
        r"/(|config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(/\d+)?|(assets|static|svelte|web)/.*"
        r"|gradio_api/(info/?|openapi\.json|app_id/?|startup-events|login_check/?|theme\.css|upload_progress"
        r"|queue/data|queue/status|heartbeat/[\w-]+|file=(?!.*://).*|call/\w+/\w+))"
    ),
    "POST": re.compile(r"/gradio_api/(upload|queue/join|run/\w+/?|call/\w+/?|cancel|reset/?)"),
}
STREAMS = re.compile(rf"{API}/(queue/data|heartbeat/[\w-]+|upload_progress|call/\w+/\w+)")
ASSETS = re.compile(r"/(assets|static|svelte|web)/")  # a page asks for dozens of these at once
NAMED = re.compile(rf"{API}/(upload|queue/join|queue/data|run|call|cancel|reset|heartbeat)\b")


class Door:
    """The middleware.

    Args:
        app: Gradio's.
        visitors: their accounts.
        journal: where refusals are noted.
        functions: those of the page, read when it is built.
        health: what `/health` tells beside how many jobs wait.
    """

    def __init__(
        self, app: ASGIApp, visitors: Visitors, journal: Journal, functions: Functions, health: Callable[[], dict]
    ) -> None:
        self.app, self.visitors, self.journal, self.functions, self.health = app, visitors, journal, functions, health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await (self.app(scope, receive, send) if scope["type"] == "lifespan" else _closed(receive, send))
            return
        name = scope["client"][0] if scope.get("client") else ""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._let_in(scope, receive, watched, name)
        except (Refused, Busy) as refusal:
            busy = isinstance(refusal, Busy)
            status, wait = (429, refusal.seconds) if isinstance(refusal, Busy) else (refusal.status, None)
            door = NAMED.match(scope["path"])  # the rest may hold what is nobody's business
            self.journal.note("busy" if busy else "refused", name, door=door[1] if door else "other", status=status)
            if not started:
                headers = {"Retry-After": str(wait)} if wait else {}
                answer = JSONResponse({"detail": str(refusal), "error": str(refusal)}, status, headers)
                await answer(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        path, method = scope["path"], scope["method"].replace("HEAD", "GET")
        if path == "/health":
            await self._tell_health(scope, receive, send)
            return
        if method not in ROUTES or not ROUTES[method].fullmatch(path):
            raise Refused(404, "There is nothing here: the page is at /.")
        if method == "POST":
            await self._post(scope, receive, send, name)
            return
        if not ASSETS.match(path):
            self.visitors.visit(name)
        if STREAMS.fullmatch(path):
            await self._stream(scope, receive, send, name)
        else:
            await self.app(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        limits = self.visitors.limits
        if scope["path"] == f"{API}/upload":
            claimed = self._length(scope, limits.upload)
            if claimed is None:
                raise Refused(411, "An upload must tell its length: send it with a Content-Length.")
            self.visitors.may_upload(name, claimed)
            await self.app(scope, self._bounded(receive, claimed), send)
            return
        self._length(scope, limits.message)
        data = await self._whole(self._bounded(receive, limits.message))
        body = read_message(data)
        index = self.functions.called(scope["path"], body)
        kind = self.functions.kinds.get(index, "")
        session = body.get("session_hash") or ""
        if kind:
            drawn = body["data"][0] if kind == "drawing" and isinstance(body["data"][0], str) else None
            self.visitors.admit(name, session, drawn)
        else:
            self.visitors.visit(name)
        admitted = False

        async def noticed(message: Message) -> None:
            nonlocal admitted
            admitted = admitted or (message["type"] == "http.response.start" and message["status"] == 200)
            await send(message)

        try:
            await self.app(scope, _replay(data, receive), noticed)
        finally:
            if kind and not admitted:  # Gradio's own queue did not take it
                self.visitors.done(name, session)

    async def _stream(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        """An answer that is sent as it comes. When a page's is cut off, the page was closed."""
        query = dict(pair.partition("=")[::2] for pair in scope["query_string"].decode("latin-1").split("&"))
        session = query.get("session_hash", "")
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

        with self.visitors.listening(name, answer="heartbeat" not in scope["path"]):
            await self.app(scope, heard, noticed)
        if session and scope["path"] == f"{API}/queue/data":
            self.visitors.left(name, session, closed or not complete)

    async def _tell_health(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopping = self.visitors.stopping
        state = {"status": "stopping" if stopping else "ok", "waiting": self.visitors.waiting, **self.health()}
        await JSONResponse(state, 503 if stopping else 200)(scope, receive, send)

    def _length(self, scope: Scope, limit: int) -> int | None:
        """The length that a request claims.

        Raises:
            Refused: it is no number, or over the limit.
        """
        claimed = dict(scope["headers"]).get(b"content-length")
        if claimed is None:
            return None
        if not claimed.isdigit():
            raise Refused(400, "Content-Length is not a number.")
        if int(claimed) > limit:
            raise Refused(413, too_long(limit))
        return int(claimed)

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        """`receive`, which lets no more than `limit` bytes through and waits no longer than `silence` for the next."""
        arrived, whole = 0, False

        async def bounded() -> Message:
            nonlocal arrived, whole
            if whole:
                return await receive()  # from here on it only tells that the visitor has left
            try:
                message = await asyncio.wait_for(receive(), self.visitors.limits.silence)
            except TimeoutError:
                raise Refused(
                    408, f"Nothing came for {self.visitors.limits.silence:g} seconds: send the request again."
                ) from None
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if arrived > limit:
                raise Refused(413, too_long(limit))
            return message

        return bounded

    async def _whole(self, receive: Receive) -> bytes:
        parts = []
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "The request was cut off.")
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)


def too_long(limit: int) -> str:
    return f"The request is longer than {limit:,} bytes: send less."


def _replay(data: bytes, receive: Receive) -> Receive:
    """A `receive` that tells what was read already, then goes on."""
    messages: list[Message] = [{"type": "http.request", "body": data}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _closed(receive: Receive, send: Send) -> None:
    """No web socket is offered."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})
