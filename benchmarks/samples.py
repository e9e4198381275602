"""Make a model's sample sheets: `python -m benchmarks.samples --model NAME --data DIR`.

`checkpoints/NAME/samples.jpg` shows the model's outputs for the first 12 val pairs by name, none chosen by hand. The
inputs and truths are not in it: most data sets may be used, but not be passed on. `docs/drawn/NAME.jpg` shows what it
makes of the page's own drawings, each under four seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from pix2pix import Translator
from pix2pix.data import Pairs
from pix2pix.files import atomic_path
from pix2pix.images import to_image
from pix2pix.pretrained import BUNDLED
from pix2pix.sources import find_source

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 4, 3
SEEDS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a bundled name")
    parser.add_argument("--data", required=True, help="its data folder")
    options = parser.parse_args()
    translator = Translator.from_pretrained(options.model)
    save(val_sheet(translator, options.data), BUNDLED / options.model / "samples.jpg")
    if drawings := sorted((ROOT / "demo" / "examples" / options.model).glob("*.png")):
        save(drawn_sheet(translator, drawings), ROOT / "docs" / "drawn" / f"{options.model}.jpg")


def val_sheet(translator: Translator, data: str) -> Image.Image:
    size = translator.size
    pairs = Pairs(find_source(data, "val"), translator.task["direction"], size, palette=translator.palette)
    sheet = Image.new("RGB", (COLUMNS * size, ROWS * size))
    for i in range(COLUMNS * ROWS):
        output = translator(to_image(pairs[i][0].numpy()), seed=0)
        sheet.paste(output, (i % COLUMNS * size, i // COLUMNS * size))
    return sheet


def drawn_sheet(translator: Translator, drawings: list[Path]) -> Image.Image:
    """A row for each drawing: itself, and its translations, from the seed on with which the page begins."""
    size = translator.size
    first = translator.task.get("seed", 0)
    sheet = Image.new("RGB", ((1 + SEEDS) * size, len(drawings) * size))
    for row, path in enumerate(drawings):
        drawing = Image.open(path).convert("RGB").resize((size, size))
        for column, image in enumerate([drawing, *translator.sample(drawing, range(first, first + SEEDS))]):
            sheet.paste(image, (column * size, row * size))
    return sheet


def save(sheet: Image.Image, path: Path) -> None:
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=88)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
