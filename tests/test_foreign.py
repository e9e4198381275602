"""Checkpoints of other projects, built with their documented names and shapes, against computations written from the
documentation of each layout, independently of our generator."""

from __future__ import annotations

import copy
import io
import json
import math
import pickle
import re
import struct
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_weights import Weights, make_flat, put_norm, random
from PIL import Image
from places import ROOT
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix import CheckpointError, Generator, Translator, read_task
from pix2pix.__main__ import main
from pix2pix.devices import import_onnxruntime
from pix2pix.networks.noise import dropout_masks


def norm(x: Tensor, w: Weights, name: str, running: bool = False) -> Tensor:
    if running:
        return F.batch_norm(
            x, w[f"{name}.running_mean"], w[f"{name}.running_var"], w[f"{name}.weight"], w[f"{name}.bias"]
        )
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    x = (x - mean) / torch.sqrt(var + 1e-5)
    scale, shift = w.get(f"{name}.weight"), w.get(f"{name}.bias")
    return x if scale is None or shift is None else x * scale[:, None, None] + shift[:, None, None]


# --- A: pytorch-CycleGAN-and-pix2pix ---------------------------------------------------------------------------------


def make_recursive(nf: int, depth: int, batch: bool, channels: tuple[int, int] = (3, 3)) -> Weights:
    widths = [nf * min(2**level, 8) for level in range(depth)]
    w: Weights = {"model.model.0.weight": random(widths[0], channels[0], 4, 4)}
    if not batch:
        w["model.model.0.bias"] = random(widths[0])
    prefix = "model.model.1.model."
    for k in range(1, depth):
        last = k == depth - 1
        up, after = (3, 4) if last else (5, 6)
        w[f"{prefix}1.weight"] = random(widths[k], widths[k - 1], 4, 4)
        w[f"{prefix}{up}.weight"] = random(widths[k] * (1 if last else 2), widths[k - 1], 4, 4)
        if batch:
            put_norm(w, f"{prefix}{after}", widths[k - 1])
            if not last:
                put_norm(w, f"{prefix}2", widths[k])
        else:
            w[f"{prefix}1.bias"], w[f"{prefix}{up}.bias"] = random(widths[k]), random(widths[k - 1])
        prefix += "3.model."
    w["model.model.3.weight"], w["model.model.3.bias"] = random(2 * nf, channels[1], 4, 4), random(channels[1])
    return w


def run_recursive(w: Weights, x: Tensor, depth: int, masks: dict[int, Tensor], running: bool = False) -> Tensor:
    """`masks` by the level k that carries dropout."""

    def level(x: Tensor, k: int, prefix: str) -> Tensor:
        last = k == depth - 1
        up, after = (3, 4) if last else (5, 6)
        x = F.leaky_relu(x, 0.2)  # in place, so the skip has passed through it too
        y = F.conv2d(x, w[f"{prefix}1.weight"], w.get(f"{prefix}1.bias"), 2, 1)
        if not last:
            y = level(norm(y, w, f"{prefix}2", running), k + 1, f"{prefix}3.model.")
        y = F.conv_transpose2d(F.relu(y), w[f"{prefix}{up}.weight"], w.get(f"{prefix}{up}.bias"), 2, 1)
        y = norm(y, w, f"{prefix}{after}", running)
        return torch.cat([x, y * masks[k] if k in masks else y], 1)

    y = level(F.conv2d(x, w["model.model.0.weight"], w.get("model.model.0.bias"), 2, 1), 1, "model.model.1.model.")
    return torch.tanh(F.conv_transpose2d(F.relu(y), w["model.model.3.weight"], w["model.model.3.bias"], 2, 1))


