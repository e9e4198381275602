"""The page in a real browser: Chromium, headless, against `app.py` as a user starts it."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image, ImageChops
from small_hub import small_hub
from test_foreign import make_flat

from pix2pix import Translator, list_models

playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")

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

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: `apt-get install chromium`, or set CHROMIUM to its path"
)


@contextmanager
def running_app(folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """`python app.py`, as a user starts it, until its page answers; yields the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GRADIO_", "HF_"))}
    command = [sys.executable, "app.py", "--port", str(port), *options]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env={**clean, **environment}, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}/"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for _ in range(240):
            try:
                opener.open(url).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.25)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(tmp_path_factory.mktemp("app")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(address: str, browser) -> Iterator:
    """The page, open, with its first drawing translated."""
    with open_page(browser, address) as page:
        yield page


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


@pytest.fixture(scope="module")
def shoes() -> Translator:
    return Translator.from_pretrained("edges2shoes")


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


def test_the_picture_follows_the_pen_and_ends_on_the_last_stroke(page, shoes: Translator):
    page.get_by_role("button", name="Clear", exact=True).click()
    settled(page)
    seen = []
    outline = [(30, 160), (60, 130), (120, 110), (150, 80), (215, 80), (230, 170), (225, 190), (35, 190), (30, 160)]
    draw(page, outline, while_down=lambda: seen.append(page.get_attribute("#result .picture", "data-frame")))
    assert len(set(seen)) >= 3, "the picture must change while the pen is down"
    settled(page)
    assert same(result_of(page), shoes(canvas_of(page), seed=0))
    assert re.fullmatch(r"model \d+ ms · pen to picture \d+ ms · seed 0", page.inner_text("#result .timing"))


def test_many_quick_strokes_always_end_on_the_last(page, shoes: Translator):
    for i in range(10):
        draw(page, [(20 + 20 * i, 30), (30 + 20 * i, 60)])
    settled(page)
    assert same(result_of(page), shoes(canvas_of(page), seed=0))


def test_the_pen_leaves_black_and_white_only_and_undo_is_exact(page):
    page.get_by_role("button", name="Clear", exact=True).click()
    blank = canvas_of(page)
    assert blank.getcolors() == [(256 * 256, (255, 255, 255))]
    pen_size(page, 9)
    draw(page, [(40, 40), (200, 120)])
    drawn = canvas_of(page)
    assert {colour for _, colour in drawn.getcolors()} == {(0, 0, 0), (255, 255, 255)}
    column = np.asarray(drawn.convert("L"))[:, 120]
    assert 9 <= (column == 0).sum() <= 11  # a line of width 9 with a slope of one half
    page.get_by_role("button", name="Eraser").click()
    draw(page, [(120, 40), (120, 120)])
    assert np.asarray(canvas_of(page).convert("L"))[:, 120].min() == 255
    page.get_by_role("button", name="Undo").click()
    assert same(canvas_of(page), drawn)
    page.keyboard.press("Control+z")
    assert same(canvas_of(page), blank)
    page.keyboard.press("Control+Shift+z")
    assert same(canvas_of(page), drawn)
    settled(page)


def test_a_dot_has_the_pens_size(page):
    page.get_by_role("button", name="Clear", exact=True).click()
    for i, size in enumerate((1, 2, 3, 8)):
        pen_size(page, size)
        draw(page, [(30 + 50 * i, 100)])
    dark = np.asarray(canvas_of(page).convert("L")) == 0
    for i, size in enumerate((1, 2, 3, 8)):
        dot = dark[:, 10 + 50 * i : 55 + 50 * i]
        assert (dot.any(0).sum(), dot.any(1).sum()) == (size, size)
    settled(page)


def test_a_sketch_is_uploaded_and_a_letter_is_not(page, shoes: Translator, tmp_path: Path):
    sketch = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    sketch.paste((0, 0, 0, 255), (50, 40, 150, 60))
    sketch.save(tmp_path / "sketch.png")
    page.set_input_files("#canvas input[type=file]", tmp_path / "sketch.png")
    page.wait_for_function(
        "document.querySelector('#canvas canvas').getContext('2d').getImageData(128, 128, 1, 1).data[0] === 0"
    )
    settled(page)
    canvas = np.asarray(canvas_of(page).convert("L"))
    assert canvas[10].min() == 255 and canvas[128, 10] == 255 and canvas[128, 128] == 0  # in the middle, on white
    assert same(result_of(page), shoes(canvas_of(page), seed=0))
    (tmp_path / "letter.png").write_text("Dear Sir")
    page.set_input_files("#canvas input[type=file]", tmp_path / "letter.png")
    page.wait_for_selector("#canvas .note:has-text('letter.png is not a picture')")


def test_seeds_dice_and_variations(page, shoes: Translator):
    drawing = canvas_of(page)
    page.get_by_label("Seed").first.fill("7")
    page.get_by_label("Seed").first.press("Tab")
    page.wait_for_selector("#result .timing:has-text('seed 7')")
    assert same(result_of(page), shoes(drawing, seed=7))
    page.get_by_role("button", name="8 variations").click()
    page.wait_for_function("document.querySelectorAll('.grid-container img').length === 8")
    urls = page.eval_on_selector_all(".grid-container img", "images => images.map(image => image.src)")
    pictures = [fetched(page, url) for url in urls]
    for picture, sample in zip(pictures, shoes.sample(drawing, range(7, 15)), strict=True):
        assert same(picture, sample)
    page.get_by_role("button", name="Roll the dice").click()
    page.wait_for_function("!document.querySelector('#result .timing').textContent.endsWith('seed 7')")
    seed = int(page.inner_text("#result .timing").rpartition(" ")[2])
    assert same(result_of(page), shoes(drawing, seed=seed))


def upload_tile(page, path: Path) -> None:
    """Drop a tile in; returns when its line is there."""
    width, height = Image.open(path).size
    page.get_by_role("tab", name="Tiles").click()
    page.set_input_files("input[data-testid=file-upload]", path)
    page.wait_for_selector(f"text=/{width} × {height} pixels in/")


def shows(page, expected: Image.Image) -> bool:
    """Whether one of the pictures on the page is this one, to the pixel."""
    urls = page.eval_on_selector_all(
        "img", "images => images.map(image => image.src).filter(s => s.includes('/file='))"
    )
    return any(same(fetched(page, url), expected) for url in dict.fromkeys(urls))


@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_a_tile_is_uploaded_and_its_map_comes_out(page, tmp_path: Path):
    tile = Image.open(ROOT / "demo" / "examples" / "tile-1-town.png").convert("RGB").crop((0, 0, 290, 261))
    tile.save(tmp_path / "tile.png")
    upload_tile(page, tmp_path / "tile.png")
    page.wait_for_function("document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


def test_a_known_model_is_fetched_from_the_hub_when_it_is_picked(browser, tmp_path: Path):
    buffer = io.BytesIO()
    torch.save(make_flat(24), buffer)  # 31 MB
    (tmp_path / "pytorch_model.bin").write_bytes(buffer.getvalue())
    tile = Image.radial_gradient("L").convert("RGB")
    tile.save(tmp_path / "tile.png")
    with small_hub() as hub:
        hub.repos = {"huggan/pix2pix-maps": {"main": {"pytorch_model.bin": buffer.getvalue()}}}
        hub.seconds = 3
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
        with running_app(tmp_path, **settings) as url, open_page(browser, url) as page:
            upload_tile(page, tmp_path / "tile.png")
            assert not any("huggan" in request for request in hub.requests)
            page.get_by_label("Model").last.click()
            page.get_by_role("option", name="huggan/pix2pix-maps: satellite tiles to maps, 218 MB to download").click()
            page.wait_for_selector("text=/Downloading huggan.pix2pix-maps: [1-9][0-9]* of [1-9][0-9]* MB/")
            expected = Translator.from_pretrained(tmp_path / "pytorch_model.bin")(tile, seed=0)
            deadline = time.monotonic() + PATIENCE / 1000
            while not shows(page, expected):
                assert time.monotonic() < deadline
                page.wait_for_timeout(200)


@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_an_example_tile_is_translated(page):
    page.get_by_role("tab", name="Tiles").click()
    page.locator(".gallery-item:visible").first.click()
    page.wait_for_selector("text=/300 × 300 pixels in/")
    tile = Image.open(ROOT / "demo" / "examples" / "tile-1-town.png")
    page.wait_for_function("document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


def test_a_file_that_is_no_picture_gets_a_message_on_the_page(page, tmp_path: Path):
    (tmp_path / "letter.png").write_text("Dear Sir")
    page.get_by_role("tab", name="Tiles").click()
    page.set_input_files("input[data-testid=file-upload]", tmp_path / "letter.png")
    page.wait_for_selector("text=/is not a picture/")


def test_a_phone_has_no_horizontal_scroll(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
