"""Placing a picture in a network's input, and the way back: the same in training, in evaluation and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pix2pix.pictures.images import Size, resized

LINE_KINDS = ("edges", "paint")  # kinds of input that are lines on white


def is_stretched(input_kind: str, make: str) -> bool:
    """Whether a whole picture is stretched to a square: photos are. Drawings, label maps and pictures to be coloured
    keep their proportions and get margins."""
    return input_kind == "photo" and make != "lightness"


def paper(input_kind: str) -> str | None:
    """The colour of the margins around an input: white around drawings. None around others, whose border is
    repeated."""
    return "white" if input_kind in LINE_KINDS else None


def scaled_whole(size: Size, side: int, stretched: bool) -> Place:
    """The place of a picture of this size that is scaled as a whole to a square."""
    square = (side, side)
    if stretched:
        return Place(size, square, (0, 0), square)
    longest = max(size)
    width, height = (max(1, round(length * side / longest)) for length in size)
    return Place(size, (width, height), ((side - width) // 2, (side - height) // 2), square)


def as_it_is(size: Size, least: int, multiple: int = 1) -> Place:
    """The place of a picture whose pixels stay as they are. Its sides are mirrored to multiples, and to `least`
    pixels."""
    width, height = (max(least, -(-length // multiple) * multiple) for length in size)
    return Place(size, size, (0, 0), (width, height), "reflect")


@dataclass(frozen=True)
class Place:
    """The place of a picture in a network's input.

    Attributes:
        outer: size of the picture itself.
        inner: its size in the input.
        corner: its left and top in the input.
        canvas: size of the input, multiples of the network's.
        margins: pixels around the picture: "edge", its repeated border, or "reflect", its mirror image.
    """

    outer: Size
    inner: Size
    corner: Size
    canvas: Size
    margins: str = "edge"

    def enter(self, image: Image.Image, fill: str | None = None, hard: bool = False) -> Image.Image:
        """Put the picture into the input. It is scaled first, so that margins are never large. A picture that fits
        already is returned as it is.

        Args:
            image: RGB, of the size `outer`.
            fill: colour of the margins, instead of `margins`.
            hard: pick the nearest pixels and mix no colours, for labels.
        """
        image = resized(image, self.inner, hard)
        if self.inner == self.canvas:
            return image
        left, top = self.corner
        if fill is not None:
            canvas = Image.new("RGB", self.canvas, fill)
            canvas.paste(image, (left, top))
            return canvas
        right, bottom = self.canvas[0] - left - self.inner[0], self.canvas[1] - top - self.inner[1]
        pad = [(top, bottom), (left, right), (0, 0)]
        return Image.fromarray(np.pad(np.asarray(image), pad, mode=self.margins))  # type: ignore[call-overload]

    def leave(self, canvas: Image.Image) -> Image.Image:
        """Cut the picture out of the canvas and scale it back to its own size. Any mode."""
        (left, top), (width, height) = self.corner, self.inner
        if self.inner != self.canvas:
            canvas = canvas.crop((left, top, left + width, top + height))
        return resized(canvas, self.outer)
