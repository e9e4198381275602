"""The time of a translation: `python -m benchmarks.translate [--json FILE]`.

It times the bundled compact network and the paper's full-size one on this machine's processor, with the same random
weights: the plain module of `benchmarks/plain.py` in eager PyTorch, with one forward pass per sample, against ONNX
Runtime as `Translator` uses it. Larger photos run through the network as a whole, and ours also in bands, as a photo
that does not fit into the allowed memory. The floor is the time of as many multiply-adds in one large matrix product.
Runs are interleaved, so that slow moments of the machine affect all alike. Medians and their ratios are printed.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

import numpy as np
import torch
from PIL import Image

from benchmarks.plain import PlainGenerator, load
from pix2pix import Generator, Translator
from pix2pix.devices import MEMORY
from pix2pix.files import write_text
from pix2pix.networks.noise import dropout_masks
from pix2pix.pictures.images import to_array
from pix2pix.translate.engines import OnnxEngine

NETWORKS = {"compact": {"features": 32, "max_features": 128}, "full size": {}}
ONE = "one, 256 x 256"
SAMPLES = 8
LARGER = (
    (512, MEMORY),
    (1024, MEMORY),
    (2048, MEMORY),
    (2048, 1.0),
)  # sides of photos in pixels, and memory in gigabytes
SIZE = 256  # side of the picture, in pixels
PRODUCT = 1024  # side of the matrices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="timed rounds (default 30)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()

    rows = []
    for name, arguments in NETWORKS.items():
        for task, (contenders, arithmetic) in make(arguments).items():
            times = interleaved(contenders, options.rounds if task == ONE else max(3, options.rounds // 4))
            rows.append(
                {
                    "network": name,
                    "pictures": task,
                    "plain_ms": times[0],
                    "ours_ms": times[1],
                    "floor_ms": times[2] * arithmetic / PRODUCT**3,
                }
            )
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, PyTorch {torch.__version__}\n")
    print("| network | pictures | plain eager PyTorch, ms | ours, ms | times faster | floor, ms |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        plain, ours, floor = row["plain_ms"], row["ours_ms"], row["floor_ms"]
        print(f"| {row['network']} | {row['pictures']} | {plain:.0f} | {ours:.1f} | {plain / ours:.1f} | {floor:.1f} |")
    one = {row["network"]: row for row in rows if row["pictures"] == ONE}
    ratio = one["full size"]["plain_ms"] / one["compact"]["ours_ms"]
    print(f"\nOne picture by the compact network is {ratio:.1f} times faster than by the full-size one, plain.")
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def make(arguments: dict) -> dict[str, tuple[list[Callable], float]]:
    """For each task, the plain way, ours and a matrix product, with the number of multiply-adds of ours."""
    generator = Generator(**arguments).eval()
    config = generator.config
    engine = OnnxEngine(config, {name: t.numpy() for name, t in generator.state_dict().items()})
    x = np.random.default_rng(0).uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)
    noises = [dropout_masks(config.noise_shapes(SIZE, SIZE), config.dropout, seed) for seed in range(SAMPLES)]
    network = PlainGenerator(**arguments)
    load(network, generator)
    square = torch.rand(PRODUCT, PRODUCT)

    @torch.no_grad()
    def plain(batch: torch.Tensor, count: int = 1) -> None:
        for _ in range(count):
            network(batch)

    def ours(count: int) -> None:
        encoding = engine.encode(x)
        for noise in noises[:count]:
            engine.decode(encoding, noise)

    once, again = multiply_adds(generator)
    batch = torch.from_numpy(x)[None]
    product = partial(torch.mm, square, square)
    tasks: dict[str, tuple[list[Callable], float]] = {
        ONE: ([partial(plain, batch), partial(ours, 1), product], once + again),
        f"{SAMPLES} samples": (
            [partial(plain, batch, SAMPLES), partial(ours, SAMPLES), product],
            once + SAMPLES * again,
        ),
    }
    if arguments:
        for side, memory in LARGER:
            # Two photos in turns, since the encoding of the last one is kept.
            photos = [Image.effect_noise((side, side), 90).convert("RGB") for _ in range(2)]
            whole = torch.from_numpy(to_array(photos[0]))[None]
            translator = Translator(engine, {"image_size": SIZE}, scale="native", memory=memory)
            way = "" if memory == MEMORY else f", in bands for {memory:g} GB"
            contenders = [partial(plain, whole), partial(translate_next, translator, cycle(photos)), product]
            tasks[f"one, {side} x {side}{way}"] = contenders, (side // SIZE) ** 2 * (once + again)
    return tasks


def translate_next(translator: Translator, photos: Iterator[Image.Image]) -> None:
    translator(next(photos))


def multiply_adds(generator: Generator) -> tuple[float, float]:
    """Multiply-adds of the encoder with the skips' half of the decoder, computed once; and of the rest, for each
    sample."""
    once = again = 0.0
    side = SIZE
    for down in generator.encoder:
        side //= 2
        once += side**2 * down.conv.weight.numel()
    for up in [*(up.conv for up in generator.decoder), generator.head]:
        # A transposed convolution uses its whole kernel for each pixel that it reads.
        work, side = side**2 * up.weight.numel(), side * 2
        if up is generator.decoder[0].conv:
            once += work
        else:
            once, again = once + work / 2, again + work / 2
    return once, again


def interleaved(contenders: list[Callable], rounds: int) -> list[float]:
    """Median milliseconds of each, in turns, after two rounds of warm-up."""
    times: list[list[float]] = [[] for _ in contenders]
    for turn in range(rounds + 2):
        for own, contender in zip(times, contenders, strict=True):
            time.sleep(0.05)  # other threads spin for a while after their work
            start = time.perf_counter()
            contender()
            if turn >= 2:
                own.append((time.perf_counter() - start) * 1000)
    return [statistics.median(own) for own in times]


if __name__ == "__main__":
    main()
