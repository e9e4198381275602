"""The sheet in a real browser: Chromium, headless, against `app.py` as a user starts it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, takewhile
from pathlib import Path

import numpy as np
import pytest
import serving
from browser import (
    PHONE,
    SHOES_SEED,
    box_of,
    by_engine,
    changed_by,
    choose,
    clear,
    click,
    dark_of,
    drag,
    draw,
    on_screen,
    open_page,
    pen_size,
    pick_model,
    picture_of,
    ready,
    same,
    seed_of,
    set_seed,
    settled,
    sheet_of,
    start_from,
    translated,
    wait_until,
)
from drawn import drawing, on_paper
from PIL import Image, ImageOps
from places import ROOT
from serving import running_app

from pix2pix import PALETTES, Generator, Translator, outline
from pix2pix.pictures.drawings import strokes

pytestmark = pytest.mark.browser


def test_the_picture_follows_the_pen_and_ends_on_the_last_stroke(page, shoes: Translator):
    clear(page)
    seen = []
    outline = [(30, 160), (60, 130), (120, 110), (150, 80), (215, 80), (230, 170), (225, 190), (35, 190), (30, 160)]
    draw(page, outline, while_down=lambda: seen.append(page.get_attribute("#picture", "data-frame")))
    assert len(set(seen)) >= 3, "the picture must change while the pen is down"
    settled(page)
    assert translated(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))


def test_many_quick_strokes_always_end_on_the_last(page, shoes: Translator):
    for i in range(10):
        draw(page, [(20 + 20 * i, 30), (30 + 20 * i, 60)])
    settled(page)
    assert translated(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))


def test_a_blank_sheet_sends_nothing_and_invites(page):
    asked = []
    page.on("request", lambda request: "queue/join" in request.url and asked.append(request.url))
    page.click("#clear")
    page.wait_for_selector("#picture[data-blank=true]")
    assert page.locator(".invitation").is_visible() and page.locator(".empty").is_visible()
    page.click("#dice")
    page.press("#rate", "End")
    page.wait_for_timeout(700)
    assert asked == [] and page.get_attribute("#picture", "data-final") == "false"
    draw(page, [(40, 40), (200, 120)])
    settled(page)
    assert page.get_attribute("#picture", "data-blank") == "false"
    assert len(asked) == 0 if serving.on_site else len(asked) > 0
    assert page.locator(".invitation").is_hidden() and page.locator(".empty").is_hidden()


@pytest.mark.server("queue of requests")
def test_a_refused_drawing_is_sent_again(address: str, browser, shoes: Translator):
    page = browser.new_page()  # the browser itself logs refusals to the console
    page.goto(by_engine(address, "server"))
    ready(page)
    start_from(page)
    sentence = "The server is busy, with 64 requests waiting: try again in 3 s."
    page.route("**/queue/join*", lambda route: route.fulfill(status=429, json={"detail": sentence, "error": sentence}))
    draw(page, [(30, 200), (220, 210)])
    page.get_by_text("The server is busy. Your drawing has waited").wait_for()
    assert page.get_by_text(sentence).count() <= 2  # not one for each movement of the pen
    page.unroute("**/queue/join*")
    settled(page)
    assert page.inner_text(".state") == ""
    assert translated(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))
    page.close()


@pytest.mark.server("server that can go away")
def test_when_the_server_is_away_the_page_says_so_and_recovers_by_itself(address: str, browser, shoes: Translator):
    page = browser.new_page()
    page.goto(by_engine(address, "server"))
    ready(page)
    start_from(page)
    set_seed(page, 5)
    for path in ("**/queue/**", "**/health"):
        page.route(path, lambda route: route.abort())
    draw(page, [(30, 200), (220, 210)])
    drawn = sheet_of(page)
    page.get_by_text("The server cannot be reached.").wait_for()
    page.unroute_all()
    settled(page)
    assert page.inner_text(".state") == "" and same(sheet_of(page), drawn)
    assert translated(picture_of(page), shoes(drawn, seed=5))
    page.close()


def test_the_pen_leaves_only_black_and_white_and_undo_is_exact(page):
    clear(page)
    blank = sheet_of(page)
    assert blank.getcolors() == [(256 * 256, (255, 255, 255))]
    pen_size(page, 9)
    draw(page, [(40, 40), (200, 120)])
    drawn = sheet_of(page)
    assert {colour for _, colour in drawn.getcolors()} == {(0, 0, 0), (255, 255, 255)}
    assert 9 <= dark_of(page)[:, 120].sum() <= 11  # a line of width 9 and slope 1/2
    choose(page, "eraser")
    draw(page, [(120, 40), (120, 120)])
    assert not dark_of(page)[:, 120].any()
    page.click("#undo")
    assert same(sheet_of(page), drawn)
    page.keyboard.press("Control+z")
    assert same(sheet_of(page), blank)
    page.keyboard.press("Control+Shift+z")
    assert same(sheet_of(page), drawn)
    page.click("#redo")
    assert not dark_of(page)[:, 120].any()
    settled(page)


def test_pen_and_eraser_keep_their_own_sizes(page):
    pen_size(page, 5)
    choose(page, "eraser")
    pen_size(page, 30)
    choose(page, "pen")
    assert page.inner_text(".size output") == "5"
    choose(page, "eraser")
    assert page.inner_text(".size output") == "30"


def test_shortcuts_work_wherever_the_focus_is_except_where_people_write(page):
    before = sheet_of(page)
    draw(page, [(40, 40), (200, 120)])
    settled(page)
    changed_by(page, lambda: page.click("#dice"))
    changed_by(page, lambda: page.keyboard.press("Control+z"))
    assert same(sheet_of(page), before)
    changed_by(page, lambda: page.keyboard.press("Control+y"))
    after = sheet_of(page)
    assert not same(after, before)
    page.focus("#seed")
    page.keyboard.press("Control+z")
    page.keyboard.press("e")
    assert same(sheet_of(page), after) and page.get_attribute("[data-tool=pen]", "aria-pressed") == "true"


def test_a_dot_has_the_pens_size(page):
    clear(page)
    for i, size in enumerate((1, 2, 3, 8)):
        pen_size(page, size)
        draw(page, [(30 + 50 * i, 100)])
    dark = dark_of(page)
    for i, size in enumerate((1, 2, 3, 8)):
        dot = dark[:, 10 + 50 * i : 55 + 50 * i]
        assert (dot.any(0).sum(), dot.any(1).sum()) == (size, size)
    settled(page)


def test_every_tool_draws_what_it_should(page, other_edges: Path):
    pick_model(page, other_edges.name)
    clear(page)
    pen_size(page, 2)
    dark = drag(page, "line", (20, 30), (200, 30))
    assert dark.sum() == dark[30:32, 20:202].sum() == 2 * 182

    clear(page)
    dark = drag(page, "box", (40, 50), (120, 90))
    assert box_of(dark) == (40, 50, 121, 91)
    assert not dark[52:90, 42:120].any() and dark[50:52, 40:122].all() and dark[50:92, 120:122].all()

    choose(page, "fill")
    click(page, 80, 70)
    dark = dark_of(page)
    assert dark[50:92, 40:122].all() and dark.sum() == 42 * 82

    clear(page)
    dark = drag(page, "oval", (60, 80), (160, 120))
    assert box_of(dark) == (60, 80, 161, 121)
    assert not dark[90:112, 85:135].any() and dark[:, 110].sum() == 4  # two lines of two pixels across the middle

    clear(page)
    page.click("#mirror")
    dark = drag(page, "pen", (30, 40), (70, 90))
    assert dark.any() and (dark == dark[:, ::-1]).all()
    settled(page)


def test_a_polygon_closes_on_its_first_corner_on_enter_and_on_a_double_click(page):
    clear(page)
    choose(page, "polygon")
    triangle = [(50, 50), (150, 50), (150, 150)]
    for corner in (*triangle, (51, 52)):
        click(page, *corner)
    closed = sheet_of(page)
    dark = dark_of(page)
    assert box_of(dark) == (50, 50, 151, 151)
    assert dark[50, 50:151].all() and dark[50:151, 150].all() and dark[100, 100] and not dark[80, 110]
    page.click("#undo")
    assert not dark_of(page).any()

    for corner in triangle:
        click(page, *corner)
    page.keyboard.press("Enter")
    assert same(sheet_of(page), closed)
    clear(page)

    for corner in triangle[:2]:
        click(page, *corner)
    page.mouse.dblclick(*on_screen(page, *triangle[2]))
    assert same(sheet_of(page), closed)
    settled(page)


def test_undo_in_a_polygon_takes_back_its_last_corner_and_escape_all_of_it(page):
    clear(page)
    draw(page, [(20, 20), (20, 230)])
    before = sheet_of(page)
    choose(page, "polygon")
    for corner in ((50, 50), (150, 50), (200, 220)):
        click(page, *corner)
    page.keyboard.press("Control+z")
    click(page, 150, 150)
    page.keyboard.press("Enter")
    dark = dark_of(page)
    dark[:, :40] = False
    assert box_of(dark) == (50, 50, 151, 151)
    changed_by(page, lambda: page.keyboard.press("Control+z"))
    assert same(sheet_of(page), before)
    click(page, 60, 60)
    click(page, 90, 60)
    page.keyboard.press("Escape")
    assert same(sheet_of(page), before)
    settled(page)


def test_shift_makes_straight_lines_squares_and_circles(page):
    clear(page)
    page.keyboard.down("Shift")
    dark = drag(page, "pen", (30, 40), (200, 46))
    assert box_of(dark) == (30, 40, box_of(dark)[2], 41)
    clear(page)
    for tool in ("box", "oval"):
        dark = drag(page, tool, (60, 60), (120, 90))
        assert box_of(dark) == (60, 60, 121, 121)
        clear(page)
    page.keyboard.up("Shift")


def test_a_stroke_may_begin_beside_the_sheet(page):
    clear(page)
    left = page.locator(".easel").bounding_box()["x"]
    middle = on_screen(page, 60, 128)
    page.mouse.move(left - 6, middle[1])
    page.mouse.down()
    page.mouse.move(*middle, steps=8)
    page.mouse.up()
    assert dark_of(page)[128, :60].all()
    settled(page)


def test_a_click_beside_the_sheet_is_no_step(page):
    draw(page, [(40, 40), (200, 60)])
    settled(page)
    drawn = sheet_of(page)
    page.click("#undo")
    undone = sheet_of(page)
    easel = page.locator(".easel").bounding_box()
    page.mouse.click(easel["x"] - 6, easel["y"] + 40)
    assert same(sheet_of(page), undone)
    page.click("#redo")
    assert same(sheet_of(page), drawn)
    page.click("#undo")
    assert same(sheet_of(page), undone)
    settled(page)


def test_a_resized_window_keeps_the_zoomed_part_of_the_sheet_in_view(page):
    page.set_viewport_size({"width": 1600, "height": 1000})
    page.mouse.move(*on_screen(page, 230, 230))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.set_viewport_size({"width": 900, "height": 640})
    page.wait_for_timeout(200)
    sheet, easel = (page.locator(name).bounding_box() for name in ("#sheet", ".easel"))
    assert sheet["width"] > 2 * easel["width"]
    for start, side in (("x", "width"), ("y", "height")):
        assert sheet[start] <= easel[start] + 1
        assert sheet[start] + sheet[side] >= easel[start] + easel[side] - 1


def test_tools_are_chosen_by_keys(page):
    names = {"f": "fill", "l": "line", "r": "box", "o": "oval", "p": "polygon", "e": "eraser", "b": "pen"}
    for key, name in names.items():
        page.keyboard.press(key)
        pressed = page.eval_on_selector_all("[data-tool][aria-pressed=true]", "found => found.map(b => b.dataset.tool)")
        assert pressed == [name]
    page.keyboard.press("]")
    assert page.inner_text(".size output") == "3"
    page.keyboard.press("m")
    assert page.get_attribute("#mirror", "aria-pressed") == "true"


def test_the_keyboard_alone_draws(page, other_edges: Path):
    pick_model(page, other_edges.name)
    clear(page)
    page.evaluate("document.activeElement.blur()")
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "sheet":
            break
    assert page.evaluate("document.activeElement.id") == "sheet"
    for key in "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp":  # a square of 40 pixels
        page.keyboard.press("Space")
        for _ in range(10):
            page.keyboard.press(key)
        page.keyboard.press("Space")
    wait_until(page, "document.querySelector('.said').textContent === 'Pen up.'")
    assert page.locator(".cursor").is_visible()
    assert box_of(dark_of(page)) == (128, 128, 169, 169)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert dark_of(page)[128:170, 128:170].all()
    settled(page)
    assert translated(picture_of(page), Translator.from_pretrained(other_edges)(sheet_of(page), seed_of(page)))


def test_labels_are_drawn_in_exactly_their_colours_and_each_palette_keeps_its_drawing(
    page, facade: Path, other_edges: Path
):
    colours = PALETTES["facades"]
    pick_model(page, other_edges.name)
    shoe = sheet_of(page)
    assert page.locator(".colours").is_hidden()
    pick_model(page, facade.name)
    assert page.locator(".palette button").all_text_contents() == list(colours)
    assert sheet_of(page).getcolors() == [(256 * 256, (0, 0, 255))]  # a wall
    page.click(f"[data-colour='{colours['background']}']")
    drag(page, "box", (30, 40), (225, 240))
    page.click(f"[data-colour='{colours['window']}']")
    drag(page, "oval", (60, 70), (100, 120))
    page.click(f"[data-colour='{colours['door']}']")
    choose(page, "polygon")
    for corner in ((110, 240), (110, 180), (150, 180), (150, 240), (110, 240)):
        click(page, *corner)
    drawn = sheet_of(page)
    pixels = np.asarray(drawn)
    seen = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in drawn.getcolors()}
    assert seen == {colours[name].lower() for name in ("background", "wall", "window", "door")}
    assert tuple(pixels[100, 30]) == tuple(pixels[100, 225]) == (0, 0, 0xAA) and tuple(pixels[100, 29]) == (0, 0, 255)
    assert tuple(pixels[95, 80]) == (0, 0x55, 255) and tuple(pixels[210, 130]) == (0, 0xAA, 255)
    settled(page)
    assert translated(picture_of(page), Translator.from_pretrained(facade)(drawn, seed=0))

    pick_model(page, "edges2shoes")
    assert same(sheet_of(page), shoe)
    pick_model(page, facade.name)
    assert same(sheet_of(page), drawn)
    page.click("#undo")
    assert not same(sheet_of(page), drawn)
    settled(page)
    clear(page)
    assert sheet_of(page).getcolors() == [(256 * 256, (0, 0, 255))]


def test_a_drawing_stays_for_another_model_of_its_kind(page, other_edges: Path):
    draw(page, [(40, 40), (200, 120)])
    settled(page)
    drawn = sheet_of(page)
    pick_model(page, other_edges.name)
    assert same(sheet_of(page), drawn)
    assert translated(picture_of(page), Translator.from_pretrained(other_edges)(drawn, seed=5))
    assert page.input_value("#rate") == "0.25"  # the rate of training


def test_an_uploaded_label_map_holds_the_palettes_colours(page, facade: Path, tmp_path: Path):
    pick_model(page, facade.name)
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "map.jpg")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "map.jpg"))
    uploaded = sheet_of(page)
    seen = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in uploaded.getcolors()}
    assert len(seen) > 1 and seen <= {colour.lower() for colour in PALETTES["facades"].values()}
    numbers = np.repeat(np.arange(12, dtype=np.uint8), 20)[None].repeat(240, 0)
    Image.fromarray(numbers).save(tmp_path / "numbers.png")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "numbers.png"))
    middle = [sheet_of(page).getpixel((round((20 * i + 10) * 256 / 240), 128)) for i in range(12)]
    assert ["#{:02x}{:02x}{:02x}".format(*colour) for colour in middle] == list(PALETTES["facades"].values())


def test_a_picture_to_trace_lies_over_the_sheet_and_not_in_it(page, tmp_path: Path):
    drawn = sheet_of(page)
    Image.radial_gradient("L").save(tmp_path / "photo.png")
    page.set_input_files("[data-file=trace]", tmp_path / "photo.png")
    page.wait_for_selector("img.traced:not([hidden])")
    assert same(sheet_of(page), drawn)
    page.click("#trace summary")
    page.click("[data-trace=stop]")
    assert page.locator("img.traced").is_hidden()


def test_a_finger_draws(address: str, browser):
    with open_page(browser, address, viewport=PHONE, has_touch=True) as page:
        page.locator("#clear").tap()
        box = page.locator("#sheet").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert box_of(dark_of(page)) == (128, 128, 129, 129)
        settled(page)


def test_two_fingers_zoom_and_draw_nothing(address: str, browser):
    with open_page(browser, address, viewport=PHONE, has_touch=True) as page:
        before = sheet_of(page)
        side = page.locator("#sheet").bounding_box()["width"]
        at = [on_screen(page, *point) for point in ((100, 128), (150, 128), (60, 128), (200, 128))]
        session = page.context.new_cdp_session(page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        fingers("touchStart", at[0])
        fingers("touchMove", (at[0][0] - 8, at[0][1]))
        fingers("touchStart", (at[0][0] - 8, at[0][1]), at[1])
        fingers("touchMove", at[2], at[3])
        fingers("touchEnd", at[2])
        fingers("touchMove", (at[2][0] + 20, at[2][1] + 20))
        fingers("touchEnd")
        assert same(sheet_of(page), before)
        assert page.locator("#sheet").bounding_box()["width"] > 1.5 * side
        page.click("#undo")  # the example, not a trace of the pinch
        assert not dark_of(page).any()
        fingers("touchStart", at[0])
        fingers("touchStart", at[0], at[1])
        fingers("touchEnd")
        page.click("#redo")
        assert same(sheet_of(page), before)


def test_a_palm_beside_a_stylus_draws_nothing(address: str, browser):
    with open_page(browser, address, viewport=PHONE, has_touch=True) as page:
        page.locator("#clear").tap()
        session = page.context.new_cdp_session(page)
        x, y = on_screen(page, 60, 60)
        for kind in ("mousePressed", "mouseReleased"):
            pen = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": 0.5}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **pen})
        drawn = sheet_of(page)
        assert dark_of(page).any()
        page.touchscreen.tap(*on_screen(page, 180, 200))  # the palm
        assert same(sheet_of(page), drawn)
        page.wait_for_timeout(1600)
        page.touchscreen.tap(*on_screen(page, 180, 200))  # a finger, once the stylus is away
        assert not same(sheet_of(page), drawn)
        settled(page)


def test_fifty_steps_are_undone_and_redone(page):
    clear(page)
    states = [sheet_of(page)]
    for i in range(50):
        click(page, 5 + 4 * i, 20 + 3 * (i % 7))
        states.append(sheet_of(page))
    for state in reversed(states[:-1]):
        page.keyboard.press("Control+z")
        assert same(sheet_of(page), state)
    for state in states[1:]:
        page.keyboard.press("Control+Shift+z")
        assert same(sheet_of(page), state)
    settled(page)


def test_a_stylus_draws_thicker_the_harder_it_is_pressed(page):
    clear(page)
    pen_size(page, 4)
    session = page.context.new_cdp_session(page)
    for column, force in ((60, 0.25), (160, 1.0)):
        x, y = on_screen(page, column, 128)
        for kind in ("mousePressed", "mouseReleased"):
            pen = {"button": "left", "clickCount": 1, "pointerType": "pen", "force": force}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **pen})
    dark = dark_of(page)
    assert [box_of(half)[2] - box_of(half)[0] + 1 for half in (dark[:, :110], dark[:, 110:])] == [2, 8]
    settled(page)


def test_a_sketch_is_accepted_and_a_text_file_is_refused(page, shoes: Translator, tmp_path: Path):
    sketch = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    sketch.paste((0, 0, 0, 255), (50, 40, 150, 60))
    sketch.save(tmp_path / "sketch.png")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "sketch.png"))
    sheet = np.asarray(sheet_of(page).convert("L"))
    assert sheet[10].min() == 255 and sheet[128, 10] == 255 and sheet[128, 128] == 0  # in the middle, on white
    assert translated(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))
    (tmp_path / "letter.png").write_text("Dear Sir")
    page.set_input_files("[data-file=upload]", tmp_path / "letter.png")
    page.wait_for_selector(".toast:has-text('letter.png is not a picture')")


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted_anywhere(page, tmp_path: Path, how: str):
    sketch = Image.new("RGB", (256, 256), "white")
    sketch.paste("black", (100, 60, 160, 200))
    sketch.save(tmp_path / "sketch.png")
    data = (tmp_path / "sketch.png").read_bytes().hex()

    def bring() -> None:
        page.evaluate(
            """([how, hex]) => {
                const bytes = Uint8Array.from(hex.match(/../g), pair => parseInt(pair, 16));
                const held = new DataTransfer();
                held.items.add(new File([bytes], 'sketch.png', { type: 'image/png' }));
                const options = { bubbles: true, cancelable: true, dataTransfer: held, clipboardData: held };
                document.querySelector('#picture').dispatchEvent(
                    how === 'drop' ? new DragEvent('drop', options) : new ClipboardEvent('paste', options));
            }""",
            [how, data],
        )

    changed_by(page, bring)
    assert same(sheet_of(page), sketch)


def test_a_photo_on_the_sheet_becomes_its_outlines(page, other_edges: Path, tmp_path: Path):
    pick_model(page, other_edges.name)
    photo = Image.new("RGB", (256, 256), (120, 160, 90))
    photo.paste((200, 40, 40), (60, 60, 200, 180))
    photo.save(tmp_path / "photo.png")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "photo.png"))
    assert page.locator(".photo").is_visible() and page.locator(".keep-colours").is_hidden()
    assert same(sheet_of(page), outline(photo))
    translator = Translator.from_pretrained(other_edges)
    assert translated(picture_of(page), translator(outline(photo), seed_of(page)))
    page.click("#undo")
    assert page.locator(".photo").is_hidden()
    settled(page)


def bring(page, image: Image.Image, path: Path) -> None:
    image.save(path)
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", path))


@pytest.mark.server("guess of what a picture shows")
def test_drawings_of_other_kinds_are_read(page, shoes: Translator, tmp_path: Path):
    lines = drawing(1).convert("RGB")
    light = ImageOps.invert(lines)
    bring(page, light, tmp_path / "canny.png")
    page.wait_for_selector(".toast:has-text('light lines on dark')")
    assert same(sheet_of(page), lines)
    assert translated(picture_of(page), shoes(lines, seed=SHOES_SEED))

    alone = Image.new("RGBA", lines.size, "white")  # white strokes on nothing
    alone.putalpha(light.convert("L"))
    bring(page, alone, tmp_path / "alone.png")
    assert same(sheet_of(page), lines)

    photo = on_paper(drawing(2, 400), 2, "blue")
    bring(page, photo, tmp_path / "photo.png")
    page.wait_for_selector(".toast:has-text('a drawing on paper')")
    assert page.locator(".fewer").is_hidden() and page.input_value("[data-taken]") == "paper"
    assert same(sheet_of(page), strokes(photo))
    changed_by(page, lambda: page.select_option("[data-taken]", "scene"))
    assert page.locator(".fewer").is_visible()
    assert np.asarray(sheet_of(page)).tobytes() != strokes(photo).tobytes()

    bring(page, lines, tmp_path / "lines.png")  # needs no reading
    assert page.locator(".photo").is_hidden() and same(sheet_of(page), lines)


@pytest.mark.parametrize("mark", ["stroke", "fill"])
def test_a_mark_on_a_photo_stays(page, mark: str, tmp_path: Path):
    photo = Image.new("RGB", (256, 256), (120, 160, 90))
    photo.paste((200, 40, 40), (60, 60, 200, 180))
    bring(page, photo, tmp_path / "photo.png")
    assert page.locator(".photo").is_visible()
    before = sheet_of(page)
    if mark == "stroke":
        draw(page, [(20, 30), (120, 30)])
    else:
        choose(page, "fill")
        page.mouse.click(*on_screen(page, 60, 30))
    settled(page)
    assert page.locator(".photo").is_hidden(), f"its settings would draw the lines again, without the {mark}"
    assert not same(sheet_of(page), before)


def test_another_tool_lifts_the_pen_of_the_keyboard(page):
    drag(page, "box", (20, 20), (240, 240))
    settled(page)
    choose(page, "pen")
    page.focus("#sheet")
    page.keyboard.press("Space")
    page.keyboard.press("e")
    before = dark_of(page)
    page.focus("#sheet")
    page.keyboard.press("ArrowRight")
    assert (dark_of(page) == before).all()
    settled(page)


def test_the_visitor_may_say_what_a_picture_shows(page, tmp_path: Path):
    lines = drawing(1).convert("RGB")
    light = ImageOps.invert(lines)
    bring(page, light, tmp_path / "canny.png")
    for kind, expected in (("dark lines", light), ("light lines", lines)):
        changed_by(page, lambda kind=kind: page.select_option("[data-taken]", kind))
        assert same(sheet_of(page), expected)
        assert page.locator(".fewer").is_hidden()


SLOW_APP = """
import sys, time
import pix2pix.translate.translator
from demo.launch import main
quick = pix2pix.translate.translator.Translator.__call__
def slow(self, *arguments, **options):
    end = time.monotonic() + 0.15
    result = quick(self, *arguments, **options)
    time.sleep(max(0, end - time.monotonic()))
    return result
