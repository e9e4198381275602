"""The objective, worked out by hand."""

from __future__ import annotations

import math
from math import exp, log

import pytest
import torch

from pix2pix.networks.losses import discriminator_loss, distances, generator_gan_loss, mode_seeking_loss


def sigmoid(v: float) -> float:
    return 1 / (1 + exp(-v))


def test_discriminator_loss_is_the_halved_cross_entropy():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])
    by_hand = -(log(sigmoid(2)) + log(sigmoid(-1))) / 2 - (log(1 - sigmoid(0.5)) + log(1 - sigmoid(-3))) / 2
    assert discriminator_loss(real, fake).item() == pytest.approx(by_hand / 2, rel=1e-6)


def test_guessing_costs_ln_2():
    assert discriminator_loss(torch.zeros(4), torch.zeros(4)).item() == pytest.approx(log(2))


def test_generator_loss_does_not_saturate():
    fake = torch.tensor([-20.0], requires_grad=True)
    loss = generator_gan_loss(fake)
    assert loss.item() == pytest.approx(20.0, rel=1e-6)
    loss.backward()
    assert fake.grad.item() == pytest.approx(-1.0, rel=1e-6)  # log(1 - D) would give a gradient of 2e-9 here


def test_distances_of_each_picture():
    output = torch.tensor([1.0, -1.0, 0.0, 0.0]).view(2, 1, 1, 2)
    target = torch.tensor([0.5, 1.0, 0.0, 0.0]).view(2, 1, 1, 2)
    assert distances(output, target, "l1").tolist() == [1.25, 0.0]
    assert distances(output, target, "l2").tolist() == [(0.25 + 4) / 2, 0.0]


def test_least_squares():
    real, fake = torch.tensor([2.0, 1.0]), torch.tensor([0.5, -1.0])
    assert discriminator_loss(real, fake, "least-squares").item() == pytest.approx((0.5 + 0.625) / 2)
    assert generator_gan_loss(fake, "least-squares").item() == pytest.approx((0.25 + 4) / 2)


def test_the_mode_seeking_loss_weighs_colour_counts_lightness_once_and_ignores_grain():
    grey = torch.zeros(1, 3, 8, 8)
    lighter = grey + 0.25
    grain = grey + 0.25 * torch.tensor([1.0, -1.0]).repeat(4)
    soft = 0.3 * math.tanh(0.25 / 0.3)
    assert mode_seeking_loss(grey, lighter, 2).item() == pytest.approx(1 / (soft / 2 + 0.01))
    assert mode_seeking_loss(grey, grain, 2).item() == pytest.approx(100.0) == mode_seeking_loss(grey, grey, 2).item()
    bluer = grey + torch.tensor([-0.25, 0.0, 0.25]).view(3, 1, 1)  # as light as before
    assert mode_seeking_loss(grey, bluer, 2).item() == pytest.approx(1 / (2 * (soft + 0 + soft) / 3 / 2 + 0.01))
    assert mode_seeking_loss(grey, bluer, 0.5).item() == pytest.approx(1 / (0.5 * (soft + 0 + soft) / 3 / 2 + 0.01))
    spot = grey.clone()
    spot[..., 3, 3] = 2.0  # the greatest difference, on 1/64 of the picture, counts softly as 0.3
    assert mode_seeking_loss(grey, spot, 2).item() == pytest.approx(1 / (0.3 / 64 / 2 + 0.01), rel=1e-4)
    left = torch.arange(8).lt(4).expand(1, 1, 8, 8)
    assert mode_seeking_loss(grey, lighter, 2, left).item() == pytest.approx(1 / (soft / 2 / 2 + 0.01))
