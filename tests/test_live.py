"""The functions behind the page, without a browser: any message gets an answer or an error in one sentence."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from drawn import drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps
from strangers import values

from demo.files import translate_file, translate_picture
from demo.live import fetch, lines_of, spread_map, translate_frame, variations
from demo.models import Models
from demo.rules import LOOKS
from demo.studio import properties
from pix2pix import KNOWN_MODELS, MAX_SEED, CheckpointError, Generator, Pix2PixError, Translator, mean_distance, outline
from pix2pix.pictures.images import data_url

DRAWING = Image.linear_gradient("L").resize((32, 32)).convert("RGB")


@pytest.fixture(scope="module")
def models(small_checkpoint: Path) -> Models:
    return Models([str(small_checkpoint)])


@pytest.fixture(scope="module")
def name(small_checkpoint: Path) -> str:
    return str(small_checkpoint)


def message(offered: str, /, **changed: Any) -> str:
    """The page's message with a drawing, with some values changed."""
    sent = {"id": 3, "model": offered, "seed": 4, "rate": None, "final": True, "image": data_url(DRAWING, True)}
    return json.dumps({**sent, **changed})


def picture(url: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))


def same(a: Image.Image, b: Image.Image) -> bool:
    return ImageChops.difference(a, b).getbbox() is None


def test_a_final_frame_comes_back_exactly(models: Models, name: str):
    answer = json.loads(translate_frame(models, message(name)))
    assert (answer["id"], answer["model"], answer["seed"]) == (3, name, 4) and answer["ms"] > 0
    assert answer["image"].startswith("data:image/png;base64,")
    assert same(picture(answer["image"]), Translator.from_pretrained(name)(DRAWING, 4))


def test_the_rate_of_dropout_is_the_one_that_was_sent(models: Models, name: str):
    answer = json.loads(translate_frame(models, message(name, rate=0.2)))
    assert same(picture(answer["image"]), Translator.from_pretrained(name)(DRAWING, 4, 0.2))


def test_frames_under_the_pen_are_smaller(models: Models, name: str):
    answer = json.loads(translate_frame(models, message(name, final=False)))
    assert answer["image"].startswith("data:image/jpeg")


names = st.sampled_from(["id", "model", "seed", "rate", "final", "image", "threshold", "count"])
broken_png = st.binary(max_size=60).map(lambda data: "data:image/png;base64," + base64.b64encode(data).decode())


@given(sent=st.none() | st.text(max_size=50) | values.map(json.dumps) | st.dictionaries(names, values).map(json.dumps))
@settings(deadline=None)
def test_anything_sent_gets_a_sentence(models: Models, sent: Any):
    for answer in (translate_frame(models, sent), variations(models, sent), lines_of(sent), *fetch(models, sent)):
        found = json.loads(answer)
        assert found["error"].endswith(".") and "\n" not in found["error"] and "image" not in found


@given(changed=st.dictionaries(names, values | broken_png, min_size=1))
@settings(deadline=None)
def test_a_message_with_strange_values_gets_an_answer_with_its_number(models: Models, name: str, changed: dict):
    sent = message(name, **{"threshold": 0.25, **changed})
    for answer in (translate_frame(models, sent), variations(models, sent), lines_of(sent)):
        found = json.loads(answer)
        assert ("error" in found) != ("image" in found or "pictures" in found)
        if "error" in found:
            assert found["error"].endswith(".") and "\n" not in found["error"]
        if type(changed.get("id", 3)) is int and isinstance(changed.get("image", ""), str):
            assert found["id"] == changed.get("id", 3)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"image": "x" * 1_000_001}, "more than 1,000,000"),
        ({"image": data_url(Image.new("RGB", (600, 10)), True)}, "larger than 512"),
        ({"image": data_url(DRAWING, False)}, "did not arrive as a PNG"),
        ({"image": None}, "draw something first"),
        ({"model": "someone/else"}, "does not offer"),
        ({"seed": 1.5}, "seed"),
        ({"seed": -1}, "seed"),
        ({"rate": 0.95}, "from 0 to 0.9"),
        ({"rate": "high"}, "from 0 to 0.9"),
    ],
)
def test_each_refusal_says_what_is_wrong(models: Models, name: str, changed: dict, words: str):
    assert words in json.loads(translate_frame(models, message(name, **changed)))["error"]


