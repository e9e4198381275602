"""ONNX Runtime and PyTorch give the same pictures, and ONNX Runtime works without PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from places import ROOT

from pix2pix import Generator, Pix2PixError, Translator, list_models
from pix2pix.networks.config import GeneratorConfig
from pix2pix.networks.noise import dropout_masks
from pix2pix.translate.engines import OnnxEngine, TorchEngine, load_engine


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"features": 32, "max_features": 128},
        {"features": 4, "max_features": 8, "depth": 5},
        {"in_channels": 1, "out_channels": 2, "features": 3, "max_features": 7, "depth": 4},
        {"features": 4, "max_features": 8, "depth": 5, "norm": "none"},
    ],
)
def test_a_config_knows_every_tensor(arguments: dict):
    with torch.device("meta"):
        state = Generator(**arguments).state_dict()
    assert {name: tuple(t.shape) for name, t in state.items()} == GeneratorConfig(**arguments).tensor_shapes()


@pytest.mark.parametrize(
    ("features", "depth", "sides", "others"),
    [
        (8, 5, (32, 32), {}),
        (4, 4, (48, 80), {}),
        (8, 6, (128, 64), {}),
        (8, 5, (32, 64), {"activation": "relu6"}),
        (8, 5, (32, 64), {"norm": "none"}),
        (8, 5, (32, 32), {"padding": "reflect", "skip_activation": "leaky", "innermost_activation": "leaky"}),
    ],
)
def test_engines_agree_at_any_size(features: int, depth: int, sides: tuple[int, int], others: dict):
    torch.manual_seed(depth)
    generator = Generator(in_channels=2, features=features, max_features=16, depth=depth, **others)
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
            if name.endswith("norm.weight"):
                parameter.mul_(3)  # so that relu6 has values to cap
    weights = {name: t.numpy() for name, t in generator.state_dict().items()}
    engines = [TorchEngine(generator), OnnxEngine(generator.config, weights)]
    x = np.random.default_rng(0).uniform(-1, 1, (2, *sides)).astype(np.float32)
    for noise in (None, dropout_masks(generator.config.noise_shapes(*sides), 0.5, seed=6)):
        results = [engine.decode(engine.encode(x), noise) for engine in engines]
        assert results[0].shape == (3, *sides) and np.abs(results[0]).mean() > 0.05
        np.testing.assert_allclose(results[1], results[0], atol=2e-5)


@pytest.mark.parametrize("name", list_models())
def test_engines_agree_on_bundled_models(name: str):
    engines = [load_engine(name, engine)[0] for engine in ("onnx", "torch")]
    noise = dropout_masks(engines[0].config.noise_shapes(256, 256), engines[0].config.dropout, seed=3)
    x = np.where(np.random.default_rng(0).uniform(size=(1, 256, 256)) < 0.02, -1, 1).repeat(3, 0).astype(np.float32)
    outputs = [engine.decode(engine.encode(x), noise) for engine in engines]
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=0, atol=2e-3)
    image = Image.open(ROOT / "demo" / "examples" / "edges2shoes" / "01-sneaker.png").convert("RGB")
    if Translator.from_pretrained(name).input_kind == "photo":
        image = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png").convert("RGB").resize((256, 256))
    pictures = [Translator.from_pretrained(name, engine)(image, seed=3) for engine in ("onnx", "torch")]
    a, b = (np.asarray(picture).astype(int) for picture in pictures)
    assert np.abs(a - b).max() <= 1


def test_translating_on_a_cpu_needs_no_torch(small_checkpoint: Path):
    code = (
        "import sys; from PIL import Image; from pix2pix import Translator, choose_device\n"
        f"t = Translator.from_pretrained({str(small_checkpoint)!r}, device=choose_device('cpu'))\n"
        "t.sample(Image.new('L', (40, 30)), [0, None]); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_unknown_engines_are_refused(small_checkpoint: Path):
    with pytest.raises(Pix2PixError, match=r"abacus.*onnx"):
        load_engine(small_checkpoint, "abacus")
    with pytest.raises(Pix2PixError, match="use --engine torch"):
        load_engine(small_checkpoint, "onnx", "cuda")


def test_no_telemetry_is_sent(tmp_path: Path):
    """ONNX Runtime's telemetry starts with a number of the device, which it stores below the home folder."""
    program = (
        "from PIL import Image; from pix2pix import Translator;"
        "Translator.from_pretrained('edges2shoes', engine='onnx')(Image.new('RGB', (64, 64)))"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == []
