"""Load test: `python -m benchmarks.load` starts the page and draws on it as many browsers would.

Each drawer has its own address and makes `--rate` drawings a second. As in the browser, one drawing is in flight at a
time, and the newest follows its answer. At the end, each sends a last drawing, whose answer must be exactly the model's
picture. Refusals other than "busy" are errors.

`--translations N` is a soak test, which draws until N drawings are translated.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

from pix2pix import Translator

ROOT = Path(__file__).resolve().parent.parent
MODEL = "paint2emoji"
STROKES = 40  # of a drawing, at most; then it is cleared


@dataclass
class Drawer:
    """One person at one page.

    Attributes:
        served: seconds from sending each drawing to its answer.
        busy: number of drawings refused as busy.
        errors: all other errors.
    """

    number: int
    client: httpx.AsyncClient
    function: int
    served: list[float] = field(default_factory=list)
    busy: int = 0
    errors: list[str] = field(default_factory=list)
    last_right: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self.session = f"drawer{self.number}x{os.getpid()}"
        self.headers = {"X-Forwarded-For": f"10.1.{self.number // 250}.{self.number % 250 + 1}"}
        self.paper = self.clean()
        self.strokes = 0
        self.frames = 0

    @staticmethod
    def clean() -> Image.Image:
        return Image.new("RGB", (256, 256), "white")

    def stroke(self) -> None:
        if self.strokes == STROKES:
            self.paper, self.strokes = self.clean(), 0
        ends = [self.random.randrange(256) for _ in range(4)]
        ImageDraw.Draw(self.paper).line(ends, "black", 3)
        self.strokes += 1

    async def draw(self, gap: float, enough: Any) -> None:
        """Draw until `enough()`, and then one last time."""
        drawn = asyncio.create_task(self.strokes_every(gap))
        await asyncio.sleep(gap * self.random.random())
        while not enough():
            at = self.strokes
            await self.translate(final=False)
            while self.strokes == at and not enough():  # nothing new yet
                await asyncio.sleep(gap / 10)
        drawn.cancel()
        for _ in range(20):
            answer = await self.translate(final=True)
            if answer:
                self.last_right = answer["image"] == self.expected()
                return
            await asyncio.sleep(1)

    async def strokes_every(self, gap: float) -> None:
        while True:
            self.stroke()
            await asyncio.sleep(gap)

    async def translate(self, final: bool) -> dict | None:
        """Send the drawing as it is now. Returns its answer, or None if it was refused as busy."""
        self.frames += 1
        buffer = io.BytesIO()
        self.paper.save(buffer, "PNG", compress_level=1)
        self.sent = self.paper.copy()
        image = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        wish = {"model": MODEL, "seed": self.number, "rate": None, "final": final}
        frame = json.dumps({"id": self.frames, **wish, "image": image})
        body = {
            "data": [frame],
            "fn_index": self.function,
            "session_hash": self.session,
            "trigger_id": None,
            "event_data": None,
        }
        start = time.perf_counter()
        try:
            joined = await self.client.post("/gradio_api/queue/join", json=body, headers=self.headers)
            if joined.status_code == 429 and "try again in" in joined.text:
                self.busy += 1
                await asyncio.sleep(min(2.0, float(joined.headers["retry-after"])))
                return None
            joined.raise_for_status()
            answer = await self.listen(joined.json()["event_id"])
        except (httpx.HTTPError, KeyError, ValueError) as error:
            self.errors.append(repr(error))
            return None
        if answer is None:
            return None
        if "error" in answer:
            self.errors.append(answer["error"])
            return None
        self.served.append(time.perf_counter() - start)
        return answer

    async def listen(self, event: str) -> dict | None:
        url = f"/gradio_api/queue/data?session_hash={self.session}"
        async with self.client.stream("GET", url, headers=self.headers) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed" and message["event_id"] == event:
                    value = message["output"]["data"][0]
                    if not message["success"]:
                        raise ValueError(message)
                    if isinstance(value, dict):  # this drawing was skipped for a newer one
                        return None
                    return json.loads(value)
        raise ValueError("the answer broke off")

    def expected(self) -> str:
        buffer = io.BytesIO()
        MODELS[MODEL](self.sent, self.number).save(buffer, "PNG", compress_level=1)
        return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


MODELS: dict[str, Translator] = {}


@contextmanager
def running_page(*options: str, until: str = "/health") -> Iterator[tuple[str, int]]:
    """Run `python app.py` on a free port, and wait until it answers at `until` (at /health: until a model is loaded).
    Yields its address and its process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port), *options], cwd=ROOT, stdout=sys.stderr)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(trust_env=False) as client:
            while True:
                try:
                    answer = client.get(address + until)
                    if until != "/health" or answer.json()["loaded"]:
                        break
                except (httpx.HTTPError, ValueError, KeyError):
                    pass
                if process.poll() is not None:
                    raise SystemExit("app.py did not start.")
                time.sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(60)


def resident(process: int) -> float:
    """The resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def run(address: str, process: int, drawers: int, rate: float, seconds: float, translations: int) -> dict:
    """Run the drawers; see `main` for the figures."""
    limits = httpx.Limits(max_connections=4 * drawers)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits, trust_env=False) as client:
        function = await live_function(client)
        people = [Drawer(number, client, function) for number in range(drawers)]
        start = time.monotonic()

        def enough() -> bool:
            if translations:
                return sum(len(person.served) for person in people) >= translations
            return time.monotonic() - start >= seconds

        memory: list[float] = []

        async def watch() -> None:
            while True:
                memory.append(resident(process))
                await asyncio.sleep(0.5)

        watching = asyncio.create_task(watch())
        await asyncio.gather(*(person.draw(1 / rate, enough) for person in people))
        watching.cancel()
        took = time.monotonic() - start
    served = sorted(time for person in people for time in person.served)
    half = memory[len(memory) // 2 :]
    return {
        "drawers": drawers,
        "drawings_a_second_each": rate,
        "seconds": round(took, 1),
        "served": len(served),
        "busy": sum(person.busy for person in people),
        "errors": [error for person in people for error in person.errors],
        "last_drawings_right": sum(person.last_right for person in people),
        "p50_ms": round(1000 * statistics.median(served)),
        "p95_ms": round(1000 * served[int(0.95 * len(served))]),
        "fewest_served_to_one": min(len(person.served) for person in people),
        "resident_mb": [round(memory[0]), round(half[0]), round(half[-1])],
        "growth_in_second_half": round(max(half) / half[0] - 1, 4),
    }


async def live_function(client: httpx.AsyncClient) -> int:
    """The index of the function that translates drawings."""
    config = (await client.get("/config")).json()
    return next(d["id"] for d in config["dependencies"] if d["api_name"] == "live")


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    p.add_argument("--drawers", type=int, default=50)
    p.add_argument("--rate", type=float, default=5.0, help="drawings per second of each drawer (default %(default)s)")
    p.add_argument("--seconds", type=float, default=60.0)
    p.add_argument(
        "--translations",
        type=int,
        default=0,
        metavar="N",
        help="draw until N drawings are translated, instead of for --seconds",
    )
    p.add_argument("--json", metavar="FILE", help="write the figures to this file too")
    options = p.parse_args(arguments)
    MODELS[MODEL] = Translator.from_pretrained(MODEL)
    with running_page("--models", MODEL) as (address, process):
        figures = asyncio.run(
            run(address, process, options.drawers, options.rate, options.seconds, options.translations)
        )
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    right = not figures["errors"] and figures["last_drawings_right"] == options.drawers
    return 0 if right and figures["growth_in_second_half"] <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
