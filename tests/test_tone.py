"""A model's tone: fitted on training pairs and folded into its last layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small import make_generator

from pix2pix import Generator, Translator
from pix2pix.__main__ import main
from pix2pix.errors import CheckpointError
from pix2pix.evaluation.metrics import LabHistograms
from pix2pix.evaluation.tone import Tone, fit_tone, histograms, lab
from pix2pix.pairs.folders import find_source
from pix2pix.pairs.pairs import Pairs
from pix2pix.pictures.color import rgb_to_lab
from pix2pix.pictures.images import to_array, to_image
from pix2pix.weights.pretrained import load_generator

MATRIX = torch.tensor([[1.5, 0.2, -0.1], [0.0, 1.3, 0.1], [-0.2, 0.1, 1.6]])
SHIFT = torch.tensor([0.1, -0.2, 0.3])


def test_lab_equals_that_of_the_metrics_and_has_a_gradient_everywhere():
    rgb = torch.rand(200, 3, generator=torch.Generator().manual_seed(0))
    rgb[:2] = torch.tensor([[0.0, 0, 0], [1, 1, 1]])
    np.testing.assert_allclose(lab(rgb), rgb_to_lab(rgb.numpy()), atol=1e-3)
    rgb.requires_grad_()
    lab(rgb).square().sum().backward()
    assert rgb.grad is not None and rgb.grad.isfinite().all()


def test_histograms_equal_those_of_the_metrics_up_to_neighbouring_bins():
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    counted = LabHistograms()
    counted.add(picture * 2 - 1)
    for mine, theirs in zip(histograms(picture.permute(1, 2, 0)), counted.counts.values(), strict=True):
        assert mine.sum().item() == pytest.approx(1, abs=1e-4)
        away = np.abs(np.cumsum(mine.numpy()) - np.cumsum(theirs / theirs.sum()))
        assert away.max() < 0.05


@pytest.mark.parametrize("head", ["transposed", "resize"])
def test_a_folded_tone_changes_the_colours_before_the_last_tanh_and_nothing_else(head: str):
    torch.manual_seed(0)
    generator = Generator(features=4, max_features=8, depth=5, head=head).eval()
    x = torch.rand(2, 3, 64, 32) * 2 - 1
    with torch.no_grad():
        before = torch.atanh(generator(x))
        expected = torch.tanh(torch.einsum("ij,njhw->nihw", MATRIX, before) + SHIFT[:, None, None])
        Tone(MATRIX, SHIFT).fold_into(generator)
        torch.testing.assert_close(generator(x), expected, atol=1e-4, rtol=0)


def make_faded(tmp_path: Path, dropout: float) -> tuple[Path, Path]:
    """A model, and training pairs whose targets are its outputs in another tone."""
    generator = make_generator(seed=1, dropout=dropout)
    task = {"direction": "AtoB", "input": "edges", "image_size": 32}
    generator.save_pretrained(tmp_path / "pale", task)
    Tone(MATRIX, SHIFT).fold_into(generator)
    generator.save_pretrained(tmp_path / "vivid", task)
    vivid = Translator.from_pretrained(tmp_path / "vivid")
    (tmp_path / "data" / "train").mkdir(parents=True)
    for i in range(24):
        chance = torch.Generator().manual_seed(i)
        drawing = to_image((torch.rand(3, 32, 32, generator=chance) * 2 - 1).numpy())
        pair = Image.new("RGB", (64, 32))
        pair.paste(drawing, (0, 0))
        pair.paste(vivid(drawing, seed=i), (32, 0))
        pair.save(tmp_path / "data" / "train" / f"{i}.png")
    return tmp_path / "pale", tmp_path / "data"


def test_a_faded_model_gets_the_colours_of_its_pairs_back(tmp_path: Path, capsys):
    model, data = make_faded(tmp_path, dropout=0.1)
    (model / "README.md").write_text("# Pale\n")
    assert main(["tone", str(model), str(tmp_path / "toned"), "--data", str(data)]) == 0
    printed = capsys.readouterr().out
    card = (tmp_path / "toned" / "README.md").read_text()
    assert card.startswith("# Pale\n") and "`pix2pix tone --strength 1` changed its colours" in card
    pairs = Pairs(find_source(data, "train"), "AtoB", 32)
    common, distance = {}, {}
    for name in (model, tmp_path / "toned"):
        translator = Translator.from_pretrained(name)
        outputs, targets, l1 = LabHistograms(), LabHistograms(), []
        for i in range(len(pairs)):
            x, y = pairs[i]
            output = to_array(translator(to_image(x.numpy()), seed=i))
            outputs.add(torch.from_numpy(output))
            targets.add(y)
            l1.append(np.abs(output - y.numpy()).mean())
        common[name] = np.mean(list(outputs.intersection(targets).values()))
        distance[name] = np.mean(l1)
    assert common[tmp_path / "toned"] > 0.9 > common[model] + 0.05
    assert distance[tmp_path / "toned"] < 0.7 * distance[model]
    for words in ("toned: ", "Lab histograms in common", "L1", "distance of two samples"):
        assert words in printed


def test_half_a_tone_lies_half_way_between_none_and_all(tmp_path: Path):
    model, data = make_faded(tmp_path, dropout=0.5)
    for strength in ("0", "0.5", "1"):
        assert main(["tone", str(model), str(tmp_path / strength), "--data", str(data), "--strength", strength]) == 0
    none, half, all_of_it = (load_generator(tmp_path / name)[0].head for name in ("0", "0.5", "1"))
    source = load_generator(model)[0].head
    for part in ("weight", "bias"):
        torch.testing.assert_close(getattr(none, part), getattr(source, part), atol=1e-3, rtol=1e-3)
        assert (getattr(all_of_it, part) - getattr(none, part)).abs().max() > 0.05
        middle = (getattr(none, part) + getattr(all_of_it, part)) / 2
        torch.testing.assert_close(getattr(half, part), middle, atol=2e-3, rtol=2e-3)  # float16 on disk


def test_the_weight_sets_how_much_samples_differ(tmp_path: Path):
    model, data = make_faded(tmp_path, dropout=0.5)
    generator, _ = load_generator(model)
    pairs = Pairs(find_source(data, "train"), "AtoB", 32)
    spread = [fit_tone(generator, pairs, weight)[2]["sample_distance"] for weight in (0, 2)]
    assert spread[1] > spread[0] + 0.01
    again = fit_tone(generator, pairs, 2)
    assert again[2]["sample_distance"] == spread[1]  # a seed names the pixels and the noises


def test_impossible_tones_are_refused_in_one_sentence(tmp_path: Path, capsys):
    model, data = make_faded(tmp_path, dropout=0.5)
    assert main(["tone", str(model), str(model), "--data", str(data)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["tone", str(model), str(tmp_path / "x"), "--data", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err
    for option, value in (("--strength", "1.5"), ("--sample-distance-weight", "-1")):
        with pytest.raises(SystemExit):
            main(["tone", str(model), str(tmp_path / "x"), "--data", str(data), option, value])
        assert "must be from 0 to" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
    colours = Generator(in_channels=1, out_channels=2, features=4, max_features=8, depth=5)
    with pytest.raises(CheckpointError, match="2 output channels"):
        fit_tone(colours, Pairs(find_source(data, "train"), "AtoB", 32))