def test_variations_are_the_samples(models: Models, name: str):
    answer = json.loads(variations(models, message(name, seed=2)))
    assert answer["id"] == 3 and answer["alike"] is False
    assert [each["seed"] for each in answer["pictures"]] == list(range(2, 2 + LOOKS))
    expected = Translator.from_pretrained(name).sample(DRAWING, range(2, 2 + LOOKS))
    for each, sample in zip(answer["pictures"], expected, strict=True):
        assert same(picture(each["image"]), sample)
    stack = np.stack([np.asarray(sample, float) for sample in expected])
    heat, shown = stack.std(0).mean(-1), np.asarray(picture(answer["unsure"]), float).sum(-1)
    assert shown[heat > np.quantile(heat, 0.99)].mean() > shown[heat < np.quantile(heat, 0.5)].mean()


def test_the_requested_number_of_variations_is_returned(models: Models, name: str):
    answer = json.loads(variations(models, message(name, seed=MAX_SEED, count=1)))
    assert [each["seed"] for each in answer["pictures"]] == [MAX_SEED] and answer["alike"] is False
    assert same(picture(answer["pictures"][0]["image"]), Translator.from_pretrained(name)(DRAWING, MAX_SEED))
    answer = json.loads(variations(models, message(name, seed=MAX_SEED, count=3)))
    assert [each["seed"] for each in answer["pictures"]] == [MAX_SEED - 2, MAX_SEED - 1, MAX_SEED]
    for count in (0, LOOKS + 1, 1.5, True, "8", None):
        assert "from 1 to 8" in json.loads(variations(models, message(name, count=count)))["error"]


def test_a_photo_becomes_its_outlines():
    photo = Image.new("RGB", (64, 64), (120, 160, 90))
    photo.paste((200, 40, 40), (16, 16, 48, 48))
    answer = json.loads(lines_of(json.dumps({"id": 7, "image": data_url(photo, True), "threshold": 0.25})))
    assert answer["id"] == 7 and same(picture(answer["image"]), outline(photo, 0.25))
    for threshold in (None, -0.1, 1.1, "much"):
        sent = json.dumps({"id": 7, "image": data_url(photo, True), "threshold": threshold})
        assert "threshold" in json.loads(lines_of(sent))["error"]


def test_the_spread_map_is_dark_where_samples_agree_and_light_where_they_do_not():
    left, right = (Image.new("RGB", (4, 2), "black") for _ in range(2))
    right.paste("white", (2, 0, 4, 2))
    pixels = np.asarray(spread_map([left, right]))
    assert (pixels[:, :2] == 0).all() and (pixels[:, 2:] == 255).all()


def test_mean_distance_by_hand():
    greys = [Image.new("RGB", (2, 2), (v, v, v)) for v in (0, 51, 102)]
    assert mean_distance(greys) == pytest.approx((0.2 + 0.2 + 0.4) / 3)


def test_a_file_that_is_not_a_picture_gets_a_sentence(models: Models, name: str, tmp_path: Path):
    (tmp_path / "letter.png").write_text("Dear Sir")
    with pytest.raises(Pix2PixError, match="The uploaded file is not a picture"):
        translate_file(models, tmp_path / "letter.png", name, 0)


def test_an_uploaded_drawing_of_any_kind_is_read(models: Models, name: str, tmp_path: Path):
    lines = drawing(1).convert("RGB")
    expected = Translator.from_pretrained(name)(lines, 4)
    ImageOps.invert(lines).save(tmp_path / "canny.png")
    alone = Image.new("RGBA", lines.size, "white")
    alone.putalpha(ImageOps.invert(lines).convert("L"))
    alone.save(tmp_path / "alone.png")
    for file in ("canny.png", "alone.png"):
        assert same(translate_picture(models, tmp_path / file, name, 4), expected)