def masks_for(generator: Generator, side: int, seed: int = 3) -> list[Tensor]:
    shapes = generator.config.noise_shapes(side, side)
    return [torch.from_numpy(mask)[None] for mask in dropout_masks(shapes, 0.5, seed)]


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(("nf", "depth", "dropped"), [(8, 8, (6, 5, 4)), (6, 7, (5, 4))])
def test_recursive(tmp_path: Path, nf: int, depth: int, batch: bool, dropped: tuple[int, ...]):
    torch.manual_seed(depth)
    w = make_recursive(nf, depth, batch)
    torch.save({f"module.{name}": tensor for name, tensor in w.items()} if batch else w, tmp_path / "latest_net_G.pth")
    generator = Generator.from_pretrained(tmp_path / "latest_net_G.pth")
    x = torch.rand(1, 3, 2**depth, 2**depth) * 2 - 1
    masks = masks_for(generator, 2**depth)
    with torch.no_grad():
        expected = run_recursive(w, x, depth, dict(zip(dropped, masks, strict=True)))
        torch.testing.assert_close(generator(x, masks), expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(generator(x), run_recursive(w, x, depth, {}), rtol=0, atol=1e-4)


def test_recursive_by_running_statistics(tmp_path: Path):
    w = make_recursive(6, 7, True)
    torch.save(w, tmp_path / "net.pth")
    x = torch.rand(1, 3, 128, 256) * 2 - 1
    with torch.no_grad():
        output = Generator.from_pretrained(tmp_path / "net.pth", norm_statistics="running")(x)
        torch.testing.assert_close(output, run_recursive(w, x, 7, {}, running=True), rtol=0, atol=1e-4)
    torch.save(make_recursive(6, 7, False), tmp_path / "instance.pth")
    with pytest.raises(CheckpointError, match="no running statistics"):
        Generator.from_pretrained(tmp_path / "instance.pth", norm_statistics="running")


def test_recursive_from_before_0_4_and_in_the_older_file_format(tmp_path: Path):
    w = make_recursive(6, 7, False)
    prefix = "model.model.1.model."
    w[f"{prefix}2.running_mean"], w[f"{prefix}2.running_var"] = (
        random(12),
        random(12).abs(),
    )  # running statistics of a norm without scale
    torch.save(w, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    generator = Generator.from_pretrained(tmp_path / "old.pth")
    assert not generator.config.running_statistics
    x = torch.rand(1, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(generator(x), run_recursive(w, x, 7, {}), rtol=0, atol=1e-4)


class TheirBlock(nn.Module):
    """A level of pytorch-CycleGAN-and-pix2pix's U-Net, with the same nesting of layers and so the same names."""

    def __init__(
        self, outer: int, inner: int, inputs: int, norm: type[nn.Module], inside: nn.Module | None, last=False
    ):
        super().__init__()
        self.last = last
        biased = norm is nn.InstanceNorm2d
        down = nn.Conv2d(inputs, inner, 4, 2, 1, bias=biased)
        if last:
            up = nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1)
            layers = [down, inside, nn.ReLU(True), up, nn.Tanh()]
        elif inside is None:
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=biased)
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, norm(outer)]
        else:
            up = nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1, bias=biased)
            layers = [nn.LeakyReLU(0.2, True), down, norm(inner), inside, nn.ReLU(True), up, norm(outer)]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.last else torch.cat([x, self.model(x)], 1)


