"""A photo's outlines, as black lines on white: for training on photos alone, and for a photo dropped on the canvas.

Canny's filter (IEEE PAMI 1986): smooth the photo, take the gradient, keep its crests, and of the weak crests keep those
that are connected to a strong one.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

THRESHOLD = 0.25  # unless another is asked for
SMOOTHING = 1.6  # pixels at a side of 256
WEAK = 0.4  # share of the threshold above which pixels may continue a strong line


def outline(photo: Image.Image, threshold: float = THRESHOLD) -> Image.Image:
    """Black lines on white, of the photo's size.

    Args:
        photo: RGB, any size.
        threshold: strength of the edges to keep, from 0 (all) to 1 (only the strongest in the picture).

    Raises:
        ValueError: the threshold is out of range.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"The threshold is {threshold}: it must be from 0 to 1.")
    radius = SMOOTHING * max(1.0, max(photo.size) / 256)
    smooth = np.asarray(photo.convert("RGB").filter(ImageFilter.GaussianBlur(radius)), np.float32)
    padded = np.pad(smooth, ((1, 1), (1, 1), (0, 0)), mode="edge")
    across, down = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    # The colour with the strongest gradient counts for the pixel.
    strengths = np.hypot(across, down)
    strongest = strengths.argmax(-1)[..., None]
    strength, dx, dy = (np.take_along_axis(v, strongest, -1)[..., 0] for v in (strengths, across, down))
    top = max(float(np.quantile(strength, 0.99)), 4.0)  # at least 4, so that the noise of a flat photo makes no edges
    high = threshold * top
    ridge = crests(strength, dx, dy)
    lines = connected(ridge & (strength > WEAK * high) & (strength > 2.0), ridge & (strength >= max(high, 2.0)))
    return Image.fromarray(np.where(lines, 0, 255).astype(np.uint8)).convert("RGB")


def crests(strength: np.ndarray, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Where the strength is at least that of both neighbours across the line: bool (H, W)."""
    around = np.pad(strength, 1)
    height, width = strength.shape
    # The gradient's direction, in eighths of a turn: to the right, down and right, down, down and left.
    eighth = np.round(np.arctan2(dy, dx) / (np.pi / 4)).astype(int) % 4
    keep = np.zeros(strength.shape, bool)
    for direction, (row, column) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = around[1 + row : 1 + row + height, 1 + column : 1 + column + width]
        behind = around[1 - row : 1 - row + height, 1 - column : 1 - column + width]
        keep |= (eighth == direction) & (strength >= ahead) & (strength > behind)
    return keep


def connected(candidates: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The candidates that are connected to a seed, diagonals included: bool (H, W)."""
    lines = seeds & candidates
    while True:
        padded = np.pad(lines, 1)
        height, width = lines.shape
        grown = np.zeros_like(lines)
        for row in range(3):
            for column in range(3):
                grown |= padded[row : row + height, column : column + width]
        grown &= candidates
        if grown.sum() == lines.sum():
            return lines
        lines = grown
