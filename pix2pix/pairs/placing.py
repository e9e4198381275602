"""Where the things of training pairs lie in the picture. Both pictures of a pair move together.

All of it draws from PyTorch's global random state, which `pix2pix.pairs.pairs` derives from (seed, epoch, pair).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WHITE = 255
BACKGROUND = 245  # least lightness of a photo's background
SMALLEST = 0.6  # smallest share of the canvas's side that an object takes


def place(pair: Tensor, size: int, flat: bool = False, labels: bool = False) -> Tensor:
    """Scale a pair to `SMALLEST` of the canvas or more, and put it anywhere on white.

    Args:
        pair: (2, 3, L, L) in [0, 255], the drawing and its photo, both on white.
        size: side of the canvas.
        flat: whether the drawing is flat art, whose colours must not mix.
        labels: whether the photo is a label map. Then its colours do not mix either, and the commonest label along its
            border continues around it.

    Returns:
        float32 (2, 3, size, size).
    """
    side = round(size * float(torch.empty(()).uniform_(SMALLEST, 1)))
    top, left = torch.randint(0, size - side + 1, (2,)).tolist()
    small = F.interpolate(pair.float(), (side, side), mode="bilinear", antialias=True, align_corners=False)
    if flat:
        small[0] = F.interpolate(pair[:1].float(), (side, side))[0]
    else:
        small[0] = WHITE - (2 * (WHITE - small[0])).clamp(
            max=WHITE
        )  # thin lines fade when scaled down, so they are darkened
    canvas = torch.full((2, 3, size, size), float(WHITE))
    if labels:
        small[1] = F.interpolate(pair[1:].float(), (side, side))[0]
        canvas[1] = border_colour(pair[1])[:, None, None]
    canvas[..., top : top + side, left : left + side] = small
    return canvas


def border_colour(image: Tensor) -> Tensor:
    """The commonest colour along the border of (3, L, L): (3,)."""
    found, counts = border(image).unique(dim=1, return_counts=True)
    return found[:, counts.argmax()].float()


def is_background(photo: Tensor) -> Tensor:
    """Where (3, L, L) in [0, 255] is white, or nearly: (L, L)."""
    return photo.float().mean(0) >= BACKGROUND


def on_white(photo: Tensor) -> bool:
    """Whether most of the border of (3, L, L) in [0, 255] is white."""
    return bool(border(is_background(photo)[None]).float().mean() >= 0.5)


def border(image: Tensor) -> Tensor:
    """The pixels along the border of (C, L, L): (C, 4 L)."""
    return torch.cat([image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]], 1)
