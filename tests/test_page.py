"""The page around the sheet, in a real browser: looks, history, links, tiles, phones, and requests by programs."""

from __future__ import annotations

import io
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import serving
import torch
from browser import (
    DESKTOP,
    PATIENCE,
    PHONE,
    SHOES_SEED,
    by_engine,
    changed_by,
    clear,
    copied_link,
    dark_of,
    decode,
    drag,
    draw,
    fetched,
    model_of,
    on_screen,
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
    translated,
    wait_until,
)
from foreign_weights import make_flat
from PIL import Image
from places import ROOT
from serving import running_app
from small_hub import small_hub

from pix2pix import Translator, list_models

pytestmark = pytest.mark.browser
LARGE = {"width": 1440, "height": 900}
PHONE_WITH_BARS = {"width": 390, "height": 664}


# --- one screen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screen", "least"),
    [(DESKTOP, 480), (LARGE, 480), (PHONE, 260), (PHONE_WITH_BARS, 180)],
    ids=["1280x800", "1440x900", "390x844", "390x664"],
)
def test_both_squares_are_whole_on_the_first_screen(address: str, browser, screen: dict, least: int):
    phone = screen["width"] < 400
    with open_page(browser, address, viewport=screen, has_touch=phone, is_mobile=phone) as page:
        sheet, picture = (page.locator(f"#{name}").bounding_box() for name in ("sheet", "picture"))
        for box in (sheet, picture):
            assert box["x"] >= 0 and box["x"] + box["width"] <= screen["width"]
            assert box["y"] >= 0 and box["y"] + box["height"] <= screen["height"]
            assert abs(box["width"] - box["height"]) <= 1
        assert abs(sheet["width"] - picture["width"]) <= 1
        assert sheet["width"] >= least
        if phone:
            assert picture["y"] + picture["height"] <= sheet["y"]
        else:
            assert abs(sheet["y"] - picture["y"]) <= 2
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight"), "the page must not scroll"
        small = page.evaluate(
            """least => [...document.querySelectorAll('#studio :is(button, summary, input:not([type=file]))')]
                .filter(each => each.checkVisibility({ visibilityProperty: true }))
                .map(each => [each.id || each.className || each.title, each.closest('label') ?? each])
                .map(([name, each]) => [name, each.getBoundingClientRect()])
                .filter(([, box]) => box.width < least || box.height < least)
                .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""",
            (44 if phone else 24) - 0.5,
        )
        assert small == []
        outside = page.evaluate(
            """others => ['#undo', '#redo', '#clear', '#dice', '#variations', '#share', '#replay', '#help', ...others]
                .filter(name => {
                    const box = document.querySelector(name).getBoundingClientRect();
                    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                    return !top || !document.querySelector(name).contains(top);
                })""",
            ["#settings", ".split summary"] if phone else ["#seed", "#download"],
        )
        assert outside == [], "these cannot be clicked"


@pytest.mark.parametrize("width", [360, 640, 768])
def test_no_width_scrolls_sideways(page, width: int):
    page.set_viewport_size({"width": width, "height": 740})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(
    "screen",
    [
        {"width": 640, "height": 400},  # at 200 %
        {"width": 844, "height": 390},  # a phone on its side
        {"width": 375, "height": 548},  # a small phone
        {"width": 320, "height": 256},  # at 400 %
    ],
    ids=lambda screen: "x".join(map(str, screen.values())),
)
def test_on_a_low_screen_the_page_scrolls_and_nothing_covers_anything(address: str, browser, screen: dict):
    with open_page(browser, address, viewport=screen) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        sheet, picture = (page.locator(name).bounding_box() for name in ("#sheet", "#picture"))
        assert sheet["width"] == picture["width"] >= 200
        wide = screen["width"] > 560
        assert (abs(sheet["y"] - picture["y"]) <= 2) if wide else (sheet["y"] > picture["y"] + picture["height"])
        page.click("#variations")
        page.wait_for_selector(".variations button")
        covered = page.evaluate(
            """() => [...document.querySelectorAll('.studio button, .studio input, .studio summary')].filter(e => {
                e.scrollIntoView({ block: 'center', inline: 'center' });
                const box = e.getBoundingClientRect();
                if (!box.width || e.matches('.other input') || !e.checkVisibility()) return false;
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return !e.contains(top);
            }).map(e => e.id || e.outerHTML)"""
        )
        assert covered == []