class TheirGenerator(nn.Module):
    def __init__(self, nf: int, depth: int, norm: str) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if norm == "batch" else nn.InstanceNorm2d
        block = None
        widths = [nf * min(2**level, 8) for level in range(depth)]
        for outer, inner in reversed(list(pairwise(widths))):
            block = TheirBlock(outer, inner, outer, kind, block)
        self.model = TheirBlock(3, nf, 3, kind, block, last=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def exported(source: Path, out: Path, nf: int, depth: int, norm: str) -> TheirGenerator:
    assert main(["export", str(source), str(out)]) == 0
    theirs = TheirGenerator(nf, depth, norm)
    theirs.load_state_dict(torch.load(out, weights_only=True), strict=True)
    return theirs  # in training mode, as that program tests


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("depth", [7, 8])
def test_their_classes_load_their_own_models(tmp_path: Path, batch: bool, depth: int, capsys):
    w = make_recursive(4, depth, batch)
    torch.save(w, tmp_path / "one.pth")
    norm = "batch" if batch else "instance"
    theirs = exported(tmp_path / "one.pth", tmp_path / "two.pth", 4, depth, norm)
    assert f"--netG unet_{2**depth} --norm {norm}" in capsys.readouterr().out
    x = torch.rand(1, 3, 2**depth, 2**depth) * 2 - 1
    with torch.no_grad():
        expected = run_recursive(w, x, depth, {})
        torch.testing.assert_close(theirs(x.clone()), expected, rtol=0, atol=1e-4)


def test_their_classes_load_a_model_of_ours(tmp_path: Path):
    torch.manual_seed(0)
    generator = Generator(features=4, max_features=32, norm="instance").eval()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    generator.save_pretrained(tmp_path / "mine", {})
    theirs = exported(tmp_path / "mine", tmp_path / "latest_net_G.pth", 4, 8, "instance")
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(theirs(x.clone()), generator(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_features": 16}, r"16 channels and theirs 32 \(--max-features 32\)"),
        ({"depth": 6}, "--depth 8"),
        ({"dropout_kind": "channel"}, "--dropout-kind element"),
        ({"grain_levels": (4,)}, "--grain-levels 0"),
        ({"norm": "batch"}, "--norm instance"),
        ({"skips": False}, "--generator unet"),
        ({"head": "resize"}, "--head"),
    ],
)
def test_what_their_classes_cannot_hold_is_refused(tmp_path: Path, options: dict, words: str, capsys):
    generator = Generator(**{"features": 4, "max_features": 32, "norm": "instance", **options})
    for name, parameter in generator.named_parameters():
        if name.endswith("conv.bias"):
            parameter.data += 1
        if name.endswith("norm.weight"):
            parameter.data += 0.5
    generator.save_pretrained(tmp_path / "mine", {})
    assert main(["export", str(tmp_path / "mine"), str(tmp_path / "out.pth")]) == 2
    assert re.search(words, capsys.readouterr().err)
    assert not (tmp_path / "out.pth").exists()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"epoch": 3, "netG": w, "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}}},
        lambda w: {"model_state_dict": w, "loss": 0.5},
        lambda w: {"generator": w, "discriminator": {"model.0.weight": torch.zeros(4, 6, 4, 4)}},
        lambda w: {f"_orig_mod.{name}": tensor for name, tensor in w.items()},
        lambda w: {"state_dict": {f"netG.module.{name}": tensor for name, tensor in w.items()}},
        lambda w: {"params": {n: t + 1 for n, t in w.items()}, "params_ema": w},
    ],
)
def test_wrappers_and_prefixes_are_removed(tmp_path: Path, wrap):
    w = make_recursive(4, 7, True)
    torch.save(wrap(w), tmp_path / "net.pth")
    torch.testing.assert_close(Generator.from_pretrained(tmp_path / "net.pth").head.bias.data, w["model.model.3.bias"])


# --- B: PyTorch-GAN and huggan ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("nf", [4, 7])
def test_flat(tmp_path: Path, nf: int):
    torch.manual_seed(nf)
    w = make_flat(nf)
    folder = tmp_path / "pix2pix-maps"  # as the Hub has them: no config
    folder.mkdir()
    torch.save(w, folder / "pytorch_model.bin")

    def run(x: Tensor, up_masks: list[Tensor], down_masks: list[Tensor]) -> Tensor:
        skips = []
        for k in range(1, 9):
            x = F.conv2d(x, w[f"down{k}.model.0.weight"], None, 2, 1)
            x = F.leaky_relu(norm(x, w, "") if 1 < k < 8 else x, 0.2)
            x = x * down_masks[k - 4] if down_masks and k >= 4 else x
            skips.append(x)
        for k in range(1, 8):
            x = F.relu(norm(F.conv_transpose2d(x, w[f"up{k}.model.0.weight"], None, 2, 1), w, ""))
            x = x * up_masks[k - 1] if up_masks and k <= 4 else x
            x = torch.cat([x, skips[7 - k]], 1)
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.conv2d(F.pad(x, (1, 0, 1, 0)), w["final.2.weight"], w["final.2.bias"], padding=1)
        return torch.tanh(x)

    generator = Generator.from_pretrained(folder)
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    masks = masks_for(generator, 256)
    assert len(masks) == 9
    with torch.no_grad():
        torch.testing.assert_close(generator(x, masks), run(x, masks[:4], masks[4:]), rtol=0, atol=1e-4)
        torch.testing.assert_close(generator(x), run(x, [], []), rtol=0, atol=1e-4)
    assert main(["export", str(folder), str(tmp_path / "flat.onnx")]) == 0
    feeds = {"x": x.numpy(), **{f"mask{i}": mask.numpy() for i, mask in enumerate(masks)}}
    (y,) = import_onnxruntime().InferenceSession(tmp_path / "flat.onnx").run(["y"], feeds)
    torch.testing.assert_close(torch.from_numpy(y), run(x, masks[:4], masks[4:]), rtol=0, atol=1e-3)


