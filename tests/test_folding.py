"""A generator without norms: folded from one with norms, trained, and refused where it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from small import make_pairs

from pix2pix import Generator
from pix2pix.__main__ import main
from pix2pix.errors import TrainingError
from pix2pix.networks.folding import fold_norms
from pix2pix.networks.generator import PictureNorm
from pix2pix.networks.noise import dropout_masks
from pix2pix.training.batches import epoch_order
from pix2pix.training.settings import Settings
from pix2pix.training.trainer import Trainer


def normed(seed: int = 0, **others: Any) -> Generator:
    torch.manual_seed(seed)
    generator = Generator(features=4, max_features=8, depth=5, **others).double().eval()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return generator


def pictures(count: int) -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(3)
    return [torch.rand(3, 64, 32, generator=chance, dtype=torch.float64) * 2 - 1 for _ in range(count)]


def noise(generator: Generator, draw: int) -> list[torch.Tensor]:
    masks = dropout_masks(generator.config.noise_shapes(64, 32), 0.5, 0, draw)
    return [torch.from_numpy(mask)[None].double() for mask in masks]


@pytest.mark.parametrize(
    "others",
    [{}, {"norm": "instance"}, {"padding": "reflect", "head": "resize"}, {"skips": False, "running_statistics": True}],
)
def test_folded_by_one_picture_it_gives_the_same_for_this_picture(others: dict[str, Any]):
    """By the statistics of this picture alone, the constants are what the norms compute."""
    generator = normed(**others)
    (x,) = pictures(1)
    with torch.no_grad():
        expected = generator(x[None], noise(generator, 1))
        folded = fold_norms(generator, [x])
        assert folded.config.norm == "none" and not any("norm" in name for name in folded.state_dict())
        torch.testing.assert_close(folded(x[None], noise(generator, 1)), expected, rtol=0, atol=1e-5)
        assert torch.equal(generator(x[None], noise(generator, 1)), expected)  # which has not changed


def test_many_pictures_give_the_statistics_of_them_all():
    """Each channel of a level has, over all the pictures, the norm's own mean and deviation."""
    generator, seen = normed(), pictures(5)
    folded = fold_norms(generator, seen)
    values: list[torch.Tensor] = []
    hook = folded.encoder[2].register_forward_hook(lambda level, x, y: values.append(y[0].flatten(1)))
    for x in seen:
        folded.encode(x[None])
    hook.remove()
    norm, all_values = generator.encoder[2].norm, torch.cat(values, 1)
    torch.testing.assert_close(all_values.mean(1), norm.bias, rtol=0, atol=1e-4)
    torch.testing.assert_close(all_values.std(1, correction=0), norm.weight.abs(), rtol=1e-3, atol=1e-4)


def test_a_place_does_not_depend_on_what_is_far_from_it():
    """At the bottleneck everything is in reach, so the skips show it: they change with norms, and not without."""
    generator = normed()
    folded = fold_norms(generator, pictures(2))
    x = torch.zeros(1, 3, 64, 64)
    x[..., :16, :16] = torch.rand(3, 16, 16)
    changed = x.clone()
    changed[..., 48:, 48:] = 1
    for network, same in ((generator.float(), False), (folded.float(), True)):
        before, after = (network.encode(each)[1][..., :4, :4] for each in (x, changed))
        assert torch.equal(before, after) == same


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_pairs(tmp_path / "data" / "train", 4, seed=1)
    return tmp_path / "data"


def run(data: Path, out: Path, **others: Any) -> Settings:
    sizes: dict[str, Any] = {"features": 4, "max_features": 8, "depth": 5, "patch": 16, "device": "cpu", "epochs": 1}
    return Settings(str(data), str(out), **{**sizes, **others})


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_training_goes_on_without_norms(data: Path, tmp_path: Path, upsampling: str):
    first = Trainer(run(data, tmp_path / "first", upsampling=upsampling))
    first.train()
    folding = {"upsampling": upsampling, "norm": "none"}
    second = Trainer(run(data, tmp_path / "second", init=str(tmp_path / "first"), **folding))
    assert any(isinstance(module, PictureNorm) for module in second.learner.discriminator.modules())
    inputs = [second.pairs[0, index][0] for index in epoch_order(0, 0, 4, 4)]
    expected = fold_norms(first.learner.trained_model(), inputs)
    torch.testing.assert_close(second.learner.trained_model().state_dict(), expected.state_dict())
    second.train()
    assert Generator.from_pretrained(tmp_path / "second").config.norm == "none"
    third = Trainer(run(data, tmp_path / "third", init=str(tmp_path / "second"), **folding))
    trained = second.learner.trained_model().state_dict()
    torch.testing.assert_close(third.learner.trained_model().state_dict(), trained)
    assert not torch.equal(trained["decoder.1.conv.bias"], expected.state_dict()["decoder.1.conv.bias"])
    with pytest.raises(TrainingError, match=r"second does not fit this run: .*--norm"):
        Trainer(run(data, tmp_path / "fourth", init=str(tmp_path / "second")))


def test_none_needs_a_trained_model_of_the_full_size(data: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match="add --init"):
        run(data, tmp_path / "new", norm="none")
    for norm in ("batch", "instance"):
        small = tmp_path / norm
        Generator(features=4, max_features=8, depth=5, norm=norm).save_pretrained(small, {"image_size": 32})
        with pytest.raises(TrainingError, match="needs a model of the full size"):
            Trainer(run(data, tmp_path / "large", features=4, depth=6, norm="none", init=str(small)))


def test_pytorch_cyclegan_and_pix2pix_cannot_hold_it(tmp_path: Path, capsys):
    Generator(features=4, max_features=32, norm="none").save_pretrained(tmp_path / "mine")
    assert main(["export", str(tmp_path / "mine"), str(tmp_path / "mine.pth")]) == 2
    assert "it has biases in place of norms (--norm instance)" in capsys.readouterr().err
