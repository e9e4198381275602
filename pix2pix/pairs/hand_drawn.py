"""Changes that make the lines of an edge filter look drawn by hand.

An edge filter's lines are one pixel wide, lie exactly on the photo's edges and follow every seam, and the object always
fills the picture in the same way. A person's lines do not. These changes to training pairs teach a generator to accept
both.

All of them draw from PyTorch's global random state, which `pix2pix.pairs.pairs` derives from (seed, epoch, pair).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from pix2pix.pairs.placing import WHITE, is_background, on_white
from pix2pix.pairs.source import OUTLINES

WOBBLE = 1.5  # pixels, the standard deviation of a line's displacement
WIDEST = 3  # pixels, the widest line
MOST_GAPS = 8
LONGEST_DROPPED = 80  # pixels
# Least and greatest distance from the background, in pixels, within which such a drawing keeps its lines.
REACH = (4, 32)


def leave_outline(pair: Tensor, share: float = OUTLINES) -> Tensor:
    """In a share of all cases, leave out the lines inside the object, since few people draw more than an outline.

    Nothing changes where the photo has no white background, since there the inside of the object is unknown.

    Args:
        pair: (2, 3, L, L) in [0, 255], the drawing and its photo.
        share: from 0 to 1.

    Returns:
        The same shape and type, the photo untouched.
    """
    if torch.rand(()) >= share or not on_white(pair[1]):
        return pair
    background = is_background(pair[1])
    reach = int(torch.randint(REACH[0], REACH[1] + 1, ()))
    # The maximum over a square is that over its columns and then over its rows.
    near = F.max_pool2d(background[None].float(), (2 * reach + 1, 1), stride=1, padding=(reach, 0))
    near = F.max_pool2d(near, (1, 2 * reach + 1), stride=1, padding=(0, reach))
    return torch.stack([torch.where(near > 0, pair[0], WHITE), pair[1]])


def draw_by_hand(edges: Tensor) -> Tensor:
    """Make lines wobble, change their width and give them gaps; one drawing in four stays as it is.

    Args:
        edges: (3, S, S) in [0, 255], dark lines on white.
    """
    return edges if torch.rand(()) < 0.25 else redrawn(edges)


def redraw(x: Tensor, seed: int) -> Tensor:
    """A drawing as a hand would redraw it, the same for each seed: (3, S, S) in [-1, 1] to the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return redrawn((x + 1) * 127.5) / 127.5 - 1


def redrawn(edges: Tensor) -> Tensor:
    grey = edges.float().mean(0, keepdim=True)
    return with_gaps(thicker(without_a_stroke(wobbling(grey)))).expand(3, -1, -1)


def wobbling(edges: Tensor) -> Tensor:
    """Lines displaced by a smooth random field, as by an unsteady hand."""
    size = edges.shape[-1]
    coarse = torch.randn(1, 2, 9, 9) * (WOBBLE * 2 / size)  # grid_sample measures a picture as 2 wide
    field = F.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)[0].permute(1, 2, 0)
    steps = (torch.arange(size) * 2 + 1) / size - 1
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1) + field
    return F.grid_sample(edges[None], grid[None], padding_mode="border", align_corners=False)[0]


def without_a_stroke(edges: Tensor) -> Tensor:
    """Half of the time, leave out a stretch of up to `LONGEST_DROPPED` pixels along the lines."""
    ink = edges[0] < WHITE / 2
    points = ink.nonzero()
    length = int(torch.randint(0, LONGEST_DROPPED // 2, ())) if torch.rand(()) < 0.5 else 0
    if not len(points) or not length:
        return edges
    row, column = points[int(torch.randint(0, len(points), ()))].tolist()
    top, left = max(0, row - length), max(0, column - length)
    near = ink[top : row + length + 1, left : column + length + 1]
    dropped = torch.zeros_like(near)
    dropped[row - top, column - left] = True
    for _ in range(length):  # each time one pixel further along the lines, both ways
        dropped = (F.max_pool2d(dropped[None].float(), 3, stride=1, padding=1)[0] > 0) & near
    edges = edges.clone()
    around = F.max_pool2d(dropped[None].float(), 3, stride=1, padding=1)[0] > 0  # include the lines' soft sides
    edges[0, top : row + length + 1, left : column + length + 1][around] = WHITE
    return edges


def thicker(edges: Tensor) -> Tensor:
    """Make every line 0 to `WIDEST` - 1 pixels wider."""
    more = int(torch.randint(0, WIDEST, ()))
    padded = F.pad(edges, (more // 2, more - more // 2) * 2, value=WHITE)
    return -F.max_pool2d(-padded[None], more + 1, stride=1)[0]


def with_gaps(edges: Tensor) -> Tensor:
    """Wipe up to `MOST_GAPS` places on the lines white, 3 to 12 pixels wide."""
    ink = (edges.mean(0) < WHITE / 2).nonzero()
    edges = edges.clone()
    for _ in range(int(torch.randint(0, MOST_GAPS + 1, ())) if len(ink) else 0):
        row, column = ink[int(torch.randint(0, len(ink), ()))].tolist()
        half = int(torch.randint(3, 13, ())) // 2
        edges[:, max(0, row - half) : row + half + 1, max(0, column - half) : column + half + 1] = WHITE
    return edges
