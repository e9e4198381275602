"""The figures of `evaluate`: the distance of outputs from the targets of a split, and their variation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from pix2pix.compat import import_torchvision
from pix2pix.evaluation.lattice import Lattice
from pix2pix.evaluation.paint import PaintScores
from pix2pix.pairs.hand_drawn import redraw
from pix2pix.pairs.pairs import Pairs, middle, mixed_seed
from pix2pix.pictures.color import rgb_to_lab
from pix2pix.pictures.images import mean_distance, to_array, to_image
from pix2pix.pictures.palettes import Palette, nearest_label
from pix2pix.translate.translator import Translator

Metrics = dict[str, float]
SAMPLES = 8
LAB_BINS = {"L": (0, 100, 100), "a": (-110, 110, 110), "b": (-110, 110, 110)}  # lowest, highest, number of bins


def measure(output: Tensor, target: Tensor) -> Metrics:
    """Measure one picture against its target.

    Args:
        output, target: (3, H, W) in [-1, 1].

    Returns:
        "l1": mean absolute difference, from 0 to 1; 0 is best.
        "psnr": peak signal-to-noise ratio in dB; higher is better (100 for equal pictures).
        "ssim": structural similarity (Wang et al. 2004; 11x11 Gaussian window, sigma 1.5); 1 is best.
    """
    import_torchvision()  # torchmetrics imports it
    from torchmetrics.functional.image import structural_similarity_index_measure

    a, b = (output[None] + 1) / 2, (target[None] + 1) / 2
    mse = float(torch.mean((a - b) ** 2))
    ssim = structural_similarity_index_measure(a, b, data_range=1.0)
    return {
        "l1": float(torch.mean(torch.abs(a - b))),
        "psnr": min(100.0, -10 * torch.log10(torch.tensor(mse)).item()) if mse > 0 else 100.0,
        "ssim": float(ssim),  # type: ignore[arg-type]
    }


class LabHistograms:
    """Histograms of L, a and b over all pixels of the added pictures, as in the paper's Fig. 7."""

    def __init__(self) -> None:
        self.counts = {name: np.zeros(bins) for name, (_, _, bins) in LAB_BINS.items()}

    def add(self, picture: Tensor) -> None:
        """(3, H, W) in [-1, 1]."""
        lab = rgb_to_lab((picture.permute(1, 2, 0).numpy() + 1) / 2)
        for channel, (name, (low, high, bins)) in enumerate(LAB_BINS.items()):
            self.counts[name] += np.histogram(lab[..., channel].clip(low, high), bins, (low, high))[0]

    def mean_lightness(self) -> float:
        """The mean L*, from 0 to 100; each pixel counts as the middle of its bin, which is 1 wide."""
        counts = self.counts["L"]
        return float(counts @ (np.arange(len(counts)) + 0.5) / counts.sum())

    def intersection(self, other: LabHistograms) -> Metrics:
        """The share that two distributions have in common, from 0 to 1, for each of "L", "a" and "b"."""
        return {
            name: float(np.minimum(mine / mine.sum(), theirs / theirs.sum()).sum())
            for (name, mine), theirs in zip(self.counts.items(), other.counts.values(), strict=True)
        }


class LabelScores:
    """The columns of the paper's FCN score for outputs that are label maps. The palette replaces the FCN: each pixel
    gets the label with the nearest colour.

    Args:
        palette: palette of the labels.
    """

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.pairs = np.zeros((len(palette), len(palette)), np.int64)  # target, output

    def add(self, output: Tensor, target: Tensor) -> None:
        """(3, H, W) each, in [-1, 1]."""
        mine, true = (nearest_label(127.5 * (p.permute(1, 2, 0).numpy() + 1), self.palette) for p in (output, target))
        self.pairs += np.bincount(len(self.palette) * true.ravel() + mine.ravel(), minlength=self.pairs.size).reshape(
            self.pairs.shape
        )

    def scores(self) -> dict[str, Any]:
        """ "pixel_accuracy"; "class_accuracy" and "iou", means over the labels that occur in the targets; and "ious",
        the IoU of each label, by name."""
        hits, true, mine = np.diag(self.pairs), self.pairs.sum(1), self.pairs.sum(0)
        there = true > 0
        ious = hits[there] / (true + mine - hits)[there]
        names = [name for name, occurs in zip(self.palette, there, strict=True) if occurs]
        return {
            "pixel_accuracy": float(hits.sum() / true.sum()),
            "class_accuracy": float((hits[there] / true[there]).mean()),
            "iou": float(ious.mean()),
            "ious": dict(zip(names, ious.tolist(), strict=True)),
        }


