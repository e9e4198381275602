"""Measures of models of painted drawings: whether outputs keep the colours of the paint, and light and shade in
them."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from pix2pix.pairs.flat_art import areas_of
from pix2pix.pairs.paint import is_flat_art
from pix2pix.pairs.painted_lines import enclosed_areas, filled
from pix2pix.pairs.recolour import LUMA
from pix2pix.translate.translator import Translator

HUES = 12
LIGHTNESSES = (0.4, 0.65)  # of HSL
SATURATION = 0.7


class PaintScores:
    """Sums over the pairs of a split.

    Each drawing is painted twice: once with each area in the target's median colour there, and once with all areas in
    one of 24 colours (12 hues at two lightnesses), a different one for each drawing.
    """

    def __init__(self) -> None:
        self.l1: list[float] = []
        self.reliefs: list[tuple[float, float]] = []
        self.misses: list[float] = []

    def add(
        self,
        translator: Translator,
        x: Tensor,
        y: Tensor,
        seed: int,
        without_margins: Callable[[Tensor], Tensor] = lambda picture: picture,
    ) -> None:
        """Paint the input of a pair and translate it.

        Args:
            translator: the model.
            x, y: (3, S, S) in [-1, 1]: the drawing or flat art, and its target.
            seed: seed of the noise.
            without_margins: see `Pairs.without_margins`, of this pair.
        """
        drawing, target = ((part.permute(1, 2, 0).numpy() + 1) * 127.5 for part in (x, y))
        art = is_flat_art(drawing)
        labels = areas_of(drawing, target) if art else enclosed_areas(drawing.mean(-1))
        if not labels.any():
            return
        paper = np.full_like(drawing, 255)
        with_targets = drawing if art else over(filled(paper, labels, target, 1.0), drawing)
        output = translated(translator, with_targets, seed)
        seen = torch.from_numpy(output / 127.5 - 1).permute(2, 0, 1)
        self.l1.append(float((without_margins(seen) - without_margins(y)).abs().mean() / 2))
        self.reliefs.append((relief(output, labels), relief(target, labels)))

        colour = nth_colour(len(self.misses))
        lines = between(labels) if art else drawing
        output = translated(translator, over(np.where(labels[..., None] > 0, colour, paper), lines), seed)
        largest = labels == 1 + np.argmax(np.bincount(labels[labels > 0])[1:])
        self.misses.append(float(np.abs(np.median(output[largest], axis=0) - colour).mean() / 255))

    def report(self) -> dict[str, float]:
        """
        "painted_l1": mean absolute difference from the target, from 0 to 1, with the areas in the target's colours.
        "relief": standard deviation of lightness within the painted areas, over that of the targets.
        "colour_miss": mean absolute difference between the paint and the output's median colour there, from 0 to 1.
        """
        outputs, targets = np.array(self.reliefs).sum(0) if self.reliefs else (0.0, 0.0)
        return {
            "painted_l1": float(np.mean(self.l1)) if self.l1 else 0.0,
            "relief": float(outputs / max(targets, 1e-9)),
            "colour_miss": float(np.mean(self.misses)) if self.misses else 0.0,
        }


def nth_colour(index: int) -> np.ndarray:
    """One of the 24 colours, (3,) in [0, 255]."""
    lightness = LIGHTNESSES[index // HUES % len(LIGHTNESSES)]
    return 255 * np.array(colorsys.hls_to_rgb(index % HUES / HUES, lightness, SATURATION), np.float32)


def over(paper: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Black lines on painted paper, (S, S, 3) each in [0, 255]."""
    return paper * lines / 255


def between(labels: np.ndarray) -> np.ndarray:
    """Lines of two pixels where areas meet, black on white: (S, S, 1) in [0, 255]."""
    change = ndimage.maximum_filter(labels, 2) != ndimage.minimum_filter(labels, 2)
    return np.where(change, 0.0, 255.0)[..., None]


def translated(translator: Translator, drawing: np.ndarray, seed: int) -> np.ndarray:
    image = Image.fromarray(np.rint(drawing).clip(0, 255).astype(np.uint8))
    return np.asarray(translator(image, seed=seed, polarity="dark-lines"), np.float32)


def relief(picture: np.ndarray, labels: np.ndarray) -> float:
    """The standard deviation of lightness within the areas, weighted by their sizes, in levels."""
    numbers = np.unique(labels[labels > 0])
    light = picture @ LUMA
    deviations = np.asarray(ndimage.standard_deviation(light, labels, numbers))
    return float(np.average(deviations, weights=np.bincount(labels.ravel())[numbers]))
