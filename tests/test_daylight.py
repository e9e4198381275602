"""`pix2pix daylight`: dark aerial photos become bright, water blue and parks green."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.__main__ import main
from pix2pix.pairs.daylight import daylight
from pix2pix.pictures.color import rgb_to_lab
from pix2pix.pictures.palettes import PALETTES

SIDE = 48
DARK = {"land": (60, 58, 55), "water": (25, 34, 30), "park": (40, 44, 34)}  # the commonest of the paper's photos


def place(*names: str) -> tuple[Image.Image, Image.Image]:
    """A dark photo and its map, in stripes of these labels."""
    photo, drawn_map = (Image.new("RGB", (SIDE * len(names), SIDE)) for _ in "ab")
    for index, name in enumerate(names):
        box = (index * SIDE, 0, (index + 1) * SIDE, SIDE)
        photo.paste(DARK[name], box)
        drawn_map.paste(PALETTES["maps"][name], box)
    return photo, drawn_map


def middles(picture: Image.Image) -> list[np.ndarray]:
    """The L*a*b* of the middle of each stripe."""
    pixels = np.asarray(picture, np.float32) / 255
    return [rgb_to_lab(pixels[SIDE // 2, x]) for x in range(SIDE // 2, picture.width, SIDE)]


def test_what_the_map_calls_water_is_blue_and_parks_are_green():
    photo, drawn_map = place("land", "water", "park")
    for before, after in zip(middles(photo), middles(daylight(photo, drawn_map)), strict=True):
        assert after[0] > before[0] + 15
    land, water, park = middles(daylight(photo, drawn_map))
    assert abs(land[1:]).max() < 8, "land stays nearly grey"
    assert water[2] < -10 and park[1] < -8 and park[2] > 10


def test_a_tint_fades_over_a_few_pixels():
    photo, drawn_map = place("land", "water")
    photo.paste(DARK["land"], (0, 0, *photo.size))
    blue = rgb_to_lab(np.asarray(daylight(photo, drawn_map), np.float32) / 255)[SIDE // 2, :, 2]
    assert np.ptp(blue[: SIDE - 6]) < 1 and np.ptp(blue[SIDE + 6 :]) < 1
    between = blue[SIDE - 3 : SIDE + 3]
    assert (np.diff(between) < 0).all() and abs(np.diff(blue)).max() < 0.5 * np.ptp(blue)


def test_colours_grow_with_the_light_up_to_a_limit():
    _, drawn_map = place("land")
    for level in (20, 120):
        photo = Image.new("RGB", (SIDE, SIDE), (level + 8, level, level - 8))
        (before,), (after,) = middles(photo), middles(daylight(photo, drawn_map))
        light = after[0] / before[0]
        assert after[1:] == pytest.approx(before[1:] * min(light, 2.5) * 1.15, abs=1.0)


@pytest.mark.parametrize("level", [0, 20, 80, 160, 255])
def test_lightness_follows_its_curve(level: int):
    """Against the formula 100 (L* / 100)^0.6, on grey, where the map says land."""
    grey = Image.new("RGB", (SIDE, SIDE), (level,) * 3)
    _, drawn_map = place("land")
    (before,), (after,) = middles(grey), middles(daylight(grey, drawn_map))
    assert after[0] == pytest.approx(100 * (max(before[0], 0.5) / 100) ** 0.6, abs=0.6)
    assert abs(after[1:]).max() < 1


def test_pairs_become_pairs_with_the_same_maps(tmp_path: Path, capsys: pytest.CaptureFixture):
    photo, drawn_map = place("water", "park")
    for split, count in (("train", 3), ("val", 1)):
        (tmp_path / "maps" / split).mkdir(parents=True)
        for index in range(count):
            pair = Image.new("RGB", (2 * photo.width, photo.height))
            pair.paste(photo, (0, 0))
            pair.paste(drawn_map, (photo.width, 0))
            pair.save(tmp_path / "maps" / split / f"{index}.png")
    assert main(["daylight", str(tmp_path / "maps"), str(tmp_path / "out")]) == 0
    assert "3 pairs in train, 1 pairs in val" in capsys.readouterr().out
    with Image.open(tmp_path / "out" / "val" / "0.jpg") as written:
        halves = [written.crop((x, 0, x + photo.width, SIDE)) for x in (0, photo.width)]
    for half, expected in zip(halves, (daylight(photo, drawn_map), drawn_map), strict=True):
        assert np.abs(np.asarray(half, float) - np.asarray(expected, float)).mean() < 3  # JPEG's loss

    folder = tmp_path / "two"
    for name, picture in (("a", photo), ("b", drawn_map.resize((2 * photo.width, 2 * SIDE)))):
        (folder / name).mkdir(parents=True)
        picture.save(folder / name / "0.png")
    assert main(["daylight", str(folder), str(tmp_path / "of two")]) == 0
    with Image.open(tmp_path / "of two" / "train" / "0.jpg") as again:
        assert np.abs(np.asarray(again, float) - np.asarray(Image.open(tmp_path / "out" / "val" / "0.jpg"))).mean() < 3

    assert main(["daylight", str(tmp_path / "maps"), str(tmp_path / "out")]) == 2
    assert "is there already" in capsys.readouterr().err
