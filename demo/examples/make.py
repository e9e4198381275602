"""Make the page's examples: `python demo/examples/make.py`.

The drawings are smooth curves through points set by hand, drawn with the page's pen (whole pixels, no antialiasing).
The tile is a town as seen from above, painted from a seed. Nothing here comes from anybody's photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).resolve().parent
SIDE = 256
# Each drawing is a list of strokes: the points "x,y" that a smooth curve runs through. At "/" it has a corner.
DRAWINGS = {
    "1-sneaker": [
        "14,164 22,150 44,140 74,132 100,116 124,98 138,90 150,88",
        "150,88 160,96 176,104 196,102 212,88 222,80 230,84 234,104 238,134 242,160 242,172",
        "14,164 12,174 16,186 30,194 80,198 140,197 200,194 236,190 242,172",
        "14,172 40,180 90,183 150,181 210,176 241,166",
        "44,141 58,152 62,168 58,180",
        "86,130 98,142 112,148 136,146 152,134 160,116 160,97",
        "98,120 112,130",
        "108,112 124,124",
        "119,104 136,116",
        "130,96 147,108",
        "172,178 184,152 206,134 234,126",
        "216,86 212,110 216,132",
    ],
    "2-boot": [
        "92,40 120,36 150,34 176,36",
        "92,40 94,70 96,104 92,126 76,146 52,160 32,174 24,190 24,206",
        "176,36 178,70 176,110 180,150 184,180 184,204",
        "24,206 40,214 70,216 104,213 128,206 136,206 / 136,222 / 184,222 / 184,204",
        "24,200 48,207 84,208 120,201 150,199 184,202",
        "93,64 120,70 150,70 177,64",
        "112,74 118,100 116,130",
        "150,72 148,100 152,128",
    ],
    "3-wedge": [
        "18,240 34,232 58,220 84,202 112,178 140,152 164,130 184,116 204,108 220,110 230,118",
        "18,240 16,246 28,250 70,250 120,250 170,250 226,250 / 230,200 234,160 230,118",
        "24,244 56,242 84,232 110,214 136,196 164,184 198,180 232,182",
        "66,214 80,220 104,206 132,182 160,158 186,138 208,126 228,118",
    ],
    "4-loafer": [
        "14,176 22,158 48,144 78,132 104,116 124,104 140,104",
        "140,104 168,110 200,98 222,84 234,84 242,100 244,130 242,152",
        "14,176 18,188 40,194 84,192 122,186 164,184 / 166,194 200,192 240,184 242,152",
        "16,180 50,185 100,182 150,174 200,172 242,160",
        "44,148 64,150 92,142 120,126 138,108",
        "88,127 104,136 126,146 140,140 136,122 112,112",
    ],
    "5-tall-boot": [
        "108,14 132,10 160,10 180,14",
        "108,14 106,50 110,96 110,140 104,166 88,186 66,202 50,220 46,234",
        "180,14 182,50 176,96 170,140 172,170 178,196 176,214",
        "46,234 60,242 88,240 114,228 136,216 150,214 / 152,244 / 174,244 / 176,214",
        "111,152 136,160 171,150",
        "124,158 122,172 136,176 138,161",
    ],
    "6-high-top": [
        "14,190 20,174 44,162 72,152 88,130 100,100 108,66 114,44",
        "114,44 132,36 150,40 176,40 194,34 202,44 204,80 208,120 214,160 216,186",
        "14,190 12,204 20,214 70,217 130,215 190,212 214,208 216,186",
        "14,196 60,202 120,200 180,196 216,190",
        "44,162 58,172 64,186 62,201",
        "76,152 92,160 108,152 120,124 130,88 134,58 132,38",
        "90,130 110,136",
        "97,112 118,118",
        "102,94 124,100",
        "106,76 129,82",
        "111,58 132,64",
        "150,84 166,70 182,84 166,98 150,84",
    ],
}


def main() -> None:
    for name, strokes in DRAWINGS.items():
        image = Image.new("1", (SIDE, SIDE), 1)
        for stroke in strokes:
            for x, y in curve(stroke):
                image.paste(0, (round(x), round(y), round(x) + 2, round(y) + 2))
        save(image, "edges2shoes", name)
    save(paint_town(np.random.default_rng(3)), "sat2map", "1-town")
    save(paint_town(np.random.default_rng(8), side=512), "sat2map", "2-larger-town")


def save(image: Image.Image, model: str, name: str) -> None:
    (HERE / model).mkdir(exist_ok=True)
    image.save(HERE / model / f"{name}.png", optimize=True)


def curve(stroke: str) -> np.ndarray:
    """(N, 2) points at most a pixel apart along a stroke."""
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
    ground = Image.new("RGB", (big, big), (62, 64, 58))
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
    draw.rectangle(park, fill=(52, 66, 40))
    trees(draw, rng, park, 90)
    pond = [park[0] + 18, park[1] + 20, park[0] + 52, park[1] + 52]
    draw.ellipse(pond, fill=(28, 40, 44))
    ground = ground.rotate(float(rng.uniform(6, 14)), Image.Resampling.BICUBIC)
    ground = ground.crop((middle - side // 2, middle - side // 2, middle - side // 2 + side, middle - side // 2 + side))
    grain = rng.normal(0, 9, (side, side, 1)) + rng.normal(0, 4, (side, side, 3))
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
            tone = rng.uniform(95, 200) * np.array([1, rng.uniform(0.94, 1), rng.uniform(0.88, 0.98)])
            right, low = min(x + width - 2, x1), bottom - rng.uniform(0, 4)
            draw.rectangle([x + 1.5, top + 1.5, right + 1.5, low + 1.5], fill=(30, 31, 30))  # shadow
            draw.rectangle([x, top, right, low], fill=tuple(int(v) for v in tone))
            draw.rectangle([x, top, right, (top + low) / 2], fill=tuple(int(v * 0.86) for v in tone))
            x += width


def trees(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Sequence[float], count: int) -> None:
    for _ in range(count):
        x, y, r = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3]), rng.uniform(2, 5)
        shade = rng.uniform(0.7, 1.3)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=(int(38 * shade), int(52 * shade), int(30 * shade)))
        draw.ellipse([x - r, y - r, x + r * 0.3, y + r * 0.3], fill=(int(50 * shade), int(66 * shade), int(38 * shade)))


if __name__ == "__main__":
    main()
