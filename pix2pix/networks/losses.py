"""The objective and its ablations (Isola et al. 2017, sections 3.1 and 4.2):

    G* = arg min_G max_D L_cGAN(G, D) + lambda L_L1(G)

Logits are the discriminator's outputs before a sigmoid: log D = -softplus(-logit), log(1 - D) = -softplus(logit).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CLIP = 0.3  # of [-1, 1] pictures


def discriminator_loss(real: Tensor, fake: Tensor, kind: str = "vanilla") -> Tensor:
    """-(E[log D(x, y)] + E[log(1 - D(x, G(x, z)))]) / 2.

    Halved, "which slows down the rate at which D learns relative to G" (section 3.3).

    Args:
        real: logits of real pairs, any shape.
        fake: logits of generated pairs, with no gradient to the generator.
        kind: "vanilla", or "least-squares" for (E[(D - 1)^2] + E[D^2]) / 2 of the logits (Mao et al., ICCV 2017).

    Returns:
        A scalar; 0.693 (ln 2) where the discriminator guesses.
    """
    if kind == "least-squares":
        return (torch.square(real - 1).mean() + torch.square(fake).mean()) / 2
    return (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2


def generator_gan_loss(fake: Tensor, kind: str = "vanilla") -> Tensor:
    """-E[log D(x, G(x, z))], the non-saturating form (section 3.3): the generator maximises log D instead of minimising
    log(1 - D).

    Args:
        fake: logits of generated pairs, any shape.
        kind: "vanilla", or "least-squares" for E[(D - 1)^2].
    """
    if kind == "least-squares":
        return torch.square(fake - 1).mean()
    return F.softplus(-fake).mean()


def distances(output: Tensor, target: Tensor, kind: str = "l1") -> Tensor:
    """The distance of each output from its target, in the units of [-1, 1] pictures. L_L1 is their mean.

    Args:
        output: (N, C, H, W) outputs of the generator.
        target: (N, C, H, W) targets.
        kind: "l1" for the mean absolute difference, "l2" for the mean squared difference.

    Returns:
        (N,) distances.
    """
    difference = output - target
    return (difference.abs() if kind == "l1" else difference.square()).mean((1, 2, 3))


def mode_seeking_loss(first: Tensor, second: Tensor, chroma_weight: float, counted: Tensor | None = None) -> Tensor:
    """The mode-seeking loss (Mao et al., "Mode Seeking Generative Adversarial Networks", CVPR 2019): large where two
    outputs of one input under two noises are alike.

    It is E[1 / (d + 0.01)], where d is the distance of the two outputs. The paper also divides d by the distance of
    the noises, which is nearly constant for dropout masks. It compares outputs pixel by pixel, where blotches are the
    cheapest way to differ. Here d compares their mean colours, so the whole picture changes its colour or shade. Each
    pixel's difference is limited softly to `CLIP`, so that a few black and white spots do not lower the loss.

    Args:
        first, second: (N, C, H, W) in [-1, 1].
        chroma_weight: weight of a difference in colour against one in lightness. At 1, samples differ mostly in
            lightness. Higher values make them differ in colour, even where all targets have the same one.
        counted: (N, 1, H, W) bool, the pixels whose difference counts; all of them by default. The means are still
            over the whole picture, so that a small object has a small say.

    Returns:
        (N,), one loss for each picture.
    """
    difference = CLIP * torch.tanh((first - second) / CLIP)
    difference = (difference if counted is None else difference * counted).mean((2, 3))
    lightness = difference.mean(1, keepdim=True)
    distance = (lightness.abs() + chroma_weight * (difference - lightness).abs()).mean(1) / 2
    return 1 / (distance + 0.01)
