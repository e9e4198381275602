"""What the tests share: small pairs made by a rule, small networks, the bundled models."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def running_app(folder: Path, *options: str, door: str | Path = "app.py", **environment: str) -> Iterator[str]:
    """`python app.py`, as a user starts it, until its page answers; yields the address. Its log is in `folder`/log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GRADIO_", "HF_"))}
    command = [sys.executable, str(door), "--port", str(port), *options]
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env={**clean, **environment}, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}/"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for _ in range(240):
            try:
                opener.open(url).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.25)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(20)