# --- C: the tutorial network -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("nf", [4, 6])
def test_reflect(tmp_path: Path, nf: int, running: bool):
    torch.manual_seed(nf)
    widths = [nf * min(2**level, 8) for level in range(8)]
    w: Weights = {"initial_down.0.weight": random(nf, 3, 4, 4), "initial_down.0.bias": random(nf)}
    for k in range(1, 7):
        w[f"down{k}.conv.0.weight"] = random(widths[k], widths[k - 1], 4, 4)
        put_norm(w, f"down{k}.conv.1", widths[k])
    w["bottleneck.0.weight"], w["bottleneck.0.bias"] = random(widths[7], widths[6], 4, 4), random(widths[7])
    for k, width in enumerate(widths[-2::-1], start=1):
        w[f"up{k}.conv.0.weight"] = random(widths[7] if k == 1 else 2 * widths[8 - k], width, 4, 4)
        put_norm(w, f"up{k}.conv.1", width)
    w["final_up.0.weight"], w["final_up.0.bias"] = random(2 * nf, 3, 4, 4), random(3)
    torch.save({"state_dict": w, "optimizer": {"state": {}, "param_groups": []}}, tmp_path / "gen.pth.tar")

    def down(x: Tensor, name: str) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), w[f"{name}.weight"], w.get(f"{name}.bias"), 2)

    def run(x: Tensor, masks: list[Tensor]) -> Tensor:
        skips = [F.leaky_relu(down(x, "initial_down.0"), 0.2)]
        for k in range(1, 7):
            skips.append(F.leaky_relu(norm(down(skips[-1], f"down{k}.conv.0"), w, f"down{k}.conv.1", running), 0.2))
        x = F.relu(F.conv2d(skips[-1], w["bottleneck.0.weight"], w["bottleneck.0.bias"], 2, 1))
        for k in range(1, 8):
            x = F.conv_transpose2d(x, w[f"up{k}.conv.0.weight"], None, 2, 1)
            x = F.relu(norm(x, w, f"up{k}.conv.1", running))
            x = torch.cat([x * masks[k - 1] if k <= len(masks) else x, skips.pop()], 1)
        return torch.tanh(F.conv_transpose2d(x, w["final_up.0.weight"], w["final_up.0.bias"], 2, 1))

    if not running:
        assert main(["export", str(tmp_path / "gen.pth.tar"), str(tmp_path / "reflect.onnx")]) == 0
    generator = Generator.from_pretrained(tmp_path / "gen.pth.tar", "running" if running else "picture")
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    masks = masks_for(generator, 256)
    with torch.no_grad():
        torch.testing.assert_close(generator(x, masks), run(x, masks), rtol=0, atol=1e-4)
        torch.testing.assert_close(generator(x), run(x, []), rtol=0, atol=1e-4)


# --- D: TensorFlow's .pict -------------------------------------------------------------------------------------------


