"""What a resumed run must have in common with its earlier part."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pix2pix.errors import TrainingError
from pix2pix.training.settings import Settings, changed
from pix2pix.weights.checkpoint import CONFIG_FILE


def refuse_other_run(state: dict[str, Any], settings: Settings, pairs: int, digest: str, batch: int) -> None:
    """Refuse to resume with other settings or other data, as the weights would not be those of one run.

    Args:
        state: the saved state of the run.
        settings: what is asked for now.
        pairs: how many pairs there are to train on now.
        digest: of the data now, from `TrainingData.digest`.
        batch: pairs in a step of all processes now.

    Raises:
        TrainingError: they differ.
    """
    folder = Path(settings.out) / "training"
    options = changed(state["settings"], settings)
    if state["batch"] != batch and not options:
        options = [f"{state['batch']} pairs in a step of all processes were {batch}"]
    if options:
        raise TrainingError(f"{folder} belongs to another run ({', '.join(options)}): resume with its options.")
    if state["pairs"] != pairs:
        raise TrainingError(
            f"{folder} was trained on {state['pairs']} pairs and {settings.data} holds {pairs}: "
            "resume with the same pairs."
        )
    if state.get("data", digest) != digest:  # older states have none
        raise TrainingError(
            f"{folder} was trained on pairs of other names than {settings.data} has now, or with another palette: "
            "resume with the same ones."
        )


def refuse_finished_run(done: int, settings: Settings, steps_per_epoch: int) -> None:
    """Refuse to resume a run that has taken all its steps.

    Args:
        done: steps taken.
        settings: what is asked for now.
        steps_per_epoch: of this run.

    Raises:
        TrainingError: it took more steps than are asked for, or as many, and its model is complete.
    """
    asked = settings.steps or (settings.epochs * steps_per_epoch if settings.by_epochs else math.inf)
    complete = (Path(settings.out) / CONFIG_FILE).exists()
    if done > asked or (done == asked and complete):
        much = f"{done / steps_per_epoch:g} epochs" if settings.by_epochs else f"{done:,} steps"
        more = "--epochs" if settings.by_epochs else "--steps"
        raise TrainingError(
            f"{settings.out} holds a run that has done {much}: ask for more {more}, or choose another --out."
        )
