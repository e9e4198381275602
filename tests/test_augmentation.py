"""Augmentation of what the discriminator sees: shifts, cuts and colours, of input and output together."""

from __future__ import annotations

import torch

from pix2pix.training.augmentation import augmented


def draws(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_input_and_output_move_together_and_lose_the_same_square():
    moved, cut = set(), 0
    for seed in range(40):
        # One black pixel in the middle of white, in all channels of both: colour changes cannot move it.
        x, y = torch.ones(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
        x[..., 32, 32] = y[..., 32, 32] = -1
        seen_x, seen_y = augmented(x, y, draws(seed))
        assert seen_x.shape == seen_y.shape == x.shape
        hole = seen_x[0, 0] == 0
        cut += bool(hole.any())
        assert (
            not hole.any() or seen_y[0, :, hole].std(1).max() < 1e-6
        )  # one level everywhere, whatever the colour changes
        spot = (seen_x[0, 0] == -1).nonzero()
        if len(spot):
            moved.add(tuple(spot[0].tolist()))
            assert seen_y[0, 0].argmin() == seen_x[0, 0].argmin()
        assert seen_x.max() <= 1 and set(seen_x.unique().tolist()) <= {-1.0, 0.0, 1.0}  # no colour changes in the input
    assert 10 <= cut <= 30  # half of them
    rows, columns = zip(*moved, strict=True)
    assert min(rows) >= 24 and max(rows) <= 40 and max(rows) - min(rows) > 10  # an eighth of the side, both ways
    assert min(columns) >= 24 and max(columns) <= 40 and max(columns) - min(columns) > 10


def test_a_mirror_image_moves_in_at_the_borders():
    across = torch.arange(1.0, 65).expand(1, 1, 64, 64)  # each column has a value of its own, and a cut is 0
    x = torch.cat([across, across.transpose(2, 3)], 1)
    for part, axis in ((0, 0), (1, 1)):
        starts = set()
        for seed in range(40):
            seen = augmented(x, x[:, :1], draws(seed))[0][0, part]
            levels = seen.amax(axis)
            assert all(
                {*line.tolist()} <= {0.0, float(level)}
                for line, level in zip(seen.unbind(1 - axis), levels, strict=True)
            )
            start = int(levels[32]) - 33
            starts.add(start)
            expected = torch.arange(start, start + 64).abs()
            torch.testing.assert_close(levels, torch.where(expected > 63, 126 - expected, expected) + 1.0)
        assert min(starts) < -4 and max(starts) > 4


def test_colours_may_stay():
    y = torch.rand(1, 3, 64, 64)
    levels = {*y.unique().tolist(), 0.0}  # and the grey of a cut
    for seed in range(10):
        assert {*augmented(None, y, draws(seed), colours=False)[1].unique().tolist()} <= levels
        assert not {*augmented(None, y, draws(seed))[1].unique().tolist()} <= levels


def test_every_picture_has_its_own_repeatable_draws():
    x, y = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    both = augmented(x, y, draws(5, 6))
    for i, seed in enumerate((5, 6)):
        alone = augmented(x[i : i + 1], y[i : i + 1], draws(seed))
        torch.testing.assert_close(both[0][i], alone[0][0])
        torch.testing.assert_close(both[1][i], alone[1][0])
    one = draws(5)
    first, second = (augmented(None, y[:1], one)[1] for _ in range(2))
    assert not torch.equal(first, second)


def test_the_gradient_goes_through_and_other_channels_keep_their_values():
    y = torch.rand(1, 2, 32, 32, requires_grad=True)  # colourisation's a and b
    x, seen = augmented(None, y, draws(3))
    assert x is None and set(seen.unique().tolist()) <= {*y.unique().tolist(), 0.0}
    seen.sum().backward()
    assert 0 < float(y.grad.sum()) <= 32 * 32 * 2