def write_pict(path: Path, tensors: dict[str, np.ndarray], codebook: np.ndarray) -> None:
    """Write a .pict file; each value must be in the codebook."""
    names = sorted(tensors)
    shapes = json.dumps([{"name": name, "shape": list(tensors[name].shape)} for name in names]).encode()
    flat = np.concatenate([tensors[name].ravel() for name in names])
    codes = np.searchsorted(codebook, flat).astype(np.uint8)
    with path.open("wb") as file:
        for section in (shapes, codebook.astype("<f4").tobytes(), codes.tobytes()):
            file.write(struct.pack(">I", len(section)) + section)


@pytest.mark.parametrize("nf", [4, 6])
def test_tensorflow(tmp_path: Path, nf: int):
    rng = np.random.default_rng(nf)
    codebook = np.sort(rng.normal(0, 0.12, 256)).astype(np.float32)
    widths = [nf * min(2**level, 8) for level in range(8)]
    tensors: dict[str, np.ndarray] = {}

    def put(name: str, *shape: int) -> None:
        tensors[f"generator/{name}"] = rng.choice(codebook, shape)

    def put_moments(scope: str, width: int) -> None:
        put(f"{scope}/batch_normalization/beta", width)
        put(f"{scope}/batch_normalization/gamma", width)

    for k, (before, width) in enumerate(zip([3, *widths], widths, strict=False), start=1):
        put(f"encoder_{k}/conv2d/kernel", 4, 4, before, width)
        put(f"encoder_{k}/conv2d/bias", width)
        if k > 1:
            put_moments(f"encoder_{k}", width)
    for k in range(8, 0, -1):
        before, width = widths[7] if k == 8 else 2 * widths[k - 1], 3 if k == 1 else widths[k - 2]
        put(f"decoder_{k}/conv2d_transpose/kernel", 4, 4, width, before)
        put(f"decoder_{k}/conv2d_transpose/bias", width)
        if k > 1:
            put_moments(f"decoder_{k}", width)
    write_pict(tmp_path / "edges2cats_AtoB.pict", tensors, codebook)
    w = {name.removeprefix("generator/"): torch.from_numpy(values) for name, values in tensors.items()}

    def moments(x: Tensor, scope: str) -> Tensor:
        mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
        gamma, beta = (w[f"{scope}/batch_normalization/{part}"][:, None, None] for part in ("gamma", "beta"))
        return (x - mean) / torch.sqrt(var + 1e-5) * gamma + beta

    def down(x: Tensor, scope: str) -> Tensor:
        """TensorFlow's definition, tap by tap: y[i, j] = sum over u, v of x[2i + u - 1, 2j + v - 1] kernel[u, v]."""
        x = F.pad(x, (1, 1, 1, 1))
        h, v = x.shape[2] // 2 - 1, x.shape[3] // 2 - 1
        kernel = w[f"{scope}/conv2d/kernel"]
        y = sum(
            torch.einsum("nchw,co->nohw", x[:, :, a : a + 2 * h : 2, b : b + 2 * v : 2], kernel[a, b])
            for a in range(4)
            for b in range(4)
        )
        return y + w[f"{scope}/conv2d/bias"][:, None, None]

    def up(x: Tensor, scope: str) -> Tensor:
        """Its transpose: x[i, j] adds kernel[u, v] x[i, j] to y[2i + u - 1, 2j + v - 1]."""
        n, _, h, v = x.shape
        kernel = w[f"{scope}/conv2d_transpose/kernel"]
        y = torch.zeros(n, kernel.shape[2], 2 * h + 2, 2 * v + 2)
        for a in range(4):
            for b in range(4):
                y[:, :, a : a + 2 * h : 2, b : b + 2 * v : 2] += torch.einsum("nchw,oc->nohw", x, kernel[a, b])
        return y[:, :, 1:-1, 1:-1] + w[f"{scope}/conv2d_transpose/bias"][:, None, None]

    def run(x: Tensor, masks: list[Tensor]) -> Tensor:
        layers = [down(x, "encoder_1")]
        for k in range(2, 9):
            layers.append(moments(down(F.leaky_relu(layers[-1], 0.2), f"encoder_{k}"), f"encoder_{k}"))
        x = layers.pop()
        for k in range(8, 1, -1):
            x = moments(up(F.relu(x), f"decoder_{k}"), f"decoder_{k}")
            x = torch.cat([x * masks[8 - k] if 8 - k < len(masks) else x, layers.pop()], 1)
        return torch.tanh(up(F.relu(x), "decoder_1"))

    generator = Generator.from_pretrained(tmp_path / "edges2cats_AtoB.pict")
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    masks = masks_for(generator, 256)
    with torch.no_grad():
        torch.testing.assert_close(generator(x, masks), run(x, masks), rtol=0, atol=1e-4)
        torch.testing.assert_close(generator(x), run(x, []), rtol=0, atol=1e-4)


