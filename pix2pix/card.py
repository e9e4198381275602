"""The model card of a training run: what a checkpoint folder's README.md says."""

from __future__ import annotations

import dataclasses
import platform
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.trainer import Settings, Trainer

TEMPLATE = """\
---
library_name: pix2pix
pipeline_tag: image-to-image
tags: [pix2pix, image-to-image, gan]
license: other
---

# {name}

A pix2pix generator (Isola et al., CVPR 2017), {kind} in, pictures out.

| | |
|---|---|
| network | U-Net, `features={features}`, `max_features={max_features}`, `depth={depth}` |
| weights | {parameters:,} parameters, float16 |
| data | `{data}`, {pairs} training pairs, {direction} |
| licence | not stated yet: say the data's and the weights' before you share them |
| training | {steps:,} steps ({epochs} epochs at batch {batch_size}), {hours:.1f} hours on {machine} |

Trained by

    {command}

{metrics}
Made by the pix2pix project's own trainer. The picture grids of the run show how it went: rows of
input | output | truth for fixed pairs.
"""

METRICS = """\
On the {count} pairs of `{split}`, seed 0, at {size} x {size} pixels (`python -m pix2pix evaluate`):

{table}
"""


def training_card(trainer: Trainer, metrics: dict[str, Any] | None = None) -> str:
    """The card of a finished run, in Markdown with the Hub's front matter.

    Args:
        trainer: the run.
        metrics: what `pix2pix.metrics.evaluate` returned for its val split, if there is one.
    """
    settings = trainer.settings
    return TEMPLATE.format(
        name=trainer.out.name,
        kind={"edges": "drawn edges", "labels": "label maps", "photo": "photos"}[settings.input_kind],
        parameters=sum(p.numel() for p in trainer.generator.parameters()),
        pairs=len(trainer.pairs),
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
            words += ["--" + field.name.replace("_", "-")] + ([] if value is True else [str(value)])
    return shlex.join(words)


def metrics_section(metrics: dict[str, Any], split: str, size: int) -> str:
    """The table of an evaluation."""
    return METRICS.format(count=metrics["count"], split=split, size=size, table=metrics_table(metrics))


def metrics_table(metrics: dict[str, Any]) -> str:
    """An evaluation as a Markdown table: the model beside the two baselines."""
    rows = {
        "this model": metrics,
        "the input itself": metrics["baselines"]["input"],
        "the mean truth": metrics["baselines"]["mean"],
    }
    lines = ["| | L1 (0 to 1) | PSNR, dB | SSIM |", "|---|---|---|---|"]
    lines += [f"| {name} | {row['l1']:.4f} | {row['psnr']:.2f} | {row['ssim']:.4f} |" for name, row in rows.items()]
    return "\n".join(lines)
