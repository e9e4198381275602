"""Painted views from above: towns from a seed, and drawn maps as they might look from above."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from demo.examples.drawing import fill, labelled

# The labels of a map as they look from above. Buildings are roofs, each in its own tone.
FROM_ABOVE = {
    "land": (62, 64, 58),
    "park": (52, 66, 40),
    "water": (28, 40, 44),
    "road": (74, 75, 76),
    "main road": (84, 84, 82),
    "motorway": (104, 103, 99),
}


def paint_town(rng: np.random.Generator, side: int = 300) -> Image.Image:
    """Blocks of roofs and trees along a tilted grid of streets, with a park and a pond."""
    big = int(side * 1.6)
    ground = Image.new("RGB", (big, big), FROM_ABOVE["land"])
    draw = ImageDraw.Draw(ground)
    xs, ys = streets(rng, big, 96), streets(rng, big, 62)
    for x0, x1 in pairwise(xs):
        for y0, y1 in pairwise(ys):
            block(draw, rng, x0 + 9, y0 + 7, x1 - 9, y1 - 7)
    for x in xs:
        draw.rectangle([x - 5, 0, x + 5, big], fill=(74, 75, 76))
    for y in ys:
        draw.rectangle([0, y - 4, big, y + 4], fill=(70, 71, 72))
    middle = big // 2
    left, top = xs[len(xs) // 2], ys[len(ys) // 2]
    park = [left + 8, top + 6, xs[len(xs) // 2 + 1] - 8, ys[min(len(ys) // 2 + 2, len(ys) - 1)] - 6]
    draw.rectangle(park, fill=FROM_ABOVE["park"])
    trees(draw, rng, park, 90)
    pond = [park[0] + 18, park[1] + 20, park[0] + 52, park[1] + 52]
    draw.ellipse(pond, fill=FROM_ABOVE["water"])
    ground = ground.rotate(float(rng.uniform(6, 14)), Image.Resampling.BICUBIC)
    ground = ground.crop((middle - side // 2, middle - side // 2, middle - side // 2 + side, middle - side // 2 + side))
    return photographed(rng, ground)


def paint_map(rng: np.random.Generator, areas: Sequence[str], side: int = 256) -> Image.Image:
    """A drawn map from above: gardens, parks and their trees, water, roads and roofs, where the map has them."""
    ground = Image.new("RGB", (side, side), FROM_ABOVE["land"])
    trees(ImageDraw.Draw(ground), rng, [0, 0, side, side], 500)
    for label, points in map(labelled, areas):
        if label == "building":
            (left, top), (right, bottom) = points
            roof(ImageDraw.Draw(ground), rng, left, top, right, bottom)
            continue
        area = Image.new("RGB", (side, side), FROM_ABOVE[label])
        if label == "park":
            trees(ImageDraw.Draw(area), rng, [0, 0, side, side], 900)
        mask = Image.new("L", (side, side))
        fill(mask, points, 255)
        ground.paste(area, mask=mask)
    return photographed(rng, ground)


def photographed(rng: np.random.Generator, ground: Image.Image) -> Image.Image:
    """The picture with a camera's grain and softness."""
    grain = rng.normal(0, 9, (*ground.size, 1)) + rng.normal(0, 4, (*ground.size, 3))
    noisy = np.clip(np.asarray(ground, float) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(0.6))


def streets(rng: np.random.Generator, length: int, gap: int) -> list[int]:
    at = [int(rng.integers(0, gap))]
    while at[-1] < length:
        at.append(at[-1] + int(gap * rng.uniform(0.8, 1.2)))
    return at


def block(draw: ImageDraw.ImageDraw, rng: np.random.Generator, x0: int, y0: int, x1: int, y1: int) -> None:
    """Two rows of houses with back gardens between them."""
    if x1 - x0 < 20 or y1 - y0 < 20:
        return
    draw.rectangle([x0, y0, x1, y1], fill=(58, 62, 48))
    trees(draw, rng, [x0, y0, x1, y1], int((x1 - x0) * (y1 - y0) / 90))
    for top, bottom in ((y0, y0 + (y1 - y0) * 0.36), (y1 - (y1 - y0) * 0.36, y1)):
        x = float(x0)
        while x < x1 - 8:
            width = rng.uniform(8, 15)
            roof(draw, rng, x, top, min(x + width - 2, x1), bottom)
            x += width


def roof(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, left: float, top: float, right: float, low: float
) -> None:
    tone = rng.uniform(95, 200) * np.array([1, rng.uniform(0.94, 1), rng.uniform(0.88, 0.98)])
    low -= rng.uniform(0, 4)
    draw.rectangle([left + 1.5, top + 1.5, right + 1.5, low + 1.5], fill=(30, 31, 30))  # shadow
    draw.rectangle([left, top, right, low], fill=tuple(int(v) for v in tone))
    draw.rectangle([left, top, right, (top + low) / 2], fill=tuple(int(v * 0.86) for v in tone))


def trees(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Sequence[float], count: int) -> None:
    for _ in range(count):
        x, y, r = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3]), rng.uniform(2, 5)
        shade = rng.uniform(0.7, 1.3)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=(int(38 * shade), int(52 * shade), int(30 * shade)))
        draw.ellipse([x - r, y - r, x + r * 0.3, y + r * 0.3], fill=(int(50 * shade), int(66 * shade), int(38 * shade)))
