"""L*a*b*, palettes, and colourisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from skimage import color

from pix2pix import CheckpointError, DataError, Generator, Translator
from pix2pix.evaluation.metrics import LabelScores, LabHistograms
from pix2pix.pictures.color import coloured, grey, lab_to_rgb, lightness_and_colour, rgb_to_lab
from pix2pix.pictures.images import to_array, to_image
from pix2pix.pictures.palettes import PALETTES, colours, nearest_label, read_palette, snap
from pix2pix.translate import translator as translator_module
from pix2pix.translate.translator import recoloured


def test_lab_agrees_with_an_independent_library():
    rgb = np.random.default_rng(0).random((50, 40, 3)).astype(np.float32)
    np.testing.assert_allclose(rgb_to_lab(rgb), color.rgb2lab(rgb), atol=0.02)
    lab = rgb_to_lab(rgb)
    np.testing.assert_allclose(lab_to_rgb(lab), rgb, atol=2e-4)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_lightness_and_colour_give_the_picture_back(pixels: np.ndarray):
    picture = to_array(Image.fromarray(pixels))
    lightness, colour = lightness_and_colour(picture)
    assert lightness.shape[0] == 1 and colour.shape[0] == 2
    assert abs(lightness).max() <= 1.001 and abs(colour).max() <= 1.001
    np.testing.assert_allclose(coloured(lightness, colour), picture, atol=2e-3)


def test_a_colouriser_keeps_the_lightness_of_a_picture_in_full_size(tmp_path: Path):
    torch.manual_seed(0)
    generator = Generator(1, 2, features=8, max_features=16, depth=5)
    generator.save_pretrained(tmp_path, {"make": "lightness", "image_size": 32})
    rng = np.random.default_rng(1)
    photo = Image.fromarray(rng.integers(80, 170, (90, 70, 3), dtype=np.uint8))
    for engine in ("onnx", "torch"):
        result = Translator.from_pretrained(tmp_path, engine=engine)(photo)
        assert result.size == photo.size
        mine, wanted = (rgb_to_lab(np.asarray(image) / 255)[..., 0] for image in (result, photo))
        assert np.median(abs(mine - wanted)) < 0.5  # except where the colour is outside sRGB
    assert grey(photo).getpixel((0, 0))[0] == pytest.approx(grey(photo).getpixel((0, 0))[2], abs=1)
    generator.save_pretrained(tmp_path / "other", {"image_size": 32})
    with pytest.raises(CheckpointError, match="1 channels in and 2 out"):
        Translator.from_pretrained(tmp_path / "other")


@pytest.mark.parametrize("name", PALETTES)
def test_snapping_undoes_what_jpeg_did(name: str):
    table = colours(PALETTES[name])
    labels = np.random.default_rng(0).integers(0, len(table), (6, 6)).repeat(16, 0).repeat(16, 1)
    noise = np.random.default_rng(1).integers(-3, 4, (*labels.shape, 3))
    smeared = np.clip(table[labels].astype(int) + noise, 0, 255)
    assert (nearest_label(smeared, PALETTES[name]) == labels).all()
    assert (snap(smeared, PALETTES[name]) == table[labels]).all()


def test_recolouring_by_rows_equals_recolouring_at_once(monkeypatch):
    monkeypatch.setattr(translator_module, "PIXELS_AT_ONCE", 70)
    chance = np.random.default_rng(0)
    picture = Image.fromarray(chance.integers(0, 256, (11, 23, 3), dtype=np.uint8))
    colour = chance.uniform(-0.5, 0.5, (2, 11, 23)).astype(np.float32)
    lightness, _ = lightness_and_colour(to_array(picture))
    assert recoloured(picture, [Image.fromarray(c) for c in colour]) == to_image(coloured(lightness, colour))


def test_palettes_are_read_and_refused_by_name(tmp_path: Path):
    file = tmp_path / "mine.json"
    file.write_text('{"sky": "#88bbff", "grass": "#336622"}')
    assert read_palette(str(file)) == {"sky": "#88bbff", "grass": "#336622"}
    assert len(read_palette("facades")) == 12
    with pytest.raises(DataError, match="nowhere: name one of facades, maps"):
        read_palette("nowhere")
    for bad in ("[]", "{}", '{"sky": "blue"}', '{"a": "#000000", "b": "#000000"}', '{"a": 3}'):
        file.write_text(bad)
        with pytest.raises(DataError, match="holds no palette"):
            read_palette(str(file))


def test_an_uploaded_label_map_is_snapped_before_it_is_translated(tmp_path: Path):
    torch.manual_seed(0)
    generator = Generator(features=8, max_features=16, depth=5)
    generator.save_pretrained(tmp_path, {"input": "labels", "image_size": 32, "palette": PALETTES["maps"]})
    translator = Translator.from_pretrained(tmp_path)
    labels = np.random.default_rng(0).integers(0, 7, (32, 32))
    exact = colours(PALETTES["maps"])[labels]
    smeared = np.clip(exact.astype(int) + np.random.default_rng(1).integers(-2, 3, exact.shape), 0, 255)
    results = [translator(Image.fromarray(image.astype(np.uint8))) for image in (exact, smeared)]
    assert results[0] == results[1]


def test_histogram_intersection_by_hand():
    def of(*values: float) -> LabHistograms:
        histograms = LabHistograms()
        for value in values:
            histograms.add(torch.full((3, 4, 4), value))
        return histograms

    assert of(-1, 1).intersection(of(-1, 1)) == {"L": 1.0, "a": 1.0, "b": 1.0}
    assert of(-1, 1).intersection(of(-1, -1))["L"] == 0.5
    assert of(-1).intersection(of(1))["L"] == 0.0
    assert of(-1, 1, 1, 1).mean_lightness() == pytest.approx(75, abs=0.5)
    assert of(0).mean_lightness() == pytest.approx(53.39, abs=0.5)  # the L* of sRGB's (0.5, 0.5, 0.5)


def test_label_scores_by_hand():
    palette = {"sky": "#0000ff", "grass": "#00ff00", "rock": "#808080"}
    truth = np.array([[0, 0, 0, 1]])
    output = np.array([[0, 0, 1, 1]])
    scores = LabelScores(palette)
    scores.add(*(torch.from_numpy(to_array(Image.fromarray(colours(palette)[p]))) for p in (output, truth)))
    found = scores.scores()
    assert found["pixel_accuracy"] == 0.75
    assert found["class_accuracy"] == pytest.approx((2 / 3 + 1) / 2)  # no rock in the target, so it does not count
    assert found["ious"] == pytest.approx({"sky": 2 / 3, "grass": 1 / 2})
    assert found["iou"] == pytest.approx(7 / 12)


def test_a_palette_that_windows_wrote_is_read(tmp_path: Path):
    (tmp_path / "palette.json").write_bytes(b'\xef\xbb\xbf{"sky":"#88bbff"}')  # with a byte order mark
    assert read_palette(str(tmp_path / "palette.json")) == {"sky": "#88bbff"}
