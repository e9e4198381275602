"""The page beside the canvas, in a real browser: seeds, history, links, tiles, phones, and what programs ask."""

from __future__ import annotations

import io
import json
import re
import shutil
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
import torch
from browser import PATIENCE, canvas_of, draw, fetched, open_page, result_of, same, settled
from conftest import ROOT, running_app
from PIL import Image
from small_hub import small_hub
from test_foreign import make_flat

from pix2pix import Translator, list_models


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
    timing = page.inner_text("#result .timing")
    assert re.fullmatch(r"model \d+ ms · seed \d+", timing), "the pen did nothing"
    assert same(result_of(page), shoes(drawing, seed=int(timing.rpartition(" ")[2])))


def test_strength_turns_the_noise_up_and_off(page, shoes: Translator):
    drawing = canvas_of(page)
    shown = page.get_attribute("#result .picture", "src")
    slider = page.get_by_role("slider", name="Dropout, the noise")
    slider.focus()
    slider.press("Home")
    page.wait_for_function("before => document.querySelector('#result .picture').src !== before", arg=shown)
    assert same(result_of(page), shoes(drawing, None))


def test_where_it_is_unsure_lies_beside_the_variations(page):
    page.get_by_role("button", name="8 variations").click()
    page.wait_for_function("document.querySelectorAll('.grid-container img').length === 8")
    page.wait_for_selector("text=Where it is unsure")
    assert "differ by" in page.inner_text("body")


def test_the_history_brings_a_drawing_and_its_seed_back(page, shoes: Translator):
    page.wait_for_selector("#canvas .history button")
    first = canvas_of(page)
    page.get_by_role("button", name="Clear", exact=True).click()
    draw(page, [(60, 60), (180, 150)])
    page.wait_for_function("document.querySelectorAll('#canvas .history button').length === 2")
    page.get_by_label("Seed").first.fill("11")
    page.get_by_label("Seed").first.press("Tab")
    page.wait_for_selector("#result .timing:has-text('seed 11')")
    page.locator("#canvas .history button").last.click()
    page.wait_for_function("document.querySelector('#result .timing').textContent.endsWith('seed 0')")
    settled(page)
    assert same(canvas_of(page), first)
    assert same(result_of(page), shoes(first, seed=0))


def test_downloads_are_pictures(page, shoes: Translator):
    found = {}
    for name in ("Download", "Drawing", "Side by side"):
        with page.expect_download() as download:
            page.locator("#result .keep").get_by_text(name, exact=True).click()
        found[name] = Image.open(download.value.path()).convert("RGB")
    drawing, result = canvas_of(page), result_of(page)
    assert same(found["Download"], result) and same(found["Drawing"], drawing)
    pair = found["Side by side"]
    assert pair.size == (512, 256)
    assert same(pair.crop((0, 0, 256, 256)), drawing) and same(pair.crop((256, 0, 512, 256)), result)


def test_a_link_carries_model_and_seed(address: str, browser, facade: Path):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}?model={facade}&seed=12")
    page.wait_for_selector("#result .timing:has-text('seed 12')")
    page.wait_for_selector("#canvas .palette:not([hidden])")
    settled(page)
    assert same(result_of(page), Translator.from_pretrained(facade)(canvas_of(page), seed=12))
    page.close()