def test_a_first_visitor_is_shown_a_drawing_until_they_touch_the_page(address: str, browser):
    with open_page(browser, address, first_visit=True, start=False) as page:
        page.wait_for_selector("#picture[data-blank=false]")
        assert dark_of(page).any()
        page.locator("#sheet").hover()
        page.mouse.down()
        page.mouse.up()
        assert 0 < dark_of(page).sum() <= 16  # only the visitor's own dot
        settled(page)
        page.reload()
        ready(page)
        settled(page)
        assert 0 < dark_of(page).sum() <= 16


def test_a_first_visitor_who_wants_less_motion_sees_the_drawing_at_once(address: str, browser):
    with open_page(browser, address, first_visit=True, start=False, reduced_motion="reduce") as page:
        page.wait_for_selector("#picture[data-final=true][data-blank=false]")
        assert dark_of(page).sum() > 200 and int(page.get_attribute("#sheet", "data-frame")) <= 2


def test_a_first_visitor_may_have_the_drawing_back(address: str, browser):
    with open_page(browser, address, first_visit=True, start=False) as page:
        page.wait_for_selector("#picture[data-blank=false]")
        page.locator("#sheet").click()
        page.click("#undo")
        assert not dark_of(page).any()
        page.click("#undo")
        assert dark_of(page).sum() > 200  # all of it, though it had just begun


def test_a_model_that_is_picked_during_the_demonstration_shows_its_own(address: str, browser, other_edges: Path):
    with open_page(browser, address, first_visit=True, start=False) as page:
        page.wait_for_selector("#picture[data-blank=false]")
        page.click(f"[data-model='{other_edges.name}']")
        opened(page, other_edges.name)
        wait_until(page, "document.querySelector('#picture').dataset.blank === 'false'")
        assert dark_of(page).any()


# --- looks -----------------------------------------------------------------------------------------------------------


def vary(page) -> list[Image.Image]:
    page.click("#variations")
    wait_until(page, "document.querySelectorAll('.variations button img').length === 8")
    urls = page.eval_on_selector_all(".variations button img", "images => images.map(image => image.src)")
    return [decode(url) for url in urls]


def test_seeds_dice_and_variations(page, shoes: Translator):
    drawing = sheet_of(page)
    set_seed(page, 7)
    assert translated(picture_of(page), shoes(drawing, seed=7))
    for picture, sample in zip(vary(page), shoes.sample(drawing, range(7, 15)), strict=True):
        assert translated(picture, sample)
    changed_by(page, page.locator(".variations button").nth(3).click)
    assert seed_of(page) == 10 and translated(picture_of(page), shoes(drawing, seed=10))
    changed_by(page, lambda: page.click("#dice"))
    assert seed_of(page) != 10 and translated(picture_of(page), shoes(drawing, seed=seed_of(page)))


def test_a_variation_under_the_mouse_is_shown_and_leaves_no_trace(page):
    before = picture_of(page)
    samples = vary(page)
    page.locator(".variations button").nth(2).hover()
    assert same(picture_of(page), samples[2]) and seed_of(page) == SHOES_SEED
    page.mouse.move(5, 5)
    assert same(picture_of(page), before)


def test_variations_dim_when_the_drawing_moves_on_and_go_with_the_model(page, other_edges: Path):
    vary(page)
    assert "old" not in page.get_attribute(".variations", "class").split()
    draw(page, [(40, 40), (200, 120)])
    assert "old" in page.get_attribute(".variations", "class").split()
    pick_model(page, other_edges.name)
    assert page.locator(".variations button").count() == 0


def test_how_different_turns_the_noise_up_and_off(page, shoes: Translator):
    page.focus("#rate")
    changed_by(page, lambda: page.press("#rate", "Home"))
    assert translated(picture_of(page), shoes(sheet_of(page), None))
    page.click("#variations")
    page.wait_for_selector(".toast:not([hidden])")
    assert "How different" in page.inner_text(".toast")  # because of the slider, not the model
    assert page.locator(".variations button").count() == 1


