"""Pictures of any shape and size enter a network alike in training, in `evaluate` and in `translate`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small import make_generator

from pix2pix import Settings, TrainingError, Translator, open_image
from pix2pix.evaluation.data import pairs_for
from pix2pix.evaluation.metrics import evaluate, measure
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.pairs import Pairs
from pix2pix.pictures.images import to_array, to_image
from pix2pix.pictures.places import as_it_is, scaled_whole
from pix2pix.training.command import main as train
from pix2pix.translate.engines import TorchEngine


def make_large_pairs(folder: Path, sizes: list[tuple[int, int]]) -> Path:
    """Two folders of noise pictures; the target is the inverted input."""
    for split in ("train", "val"):
        for side in ("input", "target"):
            (folder / split / side).mkdir(parents=True)
        for i, (width, height) in enumerate(sizes):
            values = np.random.default_rng(i).integers(0, 256, (height, width, 3), dtype=np.uint8)
            Image.fromarray(values).save(folder / split / "input" / f"{i}.png")
            Image.fromarray(255 - values).save(folder / split / "target" / f"{i}.png")
    return folder


def test_squares_are_cut_out_of_larger_pictures(tmp_path: Path):
    source = DataSet(str(make_large_pairs(tmp_path, [(90, 70), (40, 200)]))).split("train")
    pairs = Pairs(source, size=32, jitter=True, mirror=False, crop=True)
    for index in range(2):
        whole = torch.from_numpy(to_array(source.open(index)[0]))
        found = set()
        for epoch in range(6):
            x, y = pairs[epoch, index]
            assert x.shape == (3, 32, 32) and torch.allclose(x, -y, atol=1e-6)
            views = whole.unfold(1, 32, 1).unfold(2, 32, 1)[0]
            found |= {tuple(place) for place in (views == x[0]).all(-1).all(-1).nonzero().tolist()}
        assert len(found) > 4  # places
    middle, _ = Pairs(source, size=32, crop=True)[0]
    assert torch.equal(middle, torch.from_numpy(to_array(source.open(0)[0]))[:, 19:51, 29:61])
    assert Pairs(source, size=32, crop=True, whole=True)[1][0].shape == (3, 200, 40)


def test_a_picture_smaller_than_the_square_is_mirrored(tmp_path: Path):
    source = DataSet(str(make_large_pairs(tmp_path, [(20, 50)]))).split("train")
    x, _ = Pairs(source, size=32, jitter=True, crop=True)[0]
    assert torch.equal(x[:, :, 20:32], x[:, :, 7:19].flip(-1))


@given(width=st.integers(1, 80), height=st.integers(1, 80), side=st.integers(8, 64), stretched=st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_place_leads_there_and_back(width: int, height: int, side: int, stretched: bool):
    picture = Image.effect_noise((width, height), 90).convert("RGB")
    native = as_it_is(picture.size, least=side, multiple=16)
    assert native.leave(native.enter(picture)) == picture
    assert all(there >= max(here, side) for here, there in zip(picture.size, native.canvas, strict=True))
    whole = scaled_whole(picture.size, side, stretched)
    seen = whole.enter(picture, fill="red")
    assert seen.size == (side, side) and whole.leave(seen).size == picture.size


@pytest.mark.parametrize("kind", ["edges", "labels", "photo"])
def test_evaluate_measures_what_a_user_gets(tmp_path: Path, kind: str):
    """For a picture that is not square: the translation of the file, compared with the target file."""
    data = make_large_pairs(tmp_path, [(64, 32)])
    task = {"input": kind, "image_size": 32, "scale": "whole", "direction": "AtoB"}
    translator = Translator(TorchEngine(make_generator(seed=0)), task)
    pairs = pairs_for(translator, DataSet(str(data)))
    seen: list[Image.Image] = []
    sample = translator.sample
    translator.sample = lambda image, *more, **others: (seen.append(image), sample(image, *more, **others))[1]  # type: ignore[method-assign]
    kept: list[tuple] = []
    metrics = evaluate(translator, pairs, keep=lambda *row: kept.append(row))
    file = Image.open(data / "val" / "input" / "0.png")
    place = translator.geometry.place(file.size)
    assert seen[0] == place.enter(file, fill="white" if kind == "edges" else None)
    _, _, output, target, _ = kept[0]
    inner = place.inner
    with_margins = sample(seen[0], [0], polarity="dark-lines")[0]
    left, top = place.corner
    mine = with_margins.crop((left, top, left + inner[0], top + inner[1])).resize((32, 32), Image.Resampling.BICUBIC)
    assert output == mine
    assert metrics["l1"] > 0 and target.shape == (3, 32, 32)


def test_evaluate_takes_cut_pictures_whole(tmp_path: Path):
    data = make_large_pairs(tmp_path, [(70, 45), (33, 64)])
    task = {"input": "photo", "image_size": 32, "scale": "native", "crop": True}
    translator = Translator(TorchEngine(make_generator(seed=0)), task)
    kept: list[tuple] = []
    metrics = evaluate(translator, pairs_for(translator, DataSet(str(data))), keep=lambda *row: kept.append(row))
    for i, (_, x, output, y, figures) in enumerate(kept):
        file = open_image(data / "val" / "input" / f"{i}.png")
        assert to_image(x.numpy()) == file and output == translator(file, 8 * i)
        assert figures == measure(torch.from_numpy(to_array(output)), y)
    assert metrics["count"] == 2 and set(metrics["baselines"]) == {"input", "mean"}
    assert pairs_for(translator, DataSet(str(data)), squares=True)[0][0].shape == (3, 32, 32)


def test_crop_trains_a_model_of_pixels_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture):
    data = make_large_pairs(tmp_path / "data", [(90, 70), (64, 64)])
    options = ["--data", str(data), "--crop", "--depth", "5", "--features", "4", "--max-features", "8"]
    assert train([*options, "--check"]) == 0
    assert (
        "squares of 32 x 32 pixels are cut out of the pictures, whose pixels stay as they are"
        in capsys.readouterr().out
    )
    out = tmp_path / "out"
    more = ["--discriminator-features", "4", "--epochs", "1", "--patch", "16", "--device", "cpu", "--out", str(out)]
    assert train([*options, *more]) == 0
    task = json.loads((out / "config.json").read_text())["task"]
    assert (task["scale"], task["crop"], task["image_size"]) == ("native", True, 32)
    card = (out / "README.md").read_text()
    assert "in their own size" in card and "--crop" in card
    translator = Translator.from_pretrained(out)
    assert translator.geometry.scale == "native"
    assert translator(Image.open(data / "val" / "input" / "0.png")).size == (90, 70)


@pytest.mark.parametrize("other", [{"jitter": False}, {"hand_drawn": True, "input_kind": "edges"}])
def test_crop_says_what_it_does_not_go_with(other: dict):
    with pytest.raises(TrainingError, match="--crop"):
        Settings("data", "out", crop=True, **other)


def test_whole_pictures_are_described(tmp_path: Path, capsys: pytest.CaptureFixture):
    data = make_large_pairs(tmp_path, [(64, 64), (64, 32)])
    assert train(["--data", str(data), "--depth", "5", "--input-kind", "labels", "--check"]) == 0
    assert "each picture is scaled as a whole to 32 x 32 pixels, in its proportions" in capsys.readouterr().out
