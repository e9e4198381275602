"""Turning photos upright by their EXIF tag, and with them pictures that were drawn over them.

Viewers turn a photo, but many labelling tools and most Python programs do not. So a mask may fit the photo as viewers
show it, or its pixels as they are stored. The shapes tell which, unless the photo is square or was taken upside down.
"""

from __future__ import annotations

from PIL import ExifTags, Image, ImageOps

Size = tuple[int, int]  # width and height, pixels
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SAME = 0.02  # largest difference of two ratios of width to height that count as the same


def turn_of(image: Image.Image) -> int:
    """The EXIF orientation: 1 where there is nothing to turn, otherwise a key of `TURNS`."""
    try:
        turn = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow raises many kinds of errors for damaged EXIF data, which viewers ignore
        return 1
    return turn if turn in TURNS else 1


def as_seen(image: Image.Image) -> Image.Image:
    """A picture turned upright by its EXIF tag, and without this tag."""
    return image if turn_of(image) == 1 else ImageOps.exif_transpose(image)


def turned(size: Size, turn: int) -> Size:
    """The size of a picture after its turn."""
    return (size[1], size[0]) if turn >= 5 else size


def alike(one: Size, other: Size) -> bool:
    """Whether two pictures have the same shape, at any scale."""
    ratios = one[0] * other[1], other[0] * one[1]
    return abs(ratios[0] - ratios[1]) <= SAME * max(ratios)


def drawn_raw(sizes: tuple[Size, Size], turns: tuple[int, int]) -> bool | None:
    """Whether the picture of a pair without a turn was drawn on the other one's pixels as they are stored.

    Args:
        sizes: sizes of both, as they are stored.
        turns: turns of both; see `turn_of`.

    Returns:
        None where neither or both are turned, or where the shapes do not tell.
    """
    if (turns[0] == 1) == (turns[1] == 1):
        return None
    raw = alike(*sizes)
    seen = alike(turned(sizes[0], turns[0]), turned(sizes[1], turns[1]))
    return None if raw == seen else raw


def upright(a: Image.Image, b: Image.Image, otherwise: bool = False) -> tuple[Image.Image, Image.Image]:
    """Both pictures of a pair turned upright; one that was drawn on the other's stored pixels turns with it.

    Args:
        a, b: pictures as they are stored.
        otherwise: value of `drawn_raw` where the shapes do not tell.
    """
    turns = turn_of(a), turn_of(b)
    if turns == (1, 1):
        return a, b
    raw = drawn_raw((a.size, b.size), turns)
    together = otherwise if raw is None else raw
    one, other = as_seen(a), as_seen(b)
    if together and turns[1] == 1:
        other = other.transpose(TURNS[turns[0]])
    elif together and turns[0] == 1:
        one = one.transpose(TURNS[turns[1]])
    return one, other
