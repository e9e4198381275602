"""How pictures meet a network: what a checkpoint says of it, and what is assumed where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pix2pix.errors import CheckpointError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.pictures.images import Size
from pix2pix.pictures.places import Place, as_it_is, is_stretched, scaled_whole

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
        stretched = is_stretched(task.get("input", "photo"), task.get("make", ""))
        return cls(scale, size, config.multiple, stretched, stated)

    def __str__(self) -> str:
        if self.scale == "native":
            return "the pixels as they are"
        return f"the whole picture at {self.size} x {self.size} pixels"

    def place(self, size: Size) -> Place:
        """Where a picture of this size lies in what the network sees."""
        if self.scale == "native":
            return as_it_is(size, self.size, self.multiple)
        return scaled_whole(size, self.size, self.stretched)
