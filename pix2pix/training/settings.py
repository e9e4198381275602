"""The settings of a training run, as plain data. Each option of the trainer is defined here once, with its default,
choices and help. `pix2pix.training.command` builds the command line from it."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pix2pix.errors import TrainingError
from pix2pix.networks.config import CHOICES, GAN_KINDS, NORMS, OBJECTIVES, PATCHES, Objective
from pix2pix.pairs.source import DIRECTIONS, OUTLINES, UNPAINTED
from pix2pix.pictures.drawings import POLARITIES
from pix2pix.pictures.made import MADE
from pix2pix.pictures.places import LINE_KINDS
from pix2pix.weights.hub import HUB_NAME


def option(
    default: Any,
    words: str,
    *,
    group: str,
    choices: Iterable[Any] = (),
    also: str = "",
    metavar: str | tuple[str, ...] = "",
    environment: str = "",
    may_change: bool = False,
    formerly: str = "",
) -> Any:
    """A field of `Settings`.

    Args:
        default: `dataclasses.MISSING` where a value is required.
        words: description of the option, for its help.
        group: heading of the option in the help.
        choices: allowed values; "" as a default means that the option is left out.
        also: addition to the help, in brackets.
        metavar: name of the value in the help.
        environment: environment variable that may hold another default for the command line.
        may_change: whether a resumed run may have another value.
        formerly: old name of the field, in old commands and states.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "words": words,
            "group": group,
            "choices": tuple(choices),
            "also": also,
            "metavar": metavar,
            "environment": environment,
            "may_change": may_change,
            "formerly": formerly,
        },
    )


learn = partial(option, group="what to learn")
network = partial(option, group="networks")
goal = partial(option, group="objective")
train = partial(option, group="training")
run = partial(option, group="running", may_change=True)

# Ranges of numbers: whose they are, whether a value is inside, and the range in words.
RANGES: list[tuple[tuple[str, ...], Callable[[float], bool], str]] = [
    (("nearest_of", "epochs", "batch_size", "steps"), lambda n: n >= 1, "at least 1"),
    (("features", "discriminator_features"), lambda n: 1 <= n <= 1024, "from 1 to 1024"),
    (("max_features",), lambda n: 1 <= n <= 4096, "from 1 to 4096"),
    (("lr", "l1_weight", "minutes", "save_every"), lambda n: 0 < n < math.inf, "above 0"),
    (("mode_seeking_weight", "chroma_weight"), lambda n: 0 <= n < math.inf, "at least 0"),
    (("unpainted", "outlines"), lambda n: 0 <= n <= 1, "from 0 to 1"),
    (("ema",), lambda n: 0 <= n < 1, "at least 0 and below 1"),
    (("seed",), lambda n: 0 <= n < 2**63, "from 0 to 2**63 - 1"),
    (("workers",), lambda n: n >= 0, "at least 0"),
    (("depth",), lambda n: 5 <= n <= 12, "from 5, for pictures of 32 pixels, to 12"),
]


