"""What a run looks at between its steps: pairs of val, and the weights that were best on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pix2pix.networks.generator import Generator
from pix2pix.networks.noise import dropout_masks
from pix2pix.training.data import TrainingData
from pix2pix.training.log import viewable
from pix2pix.training.settings import Settings

VAL_PAIRS = 16  # that a look measures, at most
SHOWN = 6  # pairs in a grid
WORSE = 1.02  # times the lowest L1 on val, above which weights are not kept
FEWEST = 5  # val pairs whose L1 decides that: an odd one among fewer would undo what the others teach


class FixedPairs:
    """The pairs that every look at a run measures and shows, always with the same noise.

    Args:
        fewest: number of pairs for the grid where val has fewer; pairs of train fill it.

    Attributes:
        val: the first pairs of val, which are measured.
        extra: pairs of train, which are only shown.
    """

    def __init__(self, data: TrainingData, settings: Settings, fewest: int) -> None:
        val = data.plain(data.val, settings.lightness) if data.val else None
        self.val = [] if val is None else [val[i] for i in range(min(VAL_PAIRS, len(val)))]
        train = data.plain(data.train, settings.lightness)
        wanted = fewest - len(self.val) if self.val else SHOWN
        self.extra = [train[i] for i in range(min(wanted, len(train)))]
        self.size, self.seed = settings.size, settings.seed

    def __len__(self) -> int:
        return len(self.val) + len(self.extra)

    @torch.no_grad()
    def look(self, model: Generator, device: torch.device) -> Look:
        """Translate all pairs, and measure those of val."""
        masks = dropout_masks(model.config.noise_shapes(self.size, self.size), model.config.dropout, self.seed)
        noise = [torch.from_numpy(mask)[None].to(device) for mask in masks]
        rows, distances = [], []
        for x, y in [*self.val, *self.extra]:
            output = model(x[None].to(device), noise)[0].float().cpu()
            output, target = viewable(x, output), viewable(x, y)
            distances.append(float((output - target).abs().mean()) / 2)
            rows.append([x.expand(3, -1, -1), output, target])
        measured, shown = distances[: len(self.val)], [*rows[: len(self.val)][:SHOWN], *rows[len(self.val) :]]
        return Look(sum(measured) / len(measured) if measured else None, shown)


@dataclass(frozen=True)
class Look:
    """One look.

    Attributes:
        l1: mean absolute difference from the targets of val, from 0 to 1, or None without val.
        grid: rows of input | output | target, (3, H, W) each in [-1, 1].
    """

    l1: float | None
    grid: list[list[Tensor]]


@dataclass
class Kept:
    """The weights that a run would end with now.

    Attributes:
        step: their step.
        lowest: lowest L1 on val so far.
        weights: the weights, or None for the model's present ones.
    """

    step: int = 0
    lowest: float = math.inf
    weights: dict[str, Tensor] | None = None

    def consider(self, step: int, model: Generator, l1: float | None, keep_best: bool, measured: int) -> None:
        """Keep the weights of this step, unless the best are asked for and val was nearer before.

        Args:
            measured: number of val pairs behind `l1`.
        """
        decides = keep_best and measured >= FEWEST
        if l1 is None or not decides or l1 <= WORSE * self.lowest:
            self.step = step
            if keep_best:
                self.weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.lowest = min(self.lowest, math.inf if l1 is None else l1)

    def state(self) -> dict[str, Any]:
        """The attributes, for the run's state."""
        return dict(vars(self))
