"""How long a training step takes: `python -m benchmarks.train_step [--json FILE]`.

The compact recipe's networks, batch 1, 256 x 256, with random weights and pictures. Plain: the step as it is usually
written, real and fake judged one after the other, the discriminator's gradients computed in the generator's step as
well and thrown away, Adam one tensor at a time. Ours: `Trainer.train_step`. Both do the same mathematics on the same
networks; the runs are interleaved and the medians and their ratio printed. On a GPU the full-size networks are timed
too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch.nn import functional as F

from benchmarks.translate import interleaved
from pix2pix import Settings, Trainer, choose_device
from pix2pix.files import write_text
from pix2pix.trainer import BETAS

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
    """The plain step and ours, each on networks of its own."""
    folder = Path(tempfile.mkdtemp())
    (folder / "train").mkdir()
    for i in range(2):
        Image.effect_noise((512, 256), 90).convert("RGB").save(folder / "train" / f"{i}.png")
    trainers = [
        Trainer(Settings(str(folder), str(folder / name), device=device, **networks)) for name in ("plain", "ours")
    ]
    x, y = (torch.rand(1, 3, 256, 256, device=trainers[0].device) * 2 - 1 for _ in range(2))
    return plain_step(trainers[0], x, y), lambda: finished(trainers[1].train_step(x, y))


def plain_step(trainer: Trainer, x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    g, d = trainer.generator, trainer.discriminator
    assert d is not None
    optimizer_g, optimizer_d = (torch.optim.Adam(n.parameters(), 2e-4, BETAS, foreach=False) for n in (g, d))
    noises = trainer._noises(x)

    def step() -> None:
        fake = g(x, noises[0])
        optimizer_d.zero_grad()
        loss_real = F.binary_cross_entropy_with_logits(d(x, y), torch.ones(1, 1, 30, 30, device=x.device))
        loss_fake = F.binary_cross_entropy_with_logits(d(x, fake.detach()), torch.zeros(1, 1, 30, 30, device=x.device))
        ((loss_real + loss_fake) / 2).backward()
        optimizer_d.step()
        optimizer_g.zero_grad()
        loss_gan = F.binary_cross_entropy_with_logits(d(x, fake), torch.ones(1, 1, 30, 30, device=x.device))
        loss = loss_gan + 100 * F.l1_loss(fake, y)
        loss.backward()
        optimizer_g.step()
        finished({"D": loss_real, "G": loss})

    return step


def finished(losses: dict[str, torch.Tensor]) -> None:
    """Wait for what a GPU still works on, as a program does that shows the losses."""
    for loss in losses.values():
        float(loss.detach())


if __name__ == "__main__":
    main()