@dataclass
class Evaluation:
    """One row of a report.

    Attributes:
        sums: sums of `measure` over the pairs.
        lab: histograms of the outputs.
        labels: scores of label maps, where the outputs have a palette.
    """

    palette: Palette | None
    sums: Metrics = field(default_factory=dict)
    count: int = 0
    lab: LabHistograms = field(default_factory=LabHistograms)

    def __post_init__(self) -> None:
        self.labels = LabelScores(self.palette) if self.palette else None

    def add(self, output: Tensor, target: Tensor) -> Metrics:
        figures = measure(output, target)
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in figures.items()}
        self.count += 1
        self.lab.add(output)
        if self.labels:
            self.labels.add(output, target)
        return figures

    def report(self, targets: LabHistograms) -> dict[str, Any]:
        means = {name: value / self.count for name, value in self.sums.items()}
        return {**means, "lab": self.lab.intersection(targets), **(self.labels.scores() if self.labels else {})}


Keeper = Callable[[str, Tensor, Image.Image, Tensor, Metrics], None]


def evaluate(
    translator: Translator, pairs: Pairs, seed: int = 0, perturb: bool = False, keep: Keeper | None = None
) -> dict[str, Any]:
    """Mean metrics over a split: the model's, and beside them two that need no model.

    Every pair is scaled to the size the model was trained at, as in the paper, and the outputs are rounded to
    8 bits, as people get them. Pictures that the model sees with margins are measured without. Those of a model that
    was trained on squares cut out of them are translated whole, in their own size. Each input is translated under
    `SAMPLES` noises of its own, and the figures are of all these outputs: a noise gives every input its tint, so that
    a few noises shared by all would measure these few.

    Args:
        translator: the model.
        pairs: the split as the model sees it, see `pix2pix.evaluation.data.pairs_for`.
        seed: of the first input's first noise; the others follow, `SAMPLES` for each input.
        perturb: draw the edges that go in as a hand would (see `pix2pix.pairs.hand_drawn`).
        keep: called for each pair with its name, input, first output, target and the figures of that output.

    Returns:
        "count", of the pairs; the model's figures: "l1", "psnr", "ssim" (see `measure`), "lab" (see `LabHistograms`),
        and those of `LabelScores` where its outputs have a palette; "sample_distance" (mean absolute difference of two
        samples of one input, from 0 to 1) and "best_l1" (mean L1 of the best of an input's samples); "lightness", the
        mean L* of "output" and "target", from 0 to 100;
        "lattice" (see `Lattice`), of the middle square of pictures that have one of `translator.size`; "paint" (see
        `PaintScores`) for models of painted drawings; and "baselines": the figures of "input" (the input taken as the
        output) and "mean" (the mean of all targets of this split for every input).
    """
    side = translator.size
    mean = torch.zeros(3, side, side)
    for i in tqdm(range(len(pairs)), "targets"):
        mean += scaled(pairs.without_margins(i, pairs[i][1]), (side, side)) / len(pairs)
    histograms = LabHistograms()
    rows = {name: Evaluation(translator.task.get("output_palette")) for name in ("model", "input", "mean")}
    spread = {"sample_distance": 0.0, "best_l1": 0.0}
    lattice, paint = Lattice(), PaintScores() if translator.input_kind == "paint" else None
    for i in tqdm(range(len(pairs)), "pairs"):
        x, y = pairs[i]
        if perturb:
            x = redraw(x, mixed_seed(seed, i))
        first = seed + SAMPLES * i
        samples = translator.sample(to_image(x.numpy()), range(first, first + SAMPLES), polarity="dark-lines")
        if paint:
            paint.add(translator, x, y, first, partial(pairs.without_margins, i))
        outputs = [torch.from_numpy(to_array(sample)) for sample in samples]
        x, y, *outputs = (pairs.without_margins(i, part) for part in (x, y, *outputs))
        figures = [rows["model"].add(output, y) for output in outputs]
        rows["input"].add(x, y)
        rows["mean"].add(scaled(mean, (y.shape[1], y.shape[2])), y)
        histograms.add(y)
        if min(y.shape[1:]) >= side:
            lattice.add(middle(outputs[0], side), middle(y, side))
        samples = [to_image(output.numpy()) for output in outputs]
        spread["sample_distance"] += mean_distance(samples) / len(pairs)
        spread["best_l1"] += min(of_one["l1"] for of_one in figures) / len(pairs)
        if keep:
            keep(pairs.source.names[i], x, samples[0], y, figures[0])
    reports = {name: row.report(histograms) for name, row in rows.items()}
    lightness = {"output": rows["model"].lab.mean_lightness(), "target": histograms.mean_lightness()}
    parts = {"lightness": lightness, "lattice": lattice.report(), "paint": paint.report() if paint else {}}
    found = {name: part for name, part in parts.items() if part}
    return rounded({"count": len(pairs), **reports.pop("model"), **spread, **found, "baselines": reports})


def scaled(picture: Tensor, sides: tuple[int, int]) -> Tensor:
    """(3, H, W) at another height and width."""
    if picture.shape[1:] == sides:
        return picture
    return torch.nn.functional.interpolate(picture[None], sides, mode="bilinear", antialias=True)[0]


def rounded(figures: Any) -> Any:
    """The figures with every number rounded to four places."""
    if isinstance(figures, dict):
        return {name: rounded(value) for name, value in figures.items()}
    return round(figures, 4) if isinstance(figures, float) else figures
