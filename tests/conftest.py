"""What the tests share: small pairs made by a rule, small networks, the bundled models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import Generator, Translator, list_models

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A data folder: 8 training and 2 val pairs, 64 x 32 pixels each, the right half the left one inverted."""
    make_pairs(tmp_path / "pairs" / "train", 8, seed=1)
    make_pairs(tmp_path / "pairs" / "val", 2, seed=2)
    return tmp_path / "pairs"


def make_pairs(folder: Path, count: int, seed: int, side: int = 32) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        left = np.asarray(small.resize((side, side), Image.Resampling.BILINEAR))
        Image.fromarray(np.concatenate([left, 255 - left], axis=1)).save(folder / f"{i}.png")


@pytest.fixture(scope="session")
def small_generator() -> Generator:
    """An untrained generator for pictures of 32 x 32: enough to test what does not depend on the weights."""
    torch.manual_seed(0)
    generator = Generator(features=8, max_features=16, depth=5)
    with torch.no_grad():
        for parameter in generator.parameters():  # far from the initial N(0, 0.02), so that outputs differ visibly
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return generator.eval()


@pytest.fixture(scope="session")
def small_checkpoint(small_generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    small_generator.save_pretrained(folder, {"direction": "AtoB", "input": "edges", "image_size": 32})
    return folder


@pytest.fixture(scope="session", params=list_models())
def bundled(request: pytest.FixtureRequest) -> Translator:
    return Translator.from_pretrained(request.param)
