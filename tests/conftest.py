"""Fixtures of the tests: small synthetic pairs, small networks, the bundled models, the page in a browser."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes; more threads than cores would be ten times slower
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import serving
import torch
from browser import CHROMIUM, FLAGS, forget, open_tab, visit
from serving import running_studio
from small import make_generator, make_pairs

from pix2pix import PALETTES, Generator, Translator, list_models

# An empty cache instead of the user's, and none of the user's tokens, so that they cannot affect a test.
HUB_CACHE = tempfile.TemporaryDirectory(prefix="hub-cache-")
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING"))]:
    del os.environ[name]
os.environ["HF_HOME"] = HUB_CACHE.name
os.environ["XDG_CACHE_HOME"] = HUB_CACHE.name  # the cache of checked pictures
assert "huggingface_hub" not in sys.modules, "it has read the user's settings already"


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "test the studio as a site without a server, exported and offline, instead of `python app.py`"
    parser.addoption("--site", action="store_true", help=words)


def pytest_configure(config: pytest.Config) -> None:
    serving.on_site = config.getoption("--site")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that open Chromium `browser`, and these and those that start the page's server `slow`.

    With `--site`, run only the tests of the studio, and skip those with the marker `server`.
    """
    if serving.on_site:
        others = [item for item in items if not of_studio(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if of_studio(item)]
    for item in items:
        if serving.on_site and (marker := item.get_closest_marker("server")):
            item.add_marker(pytest.mark.skip(reason=f"the site has no {marker.args[0]}"))
        fixtures = set(getattr(item, "fixturenames", ()))
        if "browser" in fixtures:
            item.add_marker("browser")
        if fixtures & {"browser", "address", "stranger"}:
            item.add_marker("slow")


def of_studio(item: pytest.Item) -> bool:
    """Whether a test needs the studio, as the app or as a site; or is marked as one that needs the app."""
    return "address" in getattr(item, "fixturenames", ()) or item.get_closest_marker("server") is not None


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A data folder: 8 training and 2 val pairs, 64 x 32 pixels each, the right half the left one inverted."""
    make_pairs(tmp_path / "pairs" / "train", 8, seed=1)
    make_pairs(tmp_path / "pairs" / "val", 2, seed=2)
    return tmp_path / "pairs"


@pytest.fixture(scope="session")
def small_generator() -> Generator:
    return make_generator(seed=0)


@pytest.fixture(scope="session")
def small_checkpoint(small_generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    small_generator.save_pretrained(folder, {"direction": "AtoB", "input": "edges", "image_size": 32, "scale": "whole"})
    return folder


@pytest.fixture(scope="session", params=list_models())
def bundled(request: pytest.FixtureRequest) -> Translator:
    return Translator.from_pretrained(request.param)


@pytest.fixture(scope="session")
def facade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that takes the facades' labels. Drawing for it does not depend on its weights."""
    folder = tmp_path_factory.mktemp("models") / "labels"
    torch.manual_seed(0)
    task = {"input": "labels", "image_size": 256, "palette": PALETTES["facades"]}
    Generator(features=8, max_features=8).save_pretrained(folder, task)
    return folder


@pytest.fixture(scope="session")
def other_edges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that takes edges, as edges2shoes does, with a seed in its config."""
    folder = tmp_path_factory.mktemp("models") / "edges"
    torch.manual_seed(1)
    Generator(features=8, max_features=8, dropout=0.25).save_pretrained(
        folder, {"input": "edges", "image_size": 256, "seed": 5}
    )
    return folder


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, facade: Path, other_edges: Path) -> Iterator[str]:
    bundled = [name for name in ("edges2shoes", "sat2map") if name in list_models()]
    with running_studio(tmp_path_factory.mktemp("studio"), "--models", *bundled, str(facade), str(other_edges)) as url:
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


@pytest.fixture(scope="module")
def tab(browser, address: str) -> Iterator:
    """A tab that the tests of a file use in turn, since reloading the page takes half the time of a new browser."""
    with open_tab(browser, address) as tab:
        yield tab


@pytest.fixture
def page(tab, address: str) -> Iterator:
    """The page of a new visitor, with its first drawing translated."""
    forget(tab, address)
    with visit(tab, address) as page:
        yield page


@pytest.fixture(scope="session")
def shoes() -> Translator:
    return Translator.from_pretrained("edges2shoes")