# --- in and out ------------------------------------------------------------------------------------------------------


def test_translate_needs_only_the_file(tmp_path: Path):
    torch.save(make_recursive(4, 8, True), tmp_path / "latest_net_G.pth")
    Image.radial_gradient("L").save(tmp_path / "in.png")
    arguments = ["translate", str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    assert main([*arguments, "--model", str(tmp_path / "latest_net_G.pth")]) == 0
    assert Image.open(tmp_path / "out.png").size == (256, 256)
    assert main([*arguments, "--model", str(tmp_path / "latest_net_G.pth"), "--norm-statistics", "running"]) == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_state_dict_may_come_as_safetensors(tmp_path: Path, dtype: torch.dtype):
    """With all that batch norm stores, and in any precision, it is the same model as its .pth file."""
    w = {name: tensor.to(dtype) for name, tensor in make_recursive(6, 7, True).items()}
    w["model.model.1.model.2.num_batches_tracked"] = torch.tensor(5)
    save_file({name: tensor.contiguous() for name, tensor in w.items()}, tmp_path / "net.safetensors")
    torch.save(w, tmp_path / "net.pth")
    one, other = (Generator.from_pretrained(tmp_path / f"net{suffix}") for suffix in (".safetensors", ".pth"))
    for (name, a), b in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_numbers_of_a_rare_kind_are_named(tmp_path: Path):
    w = {name: tensor.to(torch.float8_e4m3fn).contiguous() for name, tensor in make_recursive(6, 7, False).items()}
    save_file(w, tmp_path / "net.safetensors")
    with pytest.raises(CheckpointError, match="numbers of the kind F8_E4M3: save them as float32"):
        Generator.from_pretrained(tmp_path / "net.safetensors")


def test_their_folder_is_a_source(tmp_path: Path):
    torch.save(make_recursive(6, 7, False), tmp_path / "latest_net_G.pth")
    assert Generator.from_pretrained(tmp_path).config.depth == 7


def test_weights_beside_their_config_are_that_model(small_checkpoint: Path):
    assert read_task(small_checkpoint / "model.safetensors") == read_task(small_checkpoint) != {}


def test_weights_that_are_no_numbers_are_refused(small_generator: Generator, tmp_path: Path):
    broken = copy.deepcopy(small_generator)
    with torch.no_grad():
        broken.head.bias[0] = math.nan
    broken.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"no numbers, in head\.bias"):
        Translator.from_pretrained(tmp_path)


def test_a_folder_that_is_exported_keeps_its_card(tmp_path: Path):
    assert main(["export", "edges2shoes", str(tmp_path / "mine")]) == 0
    assert (tmp_path / "mine" / "README.md").read_text() == (ROOT / "checkpoints/edges2shoes/README.md").read_text()
    assert (tmp_path / "mine" / "preview.jpg").is_file()
    (tmp_path / "yours").mkdir()
    (tmp_path / "yours" / "README.md").write_text("yours")
    assert main(["export", "edges2shoes", str(tmp_path / "yours")]) == 0
    assert (tmp_path / "yours" / "README.md").read_text() == "yours"


