"""Tied kernels equal nearest-neighbour upsampling and a 3x3 convolution, and are stored as an ordinary generator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small import make_generator
from test_trainer import settings, weights
from torch import nn
from torch.nn import functional as F

from pix2pix import Generator, Trainer
from pix2pix.networks.upsampling import NearestKernel, fitting_weights, ordinary_weights, tie_kernels


def test_a_tied_kernel_is_upsampling_and_a_convolution():
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(5, 3, 4, stride=2, padding=1, dtype=torch.float64)
    tie_kernels(layer)
    small = layer.parametrizations.weight.original
    x = torch.randn(2, 5, 6, 7, dtype=torch.float64)
    reference = F.conv2d(F.interpolate(x, scale_factor=2), small.transpose(0, 1), layer.bias, padding=1)
    assert small.shape == (5, 3, 3, 3)
    torch.testing.assert_close(layer(x), reference)


def test_the_nearest_small_kernel_is_found():
    torch.manual_seed(1)
    parametrisation = NearestKernel()
    small = torch.randn(4, 2, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(parametrisation.right_inverse(parametrisation(small)), small)
    # Least squares: the rest of any kernel is orthogonal to all kernels made from small ones.
    kernel = torch.randn(4, 2, 4, 4, dtype=torch.float64)
    left = kernel - parametrisation(parametrisation.right_inverse(kernel))
    assert left.abs().max() > 0.1
    assert abs(float((left * parametrisation(small)).sum())) < 1e-9


def test_untied_and_reloaded_it_is_the_same_network():
    generator = make_generator(seed=3)
    tie_kernels(generator)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    before = generator(x)
    plain = Generator(features=8, max_features=16, depth=5).eval()
    plain.load_state_dict(ordinary_weights(generator.state_dict()))
    torch.testing.assert_close(plain(x), before)
    generator.load_state_dict(fitting_weights(generator, plain.state_dict()))
    torch.testing.assert_close(generator(x), before, atol=1e-5, rtol=1e-4)


def test_a_run_learns_small_kernels_and_keeps_ordinary_ones(pairs: Path, tmp_path: Path):
    first = Trainer(settings(pairs, tmp_path / "first", upsampling="nearest", ema=0.9))
    first.train()
    stored = Generator.from_pretrained(tmp_path / "first")
    parametrisation = NearestKernel()
    for layer in [*(up.conv for up in stored.decoder), stored.head]:
        again = parametrisation(parametrisation.right_inverse(layer.weight))
        torch.testing.assert_close(again, layer.weight, atol=1e-3, rtol=1e-2)  # stored in float16

    # Either kind starts from the other.
    untied = Trainer(settings(pairs, tmp_path / "untied", init=str(tmp_path / "first")))
    torch.testing.assert_close(untied.learner.model.head.weight, first.learner.trained_model().head.weight)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    torch.testing.assert_close(untied.learner.model(x), first.learner.trained_model()(x))
    untied.train()
    tied = Trainer(settings(pairs, tmp_path / "tied", init=str(tmp_path / "untied"), upsampling="nearest"))
    nearest = parametrisation(parametrisation.right_inverse(untied.learner.model.head.weight))
    torch.testing.assert_close(tied.learner.model.head.weight, nearest)


@pytest.mark.parametrize("changes", [{"upsampling": "nearest", "augment": True}, {"augment": True, "objective": "gan"}])
def test_a_resumed_run_ends_with_the_same_bytes(pairs: Path, tmp_path: Path, changes: dict):
    whole = Trainer(settings(pairs, tmp_path / "whole", ema=0.9, **changes))
    whole.train()
    part = Trainer(settings(pairs, tmp_path / "part", ema=0.9, **changes))
    batches = part.batches.remaining(part.learner)
    for _ in range(5):
        part.learner.train_step(*next(batches))
    part.save_state()
    Trainer(settings(pairs, tmp_path / "part", ema=0.9, **changes), resume=True).train()
    assert weights(tmp_path / "whole") == weights(tmp_path / "part")
