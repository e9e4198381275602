"""What a training run is, as plain data."""

from __future__ import annotations

import dataclasses
import math

from pix2pix.errors import TrainingError
from pix2pix.networks.config import CHOICES
from pix2pix.networks.discriminator import NORMS, PATCHES
from pix2pix.networks.losses import GAN_KINDS, OBJECTIVES, Objective
from pix2pix.pairs.folders import MAKES
from pix2pix.pairs.pairs import DIRECTIONS

GENERATORS = ("unet", "encoder-decoder")
INPUT_KINDS = ("edges", "paint", "labels", "photo")
UPSAMPLINGS = ("transposed", "nearest")
PRECISIONS = ("no", "bf16")


@dataclasses.dataclass
class Settings:
    """The options of `train.py`, which explains each; the defaults are the paper's (appendix 6.2).

    Raises:
        TrainingError: a value is out of range, or two do not go together.
    """

    data: str
    out: str
    # What to learn
    direction: str = "AtoB"
    input_kind: str = "photo"
    make: str = ""
    columns: tuple[str, str] = ("imageA", "imageB")
    streaming: bool = False
    palette: str = ""
    output_palette: str = ""
    # Networks
    generator: str = "unet"
    features: int = 64
    max_features: int = 512
    depth: int = 8
    norm: str = "batch"
    activation: str = "relu"
    padding: str = "zeros"
    head: str = "transposed"
    upsampling: str = "transposed"
    dropout_kind: str = "element"
    patch: int = 70
    discriminator_features: int | None = None
    discriminator_norm: str = ""
    # Objective
    objective: str = "cgan+l1"
    gan: str = "vanilla"
    l1_weight: float = 100.0
    diversity: float = 0.0
    hue: float = 2.0
    nearest_of: int = 2
    # Training
    epochs: int = 200
    batch_size: int = 1
    lr: float = 2e-4
    jitter: bool = True
    mirror: bool = True
    edges: bool = False
    paint: bool = False
    augment: bool = False
    ema: float = 0.0
    init: str = ""
    seed: int = 0
    mixed_precision: str = "no"
    # Where and how it runs, which a resumed run may change
    device: str = "auto"
    workers: int | None = None
    tensorboard: bool = False
    push_to_hub: str = ""
    license: str = "other"

    FREE = ("data", "out", "device", "workers", "tensorboard", "push_to_hub", "license")

    def __post_init__(self) -> None:
        self.columns = (self.columns[0], self.columns[1])
        for name, choices in (
            ("direction", DIRECTIONS),
            ("input_kind", INPUT_KINDS),
            ("make", ("", *MAKES)),
            ("generator", GENERATORS),
            *((name, CHOICES[name]) for name in ("norm", "activation", "padding", "head", "dropout_kind")),
            ("upsampling", UPSAMPLINGS),
            ("patch", tuple(PATCHES)),
            ("discriminator_norm", ("", *NORMS)),
            ("objective", tuple(OBJECTIVES)),
            ("gan", GAN_KINDS),
            ("mixed_precision", PRECISIONS),
        ):
            if getattr(self, name) not in choices:
                listed = ", ".join(str(choice) for choice in choices if choice != "")
                raise TrainingError(f"{flag(name)} is {getattr(self, name)!r}: choose one of {listed}.")
        for name in ("features", "max_features", "nearest_of", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{flag(name)} is {getattr(self, name)}: it must be at least 1.")
        for name in ("lr", "l1_weight"):
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingError(f"{flag(name)} is {getattr(self, name)}: it must be above 0.")
        for name in ("diversity", "hue"):
            if not 0 <= getattr(self, name) < math.inf:
                raise TrainingError(f"{flag(name)} is {getattr(self, name)}: it must be at least 0.")
        if not 0 <= self.ema < 1:
            raise TrainingError(f"--ema is {self.ema}: it must be at least 0 and below 1.")
        if not 0 <= self.seed < 2**63:
            raise TrainingError(f"--seed is {self.seed}: it must be from 0 to 2**63 - 1.")
        if self.workers is not None and self.workers < 0:
            raise TrainingError(f"--workers is {self.workers}: it must be at least 0.")
        if not 5 <= self.depth <= 12:
            raise TrainingError(f"--depth is {self.depth}: it must be from 5, for pictures of 32 pixels, to 12.")
        if self.target.adversarial and self.patch > 142 and self.depth < 7:
            raise TrainingError(f"--patch {self.patch} needs pictures of 128 pixels: use --depth 7 or more.")
        if self.diversity and not self.target.distance:
            raise TrainingError(f"--diversity needs an objective with a distance: {self.objective} has none.")
        for name in ("hue", "nearest_of"):
            if not self.diversity and getattr(self, name) != getattr(Settings, name):
                raise TrainingError(f"{flag(name)} is about the samples of --diversity: give that a weight.")
        if self.edges and self.input_kind not in ("edges", "paint"):
            raise TrainingError("--edges draws lines as a hand does: it needs --input-kind edges or paint.")
        if self.paint and self.input_kind != "paint":
            raise TrainingError("--paint makes painted drawings: it needs --input-kind paint.")
        if self.paint and self.make == "lightness":
            raise TrainingError("--paint needs lines or flat art as inputs: leave --make lightness out.")
        if self.edges and not self.jitter:
            raise TrainingError("--edges is part of the jitter: leave --no-jitter out.")
        if self.make and self.direction != "AtoB":
            raise TrainingError(f"--make {self.make} makes A from B: --direction must be AtoB.")
        if self.streaming and not self.data.startswith("hub:"):
            raise TrainingError("--streaming is for data sets of the Hub: give --data hub:owner/name.")
        if self.streaming and (self.workers or 0) > 1:
            raise TrainingError("--streaming reads in one process: leave --workers out.")
        if self.palette and self.input_kind != "labels":
            raise TrainingError("--palette is the labels' of the input: it needs --input-kind labels.")

    @property
    def target(self) -> Objective:
        return OBJECTIVES[self.objective]

    @property
    def lightness(self) -> bool:
        """It is colourisation."""
        return self.make == "lightness"

    @property
    def size(self) -> int:
        """Side of the pictures trained on, in pixels."""
        return 2**self.depth

    @property
    def channels(self) -> tuple[int, int]:
        """Of the input and of the output."""
        return (1, 2) if self.lightness else (3, 3)


def flag(name: str) -> str:
    """A field's option."""
    return "--" + name.replace("_", "-")


def changed(before: dict, now: Settings) -> list[str]:
    """What a run's settings were and are, where they differ in what is computed.

    Args:
        before: the fields of the earlier run; one that did not exist then had its default.
    """
    was = {**dataclasses.asdict(Settings("", "")), **before}
    if not was.get("nearest", True):
        was["nearest_of"] = 1  # what was --no-nearest
    return [
        f"{name} was {was[name]} and is {value}"
        for name, value in dataclasses.asdict(now).items()
        if name not in Settings.FREE and (tuple(was[name]) if name == "columns" else was[name]) != value
    ]
