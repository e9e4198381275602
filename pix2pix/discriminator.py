"""The discriminator: a PatchGAN, which judges every patch of a picture (Isola et al. 2017, section 3.2.2).

C64 - C128 - C256 - C512 - 1, all 4x4 convolutions; the last two have stride 1. One logit sees 70 x 70 pixels, and a
256 x 256 picture gets 30 x 30 of them. The first level and the last have no norm; leaky ReLU, 0.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pix2pix.generator import PictureNorm, initialise


class Discriminator(nn.Module):
    """Conditional 70 x 70 PatchGAN.

    Args:
        in_channels: channels of the input picture and of the judged picture together.
        features: channels of the first level; they double up to 8 times as many.
        layers: stride-2 levels. 3 gives the receptive field of 70 pixels (1: 16, 2: 34, 4: 142, 5: 286).
    """

    def __init__(self, in_channels: int = 6, features: int = 64, layers: int = 3) -> None:
        super().__init__()
        if min(in_channels, features, layers) < 1:
            raise ValueError("in_channels, features and layers must each be at least 1.")
        widths = [features * min(2**level, 8) for level in range(layers + 1)]
        stages: list[nn.Module] = [nn.Conv2d(in_channels, features, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for level in range(1, layers + 1):
            stride = 2 if level < layers else 1
            stages += [
                nn.Conv2d(widths[level - 1], widths[level], 4, stride=stride, padding=1, bias=False),
                PictureNorm(widths[level]),
                nn.LeakyReLU(0.2),
            ]
        stages.append(nn.Conv2d(widths[-1], 1, 4, stride=1, padding=1))
        self.patches = nn.Sequential(*stages)
        self.apply(initialise)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Judge `y` as a translation of `x`.

        Args:
            x: (N, C, H, W), the input pictures in [-1, 1].
            y: (N, C', H, W), the real or generated outputs in [-1, 1]; C + C' is `in_channels`.

        Returns:
            (N, 1, H/8 - 2, W/8 - 2) logits at three layers, positive where a patch looks real: 30 x 30 at 256.
        """
        return self.patches(torch.cat([x, y], dim=1))
