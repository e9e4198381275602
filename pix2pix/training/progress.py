"""The progress of a run, for programs: `OUT/training/progress.json`, which is always complete."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pix2pix.files import write_text

FILE = "progress.json"
SECONDS = 1.0  # least seconds between writes


@dataclass
class Progress:
    """The contents of the file.

    Attributes:
        state: "measuring" the speed, "training", "finishing" (evaluating and writing the model), "done", "stopped"
            (`--resume` continues it) or "failed".
        step, steps: steps done, and steps of the whole run, or 0 while unknown.
        seconds, left: time that the run has taken, and remaining time, or None while unknown.
        losses: losses of the last step, by name.
        looks: looks at val, each with its "step", "seconds", "l1" (from 0 to 1; None without val) and "picture", a file
            beside this one.
        kept: step whose weights would be kept if the run ended now.
        trouble: the error in a sentence, or "".
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
            OSError: the file cannot be written; an existing one stays.
        """
        write_text(folder / FILE, json.dumps({**asdict(self), "at": round(time.time(), 1)}) + "\n")


def read_progress(folder: Path) -> Progress | None:
    """The contents of the file in a run's `training` folder, or None if there is none yet."""
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Progress(**{name: facts[name] for name in Progress.__dataclass_fields__ if name in facts})
    except (OSError, ValueError, TypeError):
        return None
