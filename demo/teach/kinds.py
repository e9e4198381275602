"""What inputs are: lines, painted drawings, label maps, or photos. Pictures are (height, width, 3), uint8."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pix2pix.pictures.drawings import MOST_SHADED, shaded

PREFERRED = {"edges": "edges2shoes", "paint": "paint2emoji"}  # among the models that take a kind of input
TAKES = {"edges": ("edges", "paint"), "paint": ("paint",), "photo": ("photo",)}  # an outline is a valid painting
LINES_WHITE = 0.6  # least share of white paper in a drawing
PAINT_WHITE = 0.1  # least share of it in a painted drawing
INK = 40  # greatest difference of a line's channels, in levels
COLOURED = 0.2  # share of a drawing's marks that have a colour, at most
FEW_COLOURS = 24  # most colours of a painted drawing or a label map
NEARLY_ALL = 0.95  # of a picture's pixels
FEWEST_LABELS = 3  # in a label map
LEAST_LABEL = 0.002  # of a picture's pixels, that a label covers


def suited(inputs: list[np.ndarray], tasks: dict[str, dict[str, Any]]) -> str:
    """The model to start from.

    Args:
        inputs: some of the pictures to train on.
        tasks: the models to choose from, with what each is for.

    Returns:
        The first that takes such inputs; "" where none does.
    """
    kind = kind_of_inputs(inputs)
    if kind != "edges":  # lines on white are in any palette that has black and white
        for name, task in tasks.items():
            if task.get("input") == "labels" and fits(inputs, task):
                return name
    fitting = [name for name, task in tasks.items() if task.get("input", "photo") in TAKES[kind]]
    return min(fitting, key=lambda name: name != PREFERRED.get(kind), default="")


def fits(inputs: list[np.ndarray], task: dict[str, Any]) -> bool:
    """Whether inputs are label maps in the colours of a model's palette."""
    palette = task.get("palette")
    return palette is not None and most(inputs, partial(in_palette, palette=palette))


def kind_of_inputs(inputs: list[np.ndarray]) -> str:
    """The kind of most inputs: "edges" (lines on white), "paint" (colours as well), or "photo"."""
    if most(inputs, are_lines):
        return "edges"
    return "paint" if most(inputs, lambda x: has_few_colours(x) and white(x).mean() > PAINT_WHITE) else "photo"


def most(inputs: list[np.ndarray], test: Callable[[np.ndarray], bool]) -> bool:
    return 2 * sum(map(test, inputs)) > len(inputs)


def are_lines(pixels: np.ndarray) -> bool:
    """Whether a picture is dark lines on white paper."""
    paper, coloured = white(pixels), np.ptp(pixels.astype(np.int16), axis=-1) > INK
    if paper.mean() <= LINES_WHITE or paper.all() or coloured[~paper].mean() >= COLOURED:
        return False
    return shaded(pixels) < MOST_SHADED


def has_few_colours(pixels: np.ndarray) -> bool:
    """Whether few colours cover nearly everything, as on the sheet of this page."""
    _, counts = np.unique(codes(pixels), return_counts=True)
    return bool(np.sort(counts)[-FEW_COLOURS:].sum() > NEARLY_ALL * counts.sum())


def in_palette(pixels: np.ndarray, palette: dict[str, str]) -> bool:
    """Whether nearly all pixels have a label's colour, and several labels are there."""
    labels = [int(colour[1:], 16) for colour in palette.values()]
    found = codes(pixels)
    shares = np.array([(found == label).mean() for label in labels])
    return bool(shares.sum() > NEARLY_ALL and (shares > LEAST_LABEL).sum() >= FEWEST_LABELS)


def white(pixels: np.ndarray) -> np.ndarray:
    """Where there is white paper."""
    return np.asarray((pixels > 230).all(-1))


def codes(pixels: np.ndarray) -> np.ndarray:
    """The pixels as numbers, 0xrrggbb."""
    red, green, blue = np.moveaxis(pixels.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue
