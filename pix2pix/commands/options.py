"""Options that several commands share, and types of values."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from pix2pix.devices import MEMORY, gigabytes

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_data(command: argparse.ArgumentParser, split: str) -> None:
    """Add the options about the pairs."""
    command.add_argument("--data", required=True, help="folder of pairs, or hub:owner/name, as train.py takes it")
    command.add_argument("--split", default=split, help=f"split of the data (default {split})")
    command.add_argument(
        "--columns", nargs=2, default=("imageA", "imageB"), metavar=("A", "B"), help="columns of a Hub data set"
    )
    command.add_argument("--config", default="", metavar="NAME", help="configuration of a Hub data set")
    command.add_argument(
        "--stretch", action="store_true", help="accept pairs whose pictures have different shapes, as train.py does"
    )
    command.add_argument(
        "--direction", choices=["AtoB", "BtoA"], help="what to translate into what (default: as trained)"
    )
    add_polarity(command, "most of the files")


def add_polarity(command: argparse.ArgumentParser, judged: str) -> None:
    from pix2pix.pictures.drawings import POLARITIES

    command.add_argument(
        "--polarity", choices=POLARITIES, default="auto",
        help=f"lines of a drawing; light lines are inverted (default auto: decided by {judged})",
    )  # fmt: skip


def add_running(command: argparse.ArgumentParser) -> None:
    """Add the options about running a model."""
    command.add_argument("--device", default="cpu", help="cpu, cuda, mps or auto (default cpu)")
    command.add_argument("--engine", default="auto", help="onnx, torch or auto (default auto: onnx on a CPU)")
    command.add_argument(
        "--size", type=int, metavar="PIXELS",
        help="side of the square that the network sees (default: the model's own); a larger one gives more detail",
    )  # fmt: skip
    command.add_argument(
        "--memory", type=gigabytes, default=MEMORY, metavar="GB",
        help="most memory for a translation; a picture that needs more is computed in bands (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--norm-statistics", choices=["picture", "running"], default="picture",
        help="normalise by the picture's own statistics (default), or by those of training if the checkpoint has them",
    )  # fmt: skip


def seed(text: str) -> int:
    from pix2pix.networks.noise import MAX_SEED

    value = int(text)
    if not 0 <= value <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"must be from 0 to {MAX_SEED}")
    return value


def side(text: str) -> int:
    value = int(text)
    if not 32 <= value <= 4096:
        raise argparse.ArgumentTypeError("must be from 32 to 4096")
    return value


def count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError("must be from 1 to 1000")
    return value


def weight(text: str) -> float:
    return number_up_to(2, text)


def fraction(text: str) -> float:
    return number_up_to(1, text)


def number_up_to(most: int, text: str) -> float:
    value = float(text)
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"must be from 0 to {most}")
    return value