def test_where_it_is_unsure_is_a_switch_over_the_picture(page):
    page.click("#unsure")
    page.wait_for_selector("#unsure[aria-checked=true]")
    picture, unsure = (page.locator(f"{name}").bounding_box() for name in ("#picture", ".unsure"))
    assert picture == unsure
    draw(page, [(40, 40), (200, 120)])
    assert page.locator(".unsure").is_hidden() and page.get_attribute("#unsure", "aria-checked") == "false"


# --- models ----------------------------------------------------------------------------------------------------------


def test_the_focus_stays_where_the_keyboard_left_it(page):
    page.focus("#undo")
    while page.get_attribute("#undo", "aria-disabled") == "false":
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "undo"
    for key in ("Escape", "Enter"):
        page.focus(".split summary")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.save") == "512"
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.matches('.split summary')")
        assert page.get_attribute(".split details", "open") is None


def test_screen_readers_hear_of_tools_and_of_finished_pictures(page):
    page.keyboard.press("e")
    assert page.inner_text(".said") == "Eraser"
    set_seed(page, 7)
    settled(page)
    page.locator(".said", has_text="The picture is ready: Shoes, look 7.").wait_for(state="attached")
    page.click("#clear")
    assert page.get_attribute("#picture", "alt") == ""


def test_models_are_radio_buttons_that_arrow_keys_change(page, facade: Path, other_edges: Path):
    assert model_of(page) == "edges2shoes"
    assert page.locator("[data-model='edges2shoes']").inner_text().split("\n") == ["Shoes", "edges2shoes"]
    page.focus("[data-model='edges2shoes']")
    page.keyboard.press("ArrowRight")
    opened(page, facade.name)
    page.keyboard.press("ArrowLeft")
    opened(page, "edges2shoes")
    for control in ("[data-model][tabindex='0']", "[role=radiogroup].cards [aria-checked=true]"):
        assert page.locator(control).count() == 1


def test_a_page_starts_with_the_seed_of_its_model(address: str, browser, other_edges: Path):
    with open_page(browser, f"{address}?model={other_edges.name}") as page:
        assert seed_of(page) == 5
        assert translated(picture_of(page), Translator.from_pretrained(other_edges)(sheet_of(page), seed=5))


def test_a_look_that_nobody_chose_is_the_next_models_own(page, other_edges: Path, facade: Path):
    pick_model(page, other_edges.name)
    assert seed_of(page) == 5
    pick_model(page, "edges2shoes")
    assert seed_of(page) == SHOES_SEED
    set_seed(page, 8)
    pick_model(page, facade.name)
    assert seed_of(page) == 8


def test_remix_shows_one_drawing_by_all_models_that_take_it(page, shoes: Translator, other_edges: Path):
    drawing = sheet_of(page)
    page.click("#remix")
    wait_until(page, "document.querySelectorAll('#remixes .row img').length === 2")
    urls = page.eval_on_selector_all("#remixes .row img", "images => images.map(image => image.src)")
    for url, model, seed in zip(urls, (shoes, Translator.from_pretrained(other_edges)), (SHOES_SEED, 5), strict=True):
        assert translated(decode(url), model(drawing, seed=seed))
    page.locator("#remixes .row button").last.click()
    opened(page, other_edges.name)
    assert same(sheet_of(page), drawing)
    assert same(picture_of(page), decode(urls[1])), "the picture that was clicked"


def test_a_remix_that_is_opened_again_shows_each_model_once(page):
    for _ in range(2):
        page.click("#remix")
        page.keyboard.press("Escape")
    page.click("#remix")
    wait_until(page, "document.querySelectorAll('#remixes .row img').length >= 2")
    page.wait_for_timeout(1000)
    assert page.locator("#remixes .row img").count() == 2
    page.keyboard.press("Escape")


