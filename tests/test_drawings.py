"""Drawings of every kind become dark lines on white: light lines, photographed paper, photos."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from drawn import INKS, SIDE, drawing, ink, on_dark, on_paper
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from places import ROOT
from scipy import ndimage
from skimage import data
from skimage.morphology import skeletonize

from demo.examples.strokes import EDGES, PAINT
from pix2pix import Settings, Trainer, TrainingError, Translator, open_image, outline
from pix2pix.errors import ImageError
from pix2pix.pairs.folders import find_source
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.polarity import look_at
from pix2pix.pictures.drawings import DARK, LIGHT, PAPER, PHOTOGRAPHED, SCENE, inverted, kind_of, read_drawing, strokes
from pix2pix.training import command as train

DRAWN = sorted((ROOT / "demo/examples").glob("*2*/*.png"))
PAINTED = [path for path in DRAWN if path.stem in PAINT.get(path.parent.name, {})]
EXAMPLES = [path for path in DRAWN if path.parent.name in EDGES and path not in PAINTED]


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """The distance of the ink of `a` from that of `b`, in pixels, without the farthest hundredth."""
    return float(np.quantile(ndimage.distance_transform_edt(~b)[a], 0.99))


@given(
    st.integers(0, 10_000),
    st.tuples(*[st.integers(0, 60)] * 3),
    st.integers(190, 255),
    st.floats(1, 3),
    st.sampled_from(["PNG", "JPEG"]),
)
@settings(max_examples=25, deadline=None)
def test_light_lines_on_any_dark_ground_become_the_dark_lines(seed, ground, level, width, kind):
    lines = drawing(seed, width=width)
    file = io.BytesIO()
    on_dark(lines, ground, (level,) * 3).save(file, kind)
    seen, found = read_drawing(Image.open(file).convert("RGB"))
    assert found == LIGHT
    assert (ink(seen) == ink(lines)).mean() > 0.97 and np.median(seen) > 250
    assert read_drawing(lines.convert("RGB")) == (lines.convert("RGB"), DARK)


def test_black_and_white_are_inverted_to_the_bit():
    lines = drawing(1).convert("RGB")
    assert ImageChops.difference(inverted(ImageOps.invert(lines)), lines).getbbox() is None
    solid = Image.new("RGB", (90, 90), "black")
    assert kind_of(solid) == DARK and kind_of(Image.new("RGB", (90, 90), "white")) == DARK


@pytest.mark.parametrize("hard_shadow", [False, True])
@pytest.mark.parametrize("colour", list(INKS))
def test_a_photographed_drawing_gives_its_strokes_once_and_in_their_place(colour: str, hard_shadow: bool):
    for seed in range(2):
        lines = drawing(seed, 800)
        photo = on_paper(lines, seed, colour, hard_shadow)
        assert kind_of(photo) == PAPER
        seen = ink(strokes(photo))
        true = ink(lines.resize((SIDE, SIDE), Image.Resampling.BOX).point(lambda v: 0 if v < 200 else 255))
        assert apart(seen, true) < 1.5 and apart(true, seen) < 1.5  # no extra ink, and no missing stroke
        assert seen.sum() < 2 * true.sum()
        # Once: the middle of a stroke is inked, unlike that of two outlines beside it.
        middle = skeletonize(true)
        assert seen[middle].mean() > 0.95 and ink(outline(photo.resize((SIDE, SIDE))))[middle].mean() < 0.5


def test_strokes_come_out_at_the_size_of_the_file_too():
    photo = on_paper(drawing(5, 700), 5, "blue").crop((0, 100, 700, 600))
    seen, found = read_drawing(photo)
    assert found == PAPER and seen.size == (700, 500) and seen.mode == "RGB"


def test_empty_paper_is_blank():
    photo = on_paper(Image.new("L", (500, 500), 255), 1, "blue")
    assert kind_of(photo) == PAPER and not ink(strokes(photo)).any()


def test_handwriting_on_real_paper_is_strokes():
    page = Image.fromarray(data.page()).convert("RGB")
    assert kind_of(page) == PAPER
    seen = strokes(page, 384)
    assert np.median(np.asarray(seen)) == 255 and 0.02 < ink(seen).mean() < 0.2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_pages_own_drawings_are_taken_as_they_are(path: Path):
    image = open_image(path)
    assert read_drawing(image) == (image, DARK)
    assert kind_of(ImageOps.invert(image)) == LIGHT


@pytest.mark.parametrize("path", PAINTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_pages_own_painted_drawings_are_taken_as_they_are(path: Path):
    image = open_image(path)
    assert read_drawing(image, painted=True) == (image, DARK)


def real_photos() -> list[tuple[str, Image.Image]]:
    """Photos from scikit-image, and those of the models' training data, where available."""
    names = ("astronaut", "camera", "cat", "chelsea", "coffee", "coins", "rocket", "brick", "grass", "gravel", "retina")
    found = [(name, Image.fromarray(getattr(data, name)()).convert("RGB")) for name in names]
    for folder in (ROOT / "demo/examples/sat2map", ROOT / "docs"):
        found += [(path.name, open_image(path)) for path in sorted(folder.glob("0[1-4]*.png"))]
    return found


