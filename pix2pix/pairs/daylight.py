"""Dark aerial photos in daylight, with the help of their maps.

The photos of the paper's maps are nearly black: the mean L* of the training pairs is 26, and water is (25, 34, 30). A
model that imitates them well gives gloomy pictures. So each photo is brightened, its darkest places most. What its map
calls water is tinted blue, and parks are tinted green.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.written import side_by_side, write_splits
from pix2pix.pictures.color import lab_to_rgb, rgb_to_lab
from pix2pix.pictures.palettes import PALETTES, nearest_label

MAP = PALETTES["maps"]
EXPONENT = 0.6  # of L* / 100: 10 becomes 25, 30 becomes 49, and 90 becomes 94
MOST_LIGHT = 2.5  # chroma grows as lightness does, up to so many times, since the darkest pixels are noise
COLOURFUL = 1.15  # then this many times more
SOFT = 1.5  # blur radius in pixels at the edge of a tint; photo and map are misaligned by about as much


class Tint(NamedTuple):
    """What a place of the map changes: the share of the photo's own a* and b* that stays, and what is added."""

    own: float
    lightness: float
    colour: tuple[float, float]


TINTS = {"water": Tint(0.5, 8.0, (-5.0, -18.0)), "park": Tint(1.0, 2.0, (-8.0, 10.0))}


def daylight(photo: Image.Image, drawn_map: Image.Image) -> Image.Image:
    """An aerial photo as by day.

    Args:
        photo: RGB, of any size.
        drawn_map: the map of the same place and size, in the colours of the palette "maps".

    Returns:
        RGB, of the photo's size.
    """
    lab = rgb_to_lab(np.asarray(photo.convert("RGB"), np.float32) / 255)
    before = lab[..., :1].clip(0.5, 100)
    lightness = 100 * (before / 100) ** EXPONENT
    colour = lab[..., 1:] * np.minimum(lightness / before, MOST_LIGHT) * COLOURFUL
    labels = nearest_label(np.asarray(drawn_map.convert("RGB")), MAP)
    for name, tint in TINTS.items():
        share = softened(labels == list(MAP).index(name))
        lightness = lightness + share * tint.lightness
        colour = colour * (1 + share * (tint.own - 1)) + share * np.array(tint.colour, np.float32)
    return Image.fromarray(np.rint(lab_to_rgb(np.concatenate([lightness, colour], -1)) * 255).astype(np.uint8))


def softened(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool to the share of the tint in each pixel, (H, W, 1) from 0 to 1."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(SOFT))
    return np.asarray(picture, np.float32)[..., None] / 255


def write_daylight(pairs: Path, out: Path) -> dict[str, int]:
    """Write pairs of aerial photos (A) and maps (B) again, side by side, with the photos in daylight. A map of another
    size is scaled to that of its photo.

    Args:
        pairs: folder of pairs, in any layout that `DataSet` reads.
        out: folder to create, with `train` and `val` in it.

    Returns:
        The number of pairs in each split.

    Raises:
        DataError: there are no pairs, one cannot be read, or `out` exists already or cannot be written.
    """

    def bright(photo: Image.Image, drawn_map: Image.Image) -> Image.Image:
        drawn_map = drawn_map.resize(photo.size, Image.Resampling.NEAREST)
        return side_by_side(daylight(photo, drawn_map), drawn_map)

    return write_splits(DataSet(pairs), out, bright)
