"""The page's own title, description and preview picture, for browsers and for sites that show links to it."""

from __future__ import annotations

import re
from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GRADIOS = re.compile(rb'<meta\s+(?:property="og:|name="twitter:|name="description")[^>]*>\s*')


class Tags:
    """Replaces Gradio's tags in the page's HTML.

    Args:
        title, description: title and description of the page.
        picture: path of the preview picture, below the page's address.
    """

    def __init__(self, app: ASGIApp, title: str, description: str, picture: str) -> None:
        self.app, self.title, self.description, self.picture = app, title, description, picture

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def whole(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(parts)
            headers = MutableHeaders(raw=start["headers"])
            if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
                body = GRADIOS.sub(b"", body).replace(b"<head>", b"<head>" + self._tags(scope).encode(), 1)
                headers["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, whole)

    def _tags(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        # Sites that show links need complete addresses.
        address = f"{scope['scheme']}://{headers.get('host', '')}{scope.get('root_path', '')}/"
        title, description = escape(self.title), escape(self.description)
        return (
            f'<title>{title}</title><meta name="description" content="{description}">'
            f'<meta property="og:type" content="website"><meta property="og:title" content="{title}">'
            f'<meta property="og:description" content="{description}">'
            f'<meta property="og:url" content="{escape(address)}">'
            f'<meta property="og:image" content="{escape(address + self.picture)}">'
            '<meta name="twitter:card" content="summary_large_image">'
        )