@pytest.mark.server("server that can go away")
def test_models_that_cannot_be_opened_leave_the_one_before(address: str, browser, facade: Path, other_edges: Path):
    page = browser.new_page()  # the browser itself tells the console of failures
    page.goto(by_engine(address, "server"))
    ready(page)
    start_from(page)
    for path in ("**/queue/**", "**/health"):
        page.route(path, lambda route: route.abort())
    for name in (facade.name, other_edges.name):  # the second before the first has failed
        page.locator(f'[data-model="{name}"]').click()
    page.get_by_text("The server cannot be reached.").first.wait_for()
    page.wait_for_selector("[data-model=edges2shoes][aria-checked=true]")
    assert seed_of(page) == SHOES_SEED
    page.unroute_all()
    draw(page, [(30, 200), (220, 210)])
    settled(page)
    assert translated(picture_of(page), Translator.from_pretrained("edges2shoes")(sheet_of(page), seed=SHOES_SEED))
    page.close()


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_the_history_brings_model_drawing_and_seed_back(page, shoes: Translator, facade: Path):
    page.wait_for_selector("#history button")
    shoe = sheet_of(page)
    pick_model(page, facade.name)
    drag(page, "box", (60, 60), (180, 200))
    settled(page)
    house = sheet_of(page)
    wait_until(page, "document.querySelectorAll('#history button').length === 2")
    set_seed(page, 11)
    wait_until(page, "document.querySelectorAll('#history button').length === 3")
    page.reload()
    ready(page)
    settled(page)
    assert page.locator("#history button").count() == 3
    page.locator("#history button").last.click()
    opened(page, "edges2shoes")
    assert (seed_of(page), same(sheet_of(page), shoe)) == (SHOES_SEED, True)
    assert translated(picture_of(page), shoes(shoe, seed=SHOES_SEED))
    page.locator("#history button[title$=' 11']").click()  # the first one, until the shoe has rested
    opened(page, facade.name)
    assert (seed_of(page), same(sheet_of(page), house)) == (11, True)


def test_a_later_stage_of_a_drawing_takes_the_place_of_the_earlier_one(page):
    page.wait_for_selector("#history button")
    page.evaluate("window.before = document.querySelector('#history img').src")
    draw(page, [(40, 40), (200, 60)])
    settled(page)
    wait_until(page, "document.querySelector('#history img').src !== window.before")
    assert page.locator("#history button").count() == 1
    clear(page)
    draw(page, [(40, 40), (200, 60)])
    settled(page)
    wait_until(page, "document.querySelectorAll('#history button').length === 2")


@pytest.mark.parametrize("then", ["#clear", ".examples button >> nth=1"])
def test_a_drawing_that_is_replaced_at_once_is_in_the_history(page, then: str):
    page.wait_for_selector("#history button")
    clear(page)
    draw(page, [(40, 40), (200, 60), (120, 200)])
    settled(page)
    drawn = sheet_of(page)
    page.click(then)
    wait_until(page, "document.querySelectorAll('#history button').length >= 2")
    settled(page)
    changed_by(page, page.locator("#history button").nth(0 if then == "#clear" else -2).click)
    assert same(sheet_of(page), drawn)


def test_going_back_in_the_history_removes_nothing(page):
    page.wait_for_selector("#history button")
    clear(page)
    for i, stroke in enumerate(([(40, 40), (200, 60)], [(40, 140), (200, 160)])):
        page.evaluate("window.newest = document.querySelector('#history img').src")
        draw(page, stroke)
        settled(page)
        wait_until(page, "document.querySelector('#history img').src !== window.newest")
        assert page.locator("#history button").count() == 2, i
    page.click("#undo")
    wait_until(page, "document.querySelectorAll('#history button').length === 3")
    page.evaluate("window.newest = document.querySelector('#history img').src")
    page.locator("#history button").nth(1).click()
    wait_until(page, "document.querySelector('#history img').src !== window.newest")
    assert page.locator("#history button").count() == 3


def test_a_click_on_the_chosen_model_changes_nothing(page):
    page.evaluate(
        """() => {
            const rate = document.querySelector('#rate');
            rate.value = '0.1';
            rate.dispatchEvent(new Event('change'));
        }"""
    )
    settled(page)
    frame = page.get_attribute("#sheet", "data-frame")
    page.click("[data-model][aria-checked=true]")
    page.wait_for_timeout(300)
    assert (page.input_value("#rate"), page.get_attribute("#sheet", "data-frame")) == ("0.1", frame)


def test_a_link_is_copied_where_the_clipboard_is_closed_to_pages(page):
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new DOMException('closed'); }; }")
    page.click("#share")
    page.wait_for_selector(".toast:has-text('The link is copied')")
    assert page.evaluate("document.querySelectorAll('body > textarea').length") == 0


