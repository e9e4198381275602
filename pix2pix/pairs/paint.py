"""Painted drawings from training pairs: black lines on white, with colours under them.

People fill some or all areas with a bucket, miss the lines a little, scribble with a broad brush, dab, or leave the
paper white. To learn from all of this, each input is painted anew at every step, with colours taken from the target.

Two kinds of pairs are painted. The pixels of the input tell the kind:

* **Lines** and a photo. Areas get the median colour of the photo there. The model chooses the colours of the rest.
* **Flat art** and a picture of the same thing with light and shade. Its areas already have colours. They get outlines,
  and some become white. There the target becomes white clay: its own shading, without its colours.

All random numbers follow from (seed, epoch, pair): those of the paint from a NumPy generator, those of the hand from
PyTorch's global state, as in `pix2pix.pairs.pairs`.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from pix2pix.pairs.flat_art import paint_art
from pix2pix.pairs.hand_drawn import draw_by_hand
from pix2pix.pairs.painted_lines import paint_drawing
from pix2pix.pairs.recolour import WHITE
from pix2pix.pairs.source import UNPAINTED


def painted(pair: Tensor, flat: bool, by_hand: bool, rng: np.random.Generator, unpainted: float = UNPAINTED) -> Tensor:
    """Paint the input of a pair as people paint drawings.

    Args:
        pair: (2, 3, S, S) in [0, 255]: lines on white, or flat art from `flat_colours`; and the target on white.
        flat: whether the input is flat art.
        by_hand: whether to draw the lines as a hand does (see `pix2pix.pairs.hand_drawn`).
        rng: source of all random numbers.
        unpainted: share of the line drawings that stay unpainted.

    Returns:
        float32, the same shape. The target of flat art may be partly clay, and may have lines.
    """
    x, y = (part.permute(1, 2, 0).to(torch.float32).numpy().copy() for part in pair)
    lines, x, y = paint_art(x, y, rng) if flat else paint_drawing(x, y, unpainted, rng)
    drawn = torch.from_numpy(lines)[None]
    if by_hand:
        drawn = draw_by_hand(drawn)[:1].clamp(0, WHITE)
    x = x * (drawn[0].numpy()[..., None] / WHITE)
    return torch.stack([torch.from_numpy(np.ascontiguousarray(part, np.float32)).permute(2, 0, 1) for part in (x, y)])


def is_flat_art(x: np.ndarray) -> bool:
    """Whether an input has areas of colour or grey rather than only lines: (S, S, 3) in [0, 255]."""
    low, high = x.min(-1).astype(np.int16), x.max(-1).astype(np.int16)
    areas = (high - low > 40) | ((low > 90) & (low < 235))
    areas = ndimage.binary_erosion(areas)  # the soft sides of a line are thin
    solid = ndimage.binary_erosion(high < 235, np.ones((9, 9), bool))  # lines are thin too
    return float((areas | solid).mean()) > 0.004
