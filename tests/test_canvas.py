"""The canvas in a real browser: Chromium, headless, against `app.py` as a user starts it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, takewhile
from pathlib import Path

import numpy as np
import pytest
from browser import (
    PATIENCE,
    box_of,
    canvas_of,
    click,
    drag,
    draw,
    open_page,
    pen_size,
    pick_model,
    result_of,
    same,
    settled,
)
from conftest import ROOT, running_app
from PIL import Image

from pix2pix import PALETTES, Generator, Translator, outline


def test_the_picture_follows_the_pen_and_ends_on_the_last_stroke(page, shoes: Translator):
    page.get_by_role("button", name="Clear", exact=True).click()
    settled(page)
    seen = []
    outline = [(30, 160), (60, 130), (120, 110), (150, 80), (215, 80), (230, 170), (225, 190), (35, 190), (30, 160)]
    draw(page, outline, while_down=lambda: seen.append(page.get_attribute("#result .picture", "data-frame")))
    assert len(set(seen)) >= 3, "the picture must change while the pen is down"
    settled(page)
    assert same(result_of(page), shoes(canvas_of(page), seed=0))
    assert re.fullmatch(
        r"model \d+ ms · pen to picture \d+ ms · [\d.]+ pictures/s · seed 0", page.inner_text("#result .timing")
    )


def test_many_quick_strokes_always_end_on_the_last(page, shoes: Translator):
    for i in range(10):
        draw(page, [(20 + 20 * i, 30), (30 + 20 * i, 60)])
    settled(page)
    assert same(result_of(page), shoes(canvas_of(page), seed=0))


def test_a_drawing_that_was_refused_for_now_is_sent_again(address: str, browser, shoes: Translator):
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("#result .picture:not([hidden])")
    settled(page)
    sentence = "The server is busy, with 64 requests waiting: try again in 3 s."
    page.route("**/queue/join*", lambda route: route.fulfill(status=429, json={"detail": sentence, "error": sentence}))
    draw(page, [(30, 200), (220, 210)])
    page.get_by_text("The server is busy: your drawing waits for its turn.").wait_for()
    assert page.get_by_text(sentence).count() in (1, 2)  # not one for each movement of the pen
    page.unroute("**/queue/join*")
    settled(page)
    assert same(result_of(page), shoes(canvas_of(page), seed=0))
    page.close()


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


def test_every_tool_draws_what_it_should(page):
    clear = page.get_by_role("button", name="Clear", exact=True)
    clear.click()
    pen_size(page, 2)
    dark = drag(page, "Line", (20, 30), (200, 30))
    assert dark.sum() == dark[30:32, 20:202].sum() == 2 * 182

    clear.click()
    dark = drag(page, "Box", (40, 50), (120, 90))
    assert box_of(dark) == (40, 50, 121, 91)
    assert not dark[52:90, 42:120].any() and dark[50:52, 40:122].all() and dark[50:92, 120:122].all()

    page.get_by_role("button", name="Fill", exact=True).click()
    click(page, 80, 70)
    dark = np.asarray(canvas_of(page).convert("L")) == 0
    assert dark[50:92, 40:122].all() and dark.sum() == 42 * 82

    clear.click()
    dark = drag(page, "Oval", (60, 80), (160, 120))
    assert box_of(dark) == (60, 80, 161, 121)
    assert not dark[90:112, 85:135].any() and dark[:, 110].sum() == 4  # two lines of two pixels across the middle

    clear.click()
    page.get_by_role("button", name="Polygon", exact=True).click()
    for corner in ((50, 50), (150, 50), (150, 150), (51, 52)):
        click(page, *corner)
    dark = np.asarray(canvas_of(page).convert("L")) == 0
    assert box_of(dark) == (50, 50, 151, 151)
    assert dark[50, 50:151].all() and dark[50:151, 150].all() and dark[100, 100] and not dark[80, 110]
    page.get_by_role("button", name="Undo").click()
    assert np.asarray(canvas_of(page).convert("L")).min() == 255
    click(page, 60, 60)
    click(page, 90, 60)
    page.keyboard.press("Escape")
    assert np.asarray(canvas_of(page).convert("L")).min() == 255

    page.get_by_role("button", name="Mirror").click()
    dark = drag(page, "Pen", (30, 40), (70, 90))
    assert dark.any() and (dark == dark[:, ::-1]).all()
    settled(page)


def test_tools_are_chosen_by_keys(page):
    page.locator("#canvas canvas").focus()
    names = {"f": "Fill", "l": "Line", "r": "Box", "o": "Oval", "p": "Polygon", "e": "Eraser", "b": "Pen"}
    for key, name in names.items():
        page.keyboard.press(key)
        pressed = page.eval_on_selector_all("[data-tool][aria-pressed=true]", "found => found.map(b => b.innerText)")
        assert pressed == [name]
    page.keyboard.press("]")
    assert page.inner_text("#canvas output") == "3"
    page.keyboard.press("m")
    assert page.get_attribute("[data-do=mirror]", "aria-pressed") == "true"


def test_labels_are_drawn_in_exactly_their_colours_and_each_palette_keeps_its_drawing(page, facade: Path):
    shoe = canvas_of(page)
    assert page.locator("#canvas .palette").is_hidden()
    pick_model(page, str(facade))
    assert page.locator("#canvas .palette button").all_inner_texts() == list(PALETTES["facades"])
    page.get_by_role("button", name="Clear", exact=True).click()
    assert canvas_of(page).getcolors() == [(256 * 256, (0, 0, 0xAA))]
    page.get_by_role("radio", name="wall").click()
    drag(page, "Box", (30, 40), (225, 240))
    page.get_by_role("radio", name="window").click()
    drag(page, "Oval", (60, 70), (100, 120))
    page.get_by_role("radio", name="door").click()
    page.get_by_role("button", name="Polygon", exact=True).click()
    for corner in ((110, 240), (110, 180), (150, 180), (150, 240), (110, 240)):
        click(page, *corner)
    drawn = canvas_of(page)
    pixels = np.asarray(drawn)
    seen = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in drawn.getcolors()}
    assert seen == {PALETTES["facades"][name] for name in ("background", "wall", "window", "door")}
    assert tuple(pixels[100, 30]) == tuple(pixels[100, 225]) == (0, 0, 255) and tuple(pixels[100, 29]) == (0, 0, 0xAA)
    assert tuple(pixels[95, 80]) == (0, 0x55, 255) and tuple(pixels[210, 130]) == (0, 0xAA, 255)
    settled(page)
    assert same(result_of(page), Translator.from_pretrained(facade)(drawn, seed=0))

    pick_model(page, "edges2shoes")
    assert same(canvas_of(page), shoe)
    pick_model(page, str(facade))
    assert same(canvas_of(page), drawn)
    page.get_by_role("button", name="Undo").click()
    assert not same(canvas_of(page), drawn)
    settled(page)


def test_a_drawing_stays_for_another_model_of_its_kind(page, other_edges: Path):
    draw(page, [(40, 40), (200, 120)])
    settled(page)
    drawn = canvas_of(page)
    pick_model(page, str(other_edges))
    assert same(canvas_of(page), drawn)
    assert same(result_of(page), Translator.from_pretrained(other_edges)(drawn, seed=0))
    assert page.get_by_label("number input for Dropout, the noise").input_value() == "0.25"  # as it was trained


def test_an_uploaded_label_map_holds_the_palettes_colours(page, facade: Path, tmp_path: Path):
    pick_model(page, str(facade))
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "map.jpg")
    before = canvas_of(page)
    page.set_input_files("#canvas [data-file=upload]", tmp_path / "map.jpg")
    page.wait_for_timeout(500)
    settled(page)
    uploaded = canvas_of(page)
    assert not same(uploaded, before)
    seen = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in uploaded.getcolors()}
    assert seen <= set(PALETTES["facades"].values())


def test_a_drawing_survives_a_reload(page, shoes: Translator):
    page.get_by_role("button", name="Clear", exact=True).click()
    draw(page, [(40, 40), (200, 120)])
    settled(page)
    drawn = canvas_of(page)
    page.reload()
    page.wait_for_selector("#result .picture:not([hidden])")
    settled(page)
    assert same(canvas_of(page), drawn)
    assert same(result_of(page), shoes(drawn, seed=0))


def test_a_picture_to_trace_lies_over_the_canvas_and_not_in_it(page, tmp_path: Path):
    drawn = canvas_of(page)
    Image.radial_gradient("L").save(tmp_path / "photo.png")
    page.set_input_files("#canvas [data-file=trace]", tmp_path / "photo.png")
    page.wait_for_selector("#canvas .traced:not([hidden])")
    assert same(canvas_of(page), drawn)
    page.get_by_role("button", name="Trace").click()
    assert page.locator("#canvas .traced").is_hidden()


def test_a_finger_draws(address: str, browser):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("#result .picture:not([hidden])")
    page.get_by_role("button", name="Clear", exact=True).tap()
    box = page.locator("#canvas canvas").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    dark = np.asarray(canvas_of(page).convert("L")) == 0
    assert box_of(dark) == (128, 128, 129, 129)
    settled(page)
    context.close()


def test_fifty_steps_are_undone_and_done_again(page):
    page.get_by_role("button", name="Clear", exact=True).click()
    states = [canvas_of(page)]
    for i in range(50):
        click(page, 5 + 4 * i, 20 + 3 * (i % 7))
        states.append(canvas_of(page))
    for state in reversed(states[:-1]):
        page.keyboard.press("Control+z")
        assert same(canvas_of(page), state)
    for state in states[1:]:
        page.keyboard.press("Control+Shift+z")
        assert same(canvas_of(page), state)
    settled(page)


def test_a_stylus_draws_thicker_the_harder_it_is_pressed(page):
    page.get_by_role("button", name="Clear", exact=True).click()
    pen_size(page, 4)
    box = page.locator("#canvas canvas").bounding_box()
    session = page.context.new_cdp_session(page)
    for x, force in ((60, 0.25), (160, 1.0)):
        at = {"x": box["x"] + (x + 0.5) * box["width"] / 256, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            pen = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": force}
            session.send("Input.dispatchMouseEvent", {"type": kind, **at, **pen})
    dark = np.asarray(canvas_of(page).convert("L")) == 0
    assert [box_of(half)[2] - box_of(half)[0] + 1 for half in (dark[:, :110], dark[:, 110:])] == [2, 8]
    settled(page)


def test_a_sketch_is_uploaded_and_a_letter_is_not(page, shoes: Translator, tmp_path: Path):
    sketch = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    sketch.paste((0, 0, 0, 255), (50, 40, 150, 60))
    sketch.save(tmp_path / "sketch.png")
    page.set_input_files("#canvas [data-file=upload]", tmp_path / "sketch.png")
    page.wait_for_function(
        "document.querySelector('#canvas canvas').getContext('2d').getImageData(128, 128, 1, 1).data[0] === 0"
    )
    settled(page)
    canvas = np.asarray(canvas_of(page).convert("L"))
    assert canvas[10].min() == 255 and canvas[128, 10] == 255 and canvas[128, 128] == 0  # in the middle, on white
    assert same(result_of(page), shoes(canvas_of(page), seed=0))
    (tmp_path / "letter.png").write_text("Dear Sir")
    page.set_input_files("#canvas [data-file=upload]", tmp_path / "letter.png")
    page.wait_for_selector("#canvas .note:has-text('letter.png is not a picture')")


def test_a_photo_on_the_canvas_becomes_its_outlines(page, shoes: Translator, tmp_path: Path):
    photo = Image.new("RGB", (256, 256), (120, 160, 90))
    photo.paste((200, 40, 40), (60, 60, 200, 180))
    photo.save(tmp_path / "photo.png")
    page.set_input_files("#canvas [data-file=upload]", tmp_path / "photo.png")
    page.wait_for_selector("#canvas .threshold:not([hidden])")
    page.wait_for_function(
        "document.querySelector('#canvas canvas').getContext('2d').getImageData(128, 128, 1, 1).data[0] === 255"
    )
    settled(page)
    assert same(canvas_of(page), outline(photo))
    assert same(result_of(page), shoes(outline(photo), seed=0))
    page.get_by_role("button", name="Undo").click()
    assert page.locator("#canvas .threshold").is_hidden()
    settled(page)


SLOW_APP = """
import sys, time
import app, pix2pix.translate.translator
quick = pix2pix.translate.translator.Translator.__call__
def slow(self, *arguments, **options):
    end = time.monotonic() + 0.15
    result = quick(self, *arguments, **options)
    time.sleep(max(0, end - time.monotonic()))
    return result
