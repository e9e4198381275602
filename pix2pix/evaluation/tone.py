"""The colours of the training pictures, given back to a generator that has lost some of them.

L1 draws every output towards the middle of what it may be, and so does the mean of several runs' weights: blacks
are not black, whites not white, and what is grey in the targets gets a tint. The paper shows it by histograms of L*a*b*
(section 4.2, Fig. 7). Here one affine map of the three colours before the last tanh, twelve numbers, is fitted so that
the histograms of the outputs on training pairs become those of the targets, and is folded into the generator's last
layer. Nothing else of the network changes, and it runs as before.
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
    """What turns the values before the last tanh into others.

    Attributes:
        matrix: (3, 3), from red, green and blue to red, green and blue.
        shift: (3,), added.
    """

    matrix: Tensor
    shift: Tensor

    def fold_into(self, generator: Generator) -> None:
        """Make it part of the last layer of a generator of three channels out, in place."""
        head = generator.head
        outputs = 1 if isinstance(head, torch.nn.ConvTranspose2d) else 0  # the dimension of its weight
        with torch.no_grad():
            head.weight.copy_(torch.tensordot(self.matrix, head.weight, ([1], [outputs])).movedim(0, outputs))  # type: ignore[operator, arg-type]
            head.bias.copy_(self.matrix @ head.bias + self.shift)  # type: ignore[operator]


def fit_tone(
    generator: Generator, pairs: Pairs, diversity: float = 0.5, seed: int = 0
) -> tuple[Tone, Figures, Figures]:
    """The tone that makes the least of

        the share that the histograms of L, of a and of b do not have in common, their mean
        + the mean distance of a sample from its target - `diversity` times that of two samples of one input,

    distances per colour, from 0 to 1. At 0.5 the second line is the continuous ranked probability score (Gneiting and
    Raftery, JASA 2007), least for samples that are spread as the targets are.

    Args:
        generator: in evaluation mode.
        pairs: of the training split, without jitter.
        diversity: see above.
        seed: of the noises and of the pixels looked at, `PIXELS` of each pair.

    Returns:
        The tone; and what the pixels looked at say before and with it: "lab" (the share in common), "l1" and
        "diversity".

    Raises:
        CheckpointError: the generator's outputs are not red, green and blue.
    """
    if generator.config.out_channels != 3:
        raise CheckpointError(f"This model has {generator.config.out_channels} channels out: a tone is of three.")
    pixels = look(generator, pairs, seed)
    matrix, shift = torch.eye(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    target = histograms(pixels.targets)
    before = figures(pixels, target, matrix, shift)
    optimizer = torch.optim.Adam([matrix, shift], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in tqdm(range(STEPS), "tone", unit="step"):
        now = figures(pixels, target, matrix, shift)
        loss = now["l1"] - now["lab"] - diversity * now["diversity"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    after = figures(pixels, target, matrix, shift)
    return Tone(matrix.detach(), shift.detach()), numbers(before), numbers(after)


def numbers(tensors: dict[str, Tensor]) -> Figures:
    return rounded({name: tensor.item() for name, tensor in tensors.items()})


@torch.no_grad()
def look(generator: Generator, pairs: Pairs, seed: int) -> Pixels:
    """Two samples and the target of every pair, at `PIXELS` places chosen by chance."""
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
    """ "lab", "l1" and "diversity" of the pixels in a tone, `target` being the targets' histograms."""
    output = (torch.tanh(pixels.before @ matrix.T + shift) + 1) / 2
    common = [torch.minimum(a, b).sum() for a, b in zip(histograms(output), target, strict=True)]
    return {
        "lab": torch.stack(common).mean(),
        "l1": (output - pixels.targets).abs().mean(),
        "diversity": (output[0] - output[1]).abs().mean(),
    }


def histograms(rgb: Tensor) -> list[Tensor]:
    """Of L, a and b of (..., 3) colours in [0, 1], in the bins of `evaluate`; each sums to 1. A value is shared by the
    two bins whose middles it lies between, so that the histograms change smoothly with the colours."""
    result = []
    for values, (low, high, bins) in zip(lab(rgb).reshape(-1, 3).T, LAB_BINS.values(), strict=True):
        place = ((values - low) / (high - low) * bins - 0.5).clamp(0, bins - 1.001)
        first = place.detach().floor().long()
        share = place - first
        counts = torch.zeros(bins).index_add(0, first, 1 - share).index_add(0, first + 1, share)
        result.append(counts / len(values))
    return result


def lab(rgb: Tensor) -> Tensor:
    """`color.rgb_to_lab`, (..., 3) in [0, 1] to (..., 3), with a finite slope everywhere."""
    linear = torch.where(rgb > 0.04045, ((rgb.clamp_min(0.04) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    t = linear @ torch.from_numpy(XYZ_OF_RGB.T / WHITE)
    f = torch.where(t > 0.008856, t.clamp_min(0.008) ** (1 / 3), 7.787 * t + 16 / 116)
    x, y, z = f.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
