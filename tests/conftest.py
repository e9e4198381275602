"""What the tests share: small pairs made by a rule, small networks, the bundled models, the page in a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import CHROMIUM, FLAGS, open_page
from PIL import Image

from pix2pix import PALETTES, Generator, Translator, list_models

ROOT = Path(__file__).resolve().parent.parent

# An empty cache instead of the user's, and none of the user's tokens: what is in them must not change a test.
HUB_CACHE = tempfile.TemporaryDirectory(prefix="hub-cache-")
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING"))]:
    del os.environ[name]
os.environ["HF_HOME"] = HUB_CACHE.name  # read when huggingface_hub is first imported, which nothing above does


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that open the page in Chromium carry the marker `browser`."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


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
    return make_generator(seed=0)


def make_generator(seed: int, dropout: float = 0.5) -> Generator:
    """An untrained generator for pictures of 32 x 32: enough to test what does not depend on the weights."""
    torch.manual_seed(seed)
    generator = Generator(features=8, max_features=16, depth=5, dropout=dropout)
    with torch.no_grad():
        for parameter in generator.parameters():  # far from the initial N(0, 0.02), so that outputs differ visibly
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return generator.eval()


@pytest.fixture(scope="session")
def small_checkpoint(small_generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    small_generator.save_pretrained(folder, {"direction": "AtoB", "input": "edges", "image_size": 32, "scale": "whole"})
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
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GRADIO_")}
    command = [sys.executable, str(door), "--port", str(port), *options]
    with log.open("w") as file:
        kept = {"XDG_DATA_HOME": str(folder / "data")}  # what is taught, in place of the user's own
        process = subprocess.Popen(command, cwd=ROOT, env={**clean, **kept, **environment}, stdout=file, stderr=file)
    (folder / "pid").write_text(str(process.pid))
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, log)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Until a page answers. Its log is shown where its process ends before."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(240):
        try:
            opener.open(url).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.25)


@pytest.fixture(scope="module")
def facade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that takes the facades' labels: what is drawn for it does not depend on its weights."""
    folder = tmp_path_factory.mktemp("models") / "labels"
    torch.manual_seed(0)
    task = {"input": "labels", "image_size": 256, "palette": PALETTES["facades"]}
    Generator(features=4, max_features=8).save_pretrained(folder, task)
    return folder


@pytest.fixture(scope="module")
def other_edges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that takes edges, as edges2shoes does."""
    folder = tmp_path_factory.mktemp("models") / "edges"
    torch.manual_seed(1)
    Generator(features=4, max_features=8, dropout=0.25).save_pretrained(folder, {"input": "edges", "image_size": 256})
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, facade: Path, other_edges: Path) -> Iterator[str]:
    bundled = [name for name in ("edges2shoes", "sat2map") if name in list_models()]
    with running_app(tmp_path_factory.mktemp("app"), "--models", *bundled, str(facade), str(other_edges)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: `apt-get install chromium`, or set CHROMIUM to its path")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(address: str, browser) -> Iterator:
    """The page, open, with its first drawing translated."""
    with open_page(browser, address) as page:
        yield page


@pytest.fixture(scope="module")
def shoes() -> Translator:
    return Translator.from_pretrained("edges2shoes")
