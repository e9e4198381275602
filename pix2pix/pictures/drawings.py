"""Any picture of a drawing as dark lines on white, which is what models of drawings are trained on.

There are four kinds of pictures: dark lines on white; light lines on dark (edge detectors, dark screens); photos of a
drawing on paper, with shadows and coloured ink; and photos of things. They are told apart by the *ground*: the picture
without its thin dark parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from pix2pix.errors import ImageError
from pix2pix.pictures.edge_filter import THRESHOLD, outline
from pix2pix.pictures.images import Size, resized

POLARITIES = ("auto", "dark-lines", "light-lines")
DARK, LIGHT, PAPER, SCENE = "dark lines", "light lines", "paper", "scene"
KINDS = (DARK, LIGHT, PAPER, SCENE)
PHOTOGRAPHED = "photographed"  # training inputs, most of which are paper or scenes
# What is done with each, to follow a file's name.
WORDS = {
    DARK: "",
    LIGHT: "has light lines on dark, so it is inverted",
    PAPER: "shows a drawing on paper, so its light is evened out and its strokes are taken",
    SCENE: "is a photo, so its outlines are taken",
}
SMALLEST = 64  # pixels of the longer side, below which paper and scenes cannot be told apart
LOOK = 256  # pixels of the longer side at which a picture is judged
REACH = 0.04  # of the longer side; lines of up to twice this width are not ground
WHITE, BLACK = 230, 60  # the lowest level of white, and the highest of black
MOST_SHADED = 0.01  # of a drawing's pixels
COLOURED = 40  # smallest difference of two channels of a colour, in levels
LEAST_CONTRAST = 8  # levels, of a picture that is not blank
DARKEST_PAPER = 85  # highest median level of a picture with light lines on dark


class Drawing(NamedTuple):
    """A picture as dark lines on white, RGB, of its own size; and its original kind."""

    image: Image.Image
    found: str


def read_drawing(image: Image.Image, polarity: str = "auto", side: int = LOOK, painted: bool = False) -> Drawing:
    """Make of a picture what a model of drawings should see.

    Args:
        image: RGB, any size.
        polarity: "auto" looks at the picture. "dark-lines" takes it as it is, "light-lines" inverts it.
        side: pixels of the square in which the model will see the picture.
        painted: whether the model takes painted drawings. Then only grey lines on an even dark ground are inverted;
            everything else may be paint, and stays as it is.

    Raises:
        ImageError: there is no such polarity.
    """
    check_polarity(polarity)
    if polarity != "auto":
        return Drawing(inverted(image), LIGHT) if polarity == "light-lines" else Drawing(image, DARK)
    found = kind_of(image)
    if painted and not (found == LIGHT and has_no_colour(image)):
        return Drawing(image, DARK)
    return Drawing(resized(as_lines(image, found, side), image.size, hard=found == SCENE), found)


def as_lines(image: Image.Image, kind: str, side: int = LOOK, threshold: float = THRESHOLD) -> Image.Image:
    """A picture of a known kind as dark lines on white, RGB. The result has `side` pixels on its longer side for paper
    and scenes, and the picture's own size otherwise.

    Args:
        image: RGB, any size.
        kind: `DARK`, `LIGHT`, `PAPER` or `SCENE`.
        threshold: strength of a scene's outlines, see `pix2pix.pictures.edge_filter`.
    """
    if kind == LIGHT:
        return inverted(image)
    if kind == PAPER:
        return strokes(image, side)
    return outline(resized(image, fitted(image.size, side)), threshold) if kind == SCENE else image


def check_polarity(polarity: str) -> None:
    """
    Raises:
        ImageError: there is no such polarity.
    """
    if polarity not in POLARITIES:
        raise ImageError(f"The polarity is {polarity!r}: choose one of {', '.join(POLARITIES)}.")


def kind_of(image: Image.Image) -> str:
    """`DARK`, `LIGHT`, `PAPER` or `SCENE`; also `DARK` for a blank picture or one that is too small to tell.

    Args:
        image: RGB, any size.
    """
    small = looked_at(image, LOOK)
    if np.ptp(small, axis=(0, 1)).max() < LEAST_CONTRAST or is_drawing(small):
        return DARK
    if np.median(small.mean(-1)) < DARKEST_PAPER:
        measures = Measures.at(255 - small)
        if measures.is_even and measures.has_lines:
            return LIGHT
    if max(image.size) < SMALLEST:
        return DARK
    return PAPER if Measures.at(small).is_paper else SCENE


def is_drawing(pixels: np.ndarray) -> bool:
    """Whether a picture is lines or flat black on white: no colour, and grey only where a line's side is soft.

    The page has the same rule, in `drawn` of `demo/web/sheet.js`.

    Args:
        pixels: (H, W, 3) in [0, 255].
    """
    low, high = pixels.min(-1), pixels.max(-1)
    coloured = high - low > COLOURED
    return bool((low > WHITE).mean() > 0.5 and coloured.mean() < 0.002 and shaded(pixels) < MOST_SHADED)


def shaded(pixels: np.ndarray) -> float:
    """The share of pixels that are neither black nor white, and whose four neighbours are neither: photos have many.

    Args:
        pixels: (H, W, 3) in [0, 255].
    """
    grey = np.pad((pixels.max(-1) > BLACK) & (pixels.min(-1) < WHITE), 1)
    inner = grey[1:-1, 1:-1] & grey[:-2, 1:-1] & grey[2:, 1:-1] & grey[1:-1, :-2] & grey[1:-1, 2:]
    return float(inner.mean())


@dataclass(frozen=True)
class Measures:
    """Measures of a drawing's ground and lines. All but `level` are shares of the pixels or ratios, from 0 to 1.

    Attributes:
        level: median level of the ground, in [0, 255].
        flat: pixels about as light as the ground.
        lines: pixels much darker than the ground.
        edges, soft_edges: sudden changes of the ground by a third or a sixth, as at a thing's outline or a hard shadow.
        colour: pixels where the ground has another hue than elsewhere. Light and shadow do not change the hue.
        evenness: the darkest part of the ground over its lightest.
    """

    level: float
    flat: float
    lines: float
    edges: float
    soft_edges: float
    colour: float
    evenness: float

    @classmethod
    def at(cls, pixels: np.ndarray) -> Measures:
        """(H, W, 3) in [0, 255], lines darker than the ground."""
        ground = ground_of(pixels)
        ink = ink_of(pixels, ground)
        light = ground.mean(-1)
        steps = steepness(np.log(light))
        hue = ground / ground.sum(-1, keepdims=True)
        turned = np.abs(hue - np.median(hue, (0, 1))).max(-1)
        return cls(
            level=float(np.median(light)) - 1,
            flat=float((ink < 0.12).mean()),
            lines=float((ink > max(0.1, 0.5 * float(np.quantile(ink, 0.997)))).mean()),
            edges=float((steps > 0.3).mean()),
            soft_edges=float((steps > 0.15).mean()),
            colour=float((turned > 0.03).mean()),
            evenness=float(np.quantile(light, 0.03) / np.quantile(light, 0.97)),
        )

    @property
    def has_lines(self) -> bool:
        return 0.001 < self.lines < 0.25 and self.flat > 0.6

    @property
    def is_even(self) -> bool:
        """Whether the ground has one colour everywhere, as on a screen."""
        return self.evenness > 0.93 and self.soft_edges < 0.002 and self.colour < 0.006

    @property
    def is_paper(self) -> bool:
        """Whether it is paper, drawn on or empty. No camera makes paper clean white. So a clean white ground must also
        be even and drawn on; otherwise the picture is a thing that was cut out."""
        if self.lines >= 0.25 or self.flat <= 0.72:
            return False
        if self.level > 245:
            return self.has_lines and self.is_even and self.evenness > 0.96
        hard_shadow = self.edges < 0.02 and self.colour < 0.004 and self.flat > 0.75
        return hard_shadow or (self.edges < 0.003 and self.colour < 0.05)


def inverted(image: Image.Image) -> Image.Image:
    """Light lines on a dark ground as dark lines on white: grey, of the same size. Black and white are swapped exactly.
    A ground that is lighter than black, or coloured, becomes white too."""
    ground = np.array([np.median(np.asarray(channel)) for channel in image.split()])
    if ground.mean() > 127:
        ground[:] = 0
    brightest = [
        channel.point([255 - round(255 * max(0, v - g) / (255 - g)) for v in range(256)])
        for channel, g in zip(image.split(), np.minimum(ground, 254), strict=True)
    ]
    darkest = np.minimum.reduce([np.asarray(channel) for channel in brightest])
    return Image.fromarray(darkest).convert("RGB")


def strokes(image: Image.Image, side: int = LOOK) -> Image.Image:
    """The strokes of a drawing on paper: dark lines on white.

    The picture is divided by the ground, so that shadows leave no trace. Of coloured ink, the darkest channel counts.
    Lines come out black at `side` pixels, however thin they are.

    Args:
        image: RGB.
        side: longer side of the result, in pixels.
    """
    pixels = looked_at(image, side)
    ink = ink_of(pixels, ground_of(pixels))
    floor = float(np.median(ink))
    noise = float(np.median(np.abs(ink - floor)))
    full = max(0.1, 0.7 * float(np.quantile(ink, 0.997)))
    least = min(0.6 * full, max(0.4 * full, floor + 7 * noise))
    lines = np.clip((ink - least) / (full - least), 0, 1)
    return Image.fromarray(np.rint(255 * (1 - lines)).astype(np.uint8)).convert("RGB")


def looked_at(image: Image.Image, side: int) -> np.ndarray:
    """A picture's pixels, its longer side scaled to `side`: float32 (H, W, 3) in [0, 255]."""
    size = fitted(image.size, side)
    small = image if image.size == size else image.resize(size, Image.Resampling.BOX, reducing_gap=3)
    return np.asarray(small, np.float32)


