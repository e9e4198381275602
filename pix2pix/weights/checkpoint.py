"""A checkpoint folder: `config.json` (the constructor's arguments under "generator", the model's purpose under "task"),
`model.safetensors` (weights) and `README.md` (the model card)."""

from __future__ import annotations

import errno
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pix2pix.errors import CheckpointError, DataError, reason
from pix2pix.files import atomic_path, write_text
from pix2pix.networks.config import GeneratorConfig
from pix2pix.pictures.palettes import check_palette
from pix2pix.weights.tensors import float32

if TYPE_CHECKING:
    from pix2pix.networks.generator import Generator

CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a checkpoint folder, with at least the keys "generator" and "task".

    Raises:
        CheckpointError: the file is missing or is not a config.
    """
    path = folder / CONFIG_FILE
    try:
        return checked_description(json.loads(path.read_text(encoding="utf-8")), path)
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} holds no {CONFIG_FILE}: a checkpoint folder has {CONFIG_FILE} and {WEIGHTS_FILE}."
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
    except (ValueError, RecursionError):
        raise CheckpointError(f"{path} is not JSON: copy or download it again.") from None


def checked_description(config: Any, path: Path) -> dict[str, Any]:
    """A description of a generator as it stands in the file `path`, with at least the keys "generator" and "task".

    Raises:
        CheckpointError: it describes no generator.
    """
    try:
        generator, task = config["generator"], config.get("task", {})
        if not isinstance(generator, dict) or not isinstance(task, dict):
            raise TypeError
        for name in ("palette", "output_palette"):
            if name in task:
                check_palette(task[name], f"{path}: {name}")
        for name in ("input_range", "output_range"):
            if name in task:
                black, white = map(float, task[name])
                if not math.isfinite(white - black) or black == white:
                    raise ValueError
    except DataError as error:
        raise CheckpointError(str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise CheckpointError(f'{path} is not a pix2pix config: it needs an object "generator".') from None
    return {**config, "task": task}


def read_folder(folder: Path) -> tuple[GeneratorConfig, dict[str, np.ndarray], dict[str, Any]]:
    """The config, the weights (float32, by name) and the task of a checkpoint folder. Needs no PyTorch.

    Raises:
        CheckpointError: a file is missing, or the weights do not fit the config; the message names every wrong tensor.
    """
    from safetensors import SafetensorError, safe_open

    description = read_config(folder)
    try:
        config = GeneratorConfig(**description["generator"])
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE} does not describe a generator ({reason(error)}): copy it again."
        ) from None
    path = folder / WEIGHTS_FILE
    try:
        with safe_open(path, framework="numpy") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            check_tensors(path, found, config)
            weights = {name: float32(file, path, name) for name in found}
    except FileNotFoundError:
        raise CheckpointError(f"{folder} holds no {WEIGHTS_FILE}: copy the whole checkpoint folder.") from None
    except (SafetensorError, OSError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): copy or download it again.") from None
    return config, weights, description["task"]


def check_tensors(path: Path, found: dict[str, tuple[int, ...]], config: GeneratorConfig) -> None:
    """Compare the shapes of a file's tensors with a generator's.

    Raises:
        CheckpointError: a tensor is missing, unexpected or of another shape; the message names them all.
    """
    wanted = config.tensor_shapes()
    faults = [f"{name} is missing" for name in wanted if name not in found]
    faults += [f"{name} is not expected" for name in found if name not in wanted]
    faults += [
        f"{name} is {found[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    if faults:
        raise CheckpointError(f"{path} does not fit its config: {'; '.join(faults)}.")


def save_generator(generator: Generator, folder: str | Path, task: dict[str, Any], half: bool = False) -> None:
    """Write a checkpoint folder's config and weights; see `Generator.save_pretrained`."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    folder = Path(folder)
    dtype = torch.float16 if half else torch.float32
    weights = {name: t.detach().cpu().to(dtype).contiguous() for name, t in generator.state_dict().items()}
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        try:
            save_file(weights, temporary, metadata={"format": "pt"})
        except SafetensorError as error:
            raise OSError(errno.ENOSPC, str(error)) from None
    config = {"model_type": "pix2pix", "generator": asdict(generator.config), "task": task}
    write_text(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
