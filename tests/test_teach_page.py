"""The tab Teach in a real browser: pairs are dropped, a model is taught, and people draw with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from browser import changed_by, draw, open_page, opened, settled, start_from, wait_until
from PIL import Image, ImageDraw
from places import ROOT
from serving import running_app

from demo.teach.intake import Made
from demo.teach.runs import Shelf

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def photos(folder: Path, count: int) -> list[str]:
    """Coloured discs on white, which have outlines."""
    rng = np.random.default_rng(0)
    names = []
    for i in range(count):
        image = Image.new("RGB", (96, 96), "white")
        x, y, r = rng.integers(30, 66), rng.integers(30, 66), rng.integers(15, 30)
        ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(v) for v in rng.integers(0, 160, 3)))
        names.append(str(folder / f"disc-{i}.png"))
        image.save(names[-1])
    return names


def test_ten_pictures_are_dropped_taught_and_drawn_with(browser, tmp_path: Path):
    files = photos(tmp_path, 9)
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"not a picture")
    with running_app(tmp_path, "--models", "edges2shoes") as address:
        with open_page(browser, address, start=False) as page:
            page.get_by_role("tab", name="Teach").click()
            page.wait_for_selector(".teach[data-state=ready]")
            page.set_input_files("[data-files]", [*files, str(bad)])
            wait_until(page, "document.querySelectorAll('.pair').length === 9")
            assert page.locator(".faults li").all_inner_texts() == [
                "bad.jpg is not a picture in a known format: use a PNG or JPEG file."
            ]
            first = page.locator(".pair").first
            before = [picture.get_attribute("src") for picture in first.locator("img").all()]
            first.get_by_role("button", name="Swap").click()
            wait_until(page, "src => document.querySelector('.pair img').src === src", before[1])
            first.get_by_role("button", name="Swap").click()
            page.locator(".pair").last.get_by_role("button", name="Remove").click()
            wait_until(page, "document.querySelectorAll('.pair').length === 8")
            assert page.input_value("[data-init]") == "edges2shoes"

            # A pair may be drawn on the page, both sides of it.
            page.get_by_role("tab", name="Draw").click()
            start_from(page)
            page.get_by_role("tab", name="Teach").click()
            page.click("[data-drawn]")
            assert page.get_attribute(".held img", "src").startswith("data:image/png")
            page.click("[data-held-sheet]")
            assert "The sheet still shows the input" in page.inner_text(".teach .toast")
            page.get_by_role("tab", name="Draw").click()
            draw(page, [(30, 30), (120, 90), (60, 200)])
            settled(page)
            page.get_by_role("tab", name="Teach").click()
            page.click("[data-held-sheet]")
            wait_until(page, "document.querySelectorAll('.pair').length === 9")
            assert page.locator(".held").is_hidden()
            page.locator(".pair").last.get_by_role("button", name="Remove").click()
            wait_until(page, "document.querySelectorAll('.pair').length === 8")

            page.fill("input[data-name]", "Discs")
            page.click("[data-start]")
            wait_until(page, "document.querySelector('.time input')?.max >= 2")

        # Closing the page changed nothing: another finds the run, and ends it with what there is.
        with open_page(browser, address, start=False) as page:
            page.get_by_role("tab", name="Teach").click()
            page.wait_for_selector(".grid .column[data-step]")
            page.locator(".time input").fill("0")
            page.wait_for_selector('.grid .column[data-step="0"]')
            page.click("[data-stop]")
            page.wait_for_selector("[data-draw]:not([hidden])")
            with page.expect_download() as found:
                page.click('[data-file="model.zip"]')
            assert found.value.suggested_filename == "discs.zip"
            page.click("[data-draw]")
            name = page.locator(".cards [data-model]").last.get_attribute("data-model")
            opened(page, name)
            changed_by(page, page.locator(".examples button").first.click)
            assert page.get_attribute("#picture", "data-blank") == "false"
            assert "Discs" in page.locator(f'[data-model="{name}"]').inner_text()


def test_a_model_taught_on_photos_translates_pictures(browser, tmp_path: Path):
    """It has no card in the studio. The tab Tiles offers it, and shows what it makes of one of its inputs."""
    run = Shelf(tmp_path / "taught").new("")
    tile = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png").convert("RGB").crop((0, 0, 96, 80))
    run.add([Made("tile.png", tile, tile)])
    run.name, run.state = "Grey", "done"
    shutil.copytree(ROOT / "checkpoints" / "sat2map", run.out)
    run.save()
    options = ["--models", "edges2shoes", "sat2map", "--taught", str(tmp_path / "taught")]
    with running_app(tmp_path, *options) as address, open_page(browser, address, start=False) as page:
        page.get_by_role("tab", name="Teach").click()
        page.click(f'[data-run="{run.id}"]')
        page.click("[data-pictures]")
        page.wait_for_selector("text=/96 × 80 pixels in/")
        chosen = page.locator("#tiles input[role=combobox]")
        assert chosen.input_value() == "Grey"
        # It stays chosen when the tab is opened again, and another can be chosen.
        page.get_by_role("tab", name="Draw").click()
        with page.expect_response(lambda answer: "queue/join" in answer.url):
            page.get_by_role("tab", name="Tiles").click()
        page.wait_for_timeout(1000)  # until the answer is there
        assert chosen.input_value() == "Grey"
        chosen.click()
        page.get_by_role("option", name="Maps from satellites").click()
        page.wait_for_timeout(1000)
        assert chosen.input_value() == "Maps from satellites"
