"""Measure the bundled models again and compare the figures on their cards: `python -m benchmarks.quality --data DIR`.

DIR holds the data sets in folders such as `edges2shoes` and `maps`; `cats` holds the pairs that `pix2pix pairs` makes
of the photos, and `daylight` what `pix2pix daylight` makes of `maps`. A card's figures are between two marks, and also
in `checkpoints/NAME/figures.json`. The exit code is 1 if a figure differs by more than rounding. `--write` writes the
cards and the files instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pix2pix import Translator, list_models
from pix2pix.evaluation.data import pairs_for
from pix2pix.evaluation.metrics import evaluate
from pix2pix.evaluation.report import metrics_text
from pix2pix.files import write_text
from pix2pix.pairs.folders import DataSet
from pix2pix.weights.checkpoint import CARD_FILE
from pix2pix.weights.pretrained import BUNDLED

DATA = {
    "edges2shoes": "edges2shoes",
    "edges2handbags": "edges2handbags",
    "edges2cats": "cats",
    "paint2emoji": "paint2emoji",
    "labels2facade": "facades",
    "sat2map": "maps",
    "map2sat": "daylight",
}
BEGIN, END = "<!-- figures, by benchmarks/quality.py -->", "<!-- end of figures -->"
TOLERANCE = 2e-4  # two processors round differently


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets' folders")
    parser.add_argument("--models", nargs="+", default=list_models(), metavar="NAME")
    parser.add_argument("--write", action="store_true", help="write the figures instead of comparing them")
    options = parser.parse_args()
    faults = []
    for name in options.models:
        figures = measured(name, options.data / DATA[name])
        folder = BUNDLED / name
        text = section(figures)
        if options.write:
            write_text(folder / "figures.json", json.dumps(figures, indent=1) + "\n")
            card = (folder / CARD_FILE).read_text(encoding="utf-8")
            before, _, rest = card.partition(BEGIN)
            write_text(folder / CARD_FILE, before + BEGIN + "\n" + text + END + rest.partition(END)[2])
        else:
            written = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
            faults += [f"{name}: {fault}" for fault in differences(written, figures)]
            if section(written) not in (folder / CARD_FILE).read_text(encoding="utf-8"):
                faults.append(f"{name}: the card differs from figures.json")
        print(f"## {name}\n\n{text}", flush=True)
    print("\n".join(faults) or "Every card agrees." if not options.write else "Written.")
    return 1 if faults else 0


def measured(name: str, data: Path) -> dict[str, Any]:
    """The model's figures on its val split; "perturbed" holds those on edges drawn by hand."""
    translator = Translator.from_pretrained(name)
    pairs = pairs_for(translator, DataSet(data), "val")
    figures = evaluate(translator, pairs)
    if translator.input_kind == "edges":
        perturbed = evaluate(translator, pairs, perturb=True)
        figures["perturbed"] = {metric: perturbed[metric] for metric in ("l1", "psnr", "ssim")}
    return figures


def section(figures: dict[str, Any]) -> str:
    """The section of the card with the figures."""
    lines = [f"On the {figures['count']} val pairs, 8 samples of each, at 256 × 256 pixels:", "", metrics_text(figures)]
    if perturbed := figures.get("perturbed"):
        worse = perturbed["l1"] / figures["l1"] - 1
        lines += [
            "",
            f"On the same edges drawn again as a hand would (`--perturb`): L1 {perturbed['l1']:.4f}, {worse:.0%} "
            f"worse; SSIM {perturbed['ssim']:.4f}.",
        ]
    return "\n".join(lines) + "\n"


def differences(written: Any, found: Any, name: str = "") -> list[str]:
    """The figures that differ by more than rounding, one sentence each."""
    if isinstance(written, dict) and isinstance(found, dict):
        return [
            fault
            for key in sorted({*written, *found})
            for fault in differences(written.get(key), found.get(key), f"{name} {key}".strip())
        ]
    if isinstance(written, float) and isinstance(found, float):
        tolerance = 0.02 if name.endswith("psnr") or name.startswith("lightness") else TOLERANCE
        return [] if abs(written - found) <= tolerance else [f"{name} is {found} and the card says {written}"]
    return [] if written == found else [f"{name} is {found} and the card says {written}"]


if __name__ == "__main__":
    sys.exit(main())
