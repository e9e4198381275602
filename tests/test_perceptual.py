"""FID, KID and LPIPS against their formulas, on features that can be computed by hand.

The published networks are not available here, so the tests check what torchmetrics is given.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.linalg import sqrtm

from pix2pix.compat import import_torchvision
from pix2pix.evaluation.perceptual import perceptual
from pix2pix.evaluation.sheet import Row

import_torchvision()
from torchmetrics.image import fid as fids, kid as kids, lpip as lpips  # noqa: E402, I001


class MeanColour(torch.nn.Module):
    """The features of a picture: its mean red, green and blue."""

    num_features = 3

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        assert pictures.dtype == torch.uint8
        return pictures.float().mean((2, 3)) / 255


class Difference:
    """A stand-in for LPIPS: the first picture minus the second, which shows range and order."""

    def __init__(self, net_type: str, normalize: bool) -> None:
        assert net_type == "alex" and normalize  # pictures in [0, 1]
        self.values: list[torch.Tensor] = []

    def update(self, one: torch.Tensor, other: torch.Tensor) -> None:
        assert one.shape == other.shape and one.min() >= 0 and one.max() <= 1
        self.values.append((one - other).mean())

    def compute(self) -> torch.Tensor:
        return torch.stack(self.values).mean()


@pytest.fixture
def rows() -> list[Row]:
    colours = np.random.default_rng(0).integers(0, 120, (40, 2, 3))
    colours[:, 0] += 60  # the outputs are lighter

    def flat(colour: np.ndarray) -> Image.Image:
        return Image.new("RGB", (32, 32), tuple(map(int, colour)))

    return [Row(str(i), flat(output), flat(output), flat(target), {}) for i, (output, target) in enumerate(colours)]


def test_the_figures_are_their_formulas(rows: list[Row], monkeypatch: pytest.MonkeyPatch):
    for module, name in ((fids, "FrechetInceptionDistance"), (kids, "KernelInceptionDistance")):
        monkeypatch.setattr(module, name, partial(getattr(module, name), feature=MeanColour()))
    monkeypatch.setattr(lpips, "LearnedPerceptualImagePatchSimilarity", Difference)
    figures, missing = perceptual(rows)
    assert missing == []

    a = np.stack([np.asarray(row.output)[0, 0] / 255 for row in rows])
    b = np.stack([np.asarray(row.target)[0, 0] / 255 for row in rows])
    between = sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    fid = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * between)
    assert figures["fid"] == pytest.approx(fid, rel=1e-3)

    def kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return (one @ other.T / 3 + 1) ** 3

    def off_diagonal(values: np.ndarray) -> float:
        return (values.sum() - np.trace(values)) / (len(values) * (len(values) - 1))

    kid = off_diagonal(kernel(a, a)) + off_diagonal(kernel(b, b)) - 2 * kernel(a, b).mean()
    assert figures["kid"] == pytest.approx(kid, rel=1e-2)
    assert figures["lpips"] == pytest.approx((a - b).mean(), rel=1e-4)


def test_unavailable_networks_are_named(rows: list[Row], monkeypatch: pytest.MonkeyPatch):
    def offline(*arguments: object, **options: object) -> None:
        raise OSError("no connection\nat all")

    monkeypatch.setattr(fids, "FrechetInceptionDistance", offline)
    monkeypatch.setattr(kids, "KernelInceptionDistance", offline)
    monkeypatch.setattr(lpips, "LearnedPerceptualImagePatchSimilarity", Difference)
    figures, missing = perceptual(rows)
    assert list(figures) == ["lpips"]
    assert [line.split(" ")[0] for line in missing] == ["FID", "KID"] and "(no connection)" in missing[0]