def test_model_seed_and_drawing_survive_a_reload(page, other_edges: Path):
    clear(page)
    draw(page, [(40, 40), (200, 120)])
    pick_model(page, other_edges.name)
    set_seed(page, 21)
    drawn, picture = sheet_of(page), picture_of(page)
    page.reload()
    ready(page)
    settled(page)
    assert (model_of(page), seed_of(page)) == (other_edges.name, 21)
    assert same(sheet_of(page), drawn) and same(picture_of(page), picture)


def test_two_tabs_do_not_overwrite_each_other(page):
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    for tab, row in ((page, 60), (other, 120)):
        clear(tab)
        draw(tab, [(40, row), (200, row)])
        settled(tab)
        tab.wait_for_timeout(1500)
    drawn = [sheet_of(tab) for tab in (page, other)]
    for tab, drawing in zip((page, other), drawn, strict=True):
        tab.reload()
        ready(tab)
        settled(tab)
        assert same(sheet_of(tab), drawing)
        assert tab.locator("#history button").count() >= 2
    other.close()


def test_a_link_opens_the_same_drawing_model_seed_and_picture(address: str, browser, facade: Path):
    with open_page(browser, address, start=False) as page:
        pick_model(page, facade.name)
        drag(page, "box", (60, 60), (180, 200))
        set_seed(page, 12)
        drawn, picture, link = sheet_of(page), page.get_attribute("#picture", "src"), copied_link(page)
    assert link.startswith(f"{address}#") and "?" not in link  # what follows the # is not sent to the server
    with open_page(browser, link, start=False) as other:
        settled(other)
        assert (model_of(other), seed_of(other)) == (facade.name, 12)
        assert same(sheet_of(other), drawn)
        assert other.get_attribute("#picture", "src") == picture


def test_a_link_opens_in_a_tab_that_is_on_the_page(page):
    settled(page)
    drawn, link = sheet_of(page), copied_link(page)
    clear(page)
    set_seed(page, 5)
    draw(page, [(40, 40), (200, 200)])
    page.evaluate("link => { location.hash = new URL(link).hash; }", link)
    wait_until(page, f"document.querySelector('#seed').value === '{SHOES_SEED}'")
    settled(page)
    assert same(sheet_of(page), drawn)
    page.click("#undo")
    assert not same(sheet_of(page), drawn)  # what was on the sheet is not lost


def test_a_reload_after_an_edit_of_a_link_keeps_the_edit(address: str, browser, page):
    link = copied_link(page)
    with open_page(browser, link, start=False) as other:
        settled(other)
        draw(other, [(30, 230), (220, 230)])
        settled(other)
        drawn = sheet_of(other)
        assert "#" not in other.url
        other.reload()
        ready(other)
        assert same(sheet_of(other), drawn)


def test_a_reload_comes_back_to_the_open_tab(page):
    page.click("#rooms button[role=tab]:has-text('Tiles')")
    page.wait_for_selector("text=An example:")
    page.reload()
    page.wait_for_selector("#rooms button[role=tab][aria-selected=true]:has-text('Tiles')")
    page.wait_for_selector("text=An example:")
    page.click("#rooms button[role=tab]:has-text('Draw')")
    page.reload()
    ready(page)
    assert page.locator("#sheet").is_visible()


def test_a_damaged_link_is_reported(address: str, browser):
    with open_page(browser, f"{address}#model=edges2shoes&seed=3&drawing=abc", start=False) as page:
        page.wait_for_selector(".toast:not([hidden])")
        assert "damaged" in page.inner_text(".toast") and seed_of(page) == 3


def test_a_link_of_model_and_seed_alone_opens_both(address: str, browser, facade: Path):
    with open_page(browser, f"{address}?model={facade.name}&seed=12") as page:
        assert (model_of(page), seed_of(page)) == (facade.name, 12)
        assert translated(picture_of(page), Translator.from_pretrained(facade)(sheet_of(page), seed=12))


def downloaded(page, kind: str) -> Image.Image:
    with page.expect_download() as download:
        if kind == "picture":
            page.click("#download")
        else:
            page.click(".split summary")
            page.click(f"[data-save='{kind}']")
    return Image.open(download.value.path()).convert("RGB")


