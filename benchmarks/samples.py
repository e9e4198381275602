"""Make a model's sample sheet: `python -m benchmarks.samples --model NAME --data DIR`.

The sheet, `checkpoints/NAME/samples.jpg`, shows the model's outputs for the first 12 val pairs by name, none chosen by
hand. The inputs and truths are not in it: most data sets may be used, but not be passed on.
"""

from __future__ import annotations

import argparse

from PIL import Image

from pix2pix import Translator, hub
from pix2pix.data import Pairs
from pix2pix.files import atomic_path
from pix2pix.images import to_image
from pix2pix.sources import find_source

COLUMNS, ROWS = 4, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a bundled name")
    parser.add_argument("--data", required=True, help="its data folder")
    options = parser.parse_args()

    translator = Translator.from_pretrained(options.model)
    size = translator.size
    source = find_source(options.data, "val")
    pairs = Pairs(source, translator.task["direction"], size, palette=translator.palette)
    sheet = Image.new("RGB", (COLUMNS * size, ROWS * size))
    for i in range(COLUMNS * ROWS):
        output = translator(to_image(pairs[i][0].numpy()), seed=0)
        sheet.paste(output, (i % COLUMNS * size, i // COLUMNS * size))
    path = hub.BUNDLED / options.model / "samples.jpg"
    with atomic_path(path) as temporary:
        sheet.save(temporary, quality=88)
    print(path)


if __name__ == "__main__":
    main()
