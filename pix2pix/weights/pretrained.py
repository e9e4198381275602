"""Sources of models: from a name to files, and from files to a generator."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pix2pix.errors import CheckpointError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.weights.checkpoint import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    check_tensors,
    checked_description,
    read_config,
    read_folder,
)
from pix2pix.weights.hub import FOREIGN_FILE, download
from pix2pix.weights.known import known_model
from pix2pix.weights.tensors import read_description

if TYPE_CHECKING:
    from pix2pix.networks.generator import Generator

PACKAGE = Path(__file__).resolve().parents[1]
IN_WHEEL, IN_CHECKOUT = PACKAGE / "checkpoints", PACKAGE.parent / "checkpoints"
BUNDLED = IN_WHEEL if IN_WHEEL.is_dir() else IN_CHECKOUT
FILE_SUFFIXES = {".safetensors", ".pth", ".pt", ".bin", ".tar", ".pict"}
# Names of the generator's weights in other projects' folders.
FOREIGN_FILES = (FOREIGN_FILE, "latest_net_G.pth")
HUB_ID = re.compile(r"(?P<id>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>[\w./-]+))?")


def list_models() -> list[str]:
    """Names of the bundled models, in alphabetical order."""
    folders = (path.parent for path in BUNDLED.glob(f"*/{WEIGHTS_FILE}"))
    return sorted(folder.name for folder in folders if (folder / CONFIG_FILE).is_file())


def find_checkpoint(source: str | Path) -> Path:
    """Find a source: a bundled name, a folder, a file, or a Hub id `owner/name[@revision]`, tried in this order.

    A Hub model is downloaded once and then served from the Hub's cache, also offline. Weights beside their config stand
    for their folder, and another project's folder for the generator in it (see `FOREIGN_FILES`).

    Returns:
        A folder with `config.json`, or a checkpoint file.

    Raises:
        CheckpointError: there is nothing of that name, or the download failed.
    """
    name = str(source)
    if name in list_models():
        return BUNDLED / name
    path = Path(source)
    if path.is_dir() and name:
        return inside(path)
    if path.is_file():
        described = path.name == WEIGHTS_FILE and (path.parent / CONFIG_FILE).is_file()
        return path.parent if described else path
    match = HUB_ID.fullmatch(name)
    if match is None or path.suffix in FILE_SUFFIXES:
        raise CheckpointError(
            f"There is no model {name!r}: name a bundled one ({', '.join(list_models()) or 'there is none'}), "
            "a checkpoint folder or file, or a Hub id such as owner/name."
        )
    try:
        return inside(download(match["id"], match["revision"]))
    except CheckpointError as error:
        if path.parent.is_dir():  # it may be meant as a path
            raise CheckpointError(f"There is no folder {name}. As a model of the Hub: {error}") from None
        raise


def inside(folder: Path) -> Path:
    """A checkpoint folder itself, or the checkpoint file in another project's folder."""
    if not (folder / CONFIG_FILE).exists():
        return next((folder / name for name in FOREIGN_FILES if (folder / name).exists()), folder)
    return folder


def read_task(source: str | Path) -> dict[str, Any]:
    """A model's task, without loading the model: "direction", "input" (edges, paint, labels or photo), "image_size".

    Raises:
        CheckpointError: see `find_checkpoint`, `read_config` and `read_description`.
    """
    if (model := known_model(str(source))) is not None:
        return model.task  # without a download
    path = find_checkpoint(source)
    if path.is_dir():
        return read_config(path)["task"]
    description = read_description(path)
    return {} if description is None else checked_description(description, path)["task"]


def load_weights(source: str | Path) -> tuple[GeneratorConfig, dict[str, np.ndarray], dict[str, Any]]:
    """The config, the weights (float32, by name) and the task of a source; see `find_checkpoint`. Needs no PyTorch.

    Raises:
        CheckpointError: there is no such source, or the weights do not fit the config; the message names every wrong
            tensor. Or a weight is not a finite number.
    """
    path = find_checkpoint(source)
    if path.is_dir():
        config, weights, task = read_folder(path)
    else:
        from pix2pix.weights.foreign import read_file

        config, weights, task = read_file(path)
        check_tensors(path, {name: values.shape for name, values in weights.items()}, config)
        model = known_model(str(source))
        task = task or (model.task if model else {})
    if bad := [name for name, values in weights.items() if not np.isfinite(values).all()]:
        raise CheckpointError(f"{path} has values that are no numbers, in {bad[0]}: use an earlier state of the model.")
    return config, weights, task


def load_generator(source: str | Path, norm_statistics: str = "picture") -> tuple[Generator, dict[str, Any]]:
    """The generator of a source, in float32 and evaluation mode, and its task; see `Generator.from_pretrained`."""
    config, weights, task = load_weights(source)
    return make_generator(source, config, weights, norm_statistics), task


def make_generator(
    source: str | Path, config: GeneratorConfig, weights: dict[str, np.ndarray], norm_statistics: str
) -> Generator:
    """The generator for the results of `load_weights`.

    Raises:
        CheckpointError: running statistics are requested, but there are none.
    """
    import torch

    from pix2pix.networks.generator import Generator

    if norm_statistics not in ("picture", "running"):
        raise CheckpointError(f"norm_statistics is {norm_statistics!r}: choose picture or running.")
    generator = Generator(**asdict(config))
    generator.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    if norm_statistics == "running":
        if not config.running_statistics:
            raise CheckpointError(f"{source} holds no running statistics of its norms: use the picture's own.")
        generator.use_running_statistics()
    return generator.eval()
