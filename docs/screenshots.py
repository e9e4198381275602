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
        take(page, "page")
        draw(page, "labels2facade", "balconies")
        take(page, "facade")
        variations(page)
        tiles(page)
        browser.close()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)  # a moment for the history strip, and for the page to come to rest
    page.screenshot(path=HERE / f"{name}.png")


def draw(page: Page, model: str, drawing: str) -> None:
    """Pick a model and one of its drawings."""
    page.get_by_label("Model").first.click()
    page.get_by_role("option", name=model, exact=True).click()
    page.locator(f"[data-example='{drawing}']").click()


def variations(page: Page) -> None:
    draw(page, "edges2emoji", "rocket")
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="8 variations").click()
    page.wait_for_function("document.querySelectorAll('.grid-container img').length === 8")
    page.locator(".grid-container").scroll_into_view_if_needed()
    page.mouse.wheel(0, 700)
    take(page, "variations")


def tiles(page: Page) -> None:
    page.get_by_role("tab", name="Tiles").click()
    page.get_by_role("button", name="town", exact=True).click()
    page.wait_for_selector("text=/pixels in/")
    take(page, "tiles")


if __name__ == "__main__":
    main()
