"""Take the pictures of the page for the README: `python docs/screenshots.py`, with `python app.py` running.

Needs Chromium and requirements-dev.txt. Everything in them is the real page with the bundled models.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="http://127.0.0.1:7860/")
    options = parser.parse_args()
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1120, "height": 1010})
        page.goto(options.address)
        page.wait_for_selector("#result .picture:not([hidden])")
        page.get_by_role("button", name="8 variations").wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=HERE / "page.png")
        tiles(page)
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_role("tab", name="Draw").click()
        page.wait_for_timeout(800)
        page.screenshot(path=HERE / "phone.png")
        browser.close()


def tiles(page: Page) -> None:
    page.get_by_role("tab", name="Tiles").click()
    page.get_by_role("button", name="town", exact=True).click()
    page.wait_for_selector("text=/pixels in/")
    page.wait_for_timeout(1500)
    page.screenshot(path=HERE / "tiles.png")


if __name__ == "__main__":
    main()
