"""Paint in a real browser: lines above, colours below, the bucket, the eyedropper and automatic colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import (
    SHOES_SEED,
    changed_by,
    choose,
    clear,
    click,
    drag,
    draw,
    forget,
    on_screen,
    open_page,
    pen_size,
    picture_of,
    ready,
    same,
    settled,
    sheet_of,
    start_from,
    translated,
    visit,
)
from PIL import Image
from serving import running_studio

from pix2pix import Translator

pytestmark = pytest.mark.browser
RED, BLUE = "#d62f3a", "#2f56c4"
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_studio(tmp_path_factory.mktemp("studio"), "--models", "edges2shoes") as url:
        yield url


@pytest.fixture
def page(tab, address: str) -> Iterator:
    forget(tab, address)
    with visit(tab, address, start=False) as page:
        yield page


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(bytes.fromhex(colour[1:]))


def pixels_of(page) -> np.ndarray:
    return np.asarray(sheet_of(page))


def is_colour(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (pixels == colour).all(-1)


def fill(page, colour: str, x: int, y: int) -> None:
    choose(page, "fill")
    page.click(f"[data-colour='{colour}']")
    click(page, x, y)


def test_the_palette_offers_colours_and_any_other(page):
    assert 13 <= page.locator(".palette [data-colour]").count() <= 17  # and black, for lines
    assert page.locator("#colour-it").is_visible() and page.locator("[data-tool=picker]").is_visible()
    page.evaluate(
        """() => {
            const other = document.querySelector('[data-other]');
            other.value = '#123456';
            other.dispatchEvent(new Event('change'));
        }"""
    )
    page.wait_for_selector(".recent [data-colour='#123456']")
    pen_size(page, 6)
    draw(page, [(100, 100), (100, 100)])
    assert tuple(pixels_of(page)[100, 100]) == (0x12, 0x34, 0x56)
    settled(page)


def test_the_bucket_takes_the_colour_that_was_picked_for_the_pen_and_lines_stay_black(page):
    page.click(f"[data-colour='{BLUE}']")
    choose(page, "fill")
    assert page.get_attribute(f"[data-colour='{BLUE}']", "aria-checked") == "true"
    page.click(f"[data-colour='{RED}']")
    choose(page, "pen")
    page.click("[data-colour='#000000']")
    choose(page, "fill")
    assert page.get_attribute(f"[data-colour='{RED}']", "aria-checked") == "true"


def test_a_change_from_elsewhere_drops_an_open_polygon(page):
    drag(page, "box", (60, 60), (200, 200))
    choose(page, "polygon")
    click(page, 30, 30)
    page.click("#colour-it")
    coloured = pixels_of(page)
    assert not is_colour(coloured, WHITE)[100, 100] and not is_colour(coloured, BLACK)[:50].any()
    page.mouse.move(*on_screen(page, 230, 230))
    assert (pixels_of(page) == coloured).all()
    settled(page)


def test_a_look_that_is_previewed_does_not_come_back_over_a_newer_picture(page):
    start_from(page)
    page.click("#variations")
    page.wait_for_selector(".variations button")
    own = page.get_attribute("#picture", "src")
    page.locator(".variations button").last.hover()
    shown = page.get_attribute("#picture", "src")
    assert shown != own
    changed_by(page, lambda: page.keyboard.press("d"))
    new = page.get_attribute("#picture", "src")
    page.mouse.move(*on_screen(page, 128, 128))
    assert page.get_attribute("#picture", "src") == new != own


@pytest.mark.parametrize("gap", [0, 3])
def test_the_bucket_closes_small_gaps_and_fills_up_under_the_lines(page, gap: int):
    pen_size(page, 3)
    drag(page, "oval", (60, 60), (200, 200))
    if gap:
        choose(page, "eraser")
        pen_size(page, gap)
        draw(page, [(130, 55), (130, 65)])
    before = pixels_of(page)
    fill(page, RED, 130, 130)
    after = pixels_of(page)
    red = is_colour(after, rgb(RED))
    assert red[130, 130] and red.sum() > 0.9 * np.pi * 69**2
    assert not red[:56].any() and not red[:, :56].any() and not red[204:].any(), "it leaks"
    line = is_colour(before, BLACK)
    assert (is_colour(after, BLACK) == line).all(), "the lines stay on top"
    for row in range(70, 190):  # from the middle outwards there is paint, then line, and nothing between
        right = after[row, 130:205]
        first = int(np.argmax(is_colour(right, BLACK)))
        assert is_colour(right[:first], rgb(RED)).all()
    settled(page)
    choose(page, "eraser")
    if not gap:
        fill(page, BLUE, 5, 5)
        blue = is_colour(pixels_of(page), rgb(BLUE))
        assert (is_colour(pixels_of(page), rgb(RED)) == red).all()
        assert not is_colour(pixels_of(page), WHITE).any() and blue[5, 5]
        page.click("#undo")
    page.click("#undo")
    assert (pixels_of(page) == before).all()
    page.click("#redo")
    assert (pixels_of(page) == after).all()
    settled(page)


def test_paint_goes_under_lines_whichever_came_first(page, shoes: Translator):
    pen_size(page, 4)
    drag(page, "line", (40, 128), (220, 128))
    page.click(f"[data-colour='{BLUE}']")
    pen_size(page, 20)
    drag(page, "pen", (128, 40), (128, 220))
    pixels = pixels_of(page)
    assert is_colour(pixels[127:130, 45:215], BLACK).all() and tuple(pixels[100, 128]) == rgb(BLUE)
    choose(page, "eraser")
    pen_size(page, 12)
    draw(page, [(128, 100), (128, 160)])
    assert tuple(pixels_of(page)[128, 128]) == tuple(pixels_of(page)[110, 128]) == WHITE
    page.click("#undo")
    assert (pixels_of(page) == pixels).all()
    settled(page)
    assert translated(picture_of(page), shoes(sheet_of(page), seed=SHOES_SEED))


def test_the_eyedropper_takes_colours_from_drawing_and_picture(page):
    drag(page, "box", (40, 40), (200, 200))
    fill(page, RED, 100, 100)
    settled(page)
    page.click(f"[data-colour='{BLUE}']")
    choose(page, "picker")
    click(page, 100, 100)
    assert page.get_attribute("[data-tool=fill]", "aria-pressed") == "true"  # the tool before it is back
    assert page.get_attribute(f".palette [data-colour='{RED}']", "aria-checked") == "true"
    picture = np.asarray(picture_of(page))
    box = page.locator("#picture").bounding_box()
    choose(page, "picker")
    page.mouse.click(box["x"] + 100.5 * box["width"] / 256, box["y"] + 120.5 * box["height"] / 256)
    wanted = "#{:02x}{:02x}{:02x}".format(*picture[120, 100])
    page.wait_for_selector(f"[data-colour='{wanted}']")
    click(page, 100, 100)
    assert tuple(pixels_of(page)[100, 100]) == tuple(picture[120, 100])
    settled(page)


def test_colour_it_for_me_fills_what_is_enclosed_and_can_be_undone(page):
    page.click("#colour-it")
    page.wait_for_selector(".toast:has-text('No area is enclosed')")
    pen_size(page, 2)
    drag(page, "box", (30, 30), (110, 220))
    drag(page, "oval", (140, 60), (230, 200))
    settled(page)
    before = pixels_of(page)
    changed_by(page, lambda: page.click("#colour-it"))
    first = pixels_of(page)
    left, right = tuple(first[100, 60]), tuple(first[130, 185])
    assert WHITE not in (left, right) and left != right and tuple(first[5, 5]) == WHITE
    assert is_colour(first[32:219, 32:109], left).all()
    assert (is_colour(first, BLACK) == is_colour(before, BLACK)).all()
    changed_by(page, lambda: page.click("#colour-it"))
    assert tuple(pixels_of(page)[100, 60]) != left  # another seed, other colours
    changed_by(page, lambda: page.click("#undo"))
    assert (pixels_of(page) == first).all()
    changed_by(page, lambda: page.click("#undo"))
    assert (pixels_of(page) == before).all()


def test_colour_it_for_me_colours_no_area_of_an_open_polygon(page):
    pen_size(page, 2)
    drag(page, "box", (60, 120), (200, 230))
    settled(page)
    choose(page, "polygon")
    for corner in ((60, 120), (130, 30)):
        page.mouse.click(*on_screen(page, *corner))
    page.mouse.move(*on_screen(page, 200, 120))
    changed_by(page, lambda: page.click("#colour-it"))
    found = pixels_of(page)
    assert tuple(found[180, 130]) != WHITE and is_colour(found[:115], WHITE).all()


def test_a_colour_picked_after_the_eraser_is_drawn_with(page):
    choose(page, "eraser")
    choose(page, "picker")
    page.mouse.click(*on_screen(page, 20, 20))
    assert page.get_attribute("[data-tool=pen]", "aria-pressed") == "true"


def test_colour_it_for_me_leaves_paint_alone_and_gives_twins_one_colour(page):
    pen_size(page, 2)
    for left in (30, 170):
        drag(page, "oval", (left, 40), (left + 50, 100))
    drag(page, "box", (90, 130), (170, 230))
    fill(page, RED, 130, 180)
    changed_by(page, lambda: page.click("#colour-it"))
    found = pixels_of(page)
    assert tuple(found[180, 130]) == rgb(RED)
    assert tuple(found[70, 55]) == tuple(found[70, 195]) not in (WHITE, rgb(RED))


def test_a_pinch_with_the_bucket_pours_nothing(address: str, browser):
    with open_page(browser, address, viewport={"width": 390, "height": 844}, has_touch=True) as page:
        clear(page)
        choose(page, "fill")
        page.locator(f".palette [data-colour='{RED}']").tap()
        session = page.context.new_cdp_session(page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        at = [on_screen(page, x, 128) for x in (100, 150, 60, 200)]
        fingers("touchStart", at[0])
        fingers("touchStart", at[0], at[1])
        fingers("touchMove", at[2], at[3])
        fingers("touchEnd", at[2])
        fingers("touchEnd")
        assert is_colour(pixels_of(page), WHITE).all()
        assert page.locator("#whole").is_visible()
        page.locator("#whole").tap()
        assert page.locator("#whole").is_hidden()
        page.touchscreen.tap(*on_screen(page, 128, 128))
        assert is_colour(pixels_of(page), rgb(RED)).all()


def test_the_zoom_ends_with_its_drawing(page):
    page.mouse.move(*on_screen(page, 128, 128))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    assert page.locator("#whole").is_visible()
    start_from(page)
    assert page.locator("#whole").is_hidden()
    sheet, easel = (page.locator(name).bounding_box() for name in ("#sheet", ".easel"))
    assert sheet == easel


def test_paint_survives_a_reload_in_its_layers(page):
    drag(page, "box", (40, 40), (200, 200))
    fill(page, RED, 100, 100)
    settled(page)
    drawn = sheet_of(page)
    page.reload()
    ready(page)
    settled(page)
    assert same(sheet_of(page), drawn)
    fill(page, BLUE, 100, 100)  # the lines are still lines, over the paint
    pixels = pixels_of(page)
    assert tuple(pixels[100, 100]) == rgb(BLUE) and tuple(pixels[100, 40]) == BLACK
    assert not is_colour(pixels, rgb(RED)).any()
    settled(page)


def test_a_photo_keeps_its_colours_as_paint_unless_asked_not_to(page, tmp_path: Path):
    photo = Image.new("RGB", (256, 256), (90, 130, 160))
    photo.paste((200, 40, 40), (60, 60, 200, 180))
    photo.save(tmp_path / "photo.png")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "photo.png"))
    pixels = pixels_of(page)
    inside = pixels[100, 128].astype(int)
    assert np.abs(inside - (200, 40, 40)).max() <= 8
    assert is_colour(pixels, BLACK).any() or (pixels.max(-1) < 96).any(), "its outlines are lines above"
    changed_by(page, lambda: page.uncheck("[data-colours]"))
    assert is_colour(pixels_of(page), WHITE).mean() > 0.9


def test_a_painted_drawing_is_read_back_into_lines_and_paint(page, tmp_path: Path):
    drag(page, "box", (40, 40), (200, 200))
    fill(page, RED, 100, 100)
    settled(page)
    drawn = sheet_of(page)
    drawn.save(tmp_path / "drawing.png")
    page.click("#clear")
    changed_by(page, lambda: page.set_input_files("[data-file=upload]", tmp_path / "drawing.png"))
    assert same(sheet_of(page), drawn)


def test_the_sheet_takes_strokes_at_its_very_corners(page):
    pen_size(page, 3)
    for x, y in ((0, 0), (255, 0), (0, 255), (255, 255)):
        page.mouse.click(*on_screen(page, x, y))
        assert tuple(pixels_of(page)[y, x]) == BLACK
    settled(page)
