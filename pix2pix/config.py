"""What a generator is, as plain data: enough to know every shape in it without building it."""

from __future__ import annotations

from dataclasses import dataclass

DROPPED_LEVELS = 3  # the three innermost decoder levels carry dropout (appendix 6.1.1)


@dataclass(frozen=True)
class GeneratorConfig:
    """The arguments of `pix2pix.Generator`; see there.

    Raises:
        ValueError: one is of the wrong type or out of range.
    """

    in_channels: int = 3
    out_channels: int = 3
    features: int = 64
    max_features: int = 512
    depth: int = 8
    dropout: float = 0.5

    def __post_init__(self) -> None:
        for name, least, most in (
            ("in_channels", 1, 64),
            ("out_channels", 1, 64),
            ("features", 1, 1024),
            ("max_features", 1, 4096),
            ("depth", DROPPED_LEVELS + 1, 12),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} is {value!r}: it must be a whole number from {least} to {most}.")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout!r}: it must be a number, at least 0 and below 1.")

    @property
    def widths(self) -> list[int]:
        """Channels of each encoder level, outermost first."""
        return [min(self.features * 2**level, self.max_features) for level in range(self.depth)]

    @property
    def multiple(self) -> int:
        """A picture's sides must be multiples of this many pixels: 256 for the paper's network."""
        return 2**self.depth

    def noise_shapes(self, height: int, width: int) -> list[tuple[int, int, int]]:
        """(channels, height, width) of each dropout mask, innermost level first, for a picture of these sides."""
        inward = self.widths[-2::-1]
        scales = [2 ** (self.depth - 1 - i) for i in range(DROPPED_LEVELS)]
        return [(c, height // s, width // s) for c, s in zip(inward, scales, strict=False)]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor in a checkpoint of this generator, in order."""
        shapes: dict[str, tuple[int, ...]] = {}
        before = self.in_channels
        for level, width in enumerate(self.widths):
            shapes[f"encoder.{level}.conv.weight"] = (width, before, 4, 4)
            if 0 < level < self.depth - 1:
                shapes[f"encoder.{level}.norm.weight"] = shapes[f"encoder.{level}.norm.bias"] = (width,)
            else:
                shapes[f"encoder.{level}.conv.bias"] = (width,)
            before = width
        for level, width in enumerate(self.widths[-2::-1]):
            shapes[f"decoder.{level}.conv.weight"] = (before, width, 4, 4)
            shapes[f"decoder.{level}.norm.weight"] = shapes[f"decoder.{level}.norm.bias"] = (width,)
            before = 2 * width  # [up, skip]
        shapes["head.weight"] = (before, self.out_channels, 4, 4)
        shapes["head.bias"] = (self.out_channels,)
        return shapes