def test_the_sheet_is_never_inverted(models: Models, name: str):
    """Who has filled the sheet with black may erase lines from it."""
    light = ImageOps.invert(drawing(1).convert("RGB"))
    answer = json.loads(translate_frame(models, message(name, image=data_url(light, True))))
    assert same(picture(answer["image"]), Translator.from_pretrained(name)(light, 4, polarity="dark-lines"))


def picked(model: str) -> str:
    return json.dumps({"id": 5, "model": model})


def test_picking_a_model_gives_its_rate_or_the_reason_for_a_refusal(models: Models, name: str):
    (answer,) = map(json.loads, fetch(models, picked(name)))
    assert answer == {"id": 5, "rate": 0.5}
    *_, answer = map(json.loads, fetch(models, picked("someone/else")))
    assert answer["id"] == 5 and answer["error"].startswith("This page does not offer that model")


def test_a_fault_while_a_model_is_loaded_is_answered(models: Models, name: str, monkeypatch, capsys):
    def download(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(models, "download", download)
    *_, answer = map(json.loads, fetch(models, picked(name)))
    assert answer == {"id": 5, "error": "Something went wrong on the server: try again."}
    assert "a fault" in capsys.readouterr().err


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
    answers = map(json.loads, fetch(models, picked(known)))
    assert next(answers) == {"id": 5, "more": True, "line": f"Downloading {known}: 3 of 6 MB"}
    assert started.wait(20)
    assert "is being downloaded" in json.loads(translate_frame(models, message(known)))["error"]
    assert "image" in json.loads(translate_frame(models, message(str(small_checkpoint))))
    finish.set()
    assert list(answers)[-1] == {"id": 5, "error": "The Hub went away."}


def test_a_model_that_takes_long_to_load_keeps_nobody_from_the_others(
    small_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import shutil

    slow = str(tmp_path / "slow")
    shutil.copytree(small_checkpoint, slow)
    models = Models([str(small_checkpoint), slow])
    started, finish, load = Event(), Event(), Translator.from_pretrained

    def from_pretrained(source: Any, **options: Any) -> Translator:
        if source == slow:
            started.set()
            assert finish.wait(60)
        return load(source, **options)

    monkeypatch.setattr(Translator, "from_pretrained", from_pretrained)
    waiting = Thread(target=lambda: models[slow])
    waiting.start()
    assert started.wait(20)
    assert "image" in json.loads(translate_frame(models, message(str(small_checkpoint))))
    models.add("taught", tmp_path)
    finish.set()
    waiting.join()
    assert set(models._loaded) == {small_checkpoint.name, "slow"}


def test_models_are_only_those_offered(models: Models):
    for wanted in ("../checkpoints/sat2map", "/etc", "owner/name", ""):
        with pytest.raises(CheckpointError, match="does not offer"):
            models[wanted]


def test_visitors_see_no_path_of_the_servers(small_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import shutil

    paths = [str(tmp_path / parent / "mine") for parent in "ab"] + [str(tmp_path / "sat2map")]
    for path in paths:
        shutil.copytree(small_checkpoint, path)
    models = Models([paths[0], "sat2map", *paths[1:]])
    assert list(models.sources.items()) == [
        ("mine", paths[0]), ("sat2map", "sat2map"), ("mine-2", paths[1]), ("sat2map-2", paths[2])
    ]  # fmt: skip
    assert str(tmp_path) not in json.dumps(properties(models)) + json.dumps(models.choices(drawn=False))
    with pytest.raises(CheckpointError, match="choose one of mine, sat2map, mine-2, sat2map-2"):
        models["none"]
    assert models[paths[1]] is models["mine-2"] and models["mine"] is not models["mine-2"]
    monkeypatch.chdir(paths[0])
    assert list(Models(["."]).tasks) == ["mine"]


def test_the_least_recently_used_model_makes_room(small_checkpoint: Path, tmp_path: Path):
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
    answer = json.loads(variations(Models([str(tmp_path)]), message(str(tmp_path))))
    assert len(answer["pictures"]) == 1 and answer["alike"] is True