pix2pix.translate.translator.Translator.__call__ = slow
sys.exit(app.main())
"""


@pytest.fixture(scope="module")
def slow_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with a model that takes 150 ms."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "slow_app.py").write_text(SLOW_APP)
    models = folder / "small"
    Generator(features=4, max_features=8).save_pretrained(models, {"input": "edges", "image_size": 256})
    with running_app(folder, "--models", str(models), door=folder / "slow_app.py", PYTHONPATH=str(ROOT)) as url:
        yield url


def stroke_for(page, seconds: float, row: int) -> tuple[int, float]:
    """A stroke: how many pictures came while the pen was down, and how many ms after pointer-up the last one did."""
    page.evaluate(
        """() => {
            window.arrived = [];
            const picture = document.querySelector('#result .picture');
            window.observer?.disconnect();
            window.observer = new MutationObserver(() => window.arrived.push(performance.now()));
            window.observer.observe(picture, { attributeFilter: ['data-frame'] });
            document.querySelector('#canvas canvas').addEventListener(
                'pointerup', () => { window.up = performance.now(); }, { once: true });
        }"""
    )
    box = page.locator("#canvas canvas").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + row)
    page.mouse.down()
    end = time.monotonic() + seconds  # by the clock: a busy browser takes longer over each move
    for i in takewhile(lambda _: time.monotonic() < end, count()):
        page.mouse.move(box["x"] + 10 + (3 * i) % (box["width"] - 20), box["y"] + row + i % 7)
        page.wait_for_timeout(20)
    page.mouse.up()
    settled(page)
    return tuple(page.evaluate("[window.arrived.filter(t => t < window.up).length, window.arrived.at(-1) - window.up]"))


def test_with_a_slow_model_frames_flow_and_the_last_stroke_arrives(slow_address: str, browser):
    with open_page(browser, slow_address) as page:
        page.get_by_role("button", name="Clear", exact=True).click()
        settled(page)
        for _ in range(4):  # again where other work took the processor away
            found = [stroke_for(page, 2.0, 20 + 10 * i) for i in range(12)]
            frames, waits = zip(*found, strict=True)
            # 400 ms on an idle machine; a busy one gets some grace, but never another stroke's time.
            if on_time := sorted(waits)[8] <= 400 and max(waits) <= 1000:
                break
    assert min(frames) >= 5, frames
    assert on_time, waits


def test_three_drawers_at_once_all_get_their_pictures(slow_address: str, browser):
    with ExitStack() as stack:
        pages = [stack.enter_context(open_page(browser, slow_address)) for _ in range(3)]
        boxes = [page.locator("#canvas canvas").bounding_box() for page in pages]
        for page, box in zip(pages, boxes, strict=True):
            page.mouse.move(box["x"] + 20, box["y"] + 40)
            page.mouse.down()
        seen: list[set[str]] = [set(), set(), set()]
        for i in range(60):
            for page, box, frames in zip(pages, boxes, seen, strict=True):
                page.mouse.move(box["x"] + 20 + 3 * i, box["y"] + 40 + i)
                frames.add(page.get_attribute("#result .picture", "data-frame"))
            pages[0].wait_for_timeout(30)
        for page in pages:
            page.mouse.up()
        for page in pages:
            settled(page)
        assert min(map(len, seen)) >= 3, [len(frames) for frames in seen]
