"""Make the page's examples: `python -m demo.examples.make`.

The drawings, from `strokes.py`, are smooth curves through points set by hand, drawn with the page's pen (whole pixels,
no antialiasing), and painted areas. The tiles are two towns as seen from above, painted from a seed, and the drawn maps
as somebody above them might see them. Nothing here comes from anybody's photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from demo.examples.strokes import EDGES, LABELS
from pix2pix import PALETTES

HERE = Path(__file__).resolve().parent
SIDE = 256
# A map's labels as they look from above; its buildings are roofs, each of its own tone.
FROM_ABOVE = {
    "land": (62, 64, 58),
    "park": (52, 66, 40),
    "water": (28, 40, 44),
    "road": (74, 75, 76),
    "main road": (84, 84, 82),
    "motorway": (104, 103, 99),
}


def main() -> None:
    for model, drawings in EDGES.items():
        for name, strokes in drawings.items():
            image = Image.new("1", (SIDE, SIDE), 1)
            for stroke in strokes:
                for x, y in curve(stroke):
                    image.paste(0, (round(x), round(y), round(x) + 2, round(y) + 2))
            save(image, model, name)
    for model, (palette, drawings) in LABELS.items():
        colours = PALETTES[palette]
        for name, areas in drawings.items():
            image = Image.new("RGB", (SIDE, SIDE), next(iter(colours.values())))
            for label, points in map(labelled, areas):
                fill(image, points, colours[label])
            save(image.quantize(len(colours)), model, name)
    save(paint_town(np.random.default_rng(3)), "sat2map", "01-town")
    save(paint_town(np.random.default_rng(8), side=512), "sat2map", "02-larger-town")
    maps = list(LABELS["map2sat"][1].items())[1:9]  # the first is a grid of streets, as the towns are; ten tiles in all
    for number, (name, areas) in enumerate(maps, start=3):
        save(paint_map(np.random.default_rng(number), areas), "sat2map", f"{number:02}-{name.split('-', 1)[1]}")


def save(image: Image.Image, model: str, name: str) -> None:
    (HERE / model).mkdir(exist_ok=True)
    image.save(HERE / model / f"{name}.png", optimize=True)


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


def curve(stroke: str) -> np.ndarray:
    """(N, 2) points at most a pixel apart along a stroke."""
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
    """What lies at `u` on the way from `p` at `start` to `q` at `end`."""
    return ((end - u) * p + (u - start) * q) / (end - start)


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


def paint_map(rng: np.random.Generator, areas: Sequence[str]) -> Image.Image:
    """A drawn map from above: gardens, parks and their trees, water, roads and roofs, where the map has them."""
    ground = Image.new("RGB", (SIDE, SIDE), FROM_ABOVE["land"])
    trees(ImageDraw.Draw(ground), rng, [0, 0, SIDE, SIDE], 500)
    for label, points in map(labelled, areas):
        if label == "building":
            (left, top), (right, bottom) = points
            roof(ImageDraw.Draw(ground), rng, left, top, right, bottom)
            continue
        area = Image.new("RGB", (SIDE, SIDE), FROM_ABOVE[label])
        if label == "park":
            trees(ImageDraw.Draw(area), rng, [0, 0, SIDE, SIDE], 900)
        mask = Image.new("L", (SIDE, SIDE))
        fill(mask, points, 255)
        ground.paste(area, mask=mask)
    return photographed(rng, ground)


def photographed(rng: np.random.Generator, ground: Image.Image) -> Image.Image:
    """The same with a camera's grain and softness."""
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


if __name__ == "__main__":
    main()
