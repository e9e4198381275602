"""A picture in bands equals the picture in one pass, for any network and for bands of any height."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from places import ROOT

from pix2pix import Generator, ImageError, Translator
from pix2pix.networks.config import GeneratorConfig
from pix2pix.networks.noise import dropout_masks
from pix2pix.translate import bands
from pix2pix.translate.bands import BAND_BYTES, Bands, Moments, bytes_in_bands
from pix2pix.translate.engines import OnnxEngine, TorchEngine, bytes_at_once


def network(**arguments) -> Generator:
    torch.manual_seed(0)
    generator = Generator(features=8, max_features=16, depth=5, **arguments).eval()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name, buffer in generator.named_buffers():
            buffer.copy_(torch.rand_like(buffer) * (0.5 if name.endswith("mean") else 2) + 0.01)
    return generator


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"padding": "reflect", "skip_activation": "leaky", "innermost_activation": "leaky"},
        {"head": "resize"},
        {"skips": False, "activation": "relu6"},
        {"norm": "instance", "dropout_kind": "channel"},
        {"encoder_dropped_levels": (0, 2, 3)},
        {"dropout_kind": "channel", "dropped_levels": (1,), "grain_levels": (0, 3), "encoder_dropped_levels": (2,)},
        {"norm": "none"},
        {"running_statistics": True},
        {"in_channels": 1, "out_channels": 2},
    ],
)
@pytest.mark.parametrize("size", [(96, 160), (32, 32)])
def test_bands_give_what_one_pass_gives(arguments: dict, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bands, "BAND", 2000)
    generator = network(**arguments)
    if generator.config.running_statistics:
        generator.use_running_statistics()
    engine = TorchEngine(generator)
    x = np.random.default_rng(0).uniform(-1, 1, (generator.config.in_channels, *size)).astype(np.float32)
    in_bands = engine.bands(lambda start, stop: x[:, start:stop], *size)
    told: list[None] = []
    outputs = []
    noises = [dropout_masks(generator.config.noise_shapes(*size), 0.5, 3), None]
    for number, noise in enumerate(noises):
        parts = list(in_bands.translate(noise, lambda: told.append(None), last=number == 1))
        outputs.append(np.concatenate(parts, axis=1))
        assert len(parts) > 1 or size == (32, 32)
        np.testing.assert_allclose(outputs[-1], engine.decode(engine.encode(x), noise), rtol=0, atol=2e-5)
    assert np.abs(outputs[0] - outputs[1]).max() > 0.01
    assert len(told) == in_bands.count(2)


@given(rows=st.lists(st.integers(1, 9), min_size=1, max_size=8), offset=st.floats(-100, 100))
@settings(deadline=None, max_examples=30)
def test_moments_of_bands_equal_those_of_the_whole(rows: list[int], offset: float):
    parts = [np.random.default_rng(len(rows)).normal(offset, 2, (3, count, 5)) for count in rows]
    moments = Moments()
    for part in parts:
        mean = part.mean((1, 2))
        moments.add(part[0].size, mean, np.square(part - mean[:, None, None]).sum((1, 2)))
    whole = np.concatenate(parts, axis=1)
    np.testing.assert_allclose(moments.mean, whole.mean((1, 2)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(moments.variance, whole.var((1, 2)), rtol=1e-4)


@pytest.mark.parametrize("noises", [1, 2])
def test_bands_keep_no_more_memory_than_stated(noises: int):
    config = network().config
    weights = {name: tensor.numpy() for name, tensor in network().state_dict().items()}
    in_bands = Bands(config, weights, lambda start, stop: np.zeros((3, stop - start, 640), np.float32), 640, 640)
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, sum(values.nbytes for values in in_bands._kept.values()))

    for number in range(noises):
        masks = dropout_masks(config.noise_shapes(640, 640), 0.5, number)
        for _ in in_bands.translate(masks, look, last=number == noises - 1):
            look()
    said = bytes_in_bands(config, 640, 640, noises) - BAND_BYTES
    assert 0.5 * said < most <= said
    assert not [name for name in in_bands._kept if name in ("encoder.1", "decoder.3")]


@pytest.mark.parametrize("kind", ["channel", "element"])
def test_the_budget_changes_no_picture(kind: str, monkeypatch: pytest.MonkeyPatch):
    generator = network(dropout_kind=kind)
    engine = OnnxEngine(generator.config, {name: tensor.numpy() for name, tensor in generator.state_dict().items()})
    photo = Image.effect_noise((333, 170), 80).convert("RGB")
    whole = Translator(engine, {"image_size": 32}, scale="native")
    monkeypatch.setattr(bands, "BAND", 1 << 14)
    within = (bytes_at_once(generator.config, 192, 352) - 1) / 1e9
    monkeypatch.setattr("pix2pix.translate.translator.bytes_in_bands", lambda *_: 0)
    told: list[tuple[int, int]] = []
    in_bands = Translator(engine, {"image_size": 32}, scale="native", memory=within)
    pictures = in_bands.sample(photo, [4, None], report=lambda *done: told.append(done))
    for mine, theirs in zip(pictures, whole.sample(photo, [4, None]), strict=True):
        assert mine.size == photo.size
        assert np.abs(np.asarray(mine).astype(int) - np.asarray(theirs).astype(int)).max() <= 1
    assert told == [(i, len(told)) for i in range(len(told))] and len(told) > 20


def test_the_memory_allowed_is_not_exceeded(small_checkpoint: Path):
    """The child's own peak, from when the model is loaded."""
    script = f"""
from PIL import Image
from pix2pix import Translator
def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
translator = Translator.from_pretrained({str(small_checkpoint)!r}, scale="native", memory=0.25)
picture = Image.effect_noise((6000, 500), 80).convert("RGB")
translator(picture.crop((0, 0, 32, 32)))
open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
before = kilobytes("VmRSS")
told = []
translator(picture, report=lambda *done: told.append(done), polarity="dark-lines")
print(len(told), kilobytes("VmHWM") - before)
"""
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    bands_done, grown = map(int, told.split())
    assert bands_done > 10 and grown < 250_000


