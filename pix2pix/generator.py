"""The generator: a U-Net from picture to picture (Isola et al. 2017, section 3.2.1 and appendix 6.1.1).

The whole network is in this file. At 256 x 256 and `features=64` it is the paper's:

    encoder   C64 - C128 - C256 - C512 - C512 - C512 - C512 - C512
    decoder   CD512 - CD512 - CD512 - C512 - C256 - C128 - C64 - out

Ck is a 4x4 stride-2 convolution to k channels, a norm and a ReLU (leaky, 0.2, on the way down);
CDk has dropout 0.5 after the norm. Each decoder level sees [up, skip], concatenated in that order.
The first and the innermost level have no norm: the latter is 1x1, and normalising one value by its own
mean would make it zero (the paper's erratum).

Two things are said by the paper in a sentence and matter more than they look:

* The norm is batch norm by the statistics of the test batch, which is one picture. So a picture is always
  normalised by itself here, in training too, whatever else shares the batch.
* Dropout is the noise z, and stays on at test time. Its masks are an *input* of `forward`, made from a seed
  by `pix2pix.noise`, so that a seed names a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.config import GeneratorConfig


class Generator(nn.Module):
    """U-Net generator.

    Args:
        in_channels: channels of the input picture.
        out_channels: channels of the output picture.
        features: channels of the first level; each level doubles them ...
        max_features: ... up to this many.
        depth: number of halvings, 4 to 12. A picture's sides must be multiples of 2**depth.
        dropout: the training rate of the dropout noise, in [0, 1). A property of the trained network that the
            sampler reads; the masks themselves are an input of `forward`.

    The defaults give the paper's network: 8 levels, 54,414,531 parameters.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        features: int = 64,
        max_features: int = 512,
        depth: int = 8,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.config = GeneratorConfig(in_channels, out_channels, features, max_features, depth, dropout)
        widths = self.config.widths

        self.encoder = nn.ModuleList(
            Down(before, width, activate=level > 0, norm=0 < level < depth - 1)
            for level, (before, width) in enumerate(zip([in_channels, *widths], widths, strict=False))
        )
        # Innermost first. Every level but the innermost reads [up, skip], twice the width of its partner.
        self.decoder = nn.ModuleList(
            Up(widths[level] * (1 if level == depth - 1 else 2), widths[level - 1]) for level in range(depth - 1, 0, -1)
        )
        self.head = nn.ConvTranspose2d(2 * widths[0], out_channels, 4, stride=2, padding=1)
        self.apply(initialise)

    def forward(self, x: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Translate.

        Args:
            x: (N, in_channels, H, W) in [-1, 1]; H and W multiples of `config.multiple`.
            noise: three dropout masks shaped (N, *shape) for the shapes of `config.noise_shapes(H, W)`: 0 where a unit
                is dropped, 1 / (1 - rate) where it is kept. None: dropout off.

        Returns:
            (N, out_channels, H, W) in [-1, 1].
        """
        return self.decode(self.encode(x), noise)

    def encode(self, x: Tensor) -> list[Tensor]:
        """What the decoder needs of a picture, outermost level first. No noise enters here, so the encoding of
        one picture serves any number of samples."""
        multiple = self.config.multiple
        if x.shape[-1] % multiple or x.shape[-2] % multiple:
            raise ValueError(
                f"A picture of {x.shape[-1]} x {x.shape[-2]} pixels does not fit this generator: "
                f"its sides must be multiples of {multiple}."
            )
        skips = []
        for down in self.encoder:
            x = down(x)
            skips.append(x)
        return skips

    def decode(self, skips: Sequence[Tensor], noise: Sequence[Tensor] | None = None) -> Tensor:
        """The picture of an encoding (see `encode`) under a noise (see `forward`)."""
        masks: list[Tensor | None] = [None] * len(self.decoder)
        if noise is not None:
            masks[: len(noise)] = noise
        x = skips[-1]
        for up, skip, mask in zip(self.decoder, skips[-2::-1], masks, strict=True):
            x = torch.cat([up(x, mask), skip], dim=1)
        return torch.tanh(self.head(F.relu(x)))

    @classmethod
    def from_pretrained(cls, source: str | Path) -> Generator:
        """Load a generator from a bundled name, a checkpoint folder or a Hub id (see `pix2pix.hub`).

        Every tensor must be there, none may be left over, and every shape must fit.

        Raises:
            CheckpointError: one sentence that names the source, what was looked for and what to do.
        """
        from pix2pix.hub import load_generator

        return load_generator(source)[0]

    def save_pretrained(self, folder: str | Path, task: dict[str, Any] | None = None, half: bool = False) -> None:
        """Write `config.json` and `model.safetensors` to `folder`, each in one atomic step.

        Args:
            folder: made where it is missing.
            task: what the model is for, stored beside the constructor's arguments: direction, kind of input,
                palette, size trained at.
            half: store the weights in float16, at half the bytes.
        """
        from pix2pix.hub import save_generator

        save_generator(self, folder, task or {}, half=half)


class Down(nn.Module):
    """One encoder level, (N, C, H, W) -> (N, C', H/2, W/2): leaky ReLU, convolution, norm.

    The activation stands in front of the convolution, as in the paper's own code, so that the decoder's skip gets
    the values before it and puts a plain ReLU on them. The input picture itself meets none.
    """

    def __init__(self, before: int, width: int, activate: bool, norm: bool) -> None:
        super().__init__()
        self.activate = activate
        self.conv = nn.Conv2d(before, width, 4, stride=2, padding=1, bias=not norm)
        self.norm = picture_norm(width) if norm else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.leaky_relu(x, 0.2) if self.activate else x)
        return x if self.norm is None else self.norm(x)


class Up(nn.Module):
    """One decoder level, (N, C, H, W) -> (N, C', 2H, 2W): ReLU, transposed convolution, norm, dropout mask."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=False)
        self.norm = picture_norm(width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.norm(self.conv(F.relu(x)))
        return x if mask is None else x * mask


def picture_norm(channels: int) -> nn.InstanceNorm2d:
    """Batch norm at a batch of one: each picture by its own mean and variance, then a learned scale and shift."""
    return nn.InstanceNorm2d(channels, eps=1e-5, affine=True)


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), norm scales from N(1, 0.02), biases zero (appendix 6.2 and the paper's code)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.InstanceNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
