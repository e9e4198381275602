"""Small synthetic pairs and small untrained networks, which most tests use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pix2pix import Generator


def make_pairs(folder: Path, count: int, seed: int, side: int = 32) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        left = np.asarray(small.resize((side, side), Image.Resampling.BILINEAR))
        Image.fromarray(np.concatenate([left, 255 - left], axis=1)).save(folder / f"{i}.png")


def make_generator(seed: int, dropout: float = 0.5) -> Generator:
    """An untrained generator for 32 x 32 pictures, for tests that do not depend on trained weights."""
    torch.manual_seed(seed)
    generator = Generator(features=8, max_features=16, depth=5, dropout=dropout)
    with torch.no_grad():
        for parameter in generator.parameters():  # far from the initial N(0, 0.02), so that outputs differ visibly
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return generator.eval()
