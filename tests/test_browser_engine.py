"""The browser's engine: its tests run in Node, against pictures and masks made by the Python engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from places import ROOT

from demo.rules import DRAWN
from pix2pix import MAX_SEED, Generator, Translator, list_models
from pix2pix.networks.noise import dropout_masks
from pix2pix.translate.engines import load_engine
from pix2pix.weights.pretrained import find_checkpoint, read_task

NODE = shutil.which("node")
KERNELS = ROOT / "demo" / "web" / "engine" / "kernel"
RELAXED = "--experimental-wasm-relaxed-simd"

# Kinds of networks that the engine should run, and that no bundled model for drawings has.
SMALL: dict[str, dict[str, Any]] = {
    "element": {"features": 8, "max_features": 16},
    "instance": {"features": 8, "max_features": 24, "norm": "instance", "dropped_levels": (1, 3)},
    "channels": {"in_channels": 1, "out_channels": 2, "features": 16, "max_features": 16, "activation": "relu6"},
    "no norms": {"features": 8, "max_features": 16, "norm": "none"},
    "grain": {"features": 16, "max_features": 24, "dropout_kind": "channel", "grain_levels": (3,)},
    "grain alone": {"features": 8, "max_features": 16, "dropped_levels": (1,), "grain_levels": (0, 3)},
    "quiet": {"features": 8, "max_features": 8, "dropped_levels": (), "dropout_kind": "channel"},
}
NOISES = [(0.5, 0), (0.5, 3), (0.0, 3), (0.9, 123456789), (0.05, 2**40)]
SEEDS = [
    (rate, seed) for rate in (0, 0.05, 0.3, 0.5, 0.9, 0.123456789, 1 - 2**-40) for seed in (0, 7, 2**53 + 1, MAX_SEED)
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what Python's engine makes: of each case x.bin, y.bin and masks.bin; of drawable models drawing.bin
    and pictures.bin too."""
    folder = tmp_path_factory.mktemp("reference")
    rng = np.random.default_rng(0)
    drawn = [name for name in list_models() if read_task(name)["input"] in DRAWN]
    cases = [write_case(folder, find_checkpoint(name), name, 256, rng) for name in drawn]
    for name, arguments in SMALL.items():
        torch.manual_seed(len(name))
        generator = Generator(depth=5, **arguments)
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
        checkpoint = folder / name / "checkpoint"
        generator.save_pretrained(checkpoint, {"image_size": 64}, half=name == "element")
        cases.append(write_case(folder, checkpoint, name, 64, rng))
    (folder / "cases.json").write_text(json.dumps(cases))
    return folder


def write_case(folder: Path, checkpoint: Path, name: str, size: int, rng: np.random.Generator) -> dict[str, Any]:
    engine, task = load_engine(checkpoint)
    config = engine.config
    (folder / name).mkdir(exist_ok=True)

    def write(file: str, array: np.ndarray) -> None:
        (folder / name / file).write_bytes(np.ascontiguousarray(array).tobytes())

    x = rng.uniform(-1, 1, (config.in_channels, size, size)).astype("<f4")
    write("x.bin", x.transpose(1, 2, 0))
    encoding, shapes = engine.encode(x), config.noise_shapes(size, size)
    ys = [engine.decode(encoding, dropout_masks(shapes, rate, seed)) for rate, seed in NOISES]
    write("y.bin", np.stack(ys).transpose(0, 2, 3, 1).astype("<f4"))
    masks = [mask.ravel() for rate, seed in SEEDS for mask in dropout_masks(shapes, rate, seed)]
    write("masks.bin", np.concatenate(masks).astype("<f4") if masks else np.zeros(0, "<f4"))
    case = {
        "name": name, "folder": str(checkpoint), "size": size, "channels": config.out_channels, "noises": NOISES,
        "seeds": [(rate, str(seed)) for rate, seed in SEEDS],
    }  # fmt: skip
    if task.get("input") in ("edges", "labels", "paint"):
        drawing = rng.integers(
            0, 256, (16, 16, 3), dtype=np.uint8
        )  # colours outside the palette, which are snapped to labels
        picture = Image.fromarray(drawing).resize((size, size), Image.Resampling.NEAREST)
        case |= {"drawing": True, "drawn": [0, 1, 2, 77, 2**52]}
        write("drawing.bin", np.asarray(picture.convert("RGBA")))
        pictures = Translator.from_pretrained(checkpoint).sample(picture, case["drawn"], polarity="dark-lines")
        write("pictures.bin", np.stack([np.asarray(each.convert("RGBA")) for each in pictures]))
    return case


@pytest.mark.skipif(NODE is None, reason="needs node: `apt-get install nodejs`")
@pytest.mark.slow
@pytest.mark.parametrize("suite", ["network", "session", "worker"])
def test_in_node(suite: str, reference: Path):
    options = subprocess.run([str(NODE), "--v8-options"], capture_output=True, text=True, check=True).stdout
    flags = (
        [RELAXED] if RELAXED in options else []
    )  # relaxed SIMD is off in older versions of Node and on in newer ones
    result = subprocess.run(
        [str(NODE), *flags, f"tests/engine/{suite}.test.mjs"],
        cwd=ROOT, env={**os.environ, "PIX2PIX_REFERENCE": str(reference)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(
    not (shutil.which("clang-19") and shutil.which("wasm-ld-19")),
    reason="needs clang and its linker: `apt-get install clang-19 lld-19`",
)
def test_the_kernels_are_what_their_source_compiles_to(tmp_path: Path):
    subprocess.run([str(KERNELS / "build.sh"), str(tmp_path)], check=True)
    for name in ("plain.wasm", "relaxed.wasm"):
        assert (tmp_path / name).read_bytes() == (KERNELS / name).read_bytes(), f"{name} is old: run build.sh"