def test_a_picture_of_an_earlier_drawing_is_not_downloaded(page):
    page.mouse.move(*on_screen(page, 100, 100))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 200, 100), steps=4)
    page.evaluate("document.querySelector('#download').click()")
    page.wait_for_selector(".toast:has-text('still being made')")
    page.mouse.up()
    settled(page)
    assert downloaded(page, "picture").size == (512, 512)


def test_downloads_are_pictures(page):
    drawing, picture = sheet_of(page), picture_of(page)

    def near(found: Image.Image, expected: Image.Image) -> bool:
        small = found.resize(expected.size, Image.Resampling.BOX)
        return float(np.abs(np.asarray(small, float) - np.asarray(expected, float)).mean()) < 3

    for kind, side in (("picture", 512), ("1024", 1024)):
        found = downloaded(page, kind)
        assert found.size == (side, side) and near(found, picture)
    assert same(downloaded(page, "drawing"), drawing.resize((512, 512), Image.Resampling.NEAREST))
    card = downloaded(page, "card")
    assert card.size == (1024, 560)
    assert near(card.crop((0, 0, 512, 512)), drawing) and near(card.crop((512, 0, 1024, 512)), picture)
    name = np.asarray(card.crop((0, 512, 1024, 560)).convert("L"))
    assert (name < 160).any() and (name == 255).mean() > 0.9


def test_the_replay_is_a_film(page, tmp_path: Path):
    draw(page, [(40, 40), (200, 60), (40, 80)])
    settled(page)
    page.click("#replay")
    page.wait_for_selector("#film-save:not([hidden])")
    with page.expect_download() as download:
        page.click("#film-save")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\x1a\x45\xdf\xa3") and len(content) > 5000  # EBML: a WebM file


# --- tiles -----------------------------------------------------------------------------------------------------------


@pytest.mark.server("tiles")
def test_several_pictures_come_back_in_a_zip(page, tmp_path: Path):
    if "sat2map" not in list_models():
        pytest.skip("sat2map is not bundled")
    for folder, name in (("a", "one"), ("a", "two"), ("b", "one")):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.effect_noise((260, 256), 60).convert("RGB").save(tmp_path / folder / f"{name}.png")
    files = [tmp_path / "a" / "one.png", tmp_path / "a" / "two.png", tmp_path / "b" / "one.png"]
    open_tiles(page)
    page.get_by_role("button", name="Several at once").click()
    page.locator("input[type=file][multiple]").set_input_files(files)
    wait_until(page, "document.body.innerText.includes('two')")
    page.get_by_role("button", name="Translate all").click()
    page.wait_for_selector("a[download='pix2pix.zip'], a[href$='pix2pix.zip']")
    url = page.locator("a[href$='pix2pix.zip']").first.get_attribute("href")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    archive = zipfile.ZipFile(io.BytesIO(opener.open(url).read()))
    assert archive.namelist() == ["one.png", "two.png", "one-2.png"]
    found = Image.open(io.BytesIO(archive.read("two.png")))
    assert same(found, Translator.from_pretrained("sat2map")(Image.open(files[1]), seed=0))


def upload_tile(page, path: Path) -> None:
    """Drop a tile in, and wait for its line."""
    width, height = Image.open(path).size
    open_tiles(page)
    page.set_input_files("input[data-testid=file-upload]", path)
    page.wait_for_selector(f"text=/{width} × {height} pixels in/")


def shows(page, expected: Image.Image) -> bool:
    """Whether a picture on the page equals this one exactly."""
    urls = page.eval_on_selector_all(
        "img", "images => images.map(image => image.src).filter(s => s.includes('/file='))"
    )
    return any(same(fetched(page, url), expected) for url in dict.fromkeys(urls))


