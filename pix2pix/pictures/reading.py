"""The meaning of a picture's values: colours, label numbers, or measurements such as depths.

One `Reading` serves all pictures of one side of a data set, and later the inputs of the trained model. So a value means
the same in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pix2pix.errors import ImageError
from pix2pix.pictures.images import DEEP, Span, resized, to_rgb
from pix2pix.pictures.palettes import Palette, colours, nearest_label
from pix2pix.pictures.turning import as_seen

NEAR = 48.0  # largest distance (Euclidean, in levels) from a colour table's entry to its label
FAR = 64.0  # distance in levels from which a grey belongs to no label
LOOKED_AT = 128  # side in pixels to which a coloured label map is scaled before its labels are looked up


@dataclass(frozen=True)
class Reading:
    """A way to turn pictures into RGB; call it with a Pillow picture of any mode.

    Attributes:
        span: values that become black and white, for 16 or 32 bits per pixel. None: decided for each picture.
        palette: labels, where the pictures are label maps.
        numbers: whether the values of label maps are label numbers (0 is the palette's first) rather than colours.
            None: decided for each picture.
    """

    span: Span | None = None
    palette: Palette | None = None
    numbers: bool | None = None

    def __call__(self, image: Image.Image) -> Image.Image:
        """
        Raises:
            ImageError: the picture should hold label numbers, and holds other values.
        """
        if self.palette and self.numbers is not False:
            image = as_seen(image)
            found = label_use(image, self.palette)
            if self.numbers and not found.numbered:
                raise ImageError(f"it holds {found.words}, and the labels are numbered 0 to {len(self.palette) - 1}")
            if found.numbered and (self.numbers or not found.coloured):
                return Image.fromarray(colours(self.palette)[whole_numbers(image)])
        return to_rgb(image, self.span)


PLAIN = Reading()  # pictures as viewers show them


@dataclass(frozen=True)
class LabelUse:
    """A label map's pixels, compared with a palette of N labels.

    Attributes:
        numbered: whether they are whole numbers from 0 to N - 1.
        void: whether they are, apart from 255, by which many data sets mark pixels without a label.
        coloured: whether they have the palette's own colours.
        far: whether more than half of them are whole numbers whose greys are far from all colours of the palette.
        labels: numbers of the labels whose colours are nearest.
        words: description of the values, for people.
    """

    numbered: bool
    void: bool
    coloured: bool
    far: bool
    labels: tuple[int, ...]
    words: str


def label_use(image: Image.Image, palette: Palette) -> LabelUse:
    """Compare a label map of any mode with a palette."""
    numbers = whole_numbers(image)
    if numbers is None:
        small = image if max(image.size) <= LOOKED_AT else resized(image, within(image.size), hard=True)
        labels = np.unique(nearest_label(np.asarray(to_rgb(small)), palette))
        return LabelUse(False, False, False, False, tuple(labels.tolist()), "colours")
    values, counts = np.unique(numbers, return_counts=True)
    if image.mode == "P":
        table = np.zeros((256, 3))
        entries = np.array(image.getpalette("RGB"), float).reshape(-1, 3)
        table[: len(entries)] = entries
        shown, reach = table[values], NEAR
    else:
        levels = values * 255 if image.mode == "1" else values
        shown, reach = np.repeat(levels[:, None], 3, 1).astype(float), 0.0
    nearest = nearest_label(shown, palette)
    distance = np.linalg.norm(shown - colours(palette)[nearest], axis=-1)
    coloured = bool((distance <= reach).all())
    void = bool(values[-1] == 255 and values[values < 255].max(initial=0) < len(palette))
    return LabelUse(
        numbered=bool(values[-1] < len(palette)),
        void=void,
        coloured=coloured,
        far=bool(2 * counts[distance > FAR].sum() > counts.sum()),
        labels=tuple(np.unique(nearest).tolist()),
        words=f"the number{'s' if len(values) > 1 else ''} {listing(values, void)}",
    )


def listing(values: np.ndarray, void: bool) -> str:
    """Numbers in words: a few of them one by one, or else their range.

    Args:
        values: different numbers, in order.
        void: whether the last is 255, which stands apart.
    """
    if len(values) <= 4:
        return ", ".join(map(str, values))
    return f"{values[0]} to {values[-2]} and 255" if void else f"{values[0]} to {values[-1]}"


def whole_numbers(image: Image.Image) -> np.ndarray | None:
    """The whole number of each pixel, (H, W): its value in a grey picture, or its entry's number in one with a colour
    table. None where the picture has colours, transparency, fractions or negative values."""
    if image.mode in ("1", "L", "P"):
        return np.asarray(image).astype(np.uint8)
    values = np.asarray(image)
    if image.mode in DEEP:
        fits = np.isfinite(values).all() and values.min(initial=0) >= 0 and (values == np.rint(values)).all()
        return values.astype(np.int64) if fits and values.max(initial=0) < 1 << 31 else None
    if image.mode in ("RGBA", "LA") and (values[..., -1] == 255).all():
        values = values[..., :-1]
    elif image.mode != "RGB":
        return None
    first = values[..., 0]
    return first if all(np.array_equal(first, values[..., i]) for i in range(1, values.shape[-1])) else None


def within(size: tuple[int, int]) -> tuple[int, int]:
    """The size scaled to a longer side of `LOOKED_AT`."""
    scale = LOOKED_AT / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
