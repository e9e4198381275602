"""The paper's ablations on the maps pairs: `python -m benchmarks.ablation --data maps --out runs/ablation`.

It retrains Tables 1 (losses), 2 (generators) and 3 (patch sizes) and the colour histograms of Fig. 7 of Isola et al.
2017, and the discriminator's layer norm, on a small scale: half resolution, a compact network, few epochs, and the same
seed and number of steps for every row, in both directions. A run that was stopped continues; finished rows are not
trained again. It prints a table beside the paper's figures, and writes `ablation.json`, `ablation.md` and
`ablation.jpg` (a row of outputs for each model).

The paper's scores are for Cityscapes labels to photos under an FCN. Here photos to maps are scored by the nearest
colour of the maps' palette. Only orderings can be compared, not values.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from PIL import Image

from pix2pix import Settings, Trainer, Translator
from pix2pix.evaluation.metrics import evaluate
from pix2pix.files import atomic_path, write_text
from pix2pix.pairs.folders import Part, find_source
from pix2pix.pairs.pairs import Pairs
from pix2pix.pictures.images import to_image

SMALL = {"features": 32, "max_features": 128, "depth": 7, "discriminator_features": 16, "device": "cpu"}
# The paper's figures: per-pixel accuracy and class IoU (Tables 1 to 3), histogram intersection in L, a, b (Fig. 7).
ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "L1": ({"objective": "l1"}, ".42 / .11", ".81 .69 .70"),
    "GAN": ({"objective": "gan"}, ".22 / .01", ""),
    "cGAN": ({"objective": "cgan"}, ".57 / .16", ".87 .74 .84"),
    "GAN + L1": ({"objective": "gan+l1"}, ".64 / .17", ""),
    "cGAN + L1": ({"objective": "cgan+l1"}, ".66 / .17", ".86 .84 .82"),
    "encoder-decoder, L1": ({"objective": "l1", "generator": "encoder-decoder"}, ".35 / .08", ""),
    "encoder-decoder, cGAN + L1": ({"generator": "encoder-decoder"}, ".29 / .05", ""),
    "patch 1": ({"patch": 1}, ".39 / .10", ".83 .68 .78"),
    "patch 16": ({"patch": 16}, ".65 / .17", ""),
    "patch 286": ({"patch": 286}, ".42 / .11", ""),
    "D with layer norm": ({"discriminator_norm": "layer"}, "", ""),
}
DIRECTIONS = {"AtoB": "photo to map", "BtoA": "map to photo"}
SHOWN = 8  # outputs of each row in the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the maps pairs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs and the table")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=100, help="val pairs to evaluate on, the first by name")
    options = parser.parse_args()

    figures: dict[str, dict[str, Any]] = {}
    for direction in DIRECTIONS:
        source = find_source(options.data, "val")
        val = Pairs(Part(source, range(min(options.pairs, len(source.names)))), direction, 2 ** SMALL["depth"])
        for name, (settings, _, _) in rows(direction).items():
            folder = folder_of(options.out, direction, name)
            translator = trained(folder, options, direction, settings)
            file = folder / f"figures-{len(val)}.json"
            if not file.exists():
                write_text(file, json.dumps(evaluate(translator, val)) + "\n")
            figures.setdefault(name, {})[direction] = json.loads(file.read_text(encoding="utf-8"))
            print(f"{DIRECTIONS[direction]}, {name}: {figures[name][direction]['l1']:.4f}", flush=True)
    write_text(options.out / "ablation.json", json.dumps(figures, indent=1) + "\n")
    text = table(figures)
    write_text(options.out / "ablation.md", text)
    print(text)
    with atomic_path(options.out / "ablation.jpg") as temporary:
        sheet(options, options.data).save(temporary, quality=85)


def rows(direction: str) -> dict[str, tuple[dict[str, Any], str, str]]:
    """All rows for photos to maps; for maps to photos, those of Fig. 7, of Table 2 and of the norm."""
    both = ("encoder", "norm")
    return {name: row for name, row in ROWS.items() if direction == "AtoB" or row[2] or any(w in name for w in both)}


def folder_of(out: Path, direction: str, name: str) -> Path:
    return out / direction / name.replace(" ", "").replace(",", "-")


def trained(folder: Path, options: argparse.Namespace, direction: str, settings: dict[str, Any]) -> Translator:
    """The row's model, trained if it does not exist yet."""
    if not (folder / "model.safetensors").exists():
        palette = {"output_palette": "maps"} if direction == "AtoB" else {}
        everything = Settings(
            options.data, str(folder), direction=direction, epochs=options.epochs, **palette, **{**SMALL, **settings}
        )
        Trainer(everything, resume=(folder / "training" / "state.pt").exists()).train()
    return Translator.from_pretrained(folder)


def table(figures: dict[str, dict[str, Any]]) -> str:
    """All rows in one Markdown table."""
    lines = [
        "| | photo to map: L1 | pixels / IoU | histograms in common, L a b (mean) | paper's pixels / IoU "
        "| map to photo: L1 | histograms in common | paper's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (_, paper_scores, paper_lab) in ROWS.items():
        to_map, to_photo = (figures[name].get(direction) for direction in DIRECTIONS)
        scores = f"{to_map['pixel_accuracy']:.2f} / {to_map['iou']:.2f}"
        cells = [name, f"{to_map['l1']:.4f}", scores, histograms(to_map["lab"]), paper_scores]
        cells += [f"{to_photo['l1']:.4f}", histograms(to_photo["lab"])] if to_photo else ["", ""]
        lines.append(f"| {' | '.join([*cells, paper_lab])} |")
    return "\n".join(lines) + "\n"


def histograms(lab: dict[str, float]) -> str:
    return " ".join(f"{lab[channel]:.2f}" for channel in "Lab") + f" ({sum(lab.values()) / 3:.2f})"


def sheet(options: argparse.Namespace, data: str) -> Image.Image:
    """Outputs for the first val pairs: a row for each model, map to photo on the left, photo to map on the right."""
    side = 2 ** SMALL["depth"]
    image = Image.new("RGB", (2 * SHOWN * side, len(ROWS) * side), "white")
    for half, direction in enumerate(("BtoA", "AtoB")):
        pairs = Pairs(find_source(data, "val"), direction, side)
        for name, (settings, _, _) in rows(direction).items():
            row = list(ROWS).index(name)
            translator = trained(folder_of(options.out, direction, name), options, direction, settings)
            for i in range(SHOWN):
                output = translator(to_image(pairs[i][0].numpy()), 0, polarity="dark-lines")
                image.paste(output, ((half * SHOWN + i) * side, row * side))
    return image


if __name__ == "__main__":
    main()
