"""What teaching gives, and what it costs those who draw.

    python -m benchmarks.teach learn PHOTOS [--counts [N ...]] [--minutes 3 10] [--beside MODEL ...] [--json FILE]
    python -m benchmarks.teach draw PHOTOS [--seconds 120] [--json FILE]

`learn` trains on outlines of some of the photos, from edges2shoes and from scratch, and measures the L1 on 30 other
photos; beside them stand edges2shoes as it is, and other models. Whatever else the machine does makes the figures
worse: leave it alone.

`draw` trains as the page does, beside somebody who draws. Every few seconds the trainer is halted or goes on, so that
both halves meet the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from demo.live import data_url, translate_frame
from demo.models import Models
from demo.teach.intake import Made, small
from demo.teach.runner import NICEST, start
from demo.teach.runs import Shelf
from pix2pix import open_image, outline
from pix2pix.files import write_text

INIT = "edges2shoes"
HELD_OUT = 30
GAP = 0.07  # seconds between two frames of a drawer, as the page sends them
PHASE = 5.0  # seconds with the trainer, and as many without
DRAWING = Path(__file__).resolve().parent.parent / "demo" / "examples" / INIT / "01-sneaker.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    learn = commands.add_parser("learn", help="L1 on held-out photos after some minutes on some pairs")
    learn.add_argument("photos", type=Path)
    learn.add_argument(
        "--counts", type=int, nargs="*", default=[10, 30, 100], help="pairs to train on; without a number, only measure"
    )
    learn.add_argument("--minutes", type=float, nargs="+", default=[3.0, 10.0])
    learn.add_argument("--beside", nargs="+", default=[], metavar="MODEL", help="measure these on the same photos too")
    learn.add_argument(
        "--options", nargs=argparse.REMAINDER, default=[], help="more for train.py, to compare; the last"
    )
    learn.set_defaults(run=run_learn)
    draw = commands.add_parser("draw", help="how long a drawer waits while a model is taught, and while not")
    draw.add_argument("photos", type=Path)
    draw.add_argument("--seconds", type=float, default=120.0)
    draw.set_defaults(run=run_draw)
    for command in (learn, draw):
        command.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    figures = options.run(options)
    if options.json:
        write_text(options.json, json.dumps(figures, indent=2) + "\n")


def run_learn(options: argparse.Namespace) -> list[dict[str, Any]]:
    photos = shuffled(options.photos)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="teach-") as folder:
        held = pairs_folder(Path(folder) / "held", photos[:HELD_OUT])
        print("| pairs | minutes | from | L1 on 30 others | below edges2shoes |\n|---|---|---|---|---|")
        for model in (INIT, *options.beside):
            rows.append({"pairs": None, "minutes": None, "from": model, "l1": l1_of(model, held)})
            show(rows[-1], rows[0]["l1"])
        for count in options.counts:
            data = pairs_folder(Path(folder) / f"pairs-{count}", photos[HELD_OUT : HELD_OUT + count])
            for minutes in options.minutes:
                for init in (INIT, ""):
                    out = Path(folder) / f"{count}-{minutes:g}-{init or 'scratch'}"
                    train(data, out, minutes, init, options.options)
                    rows.append({"pairs": count, "minutes": minutes, "from": init or "scratch", "l1": l1_of(out, held)})
                    show(rows[-1], rows[0]["l1"])
    return rows


def show(row: dict[str, Any], before: float) -> None:
    below = f"{1 - row['l1'] / before:.0%}"
    taught = f"{row['pairs']} | {row['minutes']:g}" if row["pairs"] else "as it is | "
    print(f"| {taught} | {row['from']} | {row['l1']:.4f} | {below} |", flush=True)


def shuffled(photos: Path) -> list[Path]:
    """The photos of a folder in the order of the hashes of their names, which is the same everywhere."""
    found = sorted(photos.glob("*.jpg"), key=lambda path: hashlib.sha256(path.name.encode()).digest())
    if not found:
        sys.exit(f"{photos} holds no .jpg files: name a folder of photos.")
    return found


def pairs_folder(folder: Path, photos: list[Path]) -> Path:
    """Photos and their outlines, in two folders, as the page keeps them."""
    for side in "ab":
        (folder / side).mkdir(parents=True)
    for path in photos:
        photo = small(open_image(path))
        photo.save(folder / "b" / f"{path.stem}.png")
        outline(photo).save(folder / "a" / f"{path.stem}.png")
    return folder


def train(data: Path, out: Path, minutes: float, init: str, more: list[str]) -> None:
    command = [sys.executable, "train.py", "--data", str(data), "--out", str(out), "--minutes", f"{minutes:g}"]
    command += ["--input-kind", "edges", "--device", "cpu", *(["--init", init] if init else []), *more]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def l1_of(model: str | Path, data: Path) -> float:
    """The L1 of one sample, from 0 to 1, over all pairs of a folder."""
    from pix2pix import Translator
    from pix2pix.evaluation.metrics import evaluate
    from pix2pix.pairs.folders import SideBySide, Twins, find_source
    from pix2pix.pairs.pairs import Pairs

    source = find_source(data, "train")
    whole = getattr(source, "source", source)  # not without those that would be held out
    assert isinstance(whole, (Twins, SideBySide))
    translator = Translator.from_pretrained(model)
    return float(evaluate(translator, Pairs(whole, "AtoB", translator.size))["l1"])


def run_draw(options: argparse.Namespace) -> dict[str, Any]:
    """Both phases on one machine in one run, alternating."""
    models = Models([INIT])
    frame = json.dumps({"id": 1, "image": png(DRAWING), "model": INIT, "seed": 0, "rate": None, "final": False})
    translate_frame(models, frame)
    folder = Path(tempfile.mkdtemp(prefix="teach-"))
    run = Shelf(folder).new("")
    run.add(
        [
            Made(path.name, outline(photo), photo)
            for path in shuffled(options.photos)[:10]
            if (photo := small(open_image(path)))
        ]
    )
    run.name, run.init, run.minutes = "Beside", INIT, 60.0
    trainer = start(run, ["--device", models.device])
    waits: dict[bool, list[float]] = {True: [], False: []}
    try:
        while not (run.progress and run.progress.step > 2):
            if trainer.poll() is not None:
                sys.exit((run.folder / "console.log").read_text())
            time.sleep(0.5)
        until, training = time.monotonic() + options.seconds, True
        while time.monotonic() < until:
            trainer.send_signal(signal.SIGCONT if training else signal.SIGSTOP)
            waits[training] += drawn(models, frame, min(until, time.monotonic() + PHASE))
            training = not training
    finally:
        trainer.send_signal(signal.SIGCONT)
        trainer.kill()
        trainer.wait()
        shutil.rmtree(folder)
    figures = {
        "cores": os.cpu_count(),
        "niceness": NICEST,
        **{name: percentiles(waits[on]) for name, on in (("training", True), ("alone", False))},
    }
    ratio = figures["training"]["p95_ms"] / figures["alone"]["p95_ms"]
    for name in ("alone", "training"):
        row = figures[name]
        print(f"{name:9} {row['frames']} frames, p50 {row['p50_ms']} ms, p95 {row['p95_ms']} ms")
    print(f"p95 while it trains is {ratio:.2f} times that without.")
    return {**figures, "ratio": round(ratio, 2)}


def drawn(models: Models, frame: str, until: float) -> list[float]:
    """Translate a drawing again and again, at the speed of a pen; how long each took, in seconds."""
    found = []
    while time.monotonic() < until:
        begun = time.monotonic()
        translate_frame(models, frame)
        found.append(time.monotonic() - begun)
        time.sleep(max(0.0, GAP - found[-1]))
    return found


def percentiles(seconds: list[float]) -> dict[str, Any]:
    steps = statistics.quantiles(seconds, n=20)
    return {"frames": len(seconds), "p50_ms": round(1000 * steps[9], 1), "p95_ms": round(1000 * steps[18], 1)}


def png(path: Path) -> str:
    with Image.open(path) as image:
        return data_url(image.convert("RGB"), lossless=True)


if __name__ == "__main__":
    main()
