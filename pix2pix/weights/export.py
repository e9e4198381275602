"""Exporting models: a checkpoint folder, a single file, ONNX, or the layout of the recursive family."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.devices import import_onnxruntime
from pix2pix.errors import CheckpointError
from pix2pix.files import atomic_path, check_place
from pix2pix.networks.config import GeneratorConfig
from pix2pix.networks.noise import dropout_masks
from pix2pix.networks.onnx_graph import onnx_model
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE
from pix2pix.weights.foreign import recursive_norm, to_recursive
from pix2pix.weights.pretrained import find_checkpoint, load_weights, make_generator
from pix2pix.weights.tensors import CONFIG_KEY, Tensors


def export(source: str | Path, output: Path) -> str:
    """Write the model of a source to `output`. The suffix decides the format.

    Args:
        source: see `pix2pix.weights.pretrained.find_checkpoint`.
        output: a folder (no suffix), which gets the card of the source, too; a `.safetensors` file, which includes the
            config; an `.onnx` file, for any number of pictures whose sides are multiples of `config.multiple`, with the
            noise as inputs; or a `.pth` file for pytorch-CycleGAN-and-pix2pix.

    Returns:
        A line about the written file.

    Raises:
        CheckpointError: the source cannot be loaded or does not fit the format, or `output` exists already.
    """
    config, weights, task = load_weights(source)
    check_free(output)
    writers = {"": write_folder, ".safetensors": write_safetensors, ".onnx": write_onnx, ".pth": write_recursive}
    if output.suffix not in writers:
        raise CheckpointError(f"{output}: export to a folder, or to a file .safetensors, .onnx or .pth.")
    line = writers[output.suffix](output, config, weights, task)
    if not output.suffix:
        take_card(source, output)
    return line


def check_free(output: Path) -> None:
    """Check that a path can be written to.

    Raises:
        CheckpointError: a file or a checkpoint is there already, or nothing can be written there.
    """
    if output.exists() and (output.is_file() or (output / CONFIG_FILE).exists()):
        raise CheckpointError(f"{output} is there already: choose another place.")
    check_place(output / CONFIG_FILE if output.is_dir() else output)


def write_folder(output: Path, config: GeneratorConfig, weights: Tensors, task: dict[str, Any]) -> str:
    make_generator(output, config, weights, "picture").save_pretrained(output, task)
    return f"{output}: a checkpoint folder."


def take_card(source: str | Path, output: Path) -> None:
    """Copy a model's card, which names the licence, and its pictures. Files that are there already stay."""
    path = find_checkpoint(source)
    if path.is_file() and Path(source).exists():
        return  # somebody's file, beside which anything may lie
    folder = path if path.is_dir() else path.parent
    for file in (folder / CARD_FILE, *folder.glob("*.jpg")):
        if file.is_file() and not (output / file.name).exists():
            with atomic_path(output / file.name) as temporary:
                shutil.copyfile(file, temporary)


def write_safetensors(output: Path, config: GeneratorConfig, weights: Tensors, task: dict[str, Any]) -> str:
    from safetensors.numpy import save_file

    description = json.dumps({"generator": asdict(config), "task": task})
    with atomic_path(output) as temporary:
        save_file({name: np.ascontiguousarray(t) for name, t in weights.items()}, temporary, {CONFIG_KEY: description})
    return f"{output}: one file, with its config."


def write_onnx(output: Path, config: GeneratorConfig, weights: Tensors, task: dict[str, Any]) -> str:
    import torch

    model = onnx_model(config, weights, task)
    size = config.multiple
    x = np.random.default_rng(0).uniform(-1, 1, (2, config.in_channels, size, 2 * size)).astype(np.float32)
    masks = [np.stack([mask, mask]) for mask in dropout_masks(config.noise_shapes(size, 2 * size), config.dropout, 0)]
    session = import_onnxruntime().InferenceSession(model, providers=["CPUExecutionProvider"])
    (y,) = session.run(["y"], {"x": x, **{f"mask{i}": mask for i, mask in enumerate(masks)}})
    generator = make_generator(output, config, weights, "picture")
    with torch.inference_mode():
        expected = generator(torch.from_numpy(x), [torch.from_numpy(mask) for mask in masks]).numpy()
    difference = float(np.abs(y - expected).max())
    if difference > 2e-3:
        raise CheckpointError(f"ONNX Runtime differs from PyTorch by {difference:.1e}: {output} was not written.")
    with atomic_path(output) as temporary:
        temporary.write_bytes(model)
    return (
        f"{output}: ONNX, within {difference:.1e} of PyTorch on [-1, 1]. "
        f"Pictures' sides must be multiples of {config.multiple}."
    )


def write_recursive(output: Path, config: GeneratorConfig, weights: Tensors, task: dict[str, Any]) -> str:
    import torch

    theirs = to_recursive(config, weights)
    with atomic_path(output) as temporary:
        torch.save({name: torch.tensor(t) for name, t in theirs.items()}, temporary)
    drops = config.dropout and config.dropped_levels != tuple(range(1, config.depth - 4))
    return f"{output}: for pytorch-CycleGAN-and-pix2pix, {options_there(config, recursive_norm(config, weights))}." + (
        " That program would put dropout on other levels: test with --no_dropout." if drops else ""
    )


def options_there(config: GeneratorConfig, norm: str) -> str:
    """The options with which that program builds the same network."""
    sizes = f"--input_nc {config.in_channels} --output_nc {config.out_channels} --ngf {config.features}"
    return f"--netG unet_{2**config.depth} --norm {norm} {sizes}, and without --eval"
