"""The networks and the objective as plain data. They give every tensor's shape without building a network."""

from __future__ import annotations

from dataclasses import dataclass

CHOICES = {
    "norm": ("batch", "instance", "none"),
    "activation": ("relu", "relu6"),
    "skip_activation": ("relu", "leaky"),
    "innermost_activation": ("relu", "leaky"),
    "padding": ("zeros", "reflect"),
    "dropout_kind": ("element", "channel"),
    "head": ("transposed", "resize"),
}
# Receptive field of the discriminator in pixels -> stride-2 levels. With 0 all convolutions are 1x1: the PixelGAN.
PATCHES = {1: 0, 16: 1, 34: 2, 70: 3, 142: 4, 286: 5}
GRAIN_SHARE = 8  # one in this many channels of a level with grain drops single units
NORMS = ("batch", "instance", "layer")
GAN_KINDS = ("vanilla", "least-squares")


@dataclass(frozen=True)
class GeneratorConfig:
    """The arguments of `pix2pix.Generator`; see there.

    Raises:
        ValueError: an argument is of the wrong type or out of range.
    """

    in_channels: int = 3
    out_channels: int = 3
    features: int = 64
    max_features: int = 512
    depth: int = 8
    dropout: float = 0.5
    dropped_levels: tuple[int, ...] = (0, 1, 2)
    dropout_kind: str = "element"
    grain_levels: tuple[int, ...] = ()
    skips: bool = True
    norm: str = "batch"
    activation: str = "relu"
    padding: str = "zeros"
    head: str = "transposed"
    # Variants of other projects' networks (see `pix2pix.weights.foreign`).
    encoder_dropped_levels: tuple[int, ...] = ()
    skip_activation: str = "relu"
    innermost_activation: str = "relu"
    running_statistics: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (
            ("in_channels", 1, 64),
            ("out_channels", 1, 64),
            ("features", 1, 1024),
            ("max_features", 1, 4096),
            ("depth", 4, 12),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} is {value!r}: it must be a whole number from {least} to {most}.")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout!r}: it must be a number, at least 0 and below 1.")
        decoder, encoder = self.depth - 2, self.depth - 1
        for name, last in (("dropped_levels", decoder), ("grain_levels", decoder), ("encoder_dropped_levels", encoder)):
            levels = getattr(self, name)
            if type(levels) not in (tuple, list) or any(type(v) is not int or not 0 <= v <= last for v in levels):
                raise ValueError(f"{name} is {levels!r}: it must be a list of levels from 0 to {last}.")
            if list(levels) != sorted(set(levels)):
                raise ValueError(f"{name} is {levels!r}: list each level once, in order.")
            object.__setattr__(self, name, tuple(levels))  # a JSON file holds a list
        if twice := set(self.dropped_levels) & set(self.grain_levels):
            raise ValueError(f"grain_levels and dropped_levels both hold {min(twice)}: leave it out of one.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}: choose {' or '.join(choices)}.")
        for name in ("skips", "running_statistics"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name} is {getattr(self, name)!r}: it must be true or false.")
        if self.norm == "none" and self.running_statistics:
            raise ValueError("running_statistics is true, but norm is 'none': there is nothing to normalise.")

    @property
    def widths(self) -> list[int]:
        """Channels of each encoder level, outermost first."""
        return [min(self.features * 2**level, self.max_features) for level in range(self.depth)]

    @property
    def papers_own(self) -> bool:
        """Whether the layers are the paper's, whatever their number and width."""
        papers = GeneratorConfig()
        choices = (
            "encoder_dropped_levels", "activation", "skip_activation", "innermost_activation", "padding", "head"
        )  # fmt: skip
        return all(getattr(self, name) == getattr(papers, name) for name in choices)

    @property
    def multiple(self) -> int:
        """A picture's sides must be multiples of this many pixels: 256 for the paper's network."""
        return 2**self.depth

    @property
    def masked_levels(self) -> tuple[int, ...]:
        """The decoder levels that noise reaches, counted from the innermost, in the order of their masks."""
        return (*self.dropped_levels, *self.grain_levels)

    def grain_channels(self, level: int) -> int:
        """How many channels of a decoder level with grain, counted from the innermost, drop single units."""
        return max(1, self.widths[self.depth - 2 - level] // GRAIN_SHARE)

    def noise_shapes(self, height: int, width: int) -> list[tuple[int, int, int]]:
        """(channels, height, width) of each dropout mask for a picture of this size.

        The masks of the decoder's dropped levels come first, from the innermost outwards, then those of its grain, and
        then the encoder's, from the outermost inwards. Where whole channels are dropped, height and width are 1. A
        mask of grain has fewer channels than its level, and is for the first ones.
        """

        def site(channels: int, halvings: int, whole: bool) -> tuple[int, int, int]:
            return (channels, 1, 1) if whole else (channels, height >> halvings, width >> halvings)

        inward, whole = self.widths[-2::-1], self.dropout_kind == "channel"
        return [
            *(site(inward[level], self.depth - 1 - level, whole) for level in self.dropped_levels),
            *(site(self.grain_channels(level), self.depth - 1 - level, False) for level in self.grain_levels),
            *(site(self.widths[level], level + 1, whole) for level in self.encoder_dropped_levels),
        ]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every tensor in a checkpoint of this generator, in order."""
        shapes: dict[str, tuple[int, ...]] = {}

        def add_norm(level: str, width: int) -> None:
            if self.norm == "none":
                shapes[f"{level}.conv.bias"] = (width,)
            if self.norm != "batch":
                return
            for part in ("weight", "bias", *(("running_mean", "running_var") if self.running_statistics else ())):
                shapes[f"{level}.norm.{part}"] = (width,)

        before = self.in_channels
        for level, width in enumerate(self.widths):
            shapes[f"encoder.{level}.conv.weight"] = (width, before, 4, 4)
            if 0 < level < self.depth - 1:
                add_norm(f"encoder.{level}", width)
            else:
                shapes[f"encoder.{level}.conv.bias"] = (width,)
            before = width
        for level, width in enumerate(self.widths[-2::-1]):
            shapes[f"decoder.{level}.conv.weight"] = (before, width, 4, 4)
            add_norm(f"decoder.{level}", width)
            before = width * (2 if self.skips else 1)  # [up, skip]
        ends = (before, self.out_channels)
        shapes["head.weight"] = (*(ends if self.head == "transposed" else ends[::-1]), 4, 4)
        shapes["head.bias"] = (self.out_channels,)
        return shapes


@dataclass(frozen=True)
class Objective:
    """The terms of the objective.

    Attributes:
        adversarial: whether there is a discriminator.
        conditional: whether the discriminator sees the input beside the output.
        distance: comparison of output and target: "l1", "l2", or "" for none.
    """

    adversarial: bool
    conditional: bool
    distance: str


OBJECTIVES = {
    "cgan+l1": Objective(True, True, "l1"),
    "cgan": Objective(True, True, ""),
    "gan+l1": Objective(True, False, "l1"),
    "gan": Objective(True, False, ""),
    "l1": Objective(False, False, "l1"),
    "l2": Objective(False, False, "l2"),
}