def test_photos_of_things_are_scenes():
    assert {name: kind_of(image) for name, image in real_photos()} == dict.fromkeys(dict(real_photos()), SCENE)


@pytest.mark.parametrize("shade", [60, 90, 150, 200])
def test_a_thing_cut_out_on_white_is_a_scene(shade: int):
    """Product photos: much white, no colour, and shading where a drawing has lines."""
    down, across = np.mgrid[0:300, 0:300] / 300
    thing = (down - 0.5) ** 2 + (across - 0.5) ** 2 < 0.1
    shading = shade * (0.6 + 0.5 * across) + 10 * np.sin(40 * down)
    level = np.where(thing, shading, 255).clip(0, 255).astype(np.uint8)
    photo = Image.fromarray(level).filter(ImageFilter.GaussianBlur(1)).convert("RGB")
    assert kind_of(photo) == SCENE
    assert read_drawing(photo).image.size == photo.size


@given(st.integers(1, 80), st.integers(1, 80), st.binary(min_size=1, max_size=64), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_any_picture_is_read_without_an_error_and_keeps_its_size(width: int, height: int, values: bytes, times: int):
    pixels = np.resize(np.frombuffer(values, np.uint8), (height, width, 3))
    image = Image.fromarray(pixels).resize((width * times, height * times), Image.Resampling.NEAREST)
    for painted in (False, True):
        seen, found = read_drawing(image, painted=painted)
        assert seen.size == image.size and seen.mode == "RGB" and found in (DARK, LIGHT, PAPER, SCENE)
    assert strokes(image).mode == inverted(image).mode == "RGB"


def test_a_wrong_guess_can_be_corrected():
    lines = drawing(2).convert("RGB")
    light = ImageOps.invert(lines)
    assert read_drawing(light, "dark-lines") == (light, DARK)
    assert read_drawing(ImageOps.invert(lines), "light-lines").image == lines
    with pytest.raises(ImageError, match="upside-down"):
        read_drawing(lines, "upside-down")


def test_white_strokes_on_nothing_are_seen(tmp_path: Path):
    lines = drawing(3)
    strokes_alone = Image.new("RGBA", lines.size, "white")
    strokes_alone.putalpha(ImageOps.invert(lines))
    strokes_alone.save(tmp_path / "strokes.png")
    seen, found = read_drawing(open_image(tmp_path / "strokes.png"))
    assert found == LIGHT and (ink(seen) == ink(lines)).mean() > 0.99
    sticker = Image.new("RGBA", (100, 100))  # a white shape with a dark outline: it stays on white
    ImageDraw.Draw(sticker).ellipse((20, 20, 70, 70), fill="white", outline="black")
    sticker.save(tmp_path / "sticker.png")
    assert open_image(tmp_path / "sticker.png").getpixel((0, 0)) == (255, 255, 255)


def test_paint_is_inverted_only_where_it_cannot_be_paint():
    light = ImageOps.invert(drawing(4).convert("RGB"))
    assert read_drawing(light, painted=True).found == LIGHT
    night = on_dark(drawing(4), (10, 10, 40), (250, 200, 40))  # yellow on blue
    assert read_drawing(night, painted=True) == (night, DARK)
    painting = Image.new("RGB", (256, 256), "navy")
    painting.paste("white", (60, 60, 200, 200))
    assert read_drawing(painting, painted=True) == (painting, DARK)


# Data sets


def make_set(folder: Path, light: int, dark: int, transparent: bool = False) -> Path:
    for side in ("input", "target"):
        (folder / side).mkdir(parents=True)
    for i in range(light + dark):
        lines = drawing(i)
        image = ImageOps.invert(lines) if i < light else lines
        if transparent:
            image = Image.new("RGBA", lines.size, "white")
            image.putalpha(ImageOps.invert(lines))
        image.save(folder / "input" / f"{i}.png")
        Image.new("RGB", (SIDE, SIDE), (200, 10 * i, 90)).save(folder / "target" / f"{i}.png")
    return folder


@pytest.mark.parametrize("transparent", [False, True])
def test_a_hand_draws_light_lines_as_it_draws_dark_ones(tmp_path: Path, transparent: bool):
    """No line is erased, and the network sees the same as for black lines."""
    light = find_source(make_set(tmp_path / "light", 4, 0, transparent))
    dark = find_source(make_set(tmp_path / "dark", 0, 4))
    pairs = [Pairs(source, "AtoB", SIDE, jitter=True, hand_drawn=True) for source in (light, dark)]
    for key in [(epoch, 0) for epoch in range(8)]:
        seen, expected = (each[key][0].numpy().mean(0) < 0 for each in pairs)
        assert 0.001 < seen.mean() < 0.1
        assert (seen == expected).mean() > 0.999


def test_a_set_is_judged_by_its_majority(tmp_path: Path):
    most_light = find_source(make_set(tmp_path / "light", 5, 2))
    most_dark = find_source(make_set(tmp_path / "dark", 2, 5))
    assert look_at(most_light, "AtoB", "edges") == look_at(most_light, "AtoB", "paint") == LIGHT
    assert look_at(most_dark, "AtoB", "edges") == DARK
    for kind in ("photo", "labels"):
        assert look_at(most_light, "AtoB", kind) == DARK
    assert look_at(most_light, "BtoA", "edges") == DARK  # the other side has no lines
    assert look_at(most_light, "AtoB", "edges", make="edges") == DARK


def test_a_set_of_photographed_drawings_is_one(tmp_path: Path):
    folder = make_set(tmp_path / "set", 0, 3)
    for path in (folder / "input").iterdir():
        on_paper(open_image(path).convert("L").resize((500, 500)), 0, "pencil").save(path)
    assert look_at(find_source(folder), "AtoB", "edges") == PHOTOGRAPHED


def test_the_trainer_inverts_light_lines_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture):
    data = str(make_set(tmp_path / "set", 6, 0))
    options = ["--data", data, "--input-kind", "edges", "--depth", "8", "--device", "cpu"]
    for more, is_said in (([], True), (["--polarity", "dark-lines"], False), (["--polarity", "light-lines"], True)):
        assert train.main([*options, *more, "--check"]) == 0
        assert ("light lines on dark: they are inverted" in capsys.readouterr().out) == is_said
    small = {"features": 4, "max_features": 8, "discriminator_features": 4, "device": "cpu", "input_kind": "edges"}
    trainer = Trainer(Settings(data, str(tmp_path / "out"), hand_drawn=True, **small))
    for pairs in (trainer.pairs, [*trainer.fixed.val, *trainer.fixed.extra]):
        for x, _ in (pairs[i] for i in range(len(pairs))):
            assert 0.001 < (x < 0).float().mean() < 0.2
    kept = Trainer(Settings(data, str(tmp_path / "out"), polarity="dark-lines", **small))
    assert (kept.pairs[0][0] < 0).float().mean() > 0.8
    with pytest.raises(TrainingError, match="--polarity is about drawings"):
        Settings(data, "out", input_kind="photo", polarity="dark-lines")


