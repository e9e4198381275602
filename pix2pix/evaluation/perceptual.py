"""FID, KID and LPIPS of an evaluation, by torchmetrics, where the networks behind them are available."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pix2pix.compat import import_torchvision
from pix2pix.evaluation.sheet import Row

BATCH = 16


def perceptual(rows: Sequence[Row]) -> tuple[dict[str, float], list[str]]:
    """Measure "fid", "kid" and "lpips" (for each, 0 is best).

    FID and KID compare two sets of pictures, and mean little below a few hundred pictures.

    Args:
        rows: outputs and targets of an evaluation.

    Returns:
        The figures, and a sentence for each one that cannot be measured here.
    """
    import_torchvision()
    found: dict[str, float] = {}
    missing = []
    for name, compute in (("fid", fid), ("kid", kid), ("lpips", lpips)):
        try:
            found[name] = compute(rows)
        except Exception as error:  # other packages and downloads may raise anything
            reason = str(error).strip().split("\n")[0][:160]
            missing.append(f"{name.upper()} is left out: its network is not available here ({reason}).")
    return found, missing


def fid(rows: Sequence[Row]) -> float:
    from torchmetrics.image.fid import FrechetInceptionDistance

    return of_sets(FrechetInceptionDistance(), rows, lambda metric: metric.compute())


def kid(rows: Sequence[Row]) -> float:
    from torchmetrics.image.kid import KernelInceptionDistance

    metric = KernelInceptionDistance(subset_size=min(50, len(rows)))
    return of_sets(metric, rows, lambda metric: metric.compute()[0])


def of_sets(metric: Any, rows: Sequence[Row], compute: Callable[[Any], Tensor]) -> float:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        metric.update(batch([row.target for row in part]), real=True)
        metric.update(batch([row.output for row in part]), real=False)
    return float(compute(metric))


def lpips(rows: Sequence[Row]) -> float:
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    metric = LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True)
    for row in rows:
        metric.update(batch([row.output]) / 255, batch([row.target]) / 255)
    return float(metric.compute())


def batch(images: Sequence[Image.Image]) -> Tensor:
    """uint8 (N, 3, H, W)."""
    return torch.from_numpy(np.stack([np.asarray(image) for image in images]).transpose(0, 3, 1, 2).copy())
