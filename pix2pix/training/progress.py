"""How a run is going, for programs: `OUT/training/progress.json`, which is always whole."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pix2pix.files import write_text

FILE = "progress.json"
SECONDS = 1.0  # between two writes, at least


@dataclass
class Progress:
    """What the file says.

    Attributes:
        state: "measuring" the speed, "training", "finishing" (evaluating and writing the model), "done", "stopped" (it
            goes on with `--resume`) or "failed".
        step, steps: done, and of the whole run; 0 while the latter is not known.
        seconds, left: that the run has taken, and that it will take; None while that is not known.
        losses: of the last step, by name.
        looks: one for each look at val: its "step", its "seconds", its "l1" (from 0 to 1; None without val) and its
            "picture", a file beside this one.
        kept: the step whose weights would be kept if the run ended now.
        trouble: what went wrong, in a sentence; "" where nothing did.
    """

    state: str = "measuring"
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    left: float | None = None
    losses: dict[str, float] = field(default_factory=dict)
    looks: list[dict[str, Any]] = field(default_factory=list)
    kept: int = 0
    trouble: str = ""

    def write(self, folder: Path) -> None:
        """
        Raises:
            OSError: it cannot be written; the file that was there is there still.
        """
        write_text(folder / FILE, json.dumps({**asdict(self), "at": round(time.time(), 1)}) + "\n")


def read_progress(folder: Path) -> Progress | None:
    """What the file in a run's `training` folder says; None where there is none yet."""
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Progress(**{name: facts[name] for name in Progress.__dataclass_fields__ if name in facts})
    except (OSError, ValueError, TypeError):
        return None
