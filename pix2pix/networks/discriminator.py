"""The discriminator: a PatchGAN, which judges every patch of a picture (Isola et al. 2017, sections 3.2.2 and 4.4).

The 70 x 70 one, the paper's choice, is C64 - C128 - C256 - C512 - 1, all 4x4 convolutions; the last two have stride 1.
A 256 x 256 picture gets 30 x 30 logits. The first and the last level have no norm. The activation is a leaky ReLU, 0.2.

The paper's norm, at its batch of one, removes the mean of every channel, and with it part of the picture's lightness
and tint. These are then left to L1, which favours an average tone. The norm "layer" removes only the mean of all
channels together. The differences between channels stay, so the discriminator can judge the tone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pix2pix.networks.config import NORMS, PATCHES
from pix2pix.networks.generator import PictureNorm, initialise


class Discriminator(nn.Module):
    """PatchGAN discriminator.

    Args:
        in_channels: channels of the input and the judged picture together; for an unconditional discriminator, of the
            judged picture alone.
        features: channels of the first level; each level doubles them, up to 8 times as many.
        patch: the receptive field of one logit, in pixels: 1, 16, 34, 70, 142 or 286.
        norm: "batch" or "instance" (see `pix2pix.Generator`), or "layer": one mean and variance for all channels of a
            picture (Ba et al., "Layer Normalization", 2016), with a scale and shift for each channel.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, in_channels: int = 6, features: int = 64, patch: int = 70, norm: str = "batch") -> None:
        super().__init__()
        if min(in_channels, features) < 1:
            raise ValueError("in_channels and features must each be at least 1.")
        if patch not in PATCHES:
            raise ValueError(f"patch is {patch}: choose one of {', '.join(map(str, PATCHES))}.")
        if norm not in NORMS:
            raise ValueError(f"norm is {norm!r}: choose one of {', '.join(NORMS)}.")
        levels = PATCHES[patch]
        if levels == 0:
            stages: list[nn.Module] = [
                nn.Conv2d(in_channels, features, 1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(features, 2 * features, 1, bias=False),
                norm_of(norm, 2 * features),
                nn.LeakyReLU(0.2),
                nn.Conv2d(2 * features, 1, 1),
            ]
        else:
            widths = [features * min(2**level, 8) for level in range(levels + 1)]
            stages = [nn.Conv2d(in_channels, features, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            for level in range(1, levels + 1):
                stride = 2 if level < levels else 1
                stages += [
                    nn.Conv2d(widths[level - 1], widths[level], 4, stride=stride, padding=1, bias=False),
                    norm_of(norm, widths[level]),
                    nn.LeakyReLU(0.2),
                ]
            stages.append(nn.Conv2d(widths[-1], 1, 4, stride=1, padding=1))
        self.patches = nn.Sequential(*stages)
        self.apply(initialise)

    def forward(self, x: Tensor | None, y: Tensor) -> Tensor:
        """Judge `y` as a translation of `x`.

        Args:
            x: (N, C, H, W), the input pictures in [-1, 1]; None for an unconditional discriminator.
            y: (N, C', H, W), the real or generated outputs in [-1, 1]; C + C' is `in_channels`.

        Returns:
            (N, 1, H', W') logits, positive where a patch looks real: 30 x 30 at 256 pixels and patch 70.
        """
        return self.patches(y if x is None else torch.cat([x, y], dim=1))


def norm_of(kind: str, channels: int) -> nn.Module:
    """A norm of `NORMS`. Each normalises every picture by itself."""
    return nn.GroupNorm(1, channels) if kind == "layer" else PictureNorm(channels, affine=kind == "batch")
