"""Using the page in a real browser, Chromium: drawing, waiting and inspecting."""

from __future__ import annotations

import base64
import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import serving
from PIL import Image, ImageChops

from pix2pix import read_task

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
PATIENCE = 60_000  # ms; generous, since a busy machine is slow
POLL = 20  # ms between two looks at the page
SHOES_SEED = read_task("edges2shoes").get("seed", 0)  # with which the page begins
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
BEEN_HERE = "try { localStorage.setItem('pix2pix seen', 'yes'); } catch { /* about:blank keeps nothing */ }"
SETTLED = """() => {
    const [picture, sheet, invitation] = ['#picture', '#sheet', '.invitation'].map(e => document.querySelector(e));
    if (!invitation) return false;  // the page is loading
    const blank = !invitation.hidden && picture.dataset.blank === 'true';
    const newest = picture.dataset.frame === sheet.dataset.frame;
    return blank || (newest && picture.dataset.final === 'true');
}"""


@contextmanager
def open_page(
    browser, address: str, *, start: bool = True, first_visit: bool = False, engine: str = "server", **context
) -> Iterator:
    """The page in a browser of its own; see `visit`.

    Args:
        first_visit: whether the browser has never opened the page.
        context: options of `browser.new_context`.
    """
    with (
        open_tab(browser, address, first_visit=first_visit, **context) as tab,
        visit(tab, address, start=start, engine=engine) as page,
    ):
        yield page


@contextmanager
def open_tab(browser, address: str, *, first_visit: bool = False, **context) -> Iterator:
    """An empty tab in a browser of its own. With `--site`, the browser has kept the site, and has no network."""
    visitor = browser.new_context(**{"viewport": DESKTOP, **context})
    if not first_visit:
        visitor.add_init_script(BEEN_HERE)
    tab = visitor.new_page()
    tab.set_default_timeout(PATIENCE)
    if serving.on_site:
        keep_site(tab, address)
    yield tab
    visitor.close()


