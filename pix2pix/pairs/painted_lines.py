"""Line drawings painted in the colours of a photo; for `pix2pix.pairs.paint`."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from pix2pix.pairs.recolour import WHITE, beside_the_lines, recoloured

RECOLOURED = 0.6  # share of the painted drawings
LINELESS = 0.08  # share of the painted drawings
SMALLEST_AREA = 60  # pixels
OFF_LIGHTNESS, OFF_CHANNEL = 45, 15  # greatest deviations of paint from the photo's colour, in levels
BACKGROUND = 245  # least lightness of a photo's background


def paint_drawing(
    x: np.ndarray, y: np.ndarray, unpainted: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lines, (S, S), the paint under them, and the photo, (S, S, 3). A share of the drawings stays unpainted."""
    lines = x.mean(-1)
    paper = np.full_like(y, WHITE)
    if rng.random() < unpainted:
        return lines, paper, y
    if rng.random() < RECOLOURED:
        _, y = recoloured(x, y, rng)
    how = rng.choice(["areas", "whole", "dabs", "areas and dabs"], p=[0.5, 0.15, 0.2, 0.15])
    if "areas" in how:
        share = rng.choice([1.0, 0.7, 0.4], p=[0.5, 0.3, 0.2])
        labels = enclosed_areas(lines, gap=int(rng.integers(1, 4)))
        paper = filled(paper, labels, y, share, off=rng.random() < 0.6, rng=rng)
    elif how == "whole":
        paper = filled(paper, silhouette(y).astype(int), y, 1.0, off=rng.random() < 0.6, rng=rng)
    if "dabs" in how:
        paper = dabbed(paper, y, rng)
    if rng.random() < 0.3:
        paper = beside_the_lines(paper, rng)
    if "dabs" not in how and paper.min() < WHITE and rng.random() < LINELESS:
        lines = np.full_like(lines, WHITE)
    return lines, paper, y


def enclosed_areas(lines: np.ndarray, gap: int = 1) -> np.ndarray:
    """The areas that lines enclose, as the page's bucket finds them.

    Args:
        lines: (S, S) in [0, 255], dark on white.
        gap: pixels by which the lines are thickened first, so that gaps of up to twice this width count as closed.

    Returns:
        (S, S) whole numbers: 0 outside, 1 and up for the areas, which extend under their lines.
    """
    walls = ndimage.binary_dilation(lines < 160, iterations=gap)
    parts, count = ndimage.label(~walls)
    keep = np.bincount(parts.ravel(), minlength=count + 1) >= SMALLEST_AREA
    outside = np.zeros(count + 1, bool)
    outside[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    keep[outside] = keep[0] = outside[0] = False
    labels = (np.cumsum(keep) * keep)[parts]
    # Each area grows back under its lines. Paper that is not enclosed stays outside.
    distance, (rows, columns) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    return np.where((distance <= gap + 2) & ~outside[parts], labels[rows, columns], 0)


def silhouette(y: np.ndarray) -> np.ndarray:
    """The pixels of a photo on white that are not background: bool (S, S)."""
    return ndimage.binary_fill_holes(y.mean(-1) < BACKGROUND)


def filled(
    paper: np.ndarray, labels: np.ndarray, y: np.ndarray, share: float, off: bool = False,
    rng: np.random.Generator | None = None,
) -> np.ndarray:  # fmt: skip
    """Fill a share of the areas with the target's median colour there.

    Args:
        paper: (S, S, 3).
        labels: (S, S), from `enclosed_areas`.
        y: (S, S, 3), the target.
        share: share of the areas to fill; 1 for all.
        off: whether colours are a little off, so that copying the paint is penalised.
        rng: random numbers, needed for a share below 1 and for colours that are off.
    """
    paper = paper.copy()
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or (rng is not None and rng.random() > share):
            continue
        mask = labels[box] == label
        colour = np.median(y[box][mask], axis=0)
        if off and rng is not None:
            colour = colour + rng.uniform(-OFF_LIGHTNESS, OFF_LIGHTNESS) + rng.uniform(-OFF_CHANNEL, OFF_CHANNEL, 3)
        paper[box][mask] = np.clip(colour, 0, WHITE)
    return paper


def dabbed(paper: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paint 1 to 10 blobs and broad strokes in the target's local colours."""
    places = np.argwhere(y.mean(-1) < BACKGROUND)
    if not len(places):
        return paper
    image = Image.fromarray(paper.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 11))):
        row, column = places[rng.integers(len(places))]
        radius = int(rng.integers(4, 19))
        near = y[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1].reshape(-1, 3)
        near = near[near.mean(-1) < BACKGROUND]
        colour = tuple(int(v) for v in np.median(near, axis=0))
        if rng.random() < 0.5:
            draw.ellipse((column - radius, row - radius, column + radius, row + radius), fill=colour)
        else:
            turn, length = rng.uniform(0, math.pi), rng.uniform(10, 50)
            dx, dy = length * math.cos(turn), length * math.sin(turn)
            draw.line((column - dx, row - dy, column + dx, row + dy), fill=colour, width=radius)
    return np.asarray(image, np.float32)
