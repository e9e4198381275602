"""The time of a training step: `python -m benchmarks.train_step [--json FILE]`.

It uses the compact recipe's networks at batch 1 and 256 x 256, with random weights and pictures. The step of
`benchmarks/plain.py` is compared with `Learner.train_step`, in float32 and in bfloat16. The first two compute the same.
Each runs in its own process, and their steps are interleaved. Medians and their ratios to the plain step are printed.
On a GPU, the full-size networks are timed too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.plain import PlainDiscriminator, PlainGenerator, load, plain_step
from benchmarks.translate import interleaved
from pix2pix import Settings, Trainer, choose_device
from pix2pix.devices import keep_freed_memory
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
    device = str(choose_device(options.device))
    rows = []
    for name, networks in NETWORKS.items():
        if name == "full size" and device == "cpu":
            continue
        with (
            Stepper(plain_of, networks, device) as plain,
            Stepper(ours_of, networks, device) as ours,
            Stepper(ours_of, {**networks, "mixed_precision": "bf16"}, device) as ours_bf16,
        ):
            times = interleaved([plain, ours, ours_bf16], options.rounds)
        rows.append({"network": name, "plain_ms": times[0], "ours_ms": times[1], "ours_bf16_ms": times[2]})
    where = torch.cuda.get_device_name() if device.startswith("cuda") else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{where}, PyTorch {torch.__version__}\n\n"
        "| networks | plain step, ms | ours, ms | times faster | in bf16, ms | times faster |\n"
        "|---|---|---|---|---|---|"
    )
    for row in rows:
        cells = [f"{row[key]:.0f} | {row['plain_ms'] / row[key]:.2f}" for key in ("ours_ms", "ours_bf16_ms")]
        print(f"| {row['network']} | {row['plain_ms']:.0f} | {' | '.join(cells)} |")
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


class Stepper:
    """A training step in its own process, as users run it, so that memory settings affect only one of them."""

    def __init__(self, make: Callable[[dict, str], Callable], networks: dict, device: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make, networks, device), daemon=True)

    def __enter__(self) -> Stepper:
        self.process.start()
        self.pipe.recv()
        return self

    def __call__(self) -> None:
        self.pipe.send("step")
        self.pipe.recv()

    def __exit__(self, *error: object) -> None:
        self.process.terminate()


def serve(pipe: Any, make: Callable[[dict, str], Callable], networks: dict, device: str) -> None:
    step = make(networks, device)
    while True:
        pipe.send("done")
        pipe.recv()
        for loss in step():
            float(loss.detach())  # waits for the GPU, as a program that shows the losses does


def ours_of(networks: dict, device: str) -> Callable[[], Iterable[torch.Tensor]]:
    trainer, x, y = beginning(networks, device)
    if device == "cpu":
        keep_freed_memory()
    return lambda: trainer.learner.train_step(x, y).values()


def plain_of(networks: dict, device: str) -> Callable[[], Iterable[torch.Tensor]]:
    trainer, x, y = beginning(networks, device)
    sizes = {name: networks[name] for name in ("features", "max_features") if name in networks}
    g, d = PlainGenerator(**sizes), PlainDiscriminator(networks.get("discriminator_features", 64))
    assert trainer.learner.discriminator is not None
    load(g, trainer.learner.generator)
    load(d, trainer.learner.discriminator)
    return plain_step(g.to(device), d.to(device), x, y)


def beginning(networks: dict, device: str) -> tuple[Trainer, torch.Tensor, torch.Tensor]:
    """The same weights and pictures for all steps."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train").mkdir()
        for i in range(2):
            Image.effect_noise((512, 256), 90).convert("RGB").save(folder / "train" / f"{i}.png")
        trainer = Trainer(Settings(str(folder), str(folder / "run"), device=device, **networks))
    x, y = (torch.rand(1, 3, 256, 256, device=device) * 2 - 1 for _ in range(2))
    return trainer, x, y


if __name__ == "__main__":
    main()
