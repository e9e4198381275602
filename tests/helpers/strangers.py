"""Visitors with a program instead of a browser, who talk to Gradio's own addresses, and values that they may send."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
from hypothesis import strategies as st
from PIL import Image

from benchmarks.load import live_function
from pix2pix.pictures.images import data_url

PICTURE = Image.linear_gradient("L").resize((32, 32)).convert("RGB")
addresses = count(1)
# Small values of all kinds that JSON can hold.
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


class Stranger:
    """A visitor with a program instead of a browser, and with its own address."""

    def __init__(self, url: str) -> None:
        number = next(addresses)
        self.session = f"stranger{number}"
        headers = {"X-Forwarded-For": f"10.2.{number // 250}.{number % 250 + 1}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
        config = self.http.get("/config").json()
        self.functions = {d["api_name"]: d["id"] for d in config["dependencies"] if d["api_name"]}
        self.live = asyncio.run(self._live(url))

    async def _live(self, url: str) -> int:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            return await live_function(client)

    def join(self, data: list, function: int | None = None, **more: Any) -> httpx.Response:
        body = {"data": data, "fn_index": self.live if function is None else function, "session_hash": self.session}
        return self.http.post("/gradio_api/queue/join", json={**body, **more})

    def draw(self, model: str, picture: Image.Image = PICTURE, seed: int = 0, **more: Any) -> httpx.Response:
        image = data_url(picture, lossless=True)
        return self.join([json.dumps({"id": 1, "model": model, "seed": seed, "final": True, "image": image, **more})])

    def answers(self) -> Iterator[Any]:
        """The answers to all requests."""
        with self.http.stream("GET", f"/gradio_api/queue/data?session_hash={self.session}") as stream:
            for line in stream.iter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    yield message["output"]

    def upload(self, picture: Image.Image) -> dict:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        path = self.http.post("/gradio_api/upload", files={"files": ("tile.png", buffer.getvalue())}).json()[0]
        return {"path": path, "meta": {"_type": "gradio.FileData"}}