@pytest.mark.parametrize("name", ["copy", "copy.safetensors", "copy.onnx"])
def test_our_own_model_survives_export_and_import(
    small_checkpoint: Path, small_generator: Generator, tmp_path, name, capsys
):
    out = tmp_path / name
    assert main(["export", str(small_checkpoint), str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    x = torch.rand(2, 3, 64, 32) * 2 - 1
    masks = [mask.expand(2, -1, -1, -1) for mask in masks_for_sides(small_generator, 64, 32)]
    with torch.no_grad():
        expected = small_generator(x, masks)
        if out.suffix == ".onnx":
            feeds = {"x": x.numpy(), **{f"mask{i}": mask.numpy() for i, mask in enumerate(masks)}}
            output = torch.from_numpy(import_onnxruntime().InferenceSession(out).run(["y"], feeds)[0])
        else:
            output = Generator.from_pretrained(out)(x)
            expected = small_generator(x)
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-4 if out.suffix == ".onnx" else 1e-6)
    assert main(["export", str(small_checkpoint), str(out)]) == 2  # no file is overwritten
    assert "is there already" in capsys.readouterr().err


def test_a_single_file_keeps_its_task(small_checkpoint: Path, tmp_path: Path):
    assert main(["export", str(small_checkpoint), str(tmp_path / "one.safetensors")]) == 0
    assert read_task(tmp_path / "one.safetensors") == read_task(small_checkpoint) != {}
    torch.save(make_recursive(4, 7, True), tmp_path / "theirs.pth")
    assert read_task(tmp_path / "theirs.pth") == {}


@pytest.mark.parametrize(
    "description",
    [
        "5", "[]", "null", '{"generator": 5}', '{"generator": {}, "task": 5}', "[" * 100_000, '{"generator": {',
        '{"generator": {}, "task": {"palette": "red"}}', '{"generator": {}, "task": {"palette": ["#ff0000"]}}',
        '{"generator": {}, "task": {"input_range": "dark"}}',
        '{"generator": {}, "task": {"input_range": [0, 1' + "0" * 400 + ']}}',
        '{"generator": {"depth": "eight"}}', '{"generator": {"colour": 1}}',
    ],
)  # fmt: skip
def test_a_damaged_description_gets_a_sentence_in_a_file_and_in_a_folder(description: str, tmp_path: Path):
    tensors = {"head.bias": torch.zeros(3)}
    save_file(tensors, tmp_path / "one.safetensors", metadata={"pix2pix": description})
    (tmp_path / "config.json").write_text(description)
    save_file(tensors, tmp_path / "model.safetensors")
    for source in (tmp_path / "one.safetensors", tmp_path):
        with pytest.raises(CheckpointError, match=re.escape(str(tmp_path))):
            Generator.from_pretrained(source)


def masks_for_sides(generator: Generator, height: int, width: int) -> list[Tensor]:
    return [torch.from_numpy(m)[None] for m in dropout_masks(generator.config.noise_shapes(height, width), 0.5, 1)]


class Hostile:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


def lying_torch_file(path: Path) -> None:
    """A file of the older format that claims a tensor of 4 TB."""
    torch.save({"w": torch.zeros(4)}, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    storage = data.index(b"FloatStorage")
    at = data.index(b"K\x04", storage)  # the number of its values, in one byte
    path.write_bytes(data[:at] + b"\x8a\x06" + (10**12).to_bytes(6, "little") + data[at + 2 :])


def make_bad(path: Path, what: str) -> None:
    buffer = io.BytesIO()
    if what == "hostile pickle":
        torch.save({"model.model.0.weight": Hostile()}, path)
    elif what == "hostile old pickle":
        torch.save({"model.model.0.weight": Hostile()}, path, _use_new_zipfile_serialization=False)
    elif what == "bare pickle":
        path.write_bytes(pickle.dumps(Hostile()))
    elif what == "truncated":
        torch.save(make_recursive(4, 7, True), buffer)
        path.write_bytes(buffer.getvalue()[:20_000])
    elif what == "truncated old":
        torch.save(make_recursive(4, 7, True), buffer, _use_new_zipfile_serialization=False)
        path.write_bytes(buffer.getvalue()[:20_000])
    elif what == "text":
        path.write_text("Dear Sir, please find attached my weights.")
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "lying safetensors":
        header = json.dumps({"w": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 64)
    elif what == "huge safetensors header":
        path.write_bytes(struct.pack("<Q", 2**60) + b"{}")
    elif what == "lying torch":
        lying_torch_file(path)
    elif what == "zip bomb":
        torch.save(make_recursive(4, 7, True), buffer)
        with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.namelist():
                new.writestr(entry, old.read(entry))
    elif what == "lying pict":
        shapes = json.dumps([{"name": "generator/encoder_1/conv2d/kernel", "shape": [10**6, 10**6]}]).encode()
        path.write_bytes(b"".join(struct.pack(">I", len(s)) + s for s in (shapes, b"\0" * 1024, b"\0" * 9)))
    elif what == "three levels":
        save_file({f"encoder.{i}.conv.weight": torch.zeros(4, 3 if i == 0 else 4, 4, 4) for i in range(3)}, path)
    elif what == "one channel":
        torch.save(make_recursive(4, 8, True, channels=(1, 1)), path)
    elif what == "missing tensor":
        w = make_recursive(4, 8, True)
        del w["model.model.3.weight"], w["model.model.1.model.2.bias"], w["model.model.3.bias"]
        torch.save(w, path)
    elif what == "resnet":
        names = [f"model.{10 + block}.conv_block.{layer}.weight" for block in range(9) for layer in (1, 5)]
        torch.save({"model.1.weight": torch.zeros(8, 3, 7, 7), **dict.fromkeys(names, torch.zeros(8, 8, 3, 3))}, path)
    elif what == "discriminator":
        torch.save({"model.0.weight": torch.zeros(8, 6, 4, 4), "model.2.weight": torch.zeros(16, 8, 4, 4)}, path)
    elif what == "two generators":
        torch.save({"netG_A": make_recursive(4, 7, True), "netG_B": make_recursive(4, 7, True)}, path)
    elif what == "norm none":
        w = make_recursive(4, 8, False)
        torch.save(
            {name: tensor for name, tensor in w.items() if name.endswith("weight") or "model.3" in name[:13]}, path
        )
    elif what == "extra tensor":
        torch.save({**make_recursive(4, 8, True), "model.model.9.weight": torch.zeros(3)}, path)
    elif what == "misshapen tensor":
        torch.save({**make_recursive(4, 8, True), "model.model.3.bias": torch.zeros(3, 1)}, path)
    elif what == "another network":
        torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("hostile pickle", "holds code"),
        ("hostile old pickle", "holds code"),
        ("bare pickle", "not a checkpoint"),
        ("truncated", "damaged"),
        ("truncated old", "damaged"),
        ("text", "not a checkpoint"),
        ("empty", "not a checkpoint"),
        ("lying safetensors", "cannot be read"),
        ("huge safetensors header", "cannot be read"),
        ("lying torch", "larger than itself"),
        ("zip bomb", "compressed"),
        ("lying pict", "not a whole .pict"),
        ("three levels", "no tensors"),
        ("one channel", "1 channels in and 1 out"),
        ("missing tensor", "model.model.1.model.2.bias, model.model.3.weight, model.model.3.bias"),
        ("norm none", "--norm none"),
        ("resnet", "ResNet generator of 9 blocks"),
        ("discriminator", "PatchGAN discriminator"),
        ("two generators", "netG_A, netG_B"),
        ("extra tensor", "model.model.9.weight"),
        ("misshapen tensor", "head.bias"),
        ("another network", "conv1.weight"),
    ],
)
def test_bad_files_end_in_one_sentence_at_once(tmp_path: Path, what: str, words: str, capsys: pytest.CaptureFixture):
    import resource

    path = tmp_path / "model.bin"
    make_bad(path, what)
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png")
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert main(["translate", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--model", str(path)]) == 2
    assert time.monotonic() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB
    message = capsys.readouterr().err.strip()
    assert words in message
    assert str(path) in message or what == "one channel"  # this file is intact; the message is about the model
    assert "\n" not in message
    assert not (tmp_path / "out.png").exists()