@dataclasses.dataclass
class Settings:
    """The options of the trainer. The defaults are the paper's (Isola et al. 2017, appendix 6.2).

    Raises:
        TrainingError: a value is out of range, or two do not go together.
    """

    data: str = learn(
        dataclasses.MISSING, "folder of pairs, in any layout of docs/training.md, or hub:owner/name", may_change=True
    )
    out: str = learn(dataclasses.MISSING, "checkpoint folder to write; --check needs none", may_change=True)
    direction: str = learn(
        "AtoB", "what to translate into what; A is the left half or the first folder", choices=DIRECTIONS
    )
    input_kind: str = learn(
        "photo", "kind of picture that people will put in", choices=("edges", "paint", "labels", "photo")
    )
    polarity: str = learn(
        "auto",
        "lines of the drawings; light lines are inverted, and with auto the majority decides",
        choices=POLARITIES,
    )
    make: str = learn(
        "", "make A from photos alone: their edges, or their lightness for colourisation", choices=tuple(MADE)
    )
    columns: tuple[str, str] = learn(("imageA", "imageB"), "columns of a Hub data set", metavar=("A", "B"))
    config: str = learn("", "configuration of a Hub data set that has several", metavar="NAME")
    streaming: bool = learn(False, "start before all of a Hub data set is downloaded")
    palette: str = learn("", "labels of the input: facades, maps, or a JSON file", metavar="NAME")
    output_palette: str = learn("", "labels of the output; targets are scaled without mixing colours", metavar="NAME")
    input_range: tuple[float, float] | None = learn(
        None, "values of 16- and 32-bit inputs that become black and white", also="default from the data",
        metavar=("BLACK", "WHITE"),
    )  # fmt: skip
    output_range: tuple[float, float] | None = learn(
        None, "the same for targets", also="default from the data", metavar=("BLACK", "WHITE")
    )
    crop: bool = learn(False, "cut squares out of larger pictures instead of scaling them")
    stretch: bool = learn(False, "accept pairs whose pictures have different shapes, and scale one onto the other")

    generator: str = network(
        "unet", "G: with the skip connections of the U-Net or without", choices=("unet", "encoder-decoder")
    )
    features: int = network(64, "channels of G's first level")
    max_features: int = network(512, "channels of G's widest level")
    depth: int = network(8, "levels of G, which trains on squares of 2**DEPTH pixels")
    norm: str = network(
        "batch",
        "normalisation, of each picture by itself; batch adds a scale and shift; none, with --init, folds the norms of "
        "that model into its convolutions",
        choices=CHOICES["norm"],
    )
    activation: str = network(
        "relu", "activation of G's decoder; relu6 keeps bright spots from growing", choices=CHOICES["activation"]
    )
    padding: str = network("zeros", "padding of G's encoder", choices=CHOICES["padding"])
    head: str = network("transposed", "last layer of G; resize leaves no checkerboard", choices=CHOICES["head"])
    upsampling: str = network(
        "transposed",
        "kernels of G's transposed convolutions; nearest leaves no lattice",
        choices=("transposed", "nearest"),
    )
    dropout_kind: str = network(
        "element", "what the noise z drops: single units or whole channels", choices=CHOICES["dropout_kind"]
    )
    dropout_levels: int = network(
        3, "how many of the innermost levels of G's decoder have dropout; 5 breaks up repeated textures"
    )
    grain_levels: int = network(
        0, "how many of the next levels have grain, which gives blank areas a texture; 3 suits fur"
    )
    patch: int = network(70, "receptive field of D in pixels", choices=PATCHES)
    discriminator_features: int | None = network(None, "channels of D's first level", also="default as --features")
    discriminator_norm: str = network(
        "",
        "normalisation of D; layer lets it judge the overall tone",
        choices=NORMS,
        also="default as --norm, or batch with --norm none",
    )

    objective: str = goal("cgan+l1", "what G minimises", choices=OBJECTIVES)
    gan: str = goal("vanilla", "GAN loss", choices=GAN_KINDS)
    l1_weight: float = goal(100.0, "lambda, the weight of L1 or L2")
    mode_seeking_weight: float = goal(
        0.0,
        "weight of the mode-seeking loss, which makes samples of z differ; try 0.1",
        metavar="W",
        formerly="diversity",
    )
    chroma_weight: float = goal(
        2.0, "in that loss, weight of a difference in colour against one in lightness", metavar="W", formerly="hue"
    )
    nearest_of: int = goal(2, "apply L1 to the best of this many samples; 1 applies it to both of two")

    epochs: int = train(
        200,
        "passes over the pairs; the learning rate falls over the second half. --resume may change the number; "
        "the learning rate then follows the new length",
        may_change=True,
    )
    minutes: float | None = train(
        None, "minutes of the whole run, in place of --epochs; the steps follow from the measured speed", metavar="M",
        may_change=True,
    )  # fmt: skip
    steps: int | None = train(
        None,
        "steps of the whole run, in place of --epochs; also beside --minutes, to repeat such a run",
        may_change=True,
    )
    keep_best: bool = train(
        False, "keep the newest weights whose L1 on val, of 5 or more pairs, is at most a fiftieth above the lowest"
    )
    batch_size: int = train(1, "pairs in a step of each process")
    lr: float = train(2e-4, "learning rate of Adam, whose betas are 0.5 and 0.999")
    jitter: bool = train(True, "scale to 286/256 and crop at random")
    mirror: bool = train(True, "mirror half of the pairs")
    hand_drawn: bool = train(
        False, "draw the edges as a hand does: wobbly, broken, often the outline alone, anywhere", formerly="edges"
    )
    outlines: float = train(OUTLINES, "share of the drawings that --hand-drawn reduces to outlines", metavar="SHARE")
    warp: bool = train(False, "with --hand-drawn, turn, stretch and bend photos on white, for data sets of few pairs")
    paint: bool = train(False, "paint the inputs with colours of the target, as people paint drawings")
    unpainted: float = train(UNPAINTED, "share of the line drawings that --paint leaves unpainted", metavar="SHARE")
    augment: bool = train(False, "shift, cut and recolour what D sees, for data sets of few pairs")
    augment_colours: bool = train(True, "recolour, as part of --augment")
    ema: float = train(0.0, "decay of a moving average of G's weights, say 0.999", metavar="DECAY")
    init: str = train("", "checkpoint or run to start from; it may be of half the size, or narrower", metavar="MODEL")
    seed: int = train(0, "seed of weights, order, jitter and z")
    mixed_precision: str = train(
        "no",
        "bf16 is for GPUs, and for CPUs with AMX or AVX-512 BF16; with --minutes, it is the default there",
        choices=("no", "bf16"),
        environment="ACCELERATE_MIXED_PRECISION",
    )

    device: str = run("auto", "auto, cpu, cuda, cuda:1, mps")
    workers: int | None = run(None, "processes that read pictures", also="default 0 on a CPU, 4 on a GPU")
    save_every: float = run(300.0, "seconds between two saves of the state; a killed run loses at most this much")
    tensorboard: bool = run(False, "write logs for TensorBoard into OUT/training/tensorboard")
    title: str = run("", "plain name of the model, for the page", metavar="WORDS")
    push_to_hub: str = run("", "upload the finished model; needs HF_TOKEN", metavar="OWNER/NAME")
    license: str = run("other", "licence of the model, for its card", metavar="ID")

    def __post_init__(self) -> None:
        self.columns = (self.columns[0], self.columns[1])
        for name in ("data", "out", "init", "palette", "output_palette"):
            setattr(self, name, os.fspath(getattr(self, name)))  # a path becomes text, which states and cards can hold
        self._check_values()
        self._check_networks()
        self._check_data()

    def _check_values(self) -> None:
        """Each option by itself."""
        for field in dataclasses.fields(self):
            choices, value = field.metadata["choices"], getattr(self, field.name)
            if choices and value not in choices and (value != "" or field.default != ""):
                listed = ", ".join(map(str, choices))
                raise TrainingError(f"{flag(field.name)} is {value!r}: choose one of {listed}.")
        for name in ("input_range", "output_range"):
            if value := getattr(self, name):
                black, white = value
                setattr(self, name, (black, white))
                if black == white or not all(map(math.isfinite, value)):
                    raise TrainingError(f"{flag(name)} is {black:g} {white:g}: name two different numbers.")
        for names, fits, must in RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not fits(value):
                    raise TrainingError(f"{flag(name)} is {value}: it must be {must}.")

    def _check_networks(self) -> None:
        """Options of the networks and the objective, together."""
        if not 0 <= self.dropout_levels < self.depth:
            raise TrainingError(
                f"--dropout-levels is {self.dropout_levels}: with --depth {self.depth} it must be from 0 to "
                f"{self.depth - 1}."
            )
        if not 0 <= self.grain_levels < self.depth - self.dropout_levels:
            raise TrainingError(
                f"--grain-levels is {self.grain_levels}: with --depth {self.depth} and --dropout-levels "
                f"{self.dropout_levels} it must be from 0 to {self.depth - self.dropout_levels - 1}."
            )
        if self.target.adversarial and self.patch > 70 and self.size < (least := 64 if self.patch == 142 else 128):
            raise TrainingError(
                f"--patch {self.patch} needs pictures of {least} pixels: use --depth {least.bit_length() - 1} or more."
            )
        if self.mode_seeking_weight and not self.target.distance:
            raise TrainingError(
                f"--mode-seeking-weight needs an objective with a distance, such as cgan+l1: {self.objective} has none."
            )
        for name in ("chroma_weight", "nearest_of"):
            if not self.mode_seeking_weight and getattr(self, name) != getattr(Settings, name):
                raise TrainingError(f"{flag(name)} requires --mode-seeking-weight above 0.")
        if self.norm == "none" and not self.init:
            raise TrainingError("--norm none continues from a trained model: add --init MODEL.")
        if not self.augment and not self.augment_colours:
            raise TrainingError("--no-augment-colours is about --augment: add --augment.")

    def _check_data(self) -> None:
        """Options of the pairs, together."""
        drawn = self.input_kind in LINE_KINDS
        if self.hand_drawn and not drawn:
            raise TrainingError("--hand-drawn draws lines as a hand does: it needs --input-kind edges or paint.")
        if self.polarity != "auto" and not drawn:
            raise TrainingError("--polarity is about drawings: it needs --input-kind edges or paint.")
        if self.hand_drawn and not self.jitter:
            raise TrainingError("--hand-drawn is part of the jitter: leave --no-jitter out.")
        if not self.hand_drawn and (self.outlines != Settings.outlines or self.warp):
            raise TrainingError("--outlines and --warp are about hand-drawn lines: they need --hand-drawn.")
        if self.paint and self.input_kind != "paint":
            raise TrainingError("--paint makes painted drawings: it needs --input-kind paint.")
        if self.paint and self.output_palette:
            raise TrainingError("--paint changes the colours of the targets: leave --output-palette out.")
        if self.paint and self.make == "lightness":
            raise TrainingError("--paint needs lines or flat art as inputs: leave --make lightness out.")
        if not self.paint and self.unpainted != Settings.unpainted:
            raise TrainingError("--unpainted is about painted drawings: it needs --paint.")
        if self.crop and not self.jitter:
            raise TrainingError("--crop cuts at random, as part of the jitter: add --jitter, or leave --no-jitter out.")
        if self.crop and (self.hand_drawn or self.paint):
            raise TrainingError("--crop scales nothing, and --hand-drawn and --paint scale: leave one out.")
        if self.make and self.direction != "AtoB":
            raise TrainingError(f"--make {self.make} makes A from B: --direction must be AtoB.")
        if self.push_to_hub and not HUB_NAME.fullmatch(self.push_to_hub):
            raise TrainingError(f"{self.push_to_hub!r} names no model of the Hub: give --push-to-hub OWNER/NAME.")
        if self.streaming and not self.data.startswith("hub:"):
            raise TrainingError("--streaming is for data sets of the Hub: use --data hub:owner/name.")
        if self.streaming and (self.workers or 0) > 1:
            raise TrainingError("--streaming reads in one process: leave --workers out.")
        if self.palette and self.input_kind != "labels":
            raise TrainingError("--palette holds the labels of the input: it needs --input-kind labels.")

    @property
    def target(self) -> Objective:
        return OBJECTIVES[self.objective]

    @property
    def lightness(self) -> bool:
        """Whether this is colourisation."""
        return self.make == "lightness"

    @property
    def by_epochs(self) -> bool:
        """The run's length is a number of epochs, rather than of minutes or steps."""
        return self.minutes is None and self.steps is None

    @property
    def size(self) -> int:
        """Side of the training pictures, in pixels."""
        return 2**self.depth

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the input and of the output."""
        return (1, 2) if self.lightness else (3, 3)


def flag(name: str) -> str:
    """A field's option."""
    return "--" + name.replace("_", "-")


def kept(before: dict[str, Any]) -> dict[str, Any]:
    """The settings of an earlier run that affect its result, by their present names.

    Args:
        before: fields of the earlier run, by their names at that time. Fields that did not exist had their defaults.
    """
    fields = [field for field in dataclasses.fields(Settings) if not field.metadata["may_change"]]
    new_names = {field.metadata["formerly"]: field.name for field in fields if field.metadata["formerly"]}
    was = {**dataclasses.asdict(Settings("", "")), **{new_names.get(name, name): before[name] for name in before}}
    if not was.get("nearest", True):
        was["nearest_of"] = 1  # formerly --no-nearest
    return {
        field.name: tuple(was[field.name]) if isinstance(was[field.name], list) else was[field.name] for field in fields
    }


def changed(before: dict[str, Any], now: Settings) -> list[str]:
    """The settings that changed since an earlier run and affect its result, as "NAME was OLD and is NEW".

    Args:
        before: fields of the earlier run, as for `kept`.
    """
    old = kept(before)
    return [f"{name} was {old[name]} and is {new}" for name in old if old[name] != (new := getattr(now, name))]
