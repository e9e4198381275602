"""Files for browsers: the page's scripts, and the models that run in a browser.

Their addresses contain the hash of their contents, so browsers may cache them forever.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

FOR_GOOD = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
NEVER = "no-store"  # for a file that no longer matches its address
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
OTHERS = "application/octet-stream"  # weights, since gzip would save only 8 % and take a second
PACKED = {".css", ".html", ".js", ".json", ".svg", ".wasm"}


class Asset:
    """A file, as it was when the page was built.

    Args:
        path: path of the file.
        named_by_hash: whether its address changes with its contents.
    """

    def __init__(self, path: Path, named_by_hash: bool = True) -> None:
        self.path = path
        self.named_by_hash = named_by_hash
        self.version = version(path)

    @property
    def caching(self) -> str:
        if version(self.path) != self.version:
            return NEVER
        return FOR_GOOD if self.named_by_hash else FOR_AN_HOUR


def routes(assets: Mapping[str, Asset]) -> list[Route]:
    """The handler of requests for these files.

    Args:
        assets: files by their paths below the page's address.
    """

    def route(room: str) -> Route:
        async def answer(request: Request) -> Response:
            return respond(assets.get(f"{room}/{request.path_params['name']}"), request)

        return Route(f"/{room}/{{name:path}}", answer)

    return [route(room) for room in sorted({name.partition("/")[0] for name in assets})]


def respond(asset: Asset | None, request: Request) -> Response:
    if asset is None or not asset.path.is_file():
        return PlainTextResponse("There is no such file.", 404)
    kind = TYPES.get(asset.path.suffix, OTHERS)
    headers = {"Cache-Control": asset.caching, "X-Content-Type-Options": "nosniff"}
    if asset.path.suffix not in PACKED or "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(asset.path, media_type=kind, headers=headers)
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(packed(asset.path, version(asset.path)), media_type=kind, headers=headers)


def hash_of(paths: Iterable[Path]) -> str:
    """A hash of the contents of these files, in this order: 16 hexadecimal digits."""
    found = hashlib.sha256()
    for path in paths:
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def version(path: Path) -> tuple[int, int]:
    """A value that changes when a file is written again."""
    state = path.stat()
    return state.st_size, state.st_mtime_ns


@lru_cache(maxsize=256)
def packed(path: Path, version: tuple[int, int]) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)
