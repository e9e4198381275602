"""Where the things of training pairs lie in the picture. Both pictures of a pair move together.

All of it draws from PyTorch's global random state, which `pix2pix.pairs.pairs` derives from (seed, epoch, pair).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

WHITE = 255
BACKGROUND = 245  # least lightness of a photo's background
SMALLEST = 0.6  # smallest share of the canvas's side that an object takes, or that is cut out
WARPED = 0.8  # share of the pairs that `warp` changes
TURN = 15  # degrees, the most it turns, either way
STRETCH = 0.15  # natural logarithm of the most it stretches one side, while the other shrinks as much
SHEAR = 0.1  # most it shifts the top against the bottom, in sides
BEND = 2  # pixels, the standard deviation of a smooth displacement
BENDS = 5  # points of that displacement along a side


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
        ink = 2 * (WHITE - small[0])  # twice as dark, since thin lines fade when they are scaled down
        small[0] = WHITE - ink.clamp(max=WHITE)
    canvas = torch.full((2, 3, size, size), float(WHITE))
    if labels:
        small[1] = F.interpolate(pair[1:].float(), (side, side))[0]
        canvas[1] = border_colour(pair[1])[:, None, None]
    canvas[..., top : top + side, left : left + side] = small
    return canvas


def zoom(pair: Tensor, size: int) -> Tensor:
    """Cut a random square of `SMALLEST` of the side or more out of a pair that is not on white, and scale it up.

    Args:
        pair, size: as for `place`.

    Returns:
        float32 (2, 3, size, size).
    """
    whole = pair.shape[-1]
    side = round(whole * float(torch.empty(()).uniform_(SMALLEST, 1)))
    top, left = torch.randint(0, whole - side + 1, (2,)).tolist()
    cut = pair[..., top : top + side, left : left + side].float()
    return F.interpolate(cut, (size, size), mode="bilinear", antialias=True, align_corners=False)


def warp(pair: Tensor, flat: bool = False) -> Tensor:
    """Turn, stretch, shear and bend a pair in a share `WARPED` of all cases, so that few pairs show more shapes.

    Nothing changes where the photo is not on white, since nobody knows what lies beyond its borders.

    Args:
        pair, flat: as for `place`.

    Returns:
        (2, 3, L, L) in [0, 255]; float32, or the pair itself.
    """
    if torch.rand(()) >= WARPED or not on_white(pair[1]):
        return pair
    side = pair.shape[-1]
    most = torch.tensor([math.radians(TURN), STRETCH, SHEAR])
    turn, stretch, shear = (most * torch.empty(3).uniform_(-1, 1)).tolist()
    rotation = torch.tensor([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = rotation @ torch.tensor([[1, shear], [0, 1]]) @ torch.diag(torch.tensor([stretch, -stretch]).exp())
    grid = F.affine_grid(F.pad(matrix, (0, 1))[None], [1, 3, side, side], align_corners=False)
    coarse = torch.randn(1, 2, BENDS, BENDS) * (BEND * 2 / side)  # grid_sample measures a picture as 2 wide
    grid = grid + F.interpolate(coarse, (side, side), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    ink = WHITE - pair.float()
    ink = torch.cat([
        F.grid_sample(ink[:1], grid, mode="nearest" if flat else "bilinear", align_corners=False),
        F.grid_sample(ink[1:], grid, align_corners=False),
    ])  # fmt: skip
    if not flat:
        ink[0] *= 1.5  # thin lines fade between pixels, so they are darkened
    return WHITE - ink.clamp(0, WHITE)


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
