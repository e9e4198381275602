"""The figures of `evaluate` about clean pictures and paint: the lattice, and whether outputs keep the paint's
colours."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from test_paint import art, drawing

from pix2pix.evaluation.lattice import Lattice
from pix2pix.evaluation.paint import PaintScores
from pix2pix.pictures.images import to_array


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(to_array(image).copy())


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_lattice_shows_only_at_its_period(period: int):
    rng = np.random.default_rng(period)
    lattice = Lattice()
    ripple = 0.2 * np.cos(2 * np.pi * np.arange(64) / period)
    for _ in range(12):
        target = rng.normal(0, 0.1, (64, 64))
        output = target + ripple[None, :]
        lattice.add(*(torch.from_numpy(np.stack([plane] * 3)).float() for plane in (output, target)))
    for other, row in lattice.report().items():
        assert 0.2 < row["target"] < 8
        assert (row["output"] > 100) == (other == str(period)), (other, row)


def test_its_figure_is_the_power_over_the_targets_around_it():
    rng = np.random.default_rng(0)
    output, target = rng.normal(0, 0.2, (2, 3, 32, 32))
    lattice = Lattice()
    lattice.add(torch.from_numpy(output), torch.from_numpy(target))
    n = np.arange(32)
    window = np.outer(0.5 - 0.5 * np.cos(2 * np.pi * n / 31), 0.5 - 0.5 * np.cos(2 * np.pi * n / 31))

    def power(picture: np.ndarray, row: int, column: int) -> float:
        grey = (picture.mean(0) - picture.mean()) * window
        return abs((grey * np.exp(-2j * np.pi * (row * n[:, None] + column * n[None]) / 32)).sum()) ** 2

    peaks = []
    for row, column in ((8, 0), (0, 8), (8, 8)):
        ring = [(a, b) for a in range(-6, 7) for b in range(-6, 7) if abs(a) >= 3 or abs(b) >= 3]
        around = np.median([power(target, row + a, column + b) for a, b in ring])
        peaks.append(power(output, row, column) / around)
    assert lattice.report()["4"]["output"] == pytest.approx(max(peaks), rel=1e-6)


@pytest.mark.parametrize("pair", [drawing, art])
def test_a_model_that_copies_paint_obeys_and_has_no_relief(pair):
    x, y = (tensor(image) for image in pair())
    scores = PaintScores()
    for seed in range(24):
        scores.add(lambda image, seed, polarity: image, x, y, seed)  # type: ignore[arg-type]
    report = scores.report()
    assert report["colour_miss"] < 0.01
    if pair is art:  # the drawing's photo is nearly flat itself
        assert report["relief"] < 0.6
    assert 0 < report["painted_l1"] < 0.15


def test_a_model_that_answers_with_the_target_has_its_relief_and_disobeys():
    x, y = (tensor(image) for image in art())
    scores = PaintScores()
    target = art()[1]
    for seed in range(24):
        scores.add(lambda image, seed, polarity: target, x, y, seed)  # type: ignore[arg-type]
    report = scores.report()
    assert report["painted_l1"] < 0.002 and report["relief"] == pytest.approx(1, abs=0.01)
    assert report["colour_miss"] > 0.15


def test_painted_figures_leave_margins_out():
    x, y = (tensor(image) for image in art())
    scores = PaintScores()

    def wrong_in_the_margin(image, seed: int, polarity: str):
        output = art()[1].copy()
        output.paste("black", (0, 0, output.width, 8))
        return output

    scores.add(wrong_in_the_margin, x, y, 0, lambda picture: picture[:, 8:])  # type: ignore[arg-type]
    assert scores.report()["painted_l1"] < 0.002


def test_a_blank_drawing_is_left_out():
    scores = PaintScores()
    blank = torch.ones(3, 64, 64)
    scores.add(SimpleNamespace(), blank, blank, 0)  # type: ignore[arg-type]
    assert scores.report() == {"painted_l1": 0.0, "relief": 0.0, "colour_miss": 0.0}
