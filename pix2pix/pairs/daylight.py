"""Dark aerial photos in daylight, with the help of their maps.

The photos of the paper's maps are nearly black: their mean L* is 30, and water is (25, 34, 30). A model that imitates
them well gives gloomy pictures. So each photo is exposed longer, and the places that its map calls water or park are
tinted blue and green. What is bright stays as it is: roofs do not burn out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from pix2pix.errors import DataError
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.written import side_by_side, write_each
from pix2pix.pictures.color import lab_to_rgb, rgb_to_lab
from pix2pix.pictures.palettes import PALETTES, nearest_label

EXPONENT = 0.6  # of L* / 100: 10 becomes 25, 30 becomes 49, and 90 becomes 94
COLOURFUL = 1.15  # more chroma than light alone would give
MOST_CHROMA = 2.5  # limit on how much chroma grows, since the darkest pixels are noise
SOFT = 1.5  # pixels by which a tint fades at its border; photos and maps fit to about as much
TINTS = {  # share of the photo's own chroma that stays, then what is added to L*, a* and b*
    "water": (0.5, (8.0, -5.0, -18.0)),
    "park": (1.0, (2.0, -8.0, 10.0)),
}


def daylight(photo: Image.Image, drawn_map: Image.Image) -> Image.Image:
    """An aerial photo as by day.

    Args:
        photo: RGB, of any size.
        drawn_map: the map of the same place and size, in the colours of the palette "maps".
    """
    lab = rgb_to_lab(np.asarray(photo.convert("RGB"), np.float32) / 255)
    dark = lab[..., :1].clip(0.5, 100)
    light = 100 * (dark / 100) ** EXPONENT
    chroma = lab[..., 1:] * np.minimum(light / dark, MOST_CHROMA) * COLOURFUL
    labels = nearest_label(np.asarray(drawn_map.convert("RGB")), PALETTES["maps"])
    for name, (own, added) in TINTS.items():
        share = softened(labels == list(PALETTES["maps"]).index(name))
        chroma *= 1 + share * (own - 1)
        light = light + share * added[0]
        chroma = chroma + share * np.array(added[1:], np.float32)
    return Image.fromarray(np.rint(lab_to_rgb(np.concatenate([light, chroma], -1)) * 255).astype(np.uint8))


def softened(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool to the share of the tint in each pixel, (H, W, 1) from 0 to 1."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(SOFT))
    return np.asarray(picture, np.float32)[..., None] / 255


def write_daylight(pairs: Path, out: Path) -> dict[str, int]:
    """Write pairs of aerial photos (A) and maps (B) again, side by side, with the photos in daylight.

    Args:
        pairs: folder of pairs, in any layout that `DataSet` reads.
        out: folder to create, with `train` and, where there is one, `val` in it.

    Returns:
        The number of pairs in each split.

    Raises:
        DataError: there are no pairs, one cannot be read, its pictures differ in size, or `out` exists already or
            cannot be written.
    """

    def joined(name: str, photo: Image.Image, drawn_map: Image.Image) -> Image.Image:
        if photo.size != drawn_map.size:
            raise DataError(f"The photo and the map of {name} differ in size: give both the same.")
        return side_by_side(daylight(photo, drawn_map), drawn_map)

    return write_each(DataSet(pairs), out, joined)
