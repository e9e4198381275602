"""The model card of a training run: what a checkpoint folder's README.md says."""

from __future__ import annotations

import dataclasses
import math
import platform
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pix2pix.training.settings import flag

if TYPE_CHECKING:
    from pix2pix.training.settings import Settings
    from pix2pix.training.trainer import Trainer

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
| network | U-Net, `features={features}`, `max_features={max_features}`, `depth={depth}` |
| weights | {parameters:,} parameters, float16 |
| data | `{data}`, {pairs} training pairs, {direction} |
| licence | {licence} |
| training | {steps:,} steps ({epochs} epochs at batch {batch_size}), {hours:.1f} hours on {machine} |

Trained by

    {command}

{metrics}
Made by the pix2pix project's own trainer. The picture grids of the run show how it went: rows of
input | output | truth for fixed pairs.
"""

KINDS = {"edges": "drawn edges", "paint": "painted drawings", "labels": "label maps", "photo": "photos"}
UNLICENSED = "not stated yet: say the data's and the weights' before you share them"

METRICS = """\
On the {count} pairs of `{split}`, 8 samples of each, at {size} x {size} pixels (`python -m pix2pix evaluate`):

{table}
"""


def training_card(trainer: Trainer, metrics: dict[str, Any] | None = None) -> str:
    """The card of a finished run, in Markdown with the Hub's front matter.

    Args:
        trainer: the run.
        metrics: what `pix2pix.evaluation.metrics.evaluate` returned for its val split, if there is one.
    """
    settings = trainer.settings
    return TEMPLATE.format(
        name=trainer.out.name,
        kind={"edges": "drawn edges", "paint": "painted drawings", "labels": "label maps", "photo": "photos"}[
            settings.input_kind
        ],
        parameters=sum(math.prod(shape) for shape in trainer.generator.config.tensor_shapes().values()),
        pairs=len(trainer.pairs),
        license=settings.license,
        licence=settings.license if settings.license != "other" else UNLICENSED,
        steps=trainer.step,
        hours=trainer.seconds / 3600,
        machine=f"{trainer.device.type} ({platform.machine()})",
        command=command(settings),
        metrics="" if metrics is None else metrics_section(metrics, "val", trainer.pairs.size),
        **{
            field: getattr(settings, field)
            for field in ("features", "max_features", "depth", "data", "direction", "epochs", "batch_size")
        },
    )


def command(settings: Settings) -> str:
    """The command line of a run: `--data`, `--direction`, `--out`, and whatever differs from the defaults."""
    words = ["python", "train.py"]
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.name in ("data", "direction", "out") or value != field.default:
            name = flag(field.name)
            if isinstance(value, bool):
                words.append(name if value else name.replace("--", "--no-", 1))
            else:
                words += [name, *map(str, value if isinstance(value, tuple) else [value])]
    return shlex.join(words)


def metrics_section(metrics: dict[str, Any], split: str, size: int) -> str:
    """The table of an evaluation."""
    return METRICS.format(count=metrics["count"], split=split, size=size, table=metrics_text(metrics))


def metrics_text(metrics: dict[str, Any]) -> str:
    """An evaluation in Markdown: the model beside the two baselines, and how its samples vary."""
    rows = {
        "this model": metrics,
        "the input itself": metrics["baselines"]["input"],
        "the mean truth": metrics["baselines"]["mean"],
    }
    columns: dict[str, Callable[[dict[str, Any]], str]] = {
        "L1 (0 to 1)": lambda row: f"{row['l1']:.4f}",
        "PSNR, dB": lambda row: f"{row['psnr']:.2f}",
        "SSIM": lambda row: f"{row['ssim']:.4f}",
        "Lab histograms in common, L / a / b": lambda row: " / ".join(f"{row['lab'][c]:.3f}" for c in "Lab"),
    }
    if "iou" in metrics:
        columns["labels: pixels / classes / IoU"] = lambda row: " / ".join(
            f"{row[name]:.3f}" for name in ("pixel_accuracy", "class_accuracy", "iou")
        )
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(show(row) for show in columns.values())} |" for name, row in rows.items()]
    if "iou" in metrics:
        ious = ", ".join(f"{name} {value:.3f}" for name, value in metrics["ious"].items())
        lines += ["", f"IoU of each label: {ious}."]
    lines += [
        "",
        f"Two samples of one input differ by {metrics['diversity']:.4f} on average; the best of 8 has an L1 of "
        f"{metrics['best_l1']:.4f}.",
    ]
    return "\n".join(lines)
