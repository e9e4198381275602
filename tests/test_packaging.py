"""The wheel, installed elsewhere: it includes the models, and its commands work from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from places import ROOT

from pix2pix import __version__, list_models

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel, and its commands in `bin`."""
    pytest.importorskip("hatchling", reason="pip install -r requirements-dev.txt")
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "-q"]
    subprocess.run([*pip, "wheel", ROOT, "--no-deps", "--no-build-isolation", "--wheel-dir", wheels], check=True)
    (wheel,) = wheels.glob("pix2pix-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    return target


def run(installed: Path, folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [str(installed / "bin" / words[0]), *words[1:]]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def test_an_installed_model_translates_in_another_folder(installed: Path, tmp_path: Path):
    Image.new("RGB", (64, 48), "white").save(tmp_path / "in.png")
    run(installed, tmp_path, "pix2pix", "translate", "in.png", "out.png", "--model", "edges2shoes")
    assert Image.open(tmp_path / "out.png").size == (64, 48)
    listed = run(installed, tmp_path, "pix2pix", "models")
    assert all(name in listed for name in list_models())
    assert run(installed, tmp_path, "pix2pix", "--version") == f"pix2pix {__version__}\n"


def test_the_other_commands_are_there(installed: Path, tmp_path: Path):
    assert "pix2pix-demo" in run(installed, tmp_path, "pix2pix-demo", "--help")
    assert "pix2pix-train" in run(installed, tmp_path, "pix2pix-train", "--help")


def test_the_wheel_holds_the_page_and_the_terms_of_each_model(installed: Path):
    assert (installed / "pix2pix" / "py.typed").exists()
    for folder in ("web", "examples"):
        ours = {path.relative_to(ROOT) for path in (ROOT / "demo" / folder).rglob("*") if path.suffix in USED}
        assert ours and all((installed / path).exists() for path in ours)
    for name in list_models():
        assert (installed / "pix2pix" / "checkpoints" / name / "README.md").exists()
    shown = [path.relative_to(ROOT) for path in (ROOT / "checkpoints").glob("*/preview.jpg")]
    assert shown and all((installed / "pix2pix" / path).exists() for path in shown)


USED = {".html", ".css", ".js", ".png", ".svg", ".jpg"}
