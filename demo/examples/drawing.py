"""Drawing the lines and areas that `strokes.py` describes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from pix2pix.pairs.painted_lines import enclosed_areas


def numbers(pair: str) -> tuple[float, float]:
    x, y = map(float, pair.split(","))
    return x, y


def labelled(area: str) -> tuple[str, list[tuple[float, float]]]:
    """An area's label and its points, in pixels."""
    words = area.split()
    return " ".join(word for word in words if "," not in word), [numbers(word) for word in words if "," in word]


def fill(image: Image.Image, points: list[tuple[float, float]], colour: Any) -> None:
    """Paint a box between two corners, or a polygon."""
    draw = ImageDraw.Draw(image)
    (draw.rectangle if len(points) == 2 else draw.polygon)(points, fill=colour)


def paint_lines(lines: Image.Image, colours: dict[str, str]) -> Image.Image:
    """A drawing whose enclosed areas the bucket has filled, up to their lines.

    Args:
        lines: black on white, mode "1".
        colours: "#rrggbb", and points "x,y" inside the areas that get it.

    Raises:
        ValueError: a point lies on a line, or on open paper.
    """
    areas = enclosed_areas(np.asarray(lines.convert("L"), np.float32))
    paint = np.full((*areas.shape, 3), 255, np.uint8)
    for colour, points in colours.items():
        for x, y in map(numbers, points.split()):
            area = areas[round(y), round(x)]
            if not area:
                raise ValueError(f"{x:.0f},{y:.0f} lies in no enclosed area: move it.")
            paint[areas == area] = ImageColor.getrgb(colour)
    paint[~np.asarray(lines)] = 0
    painted = Image.fromarray(paint)
    return painted.quantize(1 + len(painted.getcolors() or []))


def curve(stroke: str) -> np.ndarray:
    """Points along a stroke, (N, 2), at most a pixel apart."""
    if stroke.startswith("oval"):
        centre, radii = map(numbers, stroke.split()[1:])
        turn = np.linspace(0, 2 * np.pi, 8 * int(sum(radii)))
        return np.array(centre) + np.array(radii) * np.stack([np.cos(turn), np.sin(turn)], -1)
    if stroke.startswith("box"):
        (left, top), (right, bottom) = map(numbers, stroke.split()[1:])
        stroke = f"{left},{top} {right},{top} / {right},{bottom} / {left},{bottom} / {left},{top}"
    points = [[tuple(map(float, word.split(","))) for word in part.split()] for part in stroke.split(" / ")]
    for before, after in pairwise(points):
        after.insert(0, before[-1])  # both curves meet in the corner
    return np.concatenate([smooth(np.array(part)) for part in points])


def smooth(points: np.ndarray) -> np.ndarray:
    """A centripetal Catmull-Rom curve through `points` (Barry and Goldman's pyramid)."""
    ends = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    pieces = []
    for four in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        t = np.cumsum([0, *(np.linalg.norm(q - p) ** 0.5 + 1e-6 for p, q in pairwise(four))])
        u = np.linspace(t[1], t[2], 2 + int(2 * np.linalg.norm(four[2] - four[1])))[:, None]
        lines = [between(u, p, q, t[i], t[i + 1]) for i, (p, q) in enumerate(pairwise(four))]
        parabolas = [between(u, p, q, t[i], t[i + 2]) for i, (p, q) in enumerate(pairwise(lines))]
        pieces.append(between(u, parabolas[0], parabolas[1], t[1], t[2]))
    return np.concatenate(pieces)


def between(u: np.ndarray, p: np.ndarray, q: np.ndarray, start: float, end: float) -> np.ndarray:
    """The point at `u` between `p` at `start` and `q` at `end`."""
    return ((end - u) * p + (u - start) * q) / (end - start)
