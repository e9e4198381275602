"""Make a model's sample sheets: `python -m benchmarks.samples --model NAME --data DIR [--people DIR]`.

`checkpoints/NAME/samples.jpg` shows the model's outputs for the first 12 val pairs by name, uncurated. The inputs and
targets are not in it: most data sets may be used, but not passed on. `docs/drawn/NAME.jpg` shows what it makes of the
page's own drawings, each under four seeds, or of its own tiles. A model of painted drawings gets each drawing painted
and unpainted. `docs/drawn/NAME-people.jpg` shows drawings by people, ten at equal distances in the list of names.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from pix2pix import Translator
from pix2pix.evaluation.data import pairs_for
from pix2pix.files import atomic_path
from pix2pix.pairs.folders import DataSet
from pix2pix.pictures.images import to_image
from pix2pix.weights.pretrained import BUNDLED

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 4, 3
SEEDS = 4
PEOPLE = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a bundled name")
    parser.add_argument("--data", required=True, help="its data folder")
    parser.add_argument("--people", type=Path, help="a folder of drawings by people")
    options = parser.parse_args()
    translator = Translator.from_pretrained(options.model)
    save(val_sheet(translator, options.data), BUNDLED / options.model / "samples.jpg")
    if drawings := sorted((ROOT / "demo" / "examples" / options.model).glob("*.png")):
        save(drawn_sheet(translator, drawings), ROOT / "docs" / "drawn" / f"{options.model}.jpg")
    if options.people:
        drawings = sorted(options.people.rglob("*.png"))
        chosen = [drawings[i * len(drawings) // PEOPLE] for i in range(PEOPLE)]
        save(pairs_sheet(translator, chosen), ROOT / "docs" / "drawn" / f"{options.model}-people.jpg")


def val_sheet(translator: Translator, data: str) -> Image.Image:
    size = translator.size
    pairs = pairs_for(translator, DataSet(data), "val")
    sheet = Image.new("RGB", (COLUMNS * size, ROWS * size))
    for i in range(COLUMNS * ROWS):
        output = translator(to_image(pairs[i][0].numpy()), seed=0, polarity="dark-lines")
        sheet.paste(output, (i % COLUMNS * size, i // COLUMNS * size))
    return sheet


def drawn_sheet(translator: Translator, drawings: list[Path]) -> Image.Image:
    """Each drawing, and beside it its translations, from the seed on with which the page begins."""
    if translator.input_kind == "photo":
        return pairs_sheet(translator, drawings)
    size = translator.size
    first = translator.task.get("seed", 0)
    images = []
    for path in drawings:
        drawing = Image.open(path).convert("RGB").resize((size, size))
        if translator.input_kind == "paint":
            lines = drawing.convert("L").point(lambda level: 0 if level == 0 else 255).convert("RGB")
            images += [drawing, translator(drawing, seed=first), lines, translator(lines, seed=first)]
        else:
            images += [drawing, *translator.sample(drawing, range(first, first + SEEDS))]
    return grid(images, len(images) // len(drawings))


def pairs_sheet(translator: Translator, pictures: list[Path]) -> Image.Image:
    """Each picture and its translation, two of them in a row."""
    size = translator.size
    images = []
    for path in pictures:
        picture = Image.open(path).convert("RGB").resize((size, size))
        images += [picture, translator(picture, seed=translator.task.get("seed", 0))]
    return grid(images, 4)


def grid(images: list[Image.Image], columns: int) -> Image.Image:
    size = images[0].width
    sheet = Image.new("RGB", (columns * size, -(-len(images) // columns) * size))
    for i, image in enumerate(images):
        sheet.paste(image, (i % columns * size, i // columns * size))
    return sheet


def save(sheet: Image.Image, path: Path) -> None:
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=88)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
