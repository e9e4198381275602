"""A generator without norms, made from one with norms.

A norm by the picture's own statistics makes every pixel depend on the whole picture. Networks learn to use that: one
bright spot sets a channel's scale, and so the tone of everything else (Karras et al., "Analyzing and Improving the
Image Quality of StyleGAN", CVPR 2020, section 2.1). And where a picture is nearly uniform, such as open water, the norm
amplifies what little there is.

With the statistics of many pictures instead, a norm is one scale and one shift for each channel. They can be folded
into the convolution before it, so that no norm is left. The network then translates a place alike whatever lies far
from it. Fine-tuning makes up for the difference.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn

from pix2pix.networks.generator import Down, Generator, PictureNorm, Up
from pix2pix.networks.noise import dropout_masks

PICTURES = 64  # pictures that give steady statistics
EPSILON = 1e-5  # the norms'


@torch.no_grad()
def fold_norms(generator: Generator, inputs: Iterable[Tensor], seed: int = 0) -> Generator:
    """The generator whose `config.norm` is "none" that comes closest to this one.

    The levels are folded in the order in which they are computed. So the statistics of each are measured on what the
    levels before it give without their norms.

    Args:
        generator: a generator with norms, whose transposed convolutions have ordinary kernels.
        inputs: pictures to measure on, (C, H, W) each in [-1, 1].
        seed: seed of the pictures' dropout noise.
    """
    folded = copy.deepcopy(generator).eval()
    pictures = [x[None] for x in inputs]
    noises = [
        [
            torch.from_numpy(mask)[None].to(x)
            for mask in dropout_masks(folded.config.noise_shapes(*x.shape[2:]), folded.config.dropout, seed, draw)
        ]
        for draw, x in enumerate(pictures, start=1)
    ]
    for level in (*folded.encoder, *folded.decoder):
        if level.norm is not None:
            fold(level, *moments(folded, level, pictures, noises))
    result = Generator(**asdict(replace(folded.config, norm="none", running_statistics=False)))
    result.load_state_dict(folded.state_dict())
    return result.to(pictures[0])


def moments(
    generator: Generator, level: Down | Up, pictures: list[Tensor], noises: list[list[Tensor]]
) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel of a level before its norm, over all pictures, in float64."""
    count, total, squares = 0, torch.zeros(()), torch.zeros(())

    def add(conv: nn.Module, x: tuple[Tensor], y: Tensor) -> None:
        nonlocal count, total, squares
        y = y.cpu().double()  # not every device has float64
        count, total, squares = count + y[0, 0].numel(), total + y.sum((0, 2, 3)), squares + y.square().sum((0, 2, 3))

    hook = level.conv.register_forward_hook(add)
    try:
        for x, noise in zip(pictures, noises, strict=True):
            if isinstance(level, Down):
                generator.encode(x, noise)
            else:
                generator(x, noise)
    finally:
        hook.remove()
    mean = total / count
    return mean, squares / count - mean.square()


def fold(level: Down | Up, mean: Tensor, variance: Tensor) -> None:
    """Replace a level's norm by a scale and a shift of its convolution, in place."""
    conv, norm = level.conv, level.norm
    assert isinstance(norm, PictureNorm)
    scale = (variance + EPSILON).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.cpu()
    shift = -mean * scale if norm.bias is None else norm.bias.cpu() - mean * scale
    outputs = 1 if isinstance(conv, nn.ConvTranspose2d) else 0  # the dimension of its weight
    conv.weight.mul_(scale.to(conv.weight).unflatten(0, (-1, 1, 1) if outputs else (-1, 1, 1, 1)))
    conv.bias = nn.Parameter(shift.to(conv.weight))
    level.norm = None
