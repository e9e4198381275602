"""Drawing on the visitor's own device: the same pictures without requests, and without a server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from browser import (
    BEEN_HERE,
    DESKTOP,
    PATIENCE,
    SHOES_SEED,
    by_engine,
    changed_by,
    copied_link,
    decode,
    draw,
    model_of,
    near,
    on_device,
    open_page,
    opened,
    pick_model,
    picture_of,
    ready,
    same,
    seed_of,
    set_seed,
    settled,
    sheet_of,
    start_from,
    wait_until,
)
from PIL import Image
from places import ROOT
from serving import export_site, running_app, running_studio, served, wait_for

from pix2pix import Translator, list_models, read_task
from pix2pix.weights.pretrained import BUNDLED

pytestmark = pytest.mark.browser
DRAWN = [name for name in list_models() if read_task(name).get("input") in ("edges", "labels", "paint")]


@pytest.fixture(scope="module")
def outlines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of edges2shoes as a model of bare outlines. All bundled models of drawn things take paint."""
    folder = tmp_path_factory.mktemp("models") / "outlines"
    shutil.copytree(BUNDLED / "edges2shoes", folder)
    config = json.loads((folder / "config.json").read_text())
    config["task"]["input"] = "edges"
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, outlines: Path) -> Iterator[str]:
    with running_studio(tmp_path_factory.mktemp("studio"), "--models", *list_models(), str(outlines)) as url:
        yield url


@pytest.fixture(scope="module")
def page(address: str, browser) -> Iterator:
    """One page for all tests, which draws on the device."""
    with open_page(browser, address, engine="") as page:
        on_device(page)
        yield page


@contextmanager
def no_requests(page, to: str = "http") -> Iterator[None]:
    asked: list[str] = []

    def note(request) -> None:
        if request.url.startswith(to):
            asked.append(request.url)

    page.on("request", note)
    yield
    page.remove_listener("request", note)
    assert asked == []


@pytest.mark.parametrize("model", DRAWN)
def test_a_stroke_asks_nobody_and_gives_the_pictures_of_the_translator(page, model: str):
    if model_of(page) != model:
        page.click(f'[data-model="{model}"]')
        opened(page, model)
        if page.locator("#picture[data-blank=true]").count():
            start_from(page)
        on_device(page)
    translator = Translator.from_pretrained(model)
    with no_requests(page):
        first = int(page.get_attribute("#picture", "data-frame"))
        draw(page, [(20 + 40 * (i % 2), 20 + 14 * i) for i in range(13)])  # two seconds
        settled(page)
        assert int(page.get_attribute("#picture", "data-frame")) > first + 5
        assert near(picture_of(page), translator(sheet_of(page), seed=seed_of(page)))
    page.wait_for_timeout(1500)  # until the page has checked for its server
    drawing = sheet_of(page)
    with no_requests(page):
        page.click("#variations")
        page.wait_for_selector("#variations:not(:disabled)")
        urls = page.eval_on_selector_all(".variations button img", "images => images.map(image => image.src)")
    if read_task(model).get("steady"):  # other colours in place of other seeds
        assert len(set(urls)) == len(urls) == 8
        page.locator(".variations button").nth(2).click()
        settled(page)
        assert not same(sheet_of(page), drawing) and near(picture_of(page), decode(urls[2]))
        assert near(picture_of(page), translator(sheet_of(page), seed=seed_of(page)))
        page.click("#undo")
        assert same(sheet_of(page), drawing)
        return
    samples = translator.sample(drawing, range(seed_of(page), seed_of(page) + 8))
    assert len(urls) in (1, 8)
    assert all(near(decode(url), sample) for url, sample in zip(urls, samples, strict=False))


