"""The functions behind the page, without a browser: whatever is sent, an answer or a sentence comes back."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from demo.files import translate_file
from demo.live import data_url, fetch, spread_map, translate_frame, variations
from demo.models import Models
from pix2pix import KNOWN_MODELS, CheckpointError, Generator, Pix2PixError, Translator, mean_distance

DRAWING = Image.linear_gradient("L").resize((32, 32)).convert("RGB")


@pytest.fixture(scope="module")
def models(small_checkpoint: Path) -> Models:
    return Models([str(small_checkpoint)])


@pytest.fixture(scope="module")
def name(small_checkpoint: Path) -> str:
    return str(small_checkpoint)


def frame(image: Image.Image = DRAWING, **more: Any) -> str:
    return json.dumps({"id": 3, "sent": 12, "final": True, "image": data_url(image, lossless=True), **more})


def test_a_final_frame_comes_back_exactly(models: Models, name: str):
    answer = json.loads(translate_frame(models, frame(), name, 4))
    assert (answer["id"], answer["sent"], answer["seed"]) == (3, 12, 4) and answer["ms"] > 0
    kind, data = answer["image"].split(",")
    assert kind == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert ImageChops.difference(picture, Translator.from_pretrained(name)(DRAWING, 4)).getbbox() is None


def test_frames_under_the_pen_are_smaller(models: Models, name: str):
    answer = json.loads(translate_frame(models, frame(final=False), name, 4))
    assert answer["image"].startswith("data:image/jpeg")


@given(
    message=st.one_of(
        st.none(),
        st.text(max_size=50),
        st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda s: st.lists(s, max_size=3)).map(
            json.dumps
        ),
        st.builds(lambda text: json.dumps({"image": text}), st.text(max_size=50)),
        st.builds(lambda text: frame(image_extra=text), st.text(max_size=5)),
        st.binary(max_size=60).map(
            lambda b: json.dumps({"image": "data:image/png;base64," + base64.b64encode(b).decode()})
        ),
    ),
    model=st.one_of(st.none(), st.text(max_size=10), st.just("../checkpoints/sat2map")),
    seed=st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5)),
)
@settings(deadline=None)
def test_anything_sent_gets_a_sentence(models: Models, message, model, seed):
    answer = json.loads(translate_frame(models, message, model, seed))
    assert answer["error"].endswith(".") and "image" not in answer


@pytest.mark.parametrize(
    ("message", "model", "seed", "words"),
    [
        ("x" * 1_000_001, None, 0, "more than 1,000,000"),
        (frame(Image.new("RGB", (600, 10))), None, 0, "larger than 512"),
        (frame(), "someone/else", 0, "does not offer"),
        (frame(), None, 1.5, "seed"),
        (frame(), None, -1, "seed"),
        (None, None, 0, "draw something first"),
    ],
)
def test_each_refusal_says_what_is_wrong(models: Models, name: str, message, model, seed, words: str):
    assert words in json.loads(translate_frame(models, message, model or name, seed))["error"]


def test_variations_are_the_samples(models: Models, name: str):
    pictures, line, unsure = variations(models, frame(), name, 2)
    assert [caption for _, caption in pictures] == [f"seed {s}" for s in range(2, 10)]
    expected = Translator.from_pretrained(name).sample(DRAWING, range(2, 10))
    for (picture, _), sample in zip(pictures, expected, strict=True):
        assert ImageChops.difference(picture, sample).getbbox() is None
    assert f"{mean_distance(expected):.1%}" in line
    stack = np.stack([np.asarray(sample, float) for sample in expected])
    heat, shown = stack.std(0).mean(-1), np.asarray(unsure, float).sum(-1)
    assert shown[heat > np.quantile(heat, 0.99)].mean() > shown[heat < np.quantile(heat, 0.5)].mean()


def test_the_spread_map_is_dark_where_samples_agree_and_light_where_they_do_not():
    left, right = (Image.new("RGB", (4, 2), "black") for _ in range(2))
    right.paste("white", (2, 0, 4, 2))
    pixels = np.asarray(spread_map([left, right]))
    assert (pixels[:, :2] == 0).all() and (pixels[:, 2:] == 255).all()


def test_mean_distance_by_hand():
    greys = [Image.new("RGB", (2, 2), (v, v, v)) for v in (0, 51, 102)]
    assert mean_distance(greys) == pytest.approx((0.2 + 0.2 + 0.4) / 3)


def test_a_file_that_is_no_picture_gets_a_sentence(models: Models, name: str, tmp_path: Path):
    (tmp_path / "letter.png").write_text("Dear Sir")
    with pytest.raises(Pix2PixError, match="The uploaded file is not a picture"):
        translate_file(models, tmp_path / "letter.png", name, 0)


def test_picking_what_cannot_be_had_says_why(models: Models):
    assert list(fetch(models, "someone/else"))[-1].startswith("This page does not offer that model")


def test_a_download_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch, small_checkpoint: Path):
    started, finish = Event(), Event()

    def slow_download(name: str, report) -> None:
        report(3_000_000, 6_000_000)
        started.set()
        assert finish.wait(20)
        raise CheckpointError("The Hub went away.")

    known = KNOWN_MODELS[0].name
    monkeypatch.setattr("demo.models.is_cached", lambda name: False)
    monkeypatch.setattr("demo.models.download", slow_download)
    models = Models([str(small_checkpoint), known])
    lines = fetch(models, known)
    assert next(lines) == f"Downloading {known}: 3 of 6 MB"
    assert started.wait(20)
    assert "is being downloaded" in json.loads(translate_frame(models, frame(), known, 0))["error"]
    assert "image" in json.loads(translate_frame(models, frame(), str(small_checkpoint), 0))
    finish.set()
    assert list(lines)[-1] == "The Hub went away."


def test_models_are_only_those_offered(models: Models):
    for wanted in ("../checkpoints/sat2map", "/etc", "owner/name", ""):
        with pytest.raises(CheckpointError, match="does not offer"):
            models[wanted]


def test_the_model_used_longest_ago_makes_room(small_checkpoint: Path, tmp_path: Path):
    import shutil

    names = [str(tmp_path / letter) for letter in "abc"]
    for folder in names:
        shutil.copytree(small_checkpoint, folder)
    models = Models(names, max_loaded=2)
    first, second = models[names[0]], models[names[1]]
    assert models[names[0]] is first
    models[names[2]]
    assert models[names[0]] is first
    assert models[names[1]] is not second


def test_twins_are_shown_once(tmp_path: Path):
    generator = Generator(features=8, max_features=16, depth=5, dropout=0.0)
    generator.save_pretrained(tmp_path, {"input": "edges", "image_size": 32})
    pictures, line, _ = variations(Models([str(tmp_path)]), frame(), str(tmp_path), 0)
    assert len(pictures) == 1 and "hardly listens" in line
