"""Knowledge shared by JavaScript and Python: numbers from one file, and rules that are written in both and must
agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from places import ROOT

from demo import texts
from demo.live import MAX_FRAME, MAX_FRAME_SIDE, spread_map
from demo.materials import MATERIALS
from demo.rules import ALIKE_BELOW, DRAWN, HANDLED, RULES, SIDE, THRESHOLD
from demo.site import runs_in_browsers
from pix2pix import MAX_SEED, PALETTES, list_models, mean_distance, read_task
from pix2pix.networks.config import CHOICES, GeneratorConfig
from pix2pix.pictures import edge_filter
from pix2pix.pictures.drawings import KINDS, is_drawing
from pix2pix.pictures.images import is_white_on_nothing
from pix2pix.pictures.palettes import snap

NODE = shutil.which("node")
WEB = ROOT / "demo" / "web"
needs_node = pytest.mark.skipif(NODE is None, reason="needs node: `apt-get install nodejs`")


def in_node(code: str, given: Any = None) -> Any:
    """The value of a JavaScript expression.

    Args:
        code: may use `web(path)`, which imports a file of demo/web, and `given`.
    """
    script = (
        f"const web = (path) => import('{WEB.as_uri()}/' + path);"
        "let text = ''; for await (const part of process.stdin) text += part;"
        f"const given = JSON.parse(text); console.log(JSON.stringify(await ({code})));"
    )
    command = [str(NODE), "--input-type=module", "--eval", script]
    result = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@needs_node
def test_python_reads_the_numbers_that_the_scripts_import():
    assert in_node("web('rules.js').then((rules) => ({ ...rules }))") == RULES


def test_the_page_asks_for_numbers_that_are_there():
    for name in ("studio.html", "teach/teach.html"):
        asked = set(re.findall(r"{{rule:(\w+)}}", (WEB / name).read_text(encoding="utf-8")))
        assert asked and asked <= set(RULES)


def test_the_numbers_are_those_of_the_core():
    assert edge_filter.THRESHOLD == THRESHOLD
    assert RULES["LARGEST_SEED"] <= min(MAX_SEED, 2**53 - 1)
    drawn = [task for task in map(read_task, list_models()) if task["input"] in DRAWN]
    assert drawn and {task["image_size"] for task in drawn} == {SIDE}


def test_the_words_and_colours_of_models_are_those_of_bundled_ones():
    assert set(texts.INVITATIONS) | set(MATERIALS) <= set(list_models())
    assert all(read_task(name)["input"] == "paint" for name in MATERIALS)
    colours = [colour for sets in MATERIALS.values() for each in sets for colour in each]
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert "#ffffff" not in colours  # bare paper, which an area must not stay


def test_the_page_sends_no_larger_pictures_than_the_server_takes():
    sent = int(re.findall(r"^const SENT = (\d+);", (WEB / "photos.js").read_text(encoding="utf-8"), re.M)[0])
    assert SIDE <= sent <= MAX_FRAME_SIDE
    assert 3 * sent**2 * 4 / 3 < 0.9 * MAX_FRAME  # noise, which no PNG makes smaller, in base64


@needs_node
@pytest.mark.parametrize("palette", [*PALETTES, "close"])
def test_both_snap_colours_alike(palette: str):
    """Random colours, and for "close" those at equal distances from two labels."""
    named = PALETTES.get(palette, {"a": "#101010", "b": "#101012", "c": "#121010", "d": "#0e1010"})
    pixels = np.random.default_rng(0).integers(0, 256 if palette != "close" else 34, (3000, 4), np.uint8)
    pixels[:, 3] = 255
    code = "web('engine/pixels.js').then((m) => [...m.snapped(Uint8ClampedArray.from(given.pixels), given.colours)])"
    found = in_node(code, {"pixels": pixels.ravel().tolist(), "colours": list(named.values())})
    expected = pixels.copy()
    expected[:, :3] = snap(pixels[:, :3], named)
    assert found == expected.ravel().tolist()


@needs_node
def test_both_know_the_same_settings_of_a_generator():
    found = in_node("web('engine/checkpoint.js').then(({ complete }) => complete({}))")
    assert found == json.loads(json.dumps(asdict(GeneratorConfig())))
    for name, values in HANDLED.items():
        assert set(values) <= set(CHOICES.get(name, values)), name


@needs_node
def test_both_know_which_networks_run_in_a_browser(tmp_path: Path):
    made = [
        ({}, {}, True),
        ({"features": 8, "max_features": 24, "norm": "instance", "activation": "relu6"}, {"image_size": 256}, True),
        ({"depth": 7}, {"image_size": 256}, True),
        ({"depth": 7}, {}, False),
        ({"depth": 9}, {"image_size": 256}, False),
        ({}, {"image_size": 512}, False),
        ({"features": 4}, {}, False),
        ({"max_features": 12}, {}, False),
        ({"in_channels": 1}, {}, False),
        ({"skips": False}, {}, False),
        ({"encoder_dropped_levels": [1]}, {}, False),
        ({"attention": True}, {}, False),
        ({"head": next(head for head in CHOICES["head"] if head not in HANDLED["head"])}, {}, False),
    ]
    configs = [{"generator": generator, "task": {"input": "edges", **task}} for generator, task, _ in made]
    expected = [fits for *_, fits in made]
    assert in_node("web('engine/checkpoint.js').then(({ fits }) => given.map(fits))", configs) == expected
    for number, (config, fits) in enumerate(zip(configs, expected, strict=True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        assert runs_in_browsers(folder) == fits, config


def test_the_page_offers_the_kinds_of_pictures_that_the_server_knows():
    html = (WEB / "studio.html").read_text(encoding="utf-8")
    choice = html[html.index("data-taken") : html.index("</select>")]
    assert sorted(re.findall(r'<option value="(.+?)"', choice)) == sorted(KINDS)


def spotted(rng: np.random.Generator, side: int = 40) -> np.ndarray:
    """RGBA white with a few flat boxes, some of them near the thresholds of a rule."""
    pixels = np.full((side, side, 4), 255, np.uint8)
    for _ in range(rng.integers(0, 9)):
        top, left = rng.integers(0, side - 1, 2)
        height, width = rng.integers(1, rng.choice([3, 8, 30]), 2)
        level = int(rng.choice([0, 60, 61, 100, 207, 208, 229, 230, 231]))
        colour = [level, min(255, level + int(rng.choice([0, 0, 0, 39, 41]))), level, rng.choice([0, 255, 255, 120])]
        pixels[top : top + height, left : left + width] = colour
    return pixels


@needs_node
def test_both_know_a_drawing_and_white_strokes_on_nothing():
    rng = np.random.default_rng(0)
    pictures = [spotted(rng) for _ in range(150)]
    for picture in pictures[100:]:  # mostly nothing
        picture[..., 3][picture[..., 0] == 255] = 0
        picture[:3, :9] = 255
    code = """web('sheet.js').then(({ drawn, whiteOnNothing }) => given.map(({ data, width }) => {
        const image = { data: Uint8ClampedArray.from(data), width };
        return [drawn(image, 'edges'), whiteOnNothing(image)];
    }))"""
    found = in_node(code, [{"data": p.ravel().tolist(), "width": p.shape[1]} for p in pictures])
    expected = [[is_drawing(p[..., :3].astype(float)), is_white_on_nothing(Image.fromarray(p))] for p in pictures]
    assert found == expected
    assert all(15 < sum(column) < 120 for column in zip(*expected, strict=True))


def photo(rng: np.random.Generator, side: int) -> Image.Image:
    """Soft blobs of colour with some noise, RGBA."""
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    soft = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC), float)
    noisy = np.clip(soft + rng.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).convert("RGBA")


@needs_node
@pytest.mark.parametrize("side", [64, 100, 272])
def test_both_find_the_same_outlines(side: int):
    rng = np.random.default_rng(side)
    picture, thresholds = photo(rng, side), [0.05, THRESHOLD, 0.8]
    code = """web('outlines.js').then(({ outlined }) => given.thresholds.map(
        (threshold) => [...outlined(Uint8ClampedArray.from(given.photo), given.side, threshold)]))"""
    given = {"photo": np.asarray(picture).ravel().tolist(), "thresholds": thresholds, "side": side}
    expected = [edge_filter.outline(picture.convert("RGB"), threshold).convert("RGBA") for threshold in thresholds]
    for found, lines in zip(in_node(code, given), expected, strict=True):
        assert np.array_equal(np.reshape(found, (side, side, 4)), lines)
        assert 0 < np.mean(np.asarray(lines.convert("L")) == 0) < 0.5


@needs_node
def test_both_see_alike_how_much_looks_differ_and_where():
    rng = np.random.default_rng(0)
    first = np.asarray(photo(rng, 32).convert("RGB"), float)
    sets = [[first + rng.normal(0, spread, first.shape) for _ in range(4)] for spread in (0.5, 2, 3, 30, 120)]
    looks = [[Image.fromarray(p.clip(0, 255).astype(np.uint8)).convert("RGBA") for p in one] for one in sets]
    code = """web('spread.js').then(({ alike, spreadMap }) => given.map((looks) => {
        const pictures = looks.map((look) => Uint8ClampedArray.from(look));
        return [alike(pictures), [...spreadMap(pictures)]];
    }))"""
    found = in_node(code, [[np.asarray(look).ravel().tolist() for look in one] for one in looks])
    plain = [[look.convert("RGB") for look in one] for one in looks]
    assert [same for same, _ in found] == [mean_distance(one) < ALIKE_BELOW for one in plain]
    assert len({same for same, _ in found}) == 2
    for (_, where), one in zip(found, plain, strict=True):
        difference = np.reshape(where, (32, 32, 4))[..., :3] - np.asarray(spread_map(one), int)
        assert np.abs(difference).max() <= 1  # the browser computes in float64