def test_how_different_and_unsure_are_computed_on_the_device(address: str, page):
    shoes = Translator.from_pretrained("edges2shoes")
    if model_of(page) != "edges2shoes":
        page.click('[data-model="edges2shoes"]')
        opened(page, "edges2shoes")
    with no_requests(page, to=f"{address}gradio_api"):  # a model that was closed in the meantime starts a worker again
        page.focus("#rate")
        changed_by(page, lambda: page.press("#rate", "Home"))
        assert near(picture_of(page), shoes(sheet_of(page), None))
        changed_by(page, lambda: page.press("#rate", "End"))
        assert near(picture_of(page), shoes(sheet_of(page), seed_of(page), 0.9))
        page.click("#unsure")
        page.wait_for_selector("#unsure[aria-checked=true]")


@pytest.mark.server("pictures by a server")
def test_a_link_gives_the_same_bytes_whoever_drew_the_picture(address: str, page, browser):
    """Device and server may differ by one level, so a link's picture comes from the one that drew it."""
    if model_of(page) != "edges2shoes":
        page.click('[data-model="edges2shoes"]')
        opened(page, "edges2shoes")
    page.focus("#rate")
    changed_by(page, lambda: page.press("#rate", "ArrowLeft"))
    drawn, link = page.get_attribute("#picture", "src"), copied_link(page)
    with open_page(browser, link, engine="", start=False) as other:
        settled(other)
        assert other.get_attribute("#picture", "src") == drawn
        other.reload()  # now the weights are in the browser's cache
        ready(other)
        settled(other)
        assert other.get_attribute("#picture", "src") == drawn
    with open_page(browser, link.replace("by=device", "by=server"), engine="", start=False) as other:
        settled(other)
        asked_of_server = other.get_attribute("#picture", "src")
        on_device(other)
        other.reload()
        ready(other)
        settled(other)
        assert other.get_attribute("#picture", "src") == asked_of_server
        shoes = Translator.from_pretrained("edges2shoes")
        assert same(picture_of(other), shoes(sheet_of(other), seed_of(other), float(other.input_value("#rate"))))
        draw(other, [(30, 30), (90, 60)])  # the next picture comes from the device, without a request
        settled(other)
        assert "by=device" in copied_link(other)


@pytest.mark.server("server that can go away")
def test_drawing_goes_on_when_the_server_is_killed_and_tiles_work_when_it_is_back(browser, tmp_path: Path):
    with running_app(tmp_path, "--models", "edges2shoes", "sat2map") as url:
        visitor = browser.new_context(viewport=DESKTOP)
        visitor.add_init_script(BEEN_HERE)
        page = visitor.new_page()  # the browser itself logs to the console that the server is away
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        ready(page)
        start_from(page)
        on_device(page)
        frames: list[int] = []

        def look() -> None:
            if len(frames) == 3:
                os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
            frames.append(int(page.get_attribute("#picture", "data-frame")))

        draw(page, [(20 + 40 * (i % 2), 20 + 14 * i) for i in range(12)], while_down=look)
        settled(page)
        assert frames[-1] >= frames[4] + 3
        shoes = Translator.from_pretrained("edges2shoes")
        assert near(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))
        page.locator(".place", has_text="on your device, without the server").wait_for()
        set_seed(page, 9)
        assert near(picture_of(page), shoes(sheet_of(page), seed=9))
        port = url.rstrip("/").rpartition(":")[2]
        command = [sys.executable, "app.py", "--port", port, "--models", "edges2shoes", "sat2map"]
        with open(tmp_path / "again", "w") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(url, process, tmp_path / "again")
            page.locator(".place", has_text=re.compile("^on your device$")).wait_for()
            drawn = sheet_of(page)
            page.get_by_role("tab", name="Tiles").click()
            Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "tile.png")
            page.set_input_files("input[data-testid=file-upload]", tmp_path / "tile.png")
            page.wait_for_selector("text=/64 × 64 pixels in/")
            page.get_by_role("tab", name="Draw").click()
            assert same(sheet_of(page), drawn)
        finally:
            process.terminate()
            process.wait(30)
        visitor.close()


