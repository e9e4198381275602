"""Random weights under the names that other projects give them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

Weights = dict[str, Tensor]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape) * (0.3 if len(shape) == 1 else (2 / np.prod(shape[1:])) ** 0.5)


def put_norm(w: Weights, name: str, channels: int) -> None:
    w[f"{name}.weight"], w[f"{name}.bias"] = 1 + random(channels), random(channels)
    w[f"{name}.running_mean"], w[f"{name}.running_var"] = random(channels), random(channels).abs() + 0.5
    w[f"{name}.num_batches_tracked"] = torch.tensor(7)


def make_flat(nf: int) -> Weights:
    widths = [nf * min(2**level, 8) for level in range(8)]
    w: Weights = {}
    for k, (before, width) in enumerate(zip([3, *widths], widths, strict=False), start=1):
        w[f"down{k}.model.0.weight"] = random(width, before, 4, 4)
    for k, width in enumerate(widths[-2::-1], start=1):
        before = widths[7] if k == 1 else 2 * widths[8 - k]
        w[f"up{k}.model.0.weight"] = random(before, width, 4, 4)
    w["final.2.weight"], w["final.2.bias"] = random(3, 2 * nf, 4, 4), random(3)
    return w
