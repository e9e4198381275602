"""How long a picture takes: `python -m benchmarks.translate [--json FILE]`.

Times the bundled compact network, and the paper's full-size one with random weights, on this machine's processor:
plain eager PyTorch, one forward pass per sample, against ONNX Runtime as `Translator` uses it. The runs are
interleaved, so that a slow moment of the machine hits all alike; the medians and their ratios are printed.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from pix2pix import Generator
from pix2pix.engines import OnnxEngine
from pix2pix.files import write_text
from pix2pix.noise import dropout_masks

NETWORKS = {"compact": {"features": 32, "max_features": 128}, "full size": {}}
SAMPLES = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="timed rounds (default 30)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()

    rows = []
    for name, arguments in NETWORKS.items():
        contenders = make(Generator(**arguments).eval())
        for task, (plain, ours) in contenders.items():
            times = interleaved([plain, ours], options.rounds if task == "one" else max(3, options.rounds // 4))
            rows.append({"network": name, "pictures": task, "plain_ms": times[0], "ours_ms": times[1]})
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}\n")
    print(
        "| network at 256 x 256 | pictures | plain eager PyTorch, ms | ours, ms | times faster |\n|---|---|---|---|---|"
    )
    for row in rows:
        ratio = row["plain_ms"] / row["ours_ms"]
        print(f"| {row['network']} | {row['pictures']} | {row['plain_ms']:.0f} | {row['ours_ms']:.0f} | {ratio:.1f} |")
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def make(generator: Generator) -> dict[str, tuple[Callable, Callable]]:
    """By task, the plain way and ours."""
    config = generator.config
    engine = OnnxEngine(config, {name: t.numpy() for name, t in generator.state_dict().items()})
    x = np.random.default_rng(0).uniform(-1, 1, (3, 256, 256)).astype(np.float32)
    noises = [dropout_masks(config.noise_shapes(256, 256), config.dropout, seed) for seed in range(SAMPLES)]
    batch = torch.from_numpy(x)[None]
    masks = [[torch.from_numpy(mask)[None] for mask in noise] for noise in noises]

    @torch.inference_mode()
    def plain(count: int) -> None:
        for noise in masks[:count]:
            generator(batch, noise)

    def ours(count: int) -> None:
        encoding = engine.encode(x)
        for noise in noises[:count]:
            engine.decode(encoding, noise)

    return {
        task: (lambda n=count: plain(n), lambda n=count: ours(n))  # type: ignore[misc]
        for task, count in (("one", 1), (f"{SAMPLES} samples", SAMPLES))
    }


def interleaved(contenders: list[Callable], rounds: int) -> list[float]:
    """Median milliseconds of each, taken in turn after two rounds of warm-up."""
    times: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds + 2):
        for own, contender in zip(times, contenders, strict=True):
            time.sleep(0.05)  # the other's threads spin for a while after their work
            start = time.perf_counter()
            contender()
            if turn >= 2:
                own.append((time.perf_counter() - start) * 1000)
    return [statistics.median(own) for own in times]


if __name__ == "__main__":
    main()
