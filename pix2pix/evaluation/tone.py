"""Restore the colours that L1 or weight averaging has faded.

L1 draws every output towards the average of the plausible ones, and averaging the weights of several runs does the
same: blacks are not black, whites not white, and greys get a tint. The paper shows this effect of L1 with histograms
of L*a*b* (section 4.2, Fig. 7). Here one affine map of the three colours before the last tanh, twelve numbers, is
fitted on training pairs, so that the outputs' histograms match the targets'. The map is folded into the generator's
last layer, so the network keeps its shape and speed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.errors import CheckpointError
from pix2pix.evaluation.metrics import LAB_BINS, rounded
from pix2pix.networks.generator import Generator
from pix2pix.networks.noise import dropout_masks
from pix2pix.pairs.pairs import Pairs, mixed_seed
from pix2pix.pictures.color import WHITE, XYZ_OF_RGB

PIXELS = 96  # of each pair
STEPS = 200
Figures = dict[str, float]


@dataclass(frozen=True)
class Pixels:
    """Some pixels of every pair.

    Attributes:
        before: (2, N, 3), two samples' values before the last tanh.
        targets: (N, 3) in [0, 1].
    """

    before: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Tone:
    """An affine map of the values before the last tanh.

    Attributes:
        matrix: (3, 3), from red, green and blue to red, green and blue.
        shift: (3,), added after the matrix.
    """

    matrix: Tensor
    shift: Tensor

    def scaled(self, strength: float) -> Tone:
        """A share of this tone, from 0 (the colours stay) to 1 (all of it)."""
        return Tone(torch.lerp(torch.eye(3), self.matrix, strength), self.shift * strength)

    def fold_into(self, generator: Generator) -> None:
        """Make the map part of a generator's last layer, in place. The generator has three output channels."""
        head = generator.head
        outputs = 1 if isinstance(head, torch.nn.ConvTranspose2d) else 0  # the dimension of its weight
        with torch.no_grad():
            head.weight.copy_(torch.tensordot(self.matrix, head.weight, ([1], [outputs])).movedim(0, outputs))  # type: ignore[operator, arg-type]
            head.bias.copy_(self.matrix @ head.bias + self.shift)  # type: ignore[operator]


def fit_tone(
    generator: Generator, pairs: Pairs, sample_distance_weight: float = 0.5, seed: int = 0, strength: float = 1.0
) -> tuple[Tone, Figures, Figures]:
    """Find the tone that minimises

        the share that the histograms of L, a and b do not have in common, averaged over the three
        + the mean distance of a sample from its target
        - `sample_distance_weight` times the mean distance of two samples of one input.

    Distances are mean absolute differences per colour, from 0 to 1. At a weight of 0.5, the last two lines are the
    continuous ranked probability score (Gneiting and Raftery, JASA 2007), which is lowest for samples that are
    distributed as the targets.

    Args:
        generator: a generator in evaluation mode.
        pairs: the training split, without jitter.
        sample_distance_weight: see above.
        seed: seed of the noises and of the `PIXELS` pixels taken from each pair.
        strength: share of that tone to take, from 0 to 1.

    Returns:
        The tone, and the figures of these pixels without it and with it: "lab" (the share in common), "l1" and
        "sample_distance".

    Raises:
        CheckpointError: the generator's outputs are not red, green and blue.
    """
    if generator.config.out_channels != 3:
        raise CheckpointError(
            f"This model has {generator.config.out_channels} output channels: a tone needs red, green and blue."
        )
    pixels = look(generator, pairs, seed)
    matrix, shift = torch.eye(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    target = histograms(pixels.targets)
    before = figures(pixels, target, matrix, shift)
    optimizer = torch.optim.Adam([matrix, shift], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in tqdm(range(STEPS), "tone", unit="step"):
        now = figures(pixels, target, matrix, shift)
        loss = now["l1"] - now["lab"] - sample_distance_weight * now["sample_distance"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    tone = Tone(matrix.detach(), shift.detach()).scaled(strength)
    after = figures(pixels, target, tone.matrix, tone.shift)
    return tone, numbers(before), numbers(after)


def numbers(tensors: dict[str, Tensor]) -> Figures:
    return rounded({name: tensor.item() for name, tensor in tensors.items()})


@torch.no_grad()
def look(generator: Generator, pairs: Pairs, seed: int) -> Pixels:
    """Two samples and the target of every pair, at `PIXELS` random places."""
    chance = np.random.default_rng(seed)
    before, targets = [], []
    seen: list[Tensor] = []
    hook = generator.head.register_forward_hook(lambda head, x, y: seen.append(y))
    try:
        for i in tqdm(range(len(pairs)), "pairs"):
            x, y = pairs[i]
            shapes, rate = generator.config.noise_shapes(*x.shape[1:]), generator.config.dropout
            draws = [dropout_masks(shapes, rate, mixed_seed(seed, i), draw) for draw in range(2)]
            generator(torch.stack([x, x]), [torch.from_numpy(np.stack(masks)) for masks in zip(*draws, strict=True)])
            places = torch.from_numpy(chance.integers(0, y[0].numel(), PIXELS))
            before.append(seen.pop().flatten(2)[:, :, places].transpose(1, 2))
            targets.append((y.flatten(1)[:, places].T + 1) / 2)
    finally:
        hook.remove()
    return Pixels(torch.cat(before, 1), torch.cat(targets))


def figures(pixels: Pixels, target: list[Tensor], matrix: Tensor, shift: Tensor) -> dict[str, Tensor]:
    """ "lab", "l1" and "sample_distance" of the pixels in a tone; `target` holds the targets' histograms."""
    output = (torch.tanh(pixels.before @ matrix.T + shift) + 1) / 2
    common = [torch.minimum(a, b).sum() for a, b in zip(histograms(output), target, strict=True)]
    return {
        "lab": torch.stack(common).mean(),
        "l1": (output - pixels.targets).abs().mean(),
        "sample_distance": (output[0] - output[1]).abs().mean(),
    }


def histograms(rgb: Tensor) -> list[Tensor]:
    """Histograms of L, a and b, in the bins of `evaluate`, for (..., 3) colours in [0, 1]. Each sums to 1.

    A value is shared by the two bins whose middles are nearest, so the histograms change smoothly with the colours.
    """
    result = []
    for values, (low, high, bins) in zip(lab(rgb).reshape(-1, 3).T, LAB_BINS.values(), strict=True):
        place = ((values - low) / (high - low) * bins - 0.5).clamp(0, bins - 1.001)
        first = place.detach().floor().long()
        share = place - first
        counts = torch.zeros(bins).index_add(0, first, 1 - share).index_add(0, first + 1, share)
        result.append(counts / len(values))
    return result


def lab(rgb: Tensor) -> Tensor:
    """`color.rgb_to_lab`, (..., 3) in [0, 1] to (..., 3), with a finite gradient everywhere."""
    linear = torch.where(rgb > 0.04045, ((rgb.clamp_min(0.04) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    t = linear @ torch.from_numpy(XYZ_OF_RGB.T / WHITE)
    f = torch.where(t > 0.008856, t.clamp_min(0.008) ** (1 / 3), 7.787 * t + 16 / 116)
    x, y, z = f.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
