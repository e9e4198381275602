"""Placing a picture in the network's square, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from pix2pix.errors import CheckpointError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.pictures.images import Size, resized

SCALES = ("whole", "native")
MAX_NETWORK_SIZE = 4096  # of "image_size", pixels


@dataclass(frozen=True)
class Geometry:
    """How pictures meet a network: the same in training, in `evaluate`, on the page and on the command line.

    Attributes:
        scale: "whole": the whole picture becomes a square of `size`. "native": pixels stay as they are.
        size: side of the square pictures that the network was trained on, in pixels.
        stretched: whether a whole picture is stretched to a square, as in training. Otherwise it keeps its proportions
            and gets margins.
        stated: whether the checkpoint states its scale and size.
    """

    scale: str
    size: int
    stretched: bool
    stated: bool = True

    @classmethod
    def of(
        cls, config: GeneratorConfig, task: dict[str, Any], size: int | None = None, scale: str | None = None
    ) -> Geometry:
        """The geometry of a checkpoint.

        Where the checkpoint states nothing, the whole picture is used at the network's smallest size, as in most
        programs. Photos are stretched. Drawings, label maps and pictures to be coloured keep their proportions.

        Args:
            config: config of the generator.
            task: task of the checkpoint; "scale", "image_size", "input" and "make" are read.
            size: size to use instead of the task's "image_size".
            scale: scale to use instead of the task's "scale".

        Raises:
            CheckpointError: there is no such scale, or the network cannot run at this size.
        """
        stated = (scale or task.get("scale")) is not None and (size or task.get("image_size")) is not None
        scale = scale or task.get("scale", "whole")
        if scale not in SCALES:
            raise CheckpointError(f"The scale is {scale!r}: choose one of {', '.join(SCALES)}.")
        size = size or task.get("image_size", config.multiple)
        if type(size) is not int or not 0 < size <= max(MAX_NETWORK_SIZE, config.multiple) or size % config.multiple:
            raise CheckpointError(
                f"The size is {size!r}: this network takes multiples of {config.multiple}, up to {MAX_NETWORK_SIZE:,}."
            )
        stretched = task.get("input", "photo") == "photo" and task.get("make") != "lightness"
        return cls(scale, size, stretched, stated)

    def __str__(self) -> str:
        if self.scale == "native":
            return f"pixels as they are, {self.size} x {self.size} in view"
        return f"the whole picture at {self.size} x {self.size} pixels"

    def place(self, size: Size) -> Place:
        """The place of a picture of this size that is scaled to the square as a whole."""
        if self.stretched:
            inner = (self.size, self.size)
        else:
            longest = max(size)
            inner = (max(1, round(size[0] * self.size / longest)), max(1, round(size[1] * self.size / longest)))
        return Place(size, inner, ((self.size - inner[0]) // 2, (self.size - inner[1]) // 2), self.size)


@dataclass(frozen=True)
class Place:
    """A picture in the network's square.

    Attributes:
        outer: size of the picture itself.
        inner: its size in the square.
        corner: its left and top in the square.
        side: side of the square.
    """

    outer: Size
    inner: Size
    corner: Size
    side: int

    def enter(self, image: Image.Image, fill: str | None = None, hard: bool = False) -> Image.Image:
        """Put the picture into the square. It is scaled first, so that margins are never large. A picture that fits
        already is returned as it is.

        Args:
            image: RGB, of the size `outer`.
            fill: colour of the margins; None repeats the border's pixels.
            hard: pick the nearest pixels and mix no colours, for labels.
        """
        image = resized(image, self.inner, hard)
        if self.inner == (self.side, self.side):
            return image
        left, top = self.corner
        if fill is not None:
            square = Image.new("RGB", (self.side, self.side), fill)
            square.paste(image, (left, top))
            return square
        right, bottom = self.side - left - self.inner[0], self.side - top - self.inner[1]
        return Image.fromarray(np.pad(np.asarray(image), [(top, bottom), (left, right), (0, 0)], mode="edge"))

    def leave(self, square: Image.Image) -> Image.Image:
        """Cut the picture out of the square and scale it back to its own size. Any mode."""
        (left, top), (width, height) = self.corner, self.inner
        if self.inner != (self.side, self.side):
            square = square.crop((left, top, left + width, top + height))
        return resized(square, self.outer)