@pytest.mark.server("tiles")
@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_a_tile_is_uploaded_and_its_map_comes_out(page, tmp_path: Path):
    tile = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png").convert("RGB").crop((0, 0, 290, 261))
    tile.save(tmp_path / "tile.png")
    upload_tile(page, tmp_path / "tile.png")
    wait_until(page, "document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


@pytest.mark.server("tiles")
@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_a_large_tile_shows_its_progress(page, tmp_path: Path):
    Image.effect_noise((2304, 2304), 60).convert("RGB").save(tmp_path / "large.png")
    open_tiles(page)
    page.set_input_files("input[data-testid=file-upload]", tmp_path / "large.png")
    page.wait_for_selector("text=/Part \\d+ of \\d{3}/")
    page.wait_for_selector("text=/2304 × 2304 pixels in/")
    wait_until(page, "!/Part \\d+ of/.test(document.body.innerText)")


@pytest.mark.server("models of the Hub")
def test_a_known_model_is_fetched_from_the_hub_when_it_is_picked(browser, tmp_path: Path):
    buffer = io.BytesIO()
    torch.save(make_flat(10), buffer)  # 5 MB
    (tmp_path / "pytorch_model.bin").write_bytes(buffer.getvalue())
    tile = Image.radial_gradient("L").convert("RGB")
    tile.save(tmp_path / "tile.png")
    with small_hub() as hub:
        hub.repos = {"huggan/pix2pix-maps": {"main": {"pytorch_model.bin": buffer.getvalue()}}}
        hub.seconds = 2
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
        with running_app(tmp_path, **settings) as url, open_page(browser, url) as page:
            upload_tile(page, tmp_path / "tile.png")
            assert not any("huggan" in request for request in hub.requests)
            page.get_by_label("Model").last.click()
            page.get_by_role("option", name="Maps, the large model (218 MB to download)").click()
            page.wait_for_selector("text=/Downloading huggan.pix2pix-maps: [1-9][0-9]* of [1-9][0-9]* MB/")
            expected = Translator.from_pretrained(tmp_path / "pytorch_model.bin")(tile, seed=0)
            deadline = time.monotonic() + PATIENCE / 1000
            while not shows(page, expected):
                assert time.monotonic() < deadline
                page.wait_for_timeout(200)


@pytest.mark.server("tiles")
@pytest.mark.skipif("sat2map" not in list_models(), reason="sat2map is not bundled")
def test_an_example_tile_is_translated(page):
    open_tiles(page)
    page.locator("#tile-examples button", has_text="town").first.click()
    page.wait_for_selector("text=/300 × 300 pixels in/")
    tile = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png")
    wait_until(page, "document.querySelectorAll('.slider-wrap img, .image-container img').length >= 2")
    assert shows(page, Translator.from_pretrained("sat2map")(tile, seed=0))


@pytest.mark.server("tiles")
def test_a_file_that_is_not_a_picture_gets_a_message_on_the_page(page, tmp_path: Path):
    (tmp_path / "letter.png").write_text("Dear Sir")
    open_tiles(page)
    page.set_input_files("input[data-testid=file-upload]", tmp_path / "letter.png")
    page.wait_for_selector("text=/is not a picture/")


# --- everybody -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_accessibility_fault(address: str, browser, facade: Path, screen: dict, scheme: str):
    with open_page(browser, address, viewport=screen, color_scheme=scheme) as page:
        assert page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
        vary(page)
        assert serious_faults(page) == []
        pick_model(page, facade.name)
        page.click("#help")
        assert serious_faults(page) == []
        page.keyboard.press("Escape")
        if "sat2map" in list_models() and not serving.on_site:
            open_tiles(page)
            assert serious_faults(page) == []


def serious_faults(page) -> list[str]:
    page.wait_for_timeout(300)  # until all transitions have ended
    page.evaluate((ROOT / "tests" / "vendor" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
        if "upload-container" not in node["html"]  # an element of Gradio's, whose name omits a part of its text
    ]


def test_the_page_is_usable_from_right_to_left_and_without_motion(address: str, browser):
    with open_page(browser, address, reduced_motion="reduce") as page:
        page.evaluate("document.documentElement.dir = 'rtl'")
        page.wait_for_timeout(200)
        sheet, picture = (page.locator(f"#{name}").bounding_box() for name in ("sheet", "picture"))
        assert picture["x"] + picture["width"] <= sheet["x"] and abs(sheet["y"] - picture["y"]) <= 2
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        clear(page)
        draw(page, [(40, 40), (200, 120)])
        assert dark_of(page)[40, 40] and dark_of(page)[120, 200]


def open_tiles(page) -> None:
    page.get_by_role("tab", name="Tiles").click()


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.server("API")
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