def fitted(size: Size, side: int) -> Size:
    """A size scaled so that its longer side is `side`; never larger than it was."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def ground_of(pixels: np.ndarray) -> np.ndarray:
    """The ground under the lines: the morphological closing, which fills thin dark parts. A step in lightness, such as
    a shadow's edge, stays where it is.

    Args:
        pixels: (H, W, 3) in [0, 255].

    Returns:
        float32, the same shape, in [1, 256].
    """
    reach = max(2, round(REACH * max(pixels.shape)))
    # Beyond the border everything is neutral. Repeated pixels would make corners of shadows that end there.
    around = np.pad(smoothed(pixels), [(2 * reach, 2 * reach)] * 2 + [(0, 0)])
    return sliding(sliding(around, reach, np.maximum), reach, np.minimum)


def ink_of(pixels: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The share of the ground's light that is missing, from 0 to 1: (H, W)."""
    return np.clip(1 - (smoothed(pixels) / ground).min(-1), 0, 1)


def smoothed(pixels: np.ndarray) -> np.ndarray:
    """The pixels without a camera's noise, and never 0."""
    image = Image.fromarray(np.rint(pixels).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), np.float32) + 1


def sliding(values: np.ndarray, reach: int, pick: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The maximum or minimum over the square of `reach` pixels around each pixel whose square is complete: (H, W, C) to
    (H - 2 reach, W - 2 reach, C). Each step doubles the square."""
    for axis in (0, 1):
        values = np.moveaxis(values, axis, 0)
        have = 1
        while have < 2 * reach + 1:
            step = min(have, 2 * reach + 1 - have)
            values = pick(values[:-step], values[step:])
            have += step
        values = np.moveaxis(values, 0, axis)
    return values


def steepness(values: np.ndarray, across: int = 4) -> np.ndarray:
    """The change over `across` pixels, down or to the right: (H, W)."""
    padded = np.pad(values, ((0, across), (0, across)), mode="edge")
    here = padded[:-across, :-across]
    return np.maximum(np.abs(padded[across:, :-across] - here), np.abs(padded[:-across, across:] - here))


def has_no_colour(image: Image.Image) -> bool:
    """Whether a picture is grey all over, or nearly."""
    small = looked_at(image, LOOK)
    return bool((small.max(-1) - small.min(-1) > COLOURED).mean() < 0.005)