pix2pix.translate.translator.Translator.__call__ = slow
sys.exit(main())
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
    """Draw a stroke. Returns the number of pictures while the pen was down, and the ms from pointer-up to the last."""
    page.evaluate(
        """() => {
            window.arrived = [];
            const picture = document.querySelector('#picture');
            window.observer?.disconnect();
            window.observer = new MutationObserver(() => window.arrived.push(performance.now()));
            window.observer.observe(picture, { attributeFilter: ['data-frame'] });
            document.addEventListener(
                'pointerup', () => { window.up = performance.now(); }, { once: true });
        }"""
    )
    box = page.locator("#sheet").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + row)
    page.mouse.down()
    end = time.monotonic() + seconds  # by the clock, since a busy browser takes longer for each move
    for i in takewhile(lambda _: time.monotonic() < end, count()):
        page.mouse.move(box["x"] + 10 + (3 * i) % (box["width"] - 20), box["y"] + row + i % 7)
        page.wait_for_timeout(20)
    page.mouse.up()
    settled(page)
    return tuple(page.evaluate("[window.arrived.filter(t => t < window.up).length, window.arrived.at(-1) - window.up]"))


@pytest.mark.server("queue of requests")
def test_with_a_slow_model_frames_flow_and_the_last_stroke_arrives(slow_address: str, browser):
    with open_page(browser, slow_address) as page:
        clear(page)
        for _ in range(6):  # repeated if other work took the processor
            found = [stroke_for(page, 1.2, 20 + 10 * i) for i in range(8)]
            frames, waits = zip(*found, strict=True)
            # 400 ms on an idle machine. A busy one gets some grace, but never the time of another stroke.
            if (on_time := sorted(waits)[5] <= 400 and max(waits) <= 1000) and min(frames) >= 3:
                break
    assert min(frames) >= 3, frames
    assert on_time, waits


@pytest.mark.server("queue of requests")
def test_three_drawers_at_once_all_get_their_pictures(slow_address: str, browser):
    with ExitStack() as stack:
        pages = [stack.enter_context(open_page(browser, slow_address)) for _ in range(3)]
        boxes = [page.locator("#sheet").bounding_box() for page in pages]
        for page, box in zip(pages, boxes, strict=True):
            page.mouse.move(box["x"] + 20, box["y"] + 40)
            page.mouse.down()
        seen: list[set[str]] = [set(), set(), set()]
        for i in range(60):
            for page, box, frames in zip(pages, boxes, seen, strict=True):
                page.mouse.move(box["x"] + 20 + 3 * i, box["y"] + 40 + i)
                frames.add(page.get_attribute("#picture", "data-frame"))
            pages[0].wait_for_timeout(30)
        for page in pages:
            page.mouse.up()
        for page in pages:
            settled(page)
        assert min(map(len, seen)) >= 3, [len(frames) for frames in seen]
