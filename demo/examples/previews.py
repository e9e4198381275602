"""Make the models' preview pictures: `python -m demo.examples.previews`. Run it after a training.

On the page, each bundled model shows its translation of its first example: preview.jpg beside the weights. Sites that
link to the page show web/preview.jpg: a drawing and its translation by the model in `LINK`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from demo.studio import PREVIEW
from pix2pix import Translator, list_models, read_task
from pix2pix.weights.pretrained import BUNDLED

EXAMPLES = Path(__file__).resolve().parent
WEB = EXAMPLES.parent / "web"
SIDE = 112  # pixels
LINK = "paint2emoji"
LINK_SIZE = (1200, 630)  # pixels; the size that most sites ask for


def main() -> None:
    for name in list_models():
        drawing = Image.open(min((EXAMPLES / name).glob("*.png"))).convert("RGB")
        picture = Translator.from_pretrained(name)(drawing, read_task(name).get("seed", 0))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(BUNDLED / name / PREVIEW, quality=85)
        if name == LINK:
            link_preview(drawing, picture).save(WEB / PREVIEW, quality=85)


def link_preview(drawing: Image.Image, picture: Image.Image) -> Image.Image:
    """A drawing beside its picture, on white."""
    width, height = LINK_SIZE
    side = width // 2 - 40
    card = Image.new("RGB", LINK_SIZE, "white")
    for left, half in ((20, drawing), (width // 2 + 20, picture)):
        card.paste(half.resize((side, side), Image.Resampling.LANCZOS), (left, (height - side) // 2))
    return card


if __name__ == "__main__":
    main()
