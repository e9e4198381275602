"""Make the small picture on each bundled model's card: `python -m demo.examples.previews`.

It is what the model makes of its first example, saved as preview.jpg beside the weights. Run it after a training.
"""

from __future__ import annotations

from PIL import Image

from demo.page import EXAMPLES, PREVIEW
from pix2pix import Translator, list_models, read_task
from pix2pix.weights.pretrained import BUNDLED

SIDE = 112


def main() -> None:
    for name in list_models():
        drawing = Image.open(min((EXAMPLES / name).glob("*.png"))).convert("RGB")
        picture = Translator.from_pretrained(name)(drawing, read_task(name).get("seed", 0))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(BUNDLED / name / PREVIEW, quality=85)


if __name__ == "__main__":
    main()
