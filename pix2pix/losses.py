"""The objective: G* = arg min_G max_D L_cGAN(G, D) + lambda L_L1(G) (Isola et al. 2017, section 3.1).

The logits are the discriminator's, before any sigmoid: log D = -softplus(-logit), log(1 - D) = -softplus(logit).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-(E[log D(x, y)] + E[log(1 - D(x, G(x, z)))]) / 2.

    Halved, "which slows down the rate at which D learns relative to G" (section 3.3).

    Args:
        real: logits of real pairs, any shape.
        fake: logits of generated pairs, with no gradient to the generator.

    Returns:
        A scalar; 0.693 (ln 2) where the discriminator knows nothing.
    """
    return (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2


def generator_gan_loss(fake: Tensor) -> Tensor:
    """-E[log D(x, G(x, z))]: the generator makes D's "real" likelier, rather than its "fake" less likely
    (section 3.3; the non-saturating form).

    Args:
        fake: logits of generated pairs, any shape.
    """
    return F.softplus(-fake).mean()


def l1_loss(output: Tensor, truth: Tensor) -> Tensor:
    """E[|y - G(x, z)|], the mean absolute difference, in the units of [-1, 1] pictures.

    Args:
        output: (N, C, H, W), the generator's.
        truth: (N, C, H, W), the pictures it should have made.
    """
    return F.l1_loss(output, truth)
