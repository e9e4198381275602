"""The generator: a U-Net from picture to picture (Isola et al. 2017, section 3.2.1 and appendix 6.1.1).

The whole network is in this file. At 256 x 256 and `features=64`, it is the paper's:

    encoder   C64 - C128 - C256 - C512 - C512 - C512 - C512 - C512
    decoder   CD512 - CD512 - CD512 - C512 - C256 - C128 - C64 - out

Ck is a 4x4 stride-2 convolution to k channels, a norm and a ReLU (leaky, 0.2, on the way down);
CDk has dropout 0.5 after the norm. Each decoder level sees [up, skip], concatenated in that order.
The first and the innermost level have no norm: the latter is 1x1, and normalising one value by its own
mean would make it zero (the paper's erratum).

The paper mentions two things in passing that matter more than they seem:

* The norm is batch norm with the statistics of the test batch, which is one picture. So here a picture is always
  normalised by itself, in training too, whatever else is in the batch.
* Dropout is the noise z, and stays on at test time. Its masks are an *input* of `forward`. They are made from a seed by
  `pix2pix.networks.noise`, so the same seed gives the same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks.config import GeneratorConfig


class Generator(nn.Module):
    """U-Net generator.

    Args:
        in_channels: channels of the input picture.
        out_channels: channels of the output picture.
        features: channels of the first level; each level doubles them ...
        max_features: ... up to this many.
        depth: number of halvings, 4 to 12. A picture's sides must be multiples of 2**depth.
        dropout: rate of the dropout noise in training, in [0, 1). Samplers read it; the masks themselves are an input
            of `forward`.
        dropped_levels: decoder levels that carry dropout, counted from the innermost, 0.
        dropout_kind: "element" as in the paper, or "channel", which drops whole channels, so that each random number
            changes the whole picture.
        grain_levels: decoder levels, counted likewise, an eighth of whose channels drop single units, whatever the
            kind. Masks of whole channels tell no place from another; this noise does, so that a blank area can become
            fur. The other channels know the drawing in full.
        skips: whether the decoder sees the encoder's levels. False gives the paper's encoder-decoder (section 4.2).
        norm: "batch", or "instance" without a learned scale and shift. Both use each picture's own statistics. "none"
            has a bias in every convolution instead, so no part of a picture depends on the rest of it beyond the reach
            of the convolutions (see `pix2pix.networks.folding`).
        activation: activation of the decoder's inputs from the level below: "relu", or "relu6", which is capped at 6.
            The cap keeps a single bright spot from dominating its channel's norm, which suppresses the other
            activations (Karras et al., "StyleGAN2", CVPR 2020, section 2.1).
        padding: padding of the encoder's convolutions, except the innermost: "zeros" or "reflect".
        head: last layer: "transposed" as in the paper, or "resize" for nearest-neighbour scaling and a convolution,
            which leaves no checkerboard.

    The other arguments are for networks of other projects, which `pix2pix.weights.foreign` reads:
        encoder_dropped_levels: encoder levels that carry dropout, counted from the outermost, 0.
        skip_activation: activation of the skips: "relu" or "leaky".
        innermost_activation: activation of the first decoder level's input: "relu" or "leaky".
        running_statistics: whether the norms hold running statistics, for `use_running_statistics`.

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
        dropped_levels: Sequence[int] = (0, 1, 2),
        dropout_kind: str = "element",
        **others: Any,
    ) -> None:
        super().__init__()
        self.config = config = GeneratorConfig(
            in_channels,
            out_channels,
            features,
            max_features,
            depth,
            dropout,
            tuple(dropped_levels),
            dropout_kind,
            **others,
        )
        widths = config.widths
        normed = config.norm != "none"
        norm = partial(PictureNorm, affine=config.norm == "batch", running=config.running_statistics)

        self.encoder = nn.ModuleList(
            Down(
                before,
                width,
                level > 0,
                normed and 0 < level < depth - 1,
                config.padding if level < depth - 1 else "zeros",
                norm,
            )
            for level, (before, width) in enumerate(zip([in_channels, *widths], widths, strict=False))
        )
        # Innermost first. Every level but the innermost reads [up, skip], twice the width of its partner.
        twice = 2 if config.skips else 1
        self.decoder = nn.ModuleList(
            Up(widths[level] * (1 if level == depth - 1 else twice), widths[level - 1], normed, norm)
            for level in range(depth - 1, 0, -1)
        )
        if config.head == "transposed":
            self.head: nn.Module = nn.ConvTranspose2d(twice * widths[0], out_channels, 4, stride=2, padding=1)
        else:
            self.head = nn.Conv2d(twice * widths[0], out_channels, 4, padding=1)
        self.apply(initialise)

    def forward(self, x: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Translate a batch of pictures.

        Args:
            x: (N, in_channels, H, W) in [-1, 1]; H and W are multiples of `config.multiple`.
            noise: dropout masks of shapes (N, *shape), for each shape of `config.noise_shapes(H, W)`: 0 where a unit
                is dropped, 1 / (1 - rate) where it is kept. None turns dropout off.

        Returns:
            (N, out_channels, H, W) in [-1, 1].
        """
        return self.decode(self.encode(x, noise), noise)

    def encode(self, x: Tensor, noise: Sequence[Tensor] | None = None) -> list[Tensor]:
        """The encoder's levels, outermost first, as `decode` takes them.

        Unless the encoder has dropout of its own (`config.encoder_dropped_levels`), it needs no noise. One encoding
        then serves any number of samples.
        """
        multiple = self.config.multiple
        if x.shape[-1] % multiple or x.shape[-2] % multiple:
            raise ValueError(
                f"A picture of {x.shape[-1]} x {x.shape[-2]} pixels does not fit this generator: "
                f"its sides must be multiples of {multiple}."
            )
        masks = dict(zip(self.config.encoder_dropped_levels, (noise or ())[len(self.config.masked_levels) :]))  # noqa: B905
        skips = []
        for level, down in enumerate(self.encoder):
            x = down(x)
            if level in masks:
                x = x * masks[level]
            skips.append(x)
        return skips

    def decode(self, skips: Sequence[Tensor], noise: Sequence[Tensor] | None = None) -> Tensor:
        """The picture for an encoding (see `encode`) and a noise (see `forward`)."""
        on_up, on_skip = ACTIVATIONS[self.config.activation], ACTIVATIONS[self.config.skip_activation]
        masks = dict(zip(self.config.masked_levels, noise or ()))  # noqa: B905  # the encoder's masks follow
        x = ACTIVATIONS[self.config.innermost_activation](skips[-1])
        for level, (up, skip) in enumerate(zip(self.decoder, skips[-2::-1], strict=True)):
            x = up(x)
            if level in masks:
                x = masked(x, masks[level])
            x = torch.cat([on_up(x), on_skip(skip)], dim=1) if self.config.skips else on_up(x)
        if self.config.head == "resize":
            x = F.pad(F.interpolate(x, scale_factor=2.0), (1, 0, 1, 0))  # an even kernel needs one pixel more
        return torch.tanh(self.head(x))

    def use_running_statistics(self) -> Generator:
        """Normalise by the running statistics of training instead of each picture's own. Returns the generator itself.

        Raises:
            ValueError: the network has no running statistics (`config.running_statistics`).
        """
        if not self.config.running_statistics:
            raise ValueError("This generator has no running statistics: use the picture's own.")
        for module in self.modules():
            if isinstance(module, PictureNorm):
                module.by_running = True
        return self

    @classmethod
    def from_pretrained(cls, source: str | Path, norm_statistics: str = "picture") -> Generator:
        """Load a generator from a bundled name, a folder, a file or a Hub id (see `pretrained.find_checkpoint`).

        No tensor may be missing or unexpected, and every shape must fit.

        Args:
            source: bundled name, folder, file or Hub id.
            norm_statistics: "picture", each picture's own, as in the paper; or "running", those of training, where the
                checkpoint has them. Other programs call the latter evaluation mode.

        Raises:
            CheckpointError: the source cannot be found or does not hold a generator.
        """
        from pix2pix.weights.pretrained import load_generator

        return load_generator(source, norm_statistics)[0]

    def save_pretrained(self, folder: str | Path, task: dict[str, Any] | None = None, half: bool = False) -> None:
        """Write `config.json` and `model.safetensors` to `folder`, each in one atomic step.

        Args:
            folder: checkpoint folder; it is created if missing.
            task: purpose of the model, stored beside the constructor's arguments: direction, kind of input, palette,
                training size.
            half: store the weights in float16, in half the space.
        """
        from pix2pix.weights.checkpoint import save_generator

        save_generator(self, folder, task or {}, half=half)


class Down(nn.Module):
    """One encoder level, (N, C, H, W) -> (N, C', H/2, W/2): leaky ReLU, convolution, norm.

    The activation comes before the convolution, as in the paper's own code. So the skip carries the values before the
    activation, and the decoder applies a plain ReLU to them. The input picture gets no activation.
    """

    def __init__(
        self, before: int, width: int, activate: bool, normed: bool, padding: str, norm: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        self.activate = activate
        self.conv = nn.Conv2d(before, width, 4, stride=2, padding=1, bias=not normed, padding_mode=padding)  # type: ignore[arg-type]
        self.norm = norm(width) if normed else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(leaky_relu(x) if self.activate else x)
        return x if self.norm is None else self.norm(x)


class Up(nn.Module):
    """One decoder level, (N, C, H, W) -> (N, C', 2H, 2W): transposed convolution, norm."""

    def __init__(self, before: int, width: int, normed: bool, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=not normed)
        self.norm = norm(width) if normed else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x if self.norm is None else self.norm(x)


class PictureNorm(nn.Module):
    """Batch norm at a batch of one: each picture's own mean and variance, then a learned scale and shift.

    Args:
        channels: channels of the tensors.
        affine: whether there is a learned scale and shift.
        running: whether it also holds running statistics, of a network that another program trained with batch norm.
    """

    def __init__(self, channels: int, affine: bool = True, running: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.by_running = False
        if running:
            self.register_buffer("running_mean", torch.zeros(channels))
            self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        if self.by_running:
            mean, variance = self.get_buffer("running_mean"), self.get_buffer("running_var")
            return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=1e-5)
        if len(x) == 1:  # the same result, without a copy of scale and shift for each picture
            return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=1e-5)
        return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=1e-5)


def masked(x: Tensor, mask: Tensor) -> Tensor:
    """`x` times a dropout mask, of all its channels or of the first ones alone."""
    channels = mask.shape[1]
    return x * mask if channels == x.shape[1] else torch.cat([x[:, :channels] * mask, x[:, channels:]], dim=1)


def leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "relu6": F.relu6, "leaky": leaky_relu}


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), norm scales from N(1, 0.02), biases zero (appendix 6.2 and the paper's code)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, PictureNorm) and module.weight is not None:
        nn.init.normal_(module.weight, 1.0, 0.02)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