def test_memory_does_not_grow_with_the_shapes_seen(small_checkpoint: Path):
    script = f"""
from PIL import Image
from pix2pix import Translator
from pix2pix.devices import release_freed_memory
def kilobytes():
    release_freed_memory()  # what glibc keeps of it varies from run to run
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
translator = Translator.from_pretrained({str(small_checkpoint)!r}, scale="native")
picture = Image.effect_noise((800, 800), 80).convert("RGB")
def look(offset):
    for i in range(30):
        translator(picture.crop((0, 0, 256 + 17 * i + offset, 800 - 16 * i + offset)), polarity="dark-lines")
    return kilobytes()
first = look(-5)
print(look(0) - first)
"""
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(told) < 30_000


def test_what_no_budget_allows_is_refused_in_one_sentence():
    generator = network()
    for scale, remedy in (("native", "make it smaller"), ("whole", "a smaller --size")):
        translator = Translator(TorchEngine(generator), {"image_size": 1024}, scale=scale, memory=0.1)
        with pytest.raises(ImageError, match=f"At 1024 x 1024 pixels.* 0.1 are allowed: .*{remedy}.*--memory"):
            translator(Image.new("RGB", (1000, 1000)))


def test_the_papers_network_takes_pictures_of_ten_million_pixels():
    """And the compact network takes the largest allowed file, in any shape."""
    assert bytes_in_bands(GeneratorConfig(), 3072, 3072) < 1.5e9
    for size in ((4096, 4096), (1024, 16384), (512, 30208), (256, 32768), (1024, 20224)):
        assert bytes_in_bands(GeneratorConfig(features=32, max_features=128), *size) < 1.5e9
