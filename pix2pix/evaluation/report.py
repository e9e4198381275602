"""An evaluation in words: the table that the command line prints and a card shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def pairs_words(count: int) -> str:
    return "1 pair" if count == 1 else f"{count} pairs"


def metrics_text(metrics: dict[str, Any]) -> str:
    """An evaluation in Markdown: the model beside the two baselines, and how its samples vary."""
    rows = {
        "this model": metrics,
        "the input itself": metrics["baselines"]["input"],
    }
    if metrics["count"] > 1:  # of one pair, it is the target
        rows["the mean target"] = metrics["baselines"]["mean"]
    columns: dict[str, Callable[[dict[str, Any]], str]] = {
        "L1 (0 to 1)": lambda row: f"{row['l1']:.4f}",
        "PSNR, dB": lambda row: f"{row['psnr']:.2f}",
        "SSIM": lambda row: f"{row['ssim']:.4f}",
        "Lab histograms in common, L / a / b": lambda row: " / ".join(f"{row['lab'][c]:.3f}" for c in "Lab"),
    }
    if "iou" in metrics:
        columns["labels: pixels / classes / IoU"] = lambda row: " / ".join(
            f"{row[name]:.3f}" for name in ("pixel_accuracy", "class_accuracy", "iou")
        )
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(show(row) for show in columns.values())} |" for name, row in rows.items()]
    if "iou" in metrics:
        ious = ", ".join(f"{name} {value:.3f}" for name, value in metrics["ious"].items())
        lines += ["", f"IoU of each label: {ious}."]
    lines += [
        "",
        f"Two samples of one input differ by {metrics['sample_distance']:.4f} on average; the best of 8 has an L1 of "
        f"{metrics['best_l1']:.4f}.",
    ]
    if "lightness" in metrics:
        mine, theirs = metrics["lightness"]["output"], metrics["lightness"]["target"]
        lines += ["", f"Mean lightness, from 0 to 100: {mine:.1f} (targets: {theirs:.1f})."]
    if "lattice" in metrics:
        peaks = [f"{row['output']:.1f} at {period}" for period, row in metrics["lattice"].items()]
        of_targets = [f"{row['target']:.1f}" for row in metrics["lattice"].values()]
        lines += ["", f"Lattice, by its period in pixels: {', '.join(peaks)} (targets: {', '.join(of_targets)})."]
    if "paint" in metrics:
        paint = metrics["paint"]
        lines += [
            "",
            f"Painted in the targets' colours: L1 {paint['painted_l1']:.4f}; light and shade are {paint['relief']:.2f} "
            f"times as strong as the targets'. Painted in 24 other colours: outputs differ from the paint by "
            f"{paint['colour_miss']:.4f} (0 to 1).",
        ]
    return "\n".join(lines)