def test_a_page_begins_with_the_seed_that_its_first_model_wishes_for(browser, facade: Path, tmp_path: Path):
    shutil.copytree(facade, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config["task"]["seed"] = 3
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    with (
        running_app(tmp_path, "--models", str(tmp_path / "model"), str(facade)) as url,
        open_page(browser, url) as page,
    ):
        assert page.get_by_label("Seed").first.input_value() == "3"
        assert same(result_of(page), Translator.from_pretrained(facade)(canvas_of(page), seed=3))


def test_surprise_me_takes_a_drawing_and_a_seed(page, shoes: Translator):
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_function("!document.querySelector('#result .timing').textContent.endsWith('seed 0')")
    settled(page)
    seed = int(page.inner_text("#result .timing").rpartition(" ")[2])
    assert same(result_of(page), shoes(canvas_of(page), seed=seed))


def test_several_pictures_come_back_in_a_zip(page, tmp_path: Path):
    if "sat2map" not in list_models():
        pytest.skip("sat2map is not bundled")
    for folder, name in (("a", "one"), ("a", "two"), ("b", "one")):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.effect_noise((260, 256), 60).convert("RGB").save(tmp_path / folder / f"{name}.png")
    files = [tmp_path / "a" / "one.png", tmp_path / "a" / "two.png", tmp_path / "b" / "one.png"]
    page.get_by_role("tab", name="Tiles").click()
    page.get_by_role("button", name="Several at once").click()
    page.locator("input[type=file][multiple]").set_input_files(files)
    page.wait_for_function("document.body.innerText.includes('two')")
    page.get_by_role("button", name="Translate all").click()
    page.wait_for_selector("a[download='pix2pix.zip'], a[href$='pix2pix.zip']")
    url = page.locator("a[href$='pix2pix.zip']").first.get_attribute("href")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    archive = zipfile.ZipFile(io.BytesIO(opener.open(url).read()))
    assert archive.namelist() == ["one.png", "two.png", "one-2.png"]
    translated = Image.open(io.BytesIO(archive.read("two.png")))
    assert same(translated, Translator.from_pretrained("sat2map")(Image.open(files[1]), seed=0))


def test_no_serious_accessibility_fault(page):
    for tab in ("Draw", "Tiles"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(300)
        page.evaluate((ROOT / "tests" / "vendor" / "axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
            if "upload-container" not in node["html"]  # Gradio's: its name leaves a part of its text out
        ]
        assert not serious, "\n".join(serious)


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
    tile = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png").convert("RGB").crop((0, 0, 290, 261))
    tile.save(tmp_path / "tile.png")
    upload_tile(page, tmp_path / "tile.png")
    page.wait_for_function("document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_a_large_tile_tells_how_far_it_is(page, tmp_path: Path):
    Image.effect_noise((1600, 1600), 60).convert("RGB").save(tmp_path / "large.png")
    page.get_by_role("tab", name="Tiles").click()
    page.set_input_files("input[data-testid=file-upload]", tmp_path / "large.png")
    page.wait_for_selector("text=/Tile \\d+ of 64/")
    page.wait_for_selector("text=/1600 × 1600 pixels in/")
    page.wait_for_function("!document.body.innerText.includes('of 64')")


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
    page.get_by_role("button", name="town", exact=True).click()
    page.wait_for_selector("text=/300 × 300 pixels in/")
    tile = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png")
    page.wait_for_function("document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


def test_a_file_that_is_no_picture_gets_a_message_on_the_page(page, tmp_path: Path):
    (tmp_path / "letter.png").write_text("Dear Sir")
    page.get_by_role("tab", name="Tiles").click()
    page.set_input_files("input[data-testid=file-upload]", tmp_path / "letter.png")
    page.wait_for_selector("text=/is not a picture/")


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_shows_everything_without_scrolling_sideways(page, width: int):
    page.set_viewport_size({"width": width, "height": 740})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("#canvas canvas").scroll_into_view_if_needed()
    preview = page.locator("#result .preview")
    preview.wait_for()  # the translation stays in sight while the panel is below the screen
    assert preview.locator("img").get_attribute("src") == page.get_attribute("#result .picture", "src")
    preview.click()
    preview.wait_for(state="hidden")


def test_the_public_endpoint_translates_and_refuses_in_a_sentence(address: str, shoes: Translator, tmp_path: Path):
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False, download_files=str(tmp_path))
    drawing = ROOT / "demo" / "examples" / "edges2shoes" / "02-boot.png"
    result = client.predict(handle_file(drawing), "edges2shoes", 5, api_name="/translate")
    assert same(Image.open(result).convert("RGB"), shoes(Image.open(drawing), seed=5))
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/translate"]
    for model, seed in (("../../etc", 0), ("edges2shoes", -1)):
        with pytest.raises(Exception, match=r"that model|whole number") as caught:
            client.predict(handle_file(drawing), model, seed, api_name="/translate")
        assert "Traceback" not in str(caught.value)
    (tmp_path / "letter.png").write_text("Dear Sir")
    with pytest.raises(Exception, match="not a picture"):
        client.predict(handle_file(tmp_path / "letter.png"), "edges2shoes", 0, api_name="/translate")
