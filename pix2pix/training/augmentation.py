"""Differentiable augmentation: random changes of what the discriminator sees (Zhao et al., "Differentiable Augmentation
for Data-Efficient GAN Training", NeurIPS 2020).

With about a thousand pairs, a discriminator memorises them, and the generator learns to match its memory. So real and
generated pairs go through the same kinds of changes, drawn anew for each picture and each pass. The generator's
gradient goes through them too, so its own outputs stay unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFT = 1 / 8  # largest shift in each direction, as a share of the side
CUTOUT = 1 / 2  # share of the side
BRIGHTNESS = 0.3  # largest change of pictures in [-1, 1]
CHROMA = (0.4, 1.6)
CONTRAST = (0.7, 1.3)
GREY = 0.0


def augmented(
    x: Tensor | None, y: Tensor, draws: Sequence[torch.Generator], colours: bool = True
) -> tuple[Tensor | None, Tensor]:
    """Change pairs for the discriminator.

    Input and output are shifted together, and half of the pairs lose the same square in both. Brightness, chroma and
    contrast change only in the output.

    A shift fills the border with the mirror image of the picture. White there made the discriminator expect white
    borders, and sat2map drew a white line along the top of its maps.

    Args:
        x: (N, C, H, W) inputs in [-1, 1], or None where the discriminator does not see them.
        y: (N, C', H, W) targets or outputs. Their colours change where C' is 3.
        draws: N random generators on the CPU, one for each picture.
        colours: whether to change colours.

    Returns:
        The same shapes; `y` may leave [-1, 1].
    """
    changed = [
        augmented_one(None if x is None else x[i : i + 1], y[i : i + 1], draws[i], colours) for i in range(len(y))
    ]
    return None if x is None else torch.cat([a for a, _ in changed if a is not None]), torch.cat(
        [b for _, b in changed]
    )


def augmented_one(x: Tensor | None, y: Tensor, draws: torch.Generator, colours: bool) -> tuple[Tensor | None, Tensor]:
    """One pair, as a batch of one."""
    height, width = y.shape[-2:]

    def whole(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=draws))

    def between(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=draws))

    both = y if x is None else torch.cat([x, y], 1)
    reach_y, reach_x = int(SHIFT * height), int(SHIFT * width)
    top, left = whole(0, 2 * reach_y), whole(0, 2 * reach_x)
    both = F.pad(both, (reach_x, reach_x, reach_y, reach_y), mode="reflect")
    both = both[..., top : top + height, left : left + width]
    if between(0, 1) < 0.5:
        tall, wide = int(CUTOUT * height), int(CUTOUT * width)
        row, column = whole(0, height) - tall // 2, whole(0, width) - wide // 2
        hole = torch.zeros((1, 1, height, width), dtype=torch.bool, device=y.device)
        hole[..., max(0, row) : row + tall, max(0, column) : column + wide] = True
        both = both.masked_fill(hole, GREY)
    y = both[:, -y.shape[1] :]
    if colours and y.shape[1] == 3:
        y = y + between(-BRIGHTNESS, BRIGHTNESS)
        grey = y.mean(1, keepdim=True)
        y = grey + (y - grey) * between(*CHROMA)
        mean = y.mean((1, 2, 3), keepdim=True)
        y = mean + (y - mean) * between(*CONTRAST)
    return None if x is None else both[:, : x.shape[1]], y