CRASH = "async function answer({ id, open, translate }) { if (translate && id > 5) throw new Error('It broke.');"
BROKEN = {
    "without SIMD": ("**/kernel/*.wasm", lambda body: body[:40]),
    "without memory": ("**/engine/layout.js", lambda body: body.replace(b"memory.grow(", b"memory.grow(1e6 + ")),
    "a truncated checkpoint": ("**/model.safetensors", lambda body: body[: len(body) // 2]),
    "a worker that fails in the middle of a stroke": (
        "**/engine/worker.js",
        lambda body: body.replace(b"async function answer({ id, open, translate }) {", CRASH.encode()),
    ),
}


@pytest.mark.server("server to take over")
@pytest.mark.parametrize("fault", BROKEN)
def test_the_server_takes_over_and_the_page_says_so(address: str, browser, fault: str):
    pattern, broken = BROKEN[fault]

    def answer(route) -> None:
        response = route.fetch()
        body = response.body()
        headers = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-encoding")}
        assert broken(body) != body
        route.fulfill(status=200, headers=headers, body=broken(body))

    with open_page(browser, by_engine(address, ""), engine="", start=False) as page:
        page.context.route(pattern, answer)
        start_from(page)
        if "stroke" in fault:
            on_device(page)
        first = int(page.get_attribute("#picture", "data-frame"))
        draw(page, [(20 + 40 * (i % 2), 20 + 14 * i) for i in range(10)])
        page.wait_for_selector(".place[data-place=server][title*='Your device cannot']")
        assert "Your device cannot" in page.inner_text(".toast")
        settled(page)
        assert int(page.get_attribute("#picture", "data-frame")) >= first + 3
        expected = Translator.from_pretrained(model_of(page))(sheet_of(page), seed=seed_of(page))
        assert same(picture_of(page), expected)


@pytest.mark.server("server to stay with")
def test_visitors_who_save_data_stay_with_the_server(address: str, browser):
    with open_page(browser, address, engine="", start=False) as page:
        page.evaluate("() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        start_from(page)
        set_seed(page, 3)
        page.wait_for_timeout(300)
        assert page.inner_text(".place") == "on the server"
        assert not any("/models/" in url for url in asked)


def test_the_live_camera_draws_here_and_only_here(outlines: Path, page):
    """Chromium's camera for tests shows a moving picture; here the frames are from a canvas, which needs no flag."""
    pick_model(page, outlines.name)
    assert page.locator(".examples button").count() == 4  # those that are not painted
    on_device(page)
    page.click("#trace summary")
    page.evaluate(
        """() => {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [320, 240];
            const context = canvas.getContext('2d');
            let step = 0;
            setInterval(() => {
                context.fillStyle = 'white';
                context.fillRect(0, 0, 320, 240);
                context.fillStyle = 'black';
                context.fillRect(60 + 10 * (step++ % 10), 60, 100, 100);
            }, 40);
            navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
        }"""
    )
    before = sheet_of(page)
    with no_requests(page):
        page.click("[data-trace=live]")
        first = int(page.get_attribute("#picture", "data-frame"))
        wait_until(page, "first => Number(document.querySelector('#picture').dataset.frame) > first + 4", first)
        page.click("#trace summary")
        page.click("[data-trace=live]")
        settled(page)
    found = sheet_of(page)
    assert not same(found, before)
    dark = np.asarray(found.convert("L")) == 0
    assert 300 < dark.sum() < 2000, "the outline of a square"
    translator = Translator.from_pretrained(outlines)
    assert near(picture_of(page), translator(found, seed_of(page)))
    page.click("#undo")
    assert same(sheet_of(page), before)

    page.click("#trace summary")
    page.click("[data-trace=live]")
    first = int(page.get_attribute("#picture", "data-frame"))
    wait_until(page, "first => Number(document.querySelector('#picture').dataset.frame) > first + 4", first)
    page.click("#undo")  # ends it
    settled(page)
    page.wait_for_timeout(300)
    assert same(sheet_of(page), before)


# --- a site without a server ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("device")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    models = ["edges2shoes", "sat2map", "edges2handbags", "labels2facade"]
    said = export_site(folder / "site", "--models", *models)
    assert "sat2map" in said.splitlines()[1]
    with served(folder / "site") as url:
        yield url


def test_the_site_draws_and_goes_on_without_a_network(site: str, browser):
    shoes = Translator.from_pretrained("edges2shoes")
    with open_page(browser, site, engine="") as page:  # no error in the console, so none from the content policy
        assert page.inner_text(".place") == "on your device"
        draw(page, [(30, 40), (200, 60), (40, 90)])
        set_seed(page, 5)
        assert near(picture_of(page), shoes(sheet_of(page), seed=5))
        page.wait_for_selector("body[data-kept]")
        page.context.set_offline(True)
        drawn = sheet_of(page)
        page.reload()
        ready(page)
        settled(page)
        assert seed_of(page) == 5 and same(sheet_of(page), drawn)
        assert near(picture_of(page), shoes(drawn, seed=5))
        page.wait_for_selector("#history button")
        page.click("#variations")
        wait_until(page, "() => document.querySelectorAll('.variations button img').length === 8")
        page.click("#remix")
        wait_until(page, "() => document.querySelectorAll('#remixes .row img').length === 2")
        urls = page.eval_on_selector_all("#remixes .row img", "images => images.map(image => image.src)")
        for url, model in zip(urls, ("edges2shoes", "edges2handbags"), strict=True):
            assert near(decode(url), Translator.from_pretrained(model)(drawn, seed=5))
        page.keyboard.press("Escape")
        page.click("[data-model=labels2facade]")
        opened(page, "labels2facade")
        start_from(page)
        facade = Translator.from_pretrained("labels2facade")
        assert near(picture_of(page), facade(sheet_of(page), seed=seed_of(page)))
        link, drawn = copied_link(page), sheet_of(page)
        other = page.context.new_page()
        other.goto(link)
        ready(other)
        settled(other)
        assert same(sheet_of(other), drawn) and same(picture_of(other), picture_of(page))
        page.click("#replay")
        page.wait_for_selector("#film-save:not([hidden])")
        with page.expect_download() as film:
            page.click("#film-save")
        assert Path(film.value.path()).read_bytes().startswith(b"\x1a\x45\xdf\xa3")


def test_a_site_overwrites_nothing(site: str, folder: Path):
    before = sorted((folder / "site").rglob("*"))
    command = [sys.executable, "app.py", "--export-site", str(folder / "site")]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 2 and "is not empty: choose a new folder" in found.stderr
    assert sorted((folder / "site").rglob("*")) == before
    found = subprocess.run([*command[:-1], str(folder / "other"), "--models", "sat2map"], cwd=ROOT, capture_output=True)
    assert found.returncode == 2 and not (folder / "other").exists()


# --- serving ----------------------------------------------------------------------------------------------------------


@pytest.mark.server("headers of its own")
def test_files_named_by_their_hash_are_kept_for_good_and_scripts_are_packed(address: str, page):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path: str):
        return opener.open(urllib.request.Request(address + path, headers={"Accept-Encoding": "gzip"}))

    urls = page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    main = next(url for url in urls if url.endswith("/main.js")).removeprefix(address)
    folder = main.removesuffix("main.js")
    kernel, types = f"{folder}engine/kernel/plain.wasm", ("text/javascript", "application/wasm")
    for path, kind in zip((main, kernel), types, strict=True):
        answer = ask(path)
        assert answer.headers["Content-Type"].startswith(kind) and answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
    weights = page.evaluate("async () => (await (await caches.open('pix2pix models')).keys()).map(({ url }) => url)")
    assert weights and all("/models/" in url for url in weights)
    answer = ask(next(url for url in weights if url.endswith("model.safetensors")).removeprefix(address))
    assert "immutable" in answer.headers["Cache-Control"] and int(answer.headers["Content-Length"]) > 1e6
    for path in ("models/0123456789abcdef/config.json", f"{folder}../../launch.py", "models/x/README.md"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(path)
