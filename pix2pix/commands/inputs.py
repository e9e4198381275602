"""What the options name: a model, pairs, seeds."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix.commands.output import warn
from pix2pix.errors import Pix2PixError

if TYPE_CHECKING:
    from pix2pix.pairs.pairs import Pairs
    from pix2pix.translate.translator import Translator


def load(options: argparse.Namespace, scale: str | None = None) -> Translator:
    from pix2pix.devices import choose_device
    from pix2pix.translate.translator import Translator

    translator = Translator.from_pretrained(
        options.model,
        options.engine,
        choose_device(options.device),
        options.norm_statistics,
        options.size,
        scale,
        options.memory,
    )
    if not translator.geometry.stated:
        warn(
            f"{options.model} does not state its scale: it gets {translator.geometry}. "
            "Set --size and --scale if it was trained otherwise."
        )
    return translator


def find_pairs(options: argparse.Namespace, translator: Translator, squares: bool = False) -> Pairs:
    """The pairs for the options of `add_data`, read as this model takes them."""
    from pix2pix.errors import DataError
    from pix2pix.evaluation.data import pairs_for
    from pix2pix.pairs.folders import DataSet

    make = translator.task.get("make", "")
    if make and Path(options.data).is_dir():  # inputs were made of photos in training; here they may be there already
        with suppress(DataError):
            DataSet(options.data)
            make = ""
    data = DataSet(options.data, make, tuple(options.columns), config=options.config)
    pairs = pairs_for(translator, data, options.split, options.direction, options.stretch, options.polarity, squares)
    if pairs.inverted and options.polarity == "auto":
        warn(f"{options.data} has light lines on dark: they are inverted. --polarity dark-lines keeps them.")
    return pairs


def seeds_from(first: int, count: int) -> range:
    from pix2pix.networks.noise import MAX_SEED

    if first + count - 1 > MAX_SEED:
        raise Pix2PixError(f"--seed {first} leaves no room for {count} samples: use a smaller seed.")
    return range(first, first + count)
