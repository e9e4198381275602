"""The lattice of a generator: a regular pattern with a period of 2, 4 or 8 pixels, typical of transposed convolutions.

It shows as peaks in the power spectrum. Each figure is the outputs' power at the frequency of a period, over the
targets' median power around that frequency. A picture without a pattern has about 1. Targets may have a lattice of
their own, such as JPEG's blocks of 8 pixels, so their figures are given beside the outputs'.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

PERIODS = (2, 4, 8)  # pixels
AROUND = (3, 6)  # nearest and farthest distance that is "around", in steps of the spectrum


class Lattice:
    """The mean power spectra of outputs and targets, all of one size."""

    def __init__(self) -> None:
        self.outputs: np.ndarray | float = 0.0
        self.targets: np.ndarray | float = 0.0

    def add(self, output: Tensor, target: Tensor) -> None:
        """(3, S, S) each, in [-1, 1]."""
        self.outputs = self.outputs + spectrum(output.numpy())
        self.targets = self.targets + spectrum(target.numpy())

    def report(self) -> dict[str, dict[str, float]]:
        """ "output" and "target" for each period: "2", "4" and "8". The highest of the horizontal, the vertical and the
        diagonal peak. Nothing where no picture was added."""
        if isinstance(self.outputs, float):
            return {}
        return {
            str(period): {
                "output": peak(np.asarray(self.outputs), np.asarray(self.targets), period),
                "target": peak(np.asarray(self.targets), np.asarray(self.targets), period),
            }
            for period in PERIODS
        }


def spectrum(picture: np.ndarray) -> np.ndarray:
    """The power at every frequency of a picture's grey values, under a Hann window: (3, S, S) -> (S, S)."""
    grey = picture.astype(np.float64).mean(0)
    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None]
    return np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2


def peak(power: np.ndarray, targets: np.ndarray, period: int) -> float:
    side = len(power)
    at = side // period
    near, far = AROUND
    ring = [(dy, dx) for dy in range(-far, far + 1) for dx in range(-far, far + 1) if max(abs(dy), abs(dx)) >= near]
    ratios = []
    for row, column in ((at, 0), (0, at), (at, at)):
        around = np.median([targets[(row + dy) % side, (column + dx) % side] for dy, dx in ring])
        ratios.append(power[row, column] / max(around, 1e-12))
    return float(max(ratios))
