"""Palettes of label maps: a colour for each label.

A palette is a dict from label names, in order, to colours as `#rrggbb`. It is stored in a checkpoint's task ("palette"
for inputs, "output_palette" for outputs), so that the page can offer its labels as brushes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.errors import DataError

Palette = Mapping[str, str]

PALETTES: dict[str, dict[str, str]] = {
    # The twelve classes of the CMP Facade Database, in its order and in the colours of the paper's data set.
    "facades": {
        "background": "#0000aa",
        "wall": "#0000ff",
        "window": "#0055ff",
        "door": "#00aaff",
        "cornice": "#00ffff",
        "sill": "#55ffaa",
        "balcony": "#aaff55",
        "shutter": "#ffff00",
        "decoration": "#ffaa00",
        "molding": "#ff5500",
        "pillar": "#ff0000",
        "shop": "#aa0000",
    },
    # The commonest colours of the maps in the paper's data set, counted over its training pairs.
    "maps": {
        "land": "#e9e5dd",
        "road": "#ffffff",
        "main road": "#fee268",
        "motorway": "#fa9e25",
        "water": "#b2d1ff",
        "park": "#cadfab",
        "building": "#f2f0e9",
    },
}


def read_palette(source: str) -> dict[str, str]:
    """Read a palette: a name in `PALETTES`, or a JSON file of names and colours.

    Raises:
        DataError: there is no such palette, or the file does not hold a palette.
    """
    if source in PALETTES:
        return dict(PALETTES[source])
    try:
        palette = json.loads(Path(source).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        names = ", ".join(PALETTES)
        raise DataError(
            f'There is no palette {source}: name one of {names}, or a JSON file such as {{"sky": "#88bbff"}}.'
        ) from None
    return check_palette(palette, source)


def check_palette(palette: Any, source: str) -> dict[str, str]:
    """Check that `palette` has 1 to 64 names, each with a different colour. Returns it.

    Raises:
        DataError: it is not a palette.
    """
    if (
        not isinstance(palette, dict)
        or not 1 <= len(palette) <= 64
        or not all(isinstance(c, str) and re.fullmatch("#[0-9a-fA-F]{6}", c) for c in palette.values())
        or len({c.lower() for c in palette.values()}) < len(palette)
    ):
        raise DataError(f"{source} holds no palette: it needs 1 to 64 names, each with a different colour as #rrggbb.")
    return palette


def colours(palette: Palette) -> np.ndarray:
    """(labels, 3) uint8."""
    return np.array([list(bytes.fromhex(colour[1:])) for colour in palette.values()], np.uint8)


def nearest_label(image: np.ndarray, palette: Palette) -> np.ndarray:
    """The label whose colour is nearest to each pixel.

    Args:
        image: (..., 3) RGB values in [0, 255], of any numeric type.

    Returns:
        (...) indices into the palette.
    """
    table = colours(palette).astype(np.float32)
    # |p - c|^2 without |p|^2, which is the same for every c.
    return (np.square(table).sum(1) - 2 * (image.astype(np.float32) @ table.T)).argmin(-1)


def snap(image: np.ndarray, palette: Palette) -> np.ndarray:
    """The picture with every pixel in the nearest colour of the palette.

    Args:
        image: (..., 3) RGB values in [0, 255].

    Returns:
        (..., 3) uint8.
    """
    return colours(palette)[nearest_label(image, palette)]
