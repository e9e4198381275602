"""How long a training step takes: `python -m benchmarks.train_step [--json FILE]`.

The compact recipe's networks, batch 1, 256 x 256, with random weights and pictures: the networks and the step of
`benchmarks/plain.py` against `Trainer.train_step`. Both do the same mathematics; the runs are interleaved and the
medians and their ratio printed. On a GPU the full-size networks are timed too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from benchmarks.plain import PlainDiscriminator, PlainGenerator, load, plain_step
from benchmarks.translate import interleaved
from pix2pix import Settings, Trainer, choose_device
from pix2pix.files import write_text

NETWORKS = {
    "compact": {"features": 32, "max_features": 128, "discriminator_features": 24},
    "full size": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="timed rounds (default 30)")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default auto)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    device = choose_device(options.device)
    rows = []
    for name, networks in NETWORKS.items():
        if name == "full size" and device.type == "cpu":
            continue
        plain, ours = make(networks, str(device))
        times = interleaved([plain, ours], options.rounds)
        rows.append({"network": name, "plain_ms": times[0], "ours_ms": times[1]})
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{where}, PyTorch {torch.__version__}\n\n"
        "| networks | plain step, ms | ours, ms | times faster |\n|---|---|---|---|"
    )
    for row in rows:
        ratio = row["plain_ms"] / row["ours_ms"]
        print(f"| {row['network']} | {row['plain_ms']:.0f} | {row['ours_ms']:.0f} | {ratio:.2f} |")
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def make(networks: dict, device: str) -> tuple[Callable, Callable]:
    """The plain step and ours, each on networks of its own with the same weights."""
    folder = Path(tempfile.mkdtemp())
    (folder / "train").mkdir()
    for i in range(2):
        Image.effect_noise((512, 256), 90).convert("RGB").save(folder / "train" / f"{i}.png")
    trainer = Trainer(Settings(str(folder), str(folder / "run"), device=device, **networks))
    x, y = (torch.rand(1, 3, 256, 256, device=trainer.device) * 2 - 1 for _ in range(2))
    sizes = {name: networks[name] for name in ("features", "max_features") if name in networks}
    g, d = PlainGenerator(**sizes), PlainDiscriminator(networks.get("discriminator_features", 64))
    assert trainer.discriminator is not None
    load(g, trainer.generator)
    load(d, trainer.discriminator)
    step = plain_step(g.to(trainer.device), d.to(trainer.device), x, y)
    return lambda: finished(*step()), lambda: finished(*trainer.train_step(x, y).values())


def finished(*losses: torch.Tensor) -> None:
    """Wait for what a GPU still works on, as a program does that shows the losses."""
    for loss in losses:
        float(loss.detach())


if __name__ == "__main__":
    main()