@contextmanager
def visit(tab, address: str, *, start: bool = True, engine: str = "server") -> Iterator:
    """The page in a tab. Afterwards, check that there were no errors in the console and no requests to other servers.

    Args:
        start: put the model's first example on the sheet and wait for its picture.
        engine: where pictures are made: "server" (the bytes of `Translator`), "browser", or "" for the page's choice.
            The site has no server, whatever its address asks for.
    """
    errors: list[str] = []
    strangers: list[str] = []
    loaded: list[str] = []
    origin = origin_of(address)
    listeners = {
        "console": lambda message: is_fault(message) and errors.append(f"{message.text} {message.location['url']}"),
        "pageerror": lambda error: errors.append(str(error)),
        "response": lambda answer: answer.status >= 400 and errors.append(f"{answer.status} {answer.url}"),
        "request": lambda r: r.url.startswith((origin, "data:", "blob:")) or strangers.append(r.url),
        "domcontentloaded": lambda page: loaded.append(page.url),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.goto(by_engine(address, engine))
    ready(tab)
    if start:
        start_from(tab)
    yield tab
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    if len(loaded) > 1:  # Gradio's client tells of the streams that a reload cuts off
        errors = [error for error in errors if not error.startswith(CUT_OFF)]
    assert errors == [], errors
    assert strangers == [], strangers


CUT_OFF = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out.")


def is_fault(message) -> bool:
    """Whether a line of the console tells of a fault.

    `clear_storage` opens a picture, which names no icon of its own. Chromium then asks for favicon.ico, offline too.
    """
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


def keep_site(tab, address: str) -> None:
    """Visit the site until the browser has all of it. Then switch the network off, and forget the visit."""
    with visit(tab, origin_of(address)) as page:
        page.wait_for_selector("body[data-kept]")
    tab.context.set_offline(True)
    clear_storage(tab, address)


def by_engine(address: str, engine: str) -> str:
    """An address that asks for an engine."""
    page, hashed, rest = address.partition("#")
    return f"{page}{'&' if '?' in page else '?'}engine={engine}{hashed}{rest}" if engine else address


def on_device(page) -> None:
    """Wait until the device draws."""
    page.wait_for_selector(".place[data-place=device]")


def forget(tab, address: str) -> None:
    """Reset a tab: drop everything of an earlier visit, and move the mouse to the corner."""
    tab.unroute_all()
    clear_storage(tab, address)
    tab.set_viewport_size(DESKTOP)
    tab.mouse.up()
    tab.mouse.move(0, 0)


def clear_storage(tab, address: str) -> None:
    """Drop what the page has kept of the visitor's work. Leaves the page."""
    icon = "icon.svg" if serving.on_site else "web/icon.svg"  # there, the page's scripts cannot write any more
    tab.goto(origin_of(address) + icon)
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")


def origin_of(address: str) -> str:
    return "/".join(address.split("/")[:3]) + "/"


def ready(page) -> None:
    """Wait until the studio takes drawings."""
    page.wait_for_selector(".studio[data-state=ready]")


def wait_until(page, condition: str, argument: Any = None) -> Any:
    """Wait until an expression or function in JavaScript gives something true on the page. Returns what it gives.

    Playwright's `wait_for_function` uses `eval` on the page, which the content policy of the site forbids.

    Raises:
        AssertionError: that takes longer than `PATIENCE`.
    """
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            if found := page.evaluate(condition, argument):
                return found
        except Exception as error:  # a page that is being loaded again has no context for a moment
            if "context was destroyed" not in str(error):
                raise
        assert time.monotonic() < deadline, f"never true: {condition}"
        page.wait_for_timeout(POLL)


def settled(page) -> None:
    """Wait until the picture is the newest drawing's, exactly; or until the sheet is blank."""
    wait_until(page, SETTLED)


def changed_by(page, action: Callable[[], object]) -> None:
    """Do something that changes the drawing or its look over time, and wait for its picture."""
    before = page.get_attribute("#sheet", "data-frame")
    action()
    wait_until(page, "before => document.querySelector('#sheet').getAttribute('data-frame') !== before", before)
    settled(page)


def start_from(page, example: int = 0) -> None:
    """Put one of the model's examples on the sheet."""
    changed_by(page, page.locator(".examples button").nth(example).click)


def pick_model(page, name: str) -> None:
    """Pick a model, and wait for its picture of the drawing."""
    page.locator(f'[data-model="{name}"]').click()
    opened(page, name)


def opened(page, name: str) -> None:
    """Wait until a model is in use."""
    page.wait_for_selector(f'[data-model="{name}"][aria-checked=true]:not([aria-busy])')
    settled(page)


def model_of(page) -> str:
    return page.get_attribute("[data-model][aria-checked=true]", "data-model")


def seed_of(page) -> int:
    return int(page.input_value("#seed"))


def set_seed(page, seed: int) -> None:
    def type_it() -> None:
        page.fill("#seed", str(seed))
        page.press("#seed", "Tab")

    changed_by(page, type_it)


def copied_link(page) -> str:
    """What the share button copies."""
    page.evaluate("window.copied = undefined; navigator.clipboard.writeText = async text => { window.copied = text; }")
    page.click("#share")
    link = wait_until(page, "window.copied")
    assert page.locator(".toast").is_visible()
    return link


def choose(page, tool: str) -> None:
    page.click(f"[data-tool={tool}]")


def clear(page) -> None:
    page.click("#clear")
    settled(page)


def pen_size(page, size: int) -> None:
    page.evaluate(
        """size => {
            const slider = document.querySelector('[data-size]');
            slider.value = size;
            slider.dispatchEvent(new Event('input'));
        }""",
        size,
    )


def decode(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")


def fetched(page, url: str) -> Image.Image:
    """The picture that the page itself gets from the server."""
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


def sheet_of(page) -> Image.Image:
    return decode(page.evaluate("document.querySelector('#sheet').toDataURL()"))


def picture_of(page) -> Image.Image:
    return decode(page.get_attribute("#picture", "src"))


def dark_of(page) -> np.ndarray:
    """The black pixels of the sheet, bool (256, 256)."""
    return np.asarray(sheet_of(page).convert("L")) == 0


def same(a: Image.Image, b: Image.Image) -> bool:
    return a.size == b.size and ImageChops.difference(a, b).getbbox() is None


def near(a: Image.Image, b: Image.Image) -> bool:
    """Equal except for one level in one of a thousand bytes, since the device sums in another order."""
    distance = np.abs(np.asarray(a, int) - np.asarray(b, int))
    return distance.max() <= 1 and (distance > 0).mean() <= 1e-3


def translated(found: Image.Image, expected: Image.Image) -> bool:
    """Whether the page's picture is that of `Translator`: to the byte from the server, and `near` it on the site."""
    return near(found, expected) if serving.on_site else same(found, expected)


def on_screen(page, x: float, y: float) -> tuple[float, float]:
    """The middle of a pixel of the sheet, on the screen."""
    box = page.locator("#sheet").bounding_box()
    return box["x"] + (x + 0.5) * box["width"] / 256, box["y"] + (y + 0.5) * box["height"] / 256


def draw(page, points: list[tuple[float, float]], while_down=None) -> None:
    """A stroke through points in the sheet's pixels, at the speed of a hand."""
    at = [on_screen(page, x, y) for x, y in points]
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
    """Draw one stroke with a tool on the sheet. Returns the black pixels afterwards."""
    choose(page, tool)
    draw(page, [start, end])
    return dark_of(page)


def click(page, x: float, y: float) -> None:
    page.mouse.click(*on_screen(page, x, y))


def box_of(dark: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(dark)
    return columns.min(), rows.min(), columns.max(), rows.max()
