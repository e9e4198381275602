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
        multiple: the sides of what the network sees are multiples of it.
        stretched: a whole picture that is no square is stretched to one, as in training. Otherwise it keeps its
            proportions and gets margins.
        stated: the checkpoint says all this itself.
    """

    scale: str
    size: int
    multiple: int
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
        return cls(scale, size, config.multiple, stretched, stated)

    def __str__(self) -> str:
        if self.scale == "native":
            return "the pixels as they are"
        return f"the whole picture at {self.size} x {self.size} pixels"

    def place(self, size: Size) -> Place:
        """Where a picture of this size lies in what the network sees."""
        if self.scale == "native":
            width, height = (max(self.size, -(-side // self.multiple) * self.multiple) for side in size)
            return Place(size, size, (0, 0), (width, height), "reflect")
        square = (self.size, self.size)
        if self.stretched:
            return Place(size, square, (0, 0), square)
        longest = max(size)
        width, height = (max(1, round(side * self.size / longest)) for side in size)
        return Place(size, (width, height), ((self.size - width) // 2, (self.size - height) // 2), square)


@dataclass(frozen=True)
class Place:
    """A picture in what the network sees of it.

    Attributes:
        outer: the size of the picture itself.
        inner: its size there.
        corner: its left and its top there.
        canvas: the size of the whole, multiples of the network's.
        margins: what is around the picture: "edge", its border repeated outward, or "reflect", its mirror image.
    """

    outer: Size
    inner: Size
    corner: Size
    canvas: Size
    margins: str = "edge"

    def enter(self, image: Image.Image, fill: str | None = None, hard: bool = False) -> Image.Image:
        """What the network sees: the picture scaled first, so that margins are never large. One that is there already
        stays as it is.

        Args:
            image: RGB, of the size `outer`.
            fill: the colour of the margins, instead of `margins`.
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
        """The way back: what lies where the picture lay, in the picture's own size. Any mode."""
        (left, top), (width, height) = self.corner, self.inner
        if self.inner != self.canvas:
            canvas = canvas.crop((left, top, left + width, top + height))
        return resized(canvas, self.outer)
