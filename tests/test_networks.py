"""The networks against the paper: sizes, shapes, receptive fields, and an independent U-Net."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from benchmarks.plain import PlainDiscriminator, PlainGenerator, load
from pix2pix import Discriminator, Generator
from pix2pix.networks.generator import PictureNorm
from pix2pix.networks.noise import dropout_masks


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_generator_has_the_papers_size():
    # 4x4 weights, a bias where no norm follows, a scale and a shift where one does.
    down = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    encoder = sum(16 * a * b for a, b in pairwise(down)) + 64 + 512 + 2 * sum(down[2:8])
    up = [(512, 512), (1024, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64)]
    decoder = sum(16 * a * b + 2 * b for a, b in up) + 16 * 128 * 3 + 3
    assert count(Generator()) == encoder + decoder == 54_414_531


def test_compact_generator_fits_ten_megabytes():
    assert 4_100_000 < count(Generator(features=32, max_features=128)) < 4_300_000


def test_discriminator_has_the_papers_size_and_patches():
    widths = [6, 64, 128, 256, 512, 1]
    weights = sum(16 * a * b for a, b in pairwise(widths))
    discriminator = Discriminator()
    assert count(discriminator) == weights + 64 + 1 + 2 * (128 + 256 + 512) == 2_768_705
    x = torch.zeros(1, 3, 256, 256)
    assert discriminator(x, x).shape == (1, 1, 30, 30)


@pytest.mark.parametrize("field", [1, 16, 34, 70, 142, 286])
def test_receptive_field_measured_by_gradient(field: int):
    torch.manual_seed(0)
    discriminator = Discriminator(features=4, patch=field).double()
    side = 2 * max(field, 40)
    for module in discriminator.modules():  # statistics of the whole picture would make every pixel count
        if isinstance(module, PictureNorm):
            module.forward = lambda x: x  # type: ignore[method-assign]
    y = torch.randn(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    logits = discriminator(torch.randn(1, 3, side, side, dtype=torch.float64), y)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    seen = y.grad[0].abs().sum(0) > 0  # type: ignore[index]
    rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
    assert rows.max() - rows.min() + 1 == field
    assert columns.max() - columns.min() + 1 == field


def test_discriminator_sees_the_input_picture():
    discriminator = Discriminator(features=4)
    x, y = torch.randn(2, 1, 3, 64, 64)
    assert not torch.allclose(discriminator(x, y), discriminator(-x, y))


def reference(
    weights: dict[str, torch.Tensor], x: torch.Tensor, masks: list[torch.Tensor], depth: int, ceiling: float = math.inf
) -> torch.Tensor:
    """The paper's U-Net written out with functions, at the batch of one for which batch norm is defined."""

    def norm(t: torch.Tensor, name: str) -> torch.Tensor:
        return F.batch_norm(t, None, None, weights[f"{name}.weight"], weights[f"{name}.bias"], training=True, eps=1e-5)

    skips = []
    for level in range(depth):
        bias = weights.get(f"encoder.{level}.conv.bias")
        x = F.conv2d(x if level == 0 else F.leaky_relu(x, 0.2), weights[f"encoder.{level}.conv.weight"], bias, 2, 1)
        if 0 < level < depth - 1:
            x = norm(x, f"encoder.{level}.norm")
        skips.append(x)
    x = skips.pop()
    for level in range(depth - 1):
        x = F.conv_transpose2d(F.relu(x), weights[f"decoder.{level}.conv.weight"], None, 2, 1)
        x = norm(x, f"decoder.{level}.norm")
        if level < 3:
            x = x * masks[level]
        x = torch.cat([torch.clamp(x, max=ceiling), skips.pop()], 1)
    return torch.tanh(F.conv_transpose2d(F.relu(x), weights["head.weight"], weights["head.bias"], 2, 1))


@pytest.mark.parametrize(("features", "depth"), [(4, 5), (8, 6)])
def test_generator_equals_an_independent_reading_of_the_paper(features: int, depth: int):
    torch.manual_seed(features)
    generator = Generator(features=features, max_features=32, depth=depth).double()
    x = torch.randn(1, 3, 2**depth, 2**depth, dtype=torch.float64)
    shapes = generator.config.noise_shapes(2**depth, 2**depth)
    masks = [torch.from_numpy(mask)[None].double() for mask in dropout_masks(shapes, 0.5, seed=3)]
    expected = reference(generator.state_dict(), x, masks, depth)
    torch.testing.assert_close(generator(x, masks), expected, rtol=0, atol=1e-10)


def test_relu6_caps_the_level_below_and_not_the_skips():
    torch.manual_seed(0)
    generator = Generator(features=4, max_features=16, depth=6, activation="relu6").double()
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("norm.weight"):
                parameter.mul_(8)
    x = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    masks = [torch.ones(1, *shape, dtype=torch.float64) for shape in generator.config.noise_shapes(64, 64)]
    weights = generator.state_dict()
    torch.testing.assert_close(generator(x, masks), reference(weights, x, masks, 6, ceiling=6), rtol=0, atol=1e-10)
    assert (generator(x, masks) - reference(weights, x, masks, 6)).abs().mean() > 0.01


