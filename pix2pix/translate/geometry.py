"""Where a picture lies in what the network sees, and the way back."""

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
        stretched: a whole picture that is no square is stretched to one, as in training. Otherwise it keeps its
            proportions and gets margins.
        stated: the checkpoint says all this itself.
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

        What the checkpoint does not say is taken as most programs train: the whole picture, at the network's smallest
        size. Photos are stretched. Drawings, labels and pictures to be coloured keep their proportions.

        Args:
            config: of the generator.
            task: of the checkpoint; "scale", "image_size", "input" and "make" are read.
            size: instead of the task's "image_size".
            scale: instead of the task's "scale".

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
        """Where a picture of this size lies, once it is scaled to the square as a whole."""
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
        outer: the size of the picture itself.
        inner: its size in the square.
        corner: its left and its top there.
        side: of the square.
    """

    outer: Size
    inner: Size
    corner: Size
    side: int

    def enter(self, image: Image.Image, fill: str | None = None, hard: bool = False) -> Image.Image:
        """What the network sees: the picture scaled first, so that margins are never large. One that is there already
        stays as it is.

        Args:
            image: RGB, of the size `outer`.
            fill: the colour of the margins; None repeats the border's pixels outward.
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
        """The way back: what lies in the square where the picture lay, in the picture's own size. Any mode."""
        (left, top), (width, height) = self.corner, self.inner
        if self.inner != (self.side, self.side):
            square = square.crop((left, top, left + width, top + height))
        return resized(square, self.outer)
