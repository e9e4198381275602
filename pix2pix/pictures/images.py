"""Reading pictures of any file or Pillow mode as RGB, and converting RGB to arrays in [-1, 1] and back."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageChops, UnidentifiedImageError

from pix2pix.errors import ImageError, reason
from pix2pix.pictures.profiles import to_srgb
from pix2pix.pictures.turning import Size as Size
from pix2pix.pictures.turning import as_seen

MAX_PIXELS = 4096 * 4096
MAX_SIDE = 32768
FAINT_ON_WHITE = 208  # levels, of all channels
Span = tuple[float, float]  # the values that become black and white
DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")  # modes of more than 8 bits
# The formats of browsers and cameras. Pillow reads some forty more, with code that is rarely used and rarely attacked;
# some of it starts other programs.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "AVIF")


def to_rgb(image: Image.Image, span: Span | None = None) -> Image.Image:
    """Any Pillow picture as RGB: turned upright by its EXIF tag, with its colours in sRGB and transparency on white.
    White strokes on a transparent ground are put on black, since they would vanish on white.

    Args:
        span: values that become black and white, for 16 or 32 bits per pixel. None: `usual_span` of this picture.
    """
    image = to_srgb(as_seen(image))
    if image.mode in DEEP:
        return to_levels(image, span or usual_span(*value_range(image))).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "black" if is_white_on_nothing(image) else "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def as_stored(image: Image.Image) -> Image.Image:
    """A picture in its own mode, not turned by EXIF: for `open_image`, where RGB is made of it later."""
    return image.copy()


def open_image(
    source: str | Path | BinaryIO,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
    read: Callable[[Image.Image], Image.Image] = to_rgb,
) -> Image.Image:
    """Read a picture file as RGB, as a viewer would show it (see `to_rgb`).

    Args:
        source: a path or an open binary file.
        name: name of the picture in errors; by default its path.
        max_pixels: the most pixels that it may have.
        read: function that makes RGB of it, or leaves it `as_stored`; see also `pix2pix.pictures.reading.Reading`.

    Raises:
        ImageError: there is no such file, or it is damaged, too large or not in one of the `FORMATS`.
    """
    name = name or str(source)
    try:
        with Image.open(source, formats=FORMATS) as image:
            check_size(image, name, max_pixels)
            return read(image)
    except FileNotFoundError:
        raise ImageError(f"There is no picture at {name}: check the path.") from None
    except IsADirectoryError:
        raise ImageError(f"{name} is a folder: name a picture file.") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture in a known format: use a PNG or JPEG file.") from None
    except ImageError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds of errors for damaged files
        raise ImageError(f"{name} cannot be read as a picture ({reason(error)}): use another copy of it.") from None


def picture_suffixes() -> set[str]:
    """The suffixes of the files that `open_image` reads, in lower case, with their dots."""
    return {suffix for suffix, kind in Image.registered_extensions().items() if kind in FORMATS}


def check_size(image: Image.Image, name: str, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse a picture that is too large, before its pixels are decoded, or empty.

    Raises:
        ImageError: it has more than `max_pixels`, a side of more than `MAX_SIDE`, or one of none.
    """
    if min(image.size) < 1:
        raise ImageError(f"{name} has {image.width} x {image.height} pixels: give one that is not empty.")
    if max(image.size) > MAX_SIDE:
        raise ImageError(
            f"{name} has {image.width} x {image.height} pixels: make it smaller, to at most {MAX_SIDE:,} on each side."
        )
    if image.width * image.height > max_pixels:
        raise ImageError(
            f"{name} has {image.width} x {image.height} pixels: make it smaller, to at most {max_pixels:,} in all."
        )


def value_range(image: Image.Image) -> tuple[float, float, bool]:
    """The lowest and the highest finite value of a picture in one of the modes `DEEP` (0, 0 where none is finite), and
    whether its values are whole numbers. A float picture of 0 and 1 alone, such as a mask, counts as
    fractions."""
    values = np.asarray(image)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0, True
    low, high = float(finite.min()), float(finite.max())
    mask = image.mode == "F" and low >= 0 and high == 1
    return low, high, not mask and bool((finite == np.rint(finite)).all())