def test_a_model_trained_on_photographed_drawings_sees_them_as_they_are(tmp_path: Path):
    data = make_set(tmp_path / "set", 0, 2)
    for path in (data / "input").iterdir():
        on_paper(open_image(path).convert("L"), 0, "pencil").save(path)
    small = {"features": 4, "max_features": 8, "depth": 5, "discriminator_features": 4, "device": "cpu", "epochs": 1}
    Trainer(Settings(str(data), str(tmp_path / "out"), input_kind="edges", **small)).train()
    translator = Translator.from_pretrained(tmp_path / "out")
    assert translator.task["drawings"] == PHOTOGRAPHED
    photo = on_paper(drawing(1), 1, "pencil")
    assert translator.read(photo) == (photo, DARK)


# The translator


def test_a_model_of_drawings_sees_dark_lines_whatever_it_gets(small_checkpoint: Path, caplog: pytest.LogCaptureFixture):
    translator = Translator.from_pretrained(small_checkpoint)
    lines = drawing(6).convert("RGB")
    expected = translator(lines, 3)
    assert caplog.records == []
    assert translator(ImageOps.invert(lines), 3) == expected
    assert "has light lines on dark, so it is inverted" in caplog.text
    assert translator(ImageOps.invert(lines), 3, polarity="dark-lines") != expected
    photo = on_paper(drawing(6, 600), 6, "blue")
    assert translator(photo, 3) == translator(read_drawing(photo, side=32).image, 3, polarity="dark-lines")


@pytest.mark.parametrize(
    "task", [{"input": "photo"}, {"input": "labels"}, {"input": "edges", "drawings": PHOTOGRAPHED}]
)
def test_other_models_see_the_picture_as_it_is(small_checkpoint: Path, task: dict):
    translator = Translator(Translator.from_pretrained(small_checkpoint).engine, {"image_size": 32, **task})
    for picture in (ImageOps.invert(drawing(7).convert("RGB")), on_paper(drawing(7, 300), 7, "blue")):
        assert translator.read(picture) == (picture, DARK)
