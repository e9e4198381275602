"""Take the pictures of the page for the README: `python -m docs.screenshots`, with `python app.py` running.

Needs Chromium and requirements-dev.txt. Everything in them is the real page with the bundled models; each frame of the
film was taken a tenth of a second after the pen moved on, or a little later, and is shown for a tenth. Each filled area
is shown for longer.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from demo.examples.drawing import curve, numbers
from demo.examples.strokes import EDGES, PAINT
from demo.rules import SIDE
from pix2pix.files import atomic_path

HERE = Path(__file__).resolve().parent
FRAME = 100  # of the film, ms
POINTS = 28  # of a stroke, a frame
MODEL = "paint2emoji"
LOOK = 9 * FRAME  # how long each filled area is shown, ms
HALF = 320  # width of its drawing and of its picture, pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="http://127.0.0.1:7860/")
    options = parser.parse_args()
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(options.address)
        start(page, MODEL, "cat")
        film(page, MODEL, "08-cat")
        page.click("#variations")  # its colourings
        page.wait_for_selector("#variations:not(:disabled)")
        take(page, "page")
        start(page, "labels2facade", "balconies")
        take(page, "facade")
        start(page, "map2sat", "river")
        take(page, "city")
        start(page, "edges2cats", "head")
        page.click("#variations")  # its coats
        page.wait_for_selector("#variations:not(:disabled)")
        take(page, "cats")
        variations(page)
        tiles(page)
        phone = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
        phone.goto(options.address)
        start(phone, "edges2handbags", "satchel")
        take(phone, "phone")
        browser.close()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(4000)  # a moment for the history strip, and for the page to come to rest
    page.screenshot(path=HERE / f"{name}.png")


def film(page: Page, model: str, drawing: str) -> None:
    """Draw one of the examples by hand, stroke after stroke, then fill its areas one by one."""
    start(page, model, drawing.split("-", 1)[1])
    page.click("#clear")
    page.wait_for_timeout(1000)
    sheet = page.locator("#sheet").bounding_box()
    result = page.locator("#picture").bounding_box()
    assert sheet and result
    scale = sheet["width"] / SIDE
    frames: list[Image.Image] = []

    def shoot() -> None:
        screen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        frame = Image.new("RGB", (2 * HALF, HALF))
        for at, box in enumerate((sheet, result)):
            half = screen.crop((box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]))
            frame.paste(half.resize((HALF, HALF)), (at * HALF, 0))
        frames.append(frame.quantize(128, dither=Image.Dither.NONE))

    for stroke in EDGES[model][drawing]:
        points = curve(stroke)
        page.mouse.move(sheet["x"] + points[0, 0] * scale, sheet["y"] + points[0, 1] * scale)
        page.mouse.down()
        for at in [*range(POINTS, len(points), POINTS), len(points) - 1]:
            for x, y in points[max(0, at - POINTS) : at + 1 : 4]:
                page.mouse.move(sheet["x"] + x * scale, sheet["y"] + y * scale)
            page.wait_for_timeout(FRAME)
            shoot()
        page.mouse.up()
    drawn = len(frames)
    page.click("[data-tool=fill]")
    for colour, points in PAINT[model][drawing].items():
        page.locator("[data-other]").fill(colour)
        for x, y in map(numbers, points.split()):
            page.mouse.click(sheet["x"] + x * scale, sheet["y"] + y * scale)
            page.wait_for_timeout(LOOK)
            shoot()
    times = [FRAME] * drawn + [LOOK] * (len(frames) - drawn - 1) + [3 * LOOK]
    with atomic_path(HERE / "drawing.gif") as path:
        frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True)


def start(page: Page, model: str, drawing: str) -> None:
    """Pick a model and one of its drawings."""
    page.click(f"[data-model='{model}']")
    page.wait_for_selector(f"[data-model='{model}'][aria-checked=true]:not([aria-busy])")
    page.click(f"[data-example='{drawing}']")
    page.wait_for_selector("#picture[data-final=true]")


def variations(page: Page) -> None:
    start(page, "edges2shoes", "sneaker")
    page.click("#variations")
    page.wait_for_function("document.querySelectorAll('.variations button img').length === 8")
    take(page, "variations")


def tiles(page: Page) -> None:
    page.get_by_role("tab", name="Tiles").click()
    page.locator("#tile-examples button", has_text="river").first.click()
    page.wait_for_selector("text=/pixels in/")
    take(page, "tiles")


if __name__ == "__main__":
    main()