def usual_span(low: float, high: float, whole: bool) -> Span:
    """The values that become black and white by default, for pictures with values from `low` to `high`.

    Fractions from 0 to 1 and whole numbers from 0 to 255 keep these limits. Values in the upper half of 16 bits are
    taken for a 16-bit photo. All others, such as depths in millimetres or metres, are spread up to the highest value:
    from 0, or from the lowest value if that is above half of the highest.

    Args:
        low, high: lowest and highest value of one picture, or of a whole data set.
        whole: whether all values are whole numbers.
    """
    if low >= 0 and high <= (255 if whole else 1):
        return (0.0, 255.0) if whole else (0.0, 1.0)
    if low >= 0 and whole and 32768 <= high <= 65535:
        return 0.0, 65535.0
    start = 0.0 if 0 <= low <= high / 2 else low
    return (start, high) if start < high else (min(0.0, low), max(1.0, high))


def to_levels(image: Image.Image, span: Span) -> Image.Image:
    """A picture of more than 8 bits in 256 levels of grey. Values that are not numbers become black."""
    black, white = span
    levels = np.asarray(image).astype(np.float64)
    levels -= black
    levels *= 255 / (white - black)
    np.nan_to_num(levels, copy=False)
    np.clip(np.rint(levels, out=levels), 0, 255, out=levels)
    return Image.fromarray(levels.astype(np.uint8))


def is_white_on_nothing(image: Image.Image) -> bool:
    """Whether the visible part of an RGBA picture is (nearly) white and covers less than half of it."""
    small = image.reduce(max(1, max(image.size) // 1024))
    *_, alpha = small.split()
    most = np.asarray(alpha).max(initial=0)
    visible = np.asarray(alpha) > 0.75 * most
    if most == 0 or visible.mean() > 0.5:
        return False
    least = np.asarray(ImageChops.darker(ImageChops.darker(*small.split()[:2]), small.split()[2]))
    return bool((least[visible] >= FAINT_ON_WHITE).mean() > 0.995)


def resized(image: Image.Image, size: Size, hard: bool = False) -> Image.Image:
    """Scale a picture, in the same way in training and afterwards.

    Args:
        image: picture of any mode.
        size: width and height, in pixels.
        hard: pick the nearest pixels, for labels, whose colours must not mix. Otherwise scale bicubically.
    """
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.NEAREST if hard else Image.Resampling.BICUBIC)


def to_array(image: Image.Image) -> np.ndarray:
    """RGB picture -> float32 (3, H, W) in [-1, 1]."""
    return (np.asarray(image, dtype=np.float32) / 127.5 - 1).transpose(2, 0, 1)


def to_image(array: np.ndarray) -> Image.Image:
    """float (3, H, W) in [-1, 1] -> RGB picture, rounded to the nearest of 256 levels."""
    levels = (array + 1) * 127.5
    np.clip(np.rint(levels, out=levels), 0, 255, out=levels)
    # Pillow interleaves channels in a third of the time that NumPy takes.
    return Image.merge("RGB", [Image.fromarray(channel) for channel in levels.astype(np.uint8)])


def mean_distance(images: list[Image.Image]) -> float:
    """Mean absolute difference over all pairs of pictures of one size, from 0 to 1."""
    arrays = [np.asarray(image, np.float32) / 255 for image in images]
    return float(np.mean([np.abs(a - b).mean() for a, b in combinations(arrays, 2)]))


def data_url(image: Image.Image, lossless: bool = False) -> str:
    """A picture as a data URL for a page: JPEG, or PNG where every value must stay."""
    buffer = io.BytesIO()
    if lossless:
        image.save(buffer, "PNG", compress_level=1)
    else:
        image.save(buffer, "JPEG", quality=90)
    kind = "png" if lossless else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
