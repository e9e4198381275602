"""Small training runs: their settings, the command for one, and one that is stopped in the middle."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from places import ROOT

from pix2pix import Settings, Trainer

SMALL = ["--features", "4", "--max-features", "8", "--depth", "5", "--discriminator-features", "4", "--device", "cpu"]


def settings(data: Path, out: Path, **changes) -> Settings:
    small = {"features": 4, "max_features": 8, "depth": 5, "discriminator_features": 4, "epochs": 2, "device": "cpu"}
    return Settings(str(data), str(out), **{**small, **changes})


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def command(data: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), "--data", str(data), "--out", str(out), *SMALL, *more]


def stopped(trainer: Trainer, at: int) -> None:
    """Train, and stop by a SIGTERM in the middle of step `at`, which ends the program with code 143."""
    step = trainer.learner.train_step

    def stop_in_the_middle(x, y):
        if trainer.learner.step == at:
            signal.raise_signal(signal.SIGTERM)
        return step(x, y)

    trainer.learner.train_step = stop_in_the_middle  # type: ignore[method-assign]
    with pytest.raises(SystemExit) as leaving:
        trainer.train()
    assert leaving.value.code == 143