def test_the_benchmarks_plain_networks_are_the_same_networks():
    torch.manual_seed(0)
    x, y = torch.randn(2, 1, 3, 256, 256)
    generator, discriminator = Generator(features=4, max_features=8), Discriminator(features=4)
    plain_g, plain_d = PlainGenerator(features=4, max_features=8), PlainDiscriminator(features=4)
    load(plain_g, generator)
    load(plain_d, discriminator)
    for module in plain_g.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    torch.testing.assert_close(plain_g(x), generator(x), rtol=0, atol=1e-5)
    torch.testing.assert_close(plain_d(torch.cat([x, y], 1)), discriminator(x, y), rtol=0, atol=1e-5)


def test_a_discriminator_with_layer_norm_is_its_formula():
    torch.manual_seed(0)
    discriminator = Discriminator(features=4, norm="layer").double()
    x, y = torch.randn(2, 2, 3, 64, 64, dtype=torch.float64)
    t = torch.cat([x, y], 1)
    weights = list(discriminator.parameters())
    for level in range(5):
        bias = weights.pop(1) if level in (0, 4) else None
        t = F.conv2d(t, weights.pop(0), bias, 2 if level < 3 else 1, 1)
        if level in (1, 2, 3):
            mean, variance = t.mean((1, 2, 3), keepdim=True), t.var((1, 2, 3), correction=0, keepdim=True)
            scale, shift = weights.pop(0)[:, None, None], weights.pop(0)[:, None, None]
            t = (t - mean) / torch.sqrt(variance + 1e-5) * scale + shift
        if level < 4:
            t = torch.where(t > 0, t, 0.2 * t)
    torch.testing.assert_close(discriminator(x, y), t, rtol=0, atol=1e-12)


def test_noise_shapes_at_256_are_the_three_innermost_decoder_levels():
    assert Generator(features=2, max_features=16).config.noise_shapes(256, 256) == [(16, 2, 2), (16, 4, 4), (16, 8, 8)]


def test_grain_drops_single_units_of_the_first_eighth_of_the_channels():
    torch.manual_seed(0)
    sizes = {"features": 8, "max_features": 16, "depth": 5}
    generator = Generator(**sizes, dropout_kind="channel", dropped_levels=(0,), grain_levels=(2, 3)).double()
    shapes = generator.config.noise_shapes(64, 32)
    assert shapes == [(16, 1, 1), (2, 16, 8), (1, 32, 16)]
    x = torch.randn(1, 3, 64, 32, dtype=torch.float64)
    masks = [torch.rand(1, *shape, dtype=torch.float64) for shape in shapes]

    plain = Generator(**sizes, dropped_levels=(0, 2, 3)).double()  # with masks of all units
    plain.load_state_dict(generator.state_dict())
    units = [torch.ones(1, *shape, dtype=torch.float64) for shape in plain.config.noise_shapes(64, 32)]
    units[0] *= masks[0]
    units[1][:, :2] = masks[1]
    units[2][:, :1] = masks[2]
    torch.testing.assert_close(generator(x, masks), plain(x, units), rtol=0, atol=1e-12)


def test_other_pictures_in_the_batch_change_nothing(small_generator: Generator):
    x = torch.randn(3, 3, 32, 32)
    together = small_generator(x)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], small_generator(x[i : i + 1]), rtol=0, atol=1e-5)


def test_training_mode_changes_nothing(small_generator: Generator):
    x = torch.randn(1, 3, 32, 32)
    try:
        training = small_generator.train()(x)
    finally:
        small_generator.eval()
    assert torch.equal(training, small_generator(x))


def test_first_weights_are_normal_with_deviation_2_percent():
    torch.manual_seed(0)
    generator = Generator(features=32, max_features=128)
    weight = generator.encoder[4].conv.weight  # type: ignore[union-attr]
    assert abs(weight.std().item() - 0.02) < 0.0005
    assert abs(weight.mean().item()) < 0.0005
    assert generator.encoder[0].conv.bias.abs().max() == 0  # type: ignore[union-attr]


def test_a_picture_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"100 x 96 .* multiples of 32"):
        Generator(features=2, max_features=4, depth=5)(torch.zeros(1, 3, 96, 100))


@pytest.mark.parametrize(
    "wrong", [{"depth": 3}, {"dropout": 1.0}, {"features": 0}, {"in_channels": 0}, {"grain_levels": (2,)}]
)
def test_impossible_networks_are_refused(wrong: dict):
    with pytest.raises(ValueError):
        Generator(**wrong)


def test_any_number_of_channels_works():
    generator = Generator(in_channels=1, out_channels=2, features=2, max_features=4, depth=5)
    assert generator(torch.zeros(1, 1, 32, 64)).shape == (1, 2, 32, 64)
