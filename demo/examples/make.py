"""Make the page's examples: `python -m demo.examples.make`.

The drawings of `strokes.py` are smooth curves through hand-set points, drawn with the page's pen (whole pixels, no
antialiasing), and painted areas. The tiles are two towns and eight of the drawn maps as seen from above. Nothing comes
from photographs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from demo.examples.drawing import curve, fill, labelled, paint_lines
from demo.examples.strokes import EDGES, LABELS, PAINT
from demo.examples.tiles import paint_map, paint_town
from demo.rules import SIDE
from pix2pix import PALETTES

HERE = Path(__file__).resolve().parent


def main() -> None:
    for model, drawings in EDGES.items():
        for name, strokes in drawings.items():
            image = Image.new("1", (SIDE, SIDE), 1)
            for stroke in strokes:
                for x, y in curve(stroke):
                    image.paste(0, (round(x), round(y), round(x) + 2, round(y) + 2))
            colours = PAINT.get(model, {}).get(name)
            save(paint_lines(image, colours) if colours else image, model, name)
    for model, (palette, drawings) in LABELS.items():
        colours = PALETTES[palette]
        for name, areas in drawings.items():
            image = Image.new("RGB", (SIDE, SIDE), next(iter(colours.values())))
            for label, points in map(labelled, areas):
                fill(image, points, colours[label])
            save(image.quantize(len(colours)), model, name)
    save(paint_town(np.random.default_rng(3)), "sat2map", "01-town")
    save(paint_town(np.random.default_rng(8), side=512), "sat2map", "02-larger-town")
    maps = list(LABELS["map2sat"][1].items())[1:9]  # not the first, a grid of streets like the towns; ten tiles in all
    for number, (name, areas) in enumerate(maps, start=3):
        save(paint_map(np.random.default_rng(number), areas), "sat2map", f"{number:02}-{name.split('-', 1)[1]}")


def save(image: Image.Image, model: str, name: str) -> None:
    (HERE / model).mkdir(exist_ok=True)
    image.save(HERE / model / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
