"""What `evaluate` reports: how near the outputs come to the truths of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.compat import import_torchvision
from pix2pix.data import PairFolder
from pix2pix.images import mean_distance, to_array, to_image
from pix2pix.translator import Translator

Metrics = dict[str, float]


def measure(output: Tensor, truth: Tensor) -> Metrics:
    """Distances of one picture from its truth.

    Args:
        output, truth: (3, H, W) in [-1, 1].

    Returns:
        "l1": mean absolute difference on [0, 1], 0 is best.
        "psnr": peak signal-to-noise ratio in dB, higher is better (100 for equal pictures).
        "ssim": structural similarity (Wang et al. 2004; 11x11 Gaussian window, sigma 1.5), 1 is best.
    """
    import_torchvision()  # torchmetrics imports it
    from torchmetrics.functional.image import structural_similarity_index_measure

    a, b = (output[None] + 1) / 2, (truth[None] + 1) / 2
    mse = float(torch.mean((a - b) ** 2))
    ssim = structural_similarity_index_measure(a, b, data_range=1.0)
    return {
        "l1": float(torch.mean(torch.abs(a - b))),
        "psnr": min(100.0, -10 * torch.log10(torch.tensor(mse)).item()) if mse > 0 else 100.0,
        "ssim": float(ssim),  # type: ignore[arg-type]
    }


def evaluate(translator: Translator, pairs: PairFolder, seed: int = 0) -> dict[str, Any]:
    """Mean metrics over a split: the model's, and beside them two that need no model.

    Every pair is scaled to the size the model was trained at, as in the paper, and the outputs are rounded to
    8 bits, as people get them.

    Args:
        translator: the model.
        pairs: the split, without jitter, at `translator.size`.
        seed: of the dropout noise.

    Returns:
        "count", the model's "l1", "psnr", "ssim", its "diversity" (mean absolute difference of two of 8 samples, seeds
        from `seed` on, from 0 to 1), and "baselines": the same for "input" (the input taken as
        the output) and "mean" (the mean of all truths of this split for every input).
    """
    mean = torch.stack([y for _, y in tqdm(each(pairs), "truths", len(pairs))]).mean(0)
    candidates: dict[str, Callable[[Tensor], Tensor]] = {
        "model": lambda x: torch.from_numpy(to_array(translator(to_image(x.numpy()), seed))),
        "input": lambda x: x,
        "mean": lambda x: mean,
    }
    sums: dict[str, Metrics] = {name: {} for name in candidates}
    diversity = 0.0
    for x, y in tqdm(each(pairs), "pairs", len(pairs)):
        diversity += mean_distance(translator.sample(to_image(x.numpy()), range(seed, seed + 8))) / len(pairs)
        for name, candidate in candidates.items():
            for metric, value in measure(candidate(x), y).items():
                sums[name][metric] = sums[name].get(metric, 0.0) + value
    means = {name: {m: round(v / len(pairs), 4) for m, v in values.items()} for name, values in sums.items()}
    return {"count": len(pairs), **means.pop("model"), "diversity": round(diversity, 4), "baselines": means}


def each(pairs: PairFolder):
    return (pairs[i] for i in range(len(pairs)))
