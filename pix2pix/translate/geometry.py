"""The geometry of a model: how pictures enter its network, as the checkpoint states it or as is assumed."""

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
    """The way pictures enter a network: the same in training, in `evaluate`, on the page and on the command line.

    Attributes:
        scale: "whole": the whole picture becomes a square of `size`. "native": pixels stay as they are.
        size: side of the square pictures that the network was trained on, in pixels.
        multiple: number that the sides of the network's input must be multiples of.
        stretched: whether a whole picture is stretched to a square, as in training. Otherwise it keeps its proportions
            and gets margins.
        stated: whether the checkpoint states its scale and size.
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
        scale = task.get("scale") if scale is None else scale
        size = task.get("image_size") if size is None else size
        stated = scale is not None and size is not None
        scale = "whole" if scale is None else scale
        if scale not in SCALES:
            raise CheckpointError(f"The scale is {scale!r}: choose one of {', '.join(SCALES)}.")
        size = config.multiple if size is None else size
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
        """The place of a picture of this size in the network's input."""
        if self.scale == "native":
            return as_it_is(size, self.size, self.multiple)
        return scaled_whole(size, self.size, self.stretched)
