"""What is done on the page in a real browser, Chromium: drawing, waiting, and looking at what is there."""

from __future__ import annotations

import base64
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
from PIL import Image, ImageChops

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # ms; a busy machine is slow, not wrong


@contextmanager
def open_page(browser, address: str) -> Iterator:
    """A page with its first drawing translated. Afterwards: no error in the console, nothing sent away."""
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    strangers: list[str] = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and errors.append(f"{answer.status} {answer.url}"))
    page.on("request", lambda r: r.url.startswith((address, "data:", "blob:")) or strangers.append(r.url))
    page.goto(address)
    page.wait_for_selector("#result .picture:not([hidden])")
    settled(page)
    yield page
    page.close()
    assert errors == []
    assert strangers == []


def decode(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")


def fetched(page, url: str) -> Image.Image:
    """A picture as the page itself gets it from the server."""
    return decode(
        page.evaluate(
            """async url => {
                const reader = new FileReader();
                reader.readAsDataURL(await (await fetch(url)).blob());
                return new Promise(done => { reader.onload = () => done(reader.result); });
            }""",
            url,
        )
    )


def pen_size(page, size: int) -> None:
    page.evaluate(
        """size => {
            const slider = document.querySelector('#canvas [data-size]');
            slider.value = size;
            slider.dispatchEvent(new Event('input'));
        }""",
        size,
    )


def canvas_of(page) -> Image.Image:
    return decode(page.evaluate("document.querySelector('#canvas canvas').toDataURL()"))


def result_of(page) -> Image.Image:
    return decode(page.get_attribute("#result .picture", "src"))


def same(a: Image.Image, b: Image.Image) -> bool:
    return a.size == b.size and ImageChops.difference(a, b).getbbox() is None


def settled(page) -> None:
    """Wait until the newest frame of the canvas is the one shown, and was a final one."""
    page.wait_for_function(
        """() => {
            const picture = document.querySelector('#result .picture');
            const sent = document.querySelector('#canvas canvas').dataset.frame;
            return picture.dataset.frame === sent && picture.src.startsWith('data:image/png');
        }"""
    )


def draw(page, points: list[tuple[float, float]], while_down=None) -> None:
    """A stroke through points in canvas pixels, at the speed of a hand."""
    box = page.locator("#canvas canvas").bounding_box()
    at = [(box["x"] + x * box["width"] / 256, box["y"] + y * box["height"] / 256) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for start, end in pairwise(at):
        for i in range(1, 9):
            page.mouse.move(*(s + (e - s) * i / 8 for s, e in zip(start, end, strict=True)))
            page.wait_for_timeout(16)
        if while_down is not None:
            while_down()
    page.mouse.up()


def drag(page, tool: str, start: tuple[int, int], end: tuple[int, int]) -> np.ndarray:
    """One stroke with a tool on the canvas as it is; where it is dark then, (256, 256)."""
    page.get_by_role("button", name=tool, exact=True).click()
    draw(page, [start, end])
    return np.asarray(canvas_of(page).convert("L")) == 0


def box_of(dark: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(dark)
    return columns.min(), rows.min(), columns.max(), rows.max()


def click(page, x: float, y: float) -> None:
    box = page.locator("#canvas canvas").bounding_box()
    page.mouse.click(box["x"] + (x + 0.5) * box["width"] / 256, box["y"] + (y + 0.5) * box["height"] / 256)


def pick_model(page, name: str) -> None:
    """Pick a model of the drawing tab; returns when its translation of the canvas is there."""
    before = page.get_attribute("#canvas canvas", "data-frame")
    page.get_by_label("Model").first.click()
    page.get_by_role("option", name=name).click()
    page.wait_for_function("before => document.querySelector('#canvas canvas').dataset.frame !== before", arg=before)
    settled(page)
