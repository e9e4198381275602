"""The noise is what its documentation says, bit by bit, and behaves as noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pix2pix.networks.noise import MAX_SEED, dropout_masks


def philox(key: tuple[int, int], counter: list[int]) -> list[int]:
    """One block of Philox-4x64-10, written from the paper (Salmon et al. 2011)."""
    mask = 2**64 - 1
    k0, k1 = key
    c = list(counter)
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c[0], 2**64)
        high1, low1 = divmod(0xCA5A826395121157 * c[2], 2**64)
        c = [high1 ^ c[1] ^ k0, low1, high0 ^ c[3] ^ k1, low0]
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
    return c


@pytest.mark.parametrize(("seed", "draw", "rate"), [(0, 0, 0.5), (12345, 7, 0.25), (MAX_SEED, 2**40, 0.5)])
def test_masks_follow_the_published_generator(seed: int, draw: int, rate: float):
    masks = dropout_masks([(2, 1, 3), (1, 3, 3)], rate, seed, draw)
    for level, mask in enumerate(masks):
        words = []
        for block in range(1, 3):  # NumPy counts up before it draws
            for word in philox((seed, 0), [block, level, draw, 0]):
                words += [word & 0xFFFFFFFF, word >> 32]
        expected = [1 / (1 - rate) if word >= rate * 2**32 else 0 for word in words[: mask.size]]
        np.testing.assert_allclose(mask.ravel(), expected, rtol=1e-6)


@given(seed=st.integers(0, MAX_SEED), rate=st.floats(0, 0.95), draw=st.integers(0, 2**63))
def test_mean_stays_one_and_the_share_dropped_is_the_rate(seed: int, rate: float, draw: int):
    (mask,) = dropout_masks([(16, 32, 32)], rate, seed, draw)
    assert set(np.unique(mask)) <= {np.float32(0), np.float32(1 / (1 - rate))}
    assert abs((mask == 0).mean() - rate) < 0.03


def test_seeds_draws_and_levels_are_independent():
    shape = [(8, 16, 16), (8, 16, 16)]
    flat = [m.ravel() > 0 for m in dropout_masks(shape, 0.5, 1) + dropout_masks(shape, 0.5, 2)]
    flat += [m.ravel() > 0 for m in dropout_masks(shape, 0.5, 1, draw=1)]
    for i, a in enumerate(flat):
        for b in flat[:i]:
            assert abs((a == b).mean() - 0.5) < 0.06


@pytest.mark.parametrize(
    ("rate", "seed", "draw"), [(1.0, 0, 0), (-0.1, 0, 0), (0.5, -1, 0), (0.5, 2**63, 0), (0.5, 0, -1)]
)
def test_out_of_range_is_refused(rate: float, seed: int, draw: int):
    with pytest.raises(ValueError):
        dropout_masks([(1, 1, 1)], rate, seed, draw)
