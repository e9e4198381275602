"""The door of the web server: what is let in to Gradio, and what is refused with a sentence.

It is an ASGI middleware, so that nothing is read, parsed or queued before it has been looked at.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.files import arrived
from demo.journal import Journal
from demo.visitors import Busy, Visitors

API = "/gradio_api"
# What the page, gradio_client and curl need. Gradio has more doors (proxies, recordings, run histories, editors).
ROUTES = {
    "GET": re.compile(
        r"/(|config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(/\d+)?|(assets|static|svelte)/.*"
        r"|gradio_api/(info/?|openapi\.json|app_id/?|startup-events|login_check/?|theme\.css|upload_progress"
        r"|queue/data|queue/status|heartbeat/[\w-]+|file=(?!.*://).*|call/\w+/\w+))"
    ),
    "POST": re.compile(r"/gradio_api/(upload|queue/join|run/\w+/?|call/\w+/?|cancel|reset/?)"),
}
STREAMS = re.compile(rf"{API}/(queue/data|heartbeat/[\w-]+|upload_progress|call/\w+/\w+)")
ASSETS = re.compile(r"/(assets|static|svelte)/")  # a page asks for dozens of these at once
NAMED = re.compile(rf"{API}/(upload|queue/join|queue/data|run|call|cancel|reset|heartbeat)\b")
SESSION = re.compile(r"[\w-]{0,64}")
MAX_DEPTH = 20  # of a JSON message
ADDRESS = re.compile(r"\s*(\w[\w+.-]*:)?//")
# What Gradio says of a file, beside its path.
FILE = {
    "url": (str, type(None)),
    "orig_name": (str, type(None)),
    "mime_type": (str, type(None)),
    "size": (int, type(None)),
    "is_stream": (bool,),
    "meta": (dict,),
}


class Refused(Exception):
    """What came is not let in."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


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
        index = self._function(scope["path"], body)
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

    def _function(self, path: str, body: dict[str, Any]) -> int:
        """The index of the function that a message is for, -1 for a message that is for none.

        Raises:
            Refused: there is no such function, or the message does not fit it.
        """
        door, _, called = path.removeprefix(f"{API}/").rstrip("/").partition("/")
        if door in ("cancel", "reset"):
            return -1
        session = body.get("session_hash")
        if not (session is None or (isinstance(session, str) and SESSION.fullmatch(session))):
            raise Refused(400, "session_hash must be at most 64 letters, digits and dashes.")
        if door == "queue" and not session:
            raise Refused(400, "session_hash is missing.")
        index = self.functions.names.get(called) if door == "call" else body.get("fn_index")
        if type(index) is not int or index not in self.functions.inputs:
            raise Refused(404, "There is no such function on this page.")
        data, wanted = body.get("data"), self.functions.inputs[index]
        if not isinstance(data, list) or len(data) != wanted:
            raise Refused(400, f"data must be a list of {wanted} values.")
        for at, several in self.functions.files.get(index, {}).items():
            if not all(is_file(file) for file in (data[at] if several and isinstance(data[at], list) else [data[at]])):
                raise Refused(400, "This must be an uploaded file.")
        others = {key: body.get(key) for key in ("event_data", "trigger_id", "event_id", "simple_format", "batched")}
        if not isinstance(others["event_data"], (dict, type(None))) or any(
            not isinstance(value, (str, int, type(None))) for key, value in others.items() if key != "event_data"
        ):
            raise Refused(400, "The message is not one of Gradio's.")
        return index

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


class Functions:
    """What Gradio calls the page's functions, once the page is built.

    kinds: by index, "drawing" or "file" for those that compute, after their `concurrency_id`.
    inputs: by index, how many values each takes.
    files: by index, which of its inputs are files, and of these, which may be several.
    names: the index of each that other programs may call.
    """

    def __init__(self) -> None:
        self.kinds: dict[int, str] = {}
        self.inputs: dict[int, int] = {}
        self.files: dict[int, dict[int, bool]] = {}
        self.names: dict[str, int] = {}

    def read(self, page: Any) -> None:
        for index, function in page.fns.items():
            self.inputs[index] = len(function.inputs)
            self.files[index] = {
                at: getattr(part, "file_count", "single") != "single"
                for at, part in enumerate(function.inputs)
                if isinstance(part, (gr.File, gr.Image))
            }
            if function.concurrency_id in ("drawing", "file"):
                self.kinds[index] = function.concurrency_id
            if function.api_name and function.api_visibility == "public":
                self.names[function.api_name] = index


def read_message(data: bytes) -> dict[str, Any]:
    """A JSON message, looked through.

    Raises:
        Refused: it is none, is nested too deeply, or names a file by its address on another server, which would
            otherwise be fetched.
    """
    try:
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError
        look_through(body, MAX_DEPTH)
    except (ValueError, RecursionError):
        raise Refused(400, "The message is not JSON of the kind that Gradio sends.") from None
    return body


def look_through(value: Any, depth: int) -> None:
    """Every file that a message names must be one that was uploaded, and every number one that JSON has."""
    if depth == 0 or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError
    if isinstance(value, dict):
        if "path" in value and isinstance(value["path"], str) and ADDRESS.match(value["path"]):
            raise Refused(400, "Pictures are not fetched from other servers: upload the file and send its path.")
        if "path" in value and not is_file(value):
            raise Refused(400, "The file is not here, or no more: upload it again.")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            look_through(each, depth - 1)


def is_file(value: Any) -> bool:
    """Whether a value is nothing, or names an uploaded file as Gradio does."""
    if value is None:
        return True
    if not isinstance(value, dict) or any(
        key != "path" and not isinstance(each, FILE.get(key, ())) for key, each in value.items()
    ):
        return False
    if value.get("is_stream") or value.get("meta") != {"_type": "gradio.FileData"}:
        return False
    return arrived(value.get("path"), get_upload_folder()) is not None


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
