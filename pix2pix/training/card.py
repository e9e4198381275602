"""The model card of a training run: the README.md of a checkpoint folder."""

from __future__ import annotations

import dataclasses
import json
import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pix2pix.evaluation.report import metrics_text, pairs_words
from pix2pix.training.recipes import DRAWING_SETTINGS, INHERITED, RECIPES
from pix2pix.training.settings import Settings, flag

TEMPLATE = """\
---
library_name: pix2pix
pipeline_tag: image-to-image
tags: [pix2pix, image-to-image, gan]
license: {license}
---

# {name}

A pix2pix generator (Isola et al., CVPR 2017), {kind} in, pictures out.

| | |
|---|---|
| network | U-Net, {shape} |
| weights | {parameters:,} parameters, float16 |
| data | `{data}`, {pairs} training pairs, {direction} |
| licence | {licence} |
| training | {steps:,} steps ({length} at batch {batch_size}), {time} on {machine}{kept}{longer} |

Trained by

    {command}

{metrics}
Made by the pix2pix project's own trainer. The picture grids of the run show its progress: rows of
input | output | target for fixed pairs.
"""

KINDS = {"edges": "drawn edges", "paint": "painted drawings", "labels": "label maps", "photo": "photos"}
UNLICENSED = "not stated yet: state those of the data and the weights before you share them"

METRICS = """\
On {count} of `{split}`, 8 samples of each, {size} (`python -m pix2pix evaluate`):

{table}
"""


@dataclass(frozen=True)
class RunFacts:
    """The facts of a run that a card states.

    Attributes:
        name: name of the checkpoint folder.
        parameters: number of the generator's parameters.
        pairs: number of training pairs.
        held_out: number of pairs in the val split.
        steps, seconds: length of the run.
        kept: step whose weights were kept.
        device: "cpu", "cuda" or "mps".
        lengths: of a run that was resumed with another length, the steps where that was, and the lengths before, in
            words.
    """

    name: str
    settings: Settings
    parameters: int
    pairs: int
    held_out: int
    steps: int
    seconds: float
    kept: int
    device: str
    lengths: Sequence[tuple[int, str]] = ()


def training_card(run: RunFacts, metrics: dict[str, Any] | None = None) -> str:
    """The card of a finished run, in Markdown with the Hub's front matter.

    Args:
        run: the run.
        metrics: what `pix2pix.evaluation.metrics.evaluate` returned for its val split, if there is one.
    """
    settings = shareable(run.settings)
    return TEMPLATE.format(
        name=run.name,
        kind=KINDS[settings.input_kind],
        parameters=run.parameters,
        shape=shape(settings),
        pairs=run.pairs,
        license=settings.license,
        licence=settings.license if settings.license != "other" else UNLICENSED,
        steps=run.steps,
        length=length(settings, run.steps),
        time=f"{run.seconds / 3600:.1f} hours" if run.seconds >= 3600 else f"{run.seconds / 60:.1f} minutes",
        kept="" if run.kept == run.steps else f"; weights of step {run.kept:,}, after which val got worse",
        machine=f"{run.device} ({platform.machine()})",
        longer="".join(f"; planned for {words} until step {step:,}" for step, words in run.lengths),
        command=command(settings),
        metrics="" if metrics is None else metrics_section(metrics, "val", settings.size, settings.crop, run.held_out),
        **{field: getattr(settings, field) for field in ("data", "direction", "batch_size")},
    )


def shareable(settings: Settings) -> Settings:
    """The settings with the last names of absolute paths: whoever reads a card need not know this machine's folders."""
    paths = ("data", "out", "init", "palette", "output_palette")
    absolute = {name: Path(path) for name in paths if Path(path := getattr(settings, name)).is_absolute()}
    names: dict[str, Any] = {name: path.name for name, path in absolute.items()}
    return dataclasses.replace(settings, **names)


def asked_length(epochs: int, steps: int | None, minutes: float | None) -> str:
    """The length that a run was asked to have, in words."""
    return f"`--steps {steps}`" if steps else f"`--minutes {minutes:g}`" if minutes else words_of(epochs)


def words_of(length: int | str) -> str:
    """A length of an earlier state, which may be a number of epochs."""
    return length if isinstance(length, str) else f"{length} epochs"


def shape(settings: Settings) -> str:
    """The generator's size, and what of it is not the paper's."""
    variants = ("norm", "activation", "padding", "head")
    others = (name for name in variants if getattr(settings, name) != getattr(Settings, name))
    names = ("features", "max_features", "depth", *others)
    return ", ".join(f"`{name}={json.dumps(getattr(settings, name))}`" for name in names)


def length(settings: Settings, steps: int) -> str:
    """How long a run was asked to be."""
    if settings.by_epochs:
        return words_of(settings.epochs)
    return f"`--steps {steps}`" + (f", which fit into {settings.minutes:g} minutes," if settings.minutes else "")


def command(settings: Settings) -> str:
    """The command line of a run: `--data`, `--direction`, `--out`, and all options that differ from their defaults or
    for which `--minutes` may choose another value."""
    words = ["python", "train.py"]
    named = {"data", "direction", "out"}
    if settings.minutes:
        named |= {*RECIPES["minutes"], *DRAWING_SETTINGS.get(settings.input_kind, {}), "mixed_precision"}
        named |= INHERITED if settings.init else {"input_kind"}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.name in named and value is None:
            value = settings.features  # discriminator_features, for which the recipe has another number
        if value != field.default or (field.name in named and value != ""):
            name = flag(field.name)
            if isinstance(value, bool):
                words.append(name if value else name.replace("--", "--no-", 1))
            elif str(value).startswith("-"):
                words.append(f"{name}={value}")
            else:
                words += [name, *map(str, value if isinstance(value, tuple) else [value])]
    return shlex.join(words)


def metrics_section(
    metrics: dict[str, Any], split: str, side: int, crop: bool = False, total: int | None = None
) -> str:
    """The table of an evaluation, of pictures scaled to squares of `side` pixels or, with `crop`, as they are.

    Args:
        total: pairs of the split, of which the first were evaluated.
    """
    size = "in their own size" if crop else f"at {side} x {side} pixels"
    words = pairs_words(metrics["count"])
    count = f"the {words}" if total in (None, metrics["count"]) else f"the first {words} of the {total}"
    return METRICS.format(count=count, split=split, size=size, table=metrics_text(metrics))
