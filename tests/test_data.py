"""Pairs from folders: the right halves, a joint jitter that follows from its key, and messages for bad folders."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import DataError
from pix2pix.pairs.folders import find_source
from pix2pix.pairs.hand_drawn import leave_outline
from pix2pix.pairs.pairs import Pairs, to_bytes
from pix2pix.pairs.placing import warp
from pix2pix.pictures.places import scaled_whole


def pairs_of(data: Path, split: str = "train", **options) -> Pairs:
    """A folder's pairs. Jitter includes mirroring, as in training."""
    return Pairs(find_source(data, split), mirror=options.get("jitter", False), **options)


def test_a_is_the_left_half_and_direction_swaps(tmp_path: Path):
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    image.save(tmp_path / "pair.png")
    for direction, first in (("AtoB", 0), ("BtoA", 2)):
        x, y = pairs_of(tmp_path, direction=direction, size=32)[0]
        assert x.shape == y.shape == (3, 32, 32)
        assert x[:, 5, 5].tolist() == [1.0 if c == first else -1.0 for c in range(3)]
        assert y[:, 5, 5].tolist() == [1.0 if c == 2 - first else -1.0 for c in range(3)]


def test_jitter_moves_both_halves_together(pairs: Path):
    data = pairs_of(pairs, size=32, jitter=True)
    plain = pairs_of(pairs, size=32)
    for index in range(len(data)):
        x, y = data[3, index]
        assert (x + y).abs().max() < 0.02  # the target is still the inverted input, pixel by pixel
        assert not torch.equal(x, plain[index][0])


def test_jitter_crops_from_286_of_256_and_mirrors_half_of_the_time(tmp_path: Path):
    ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (256, 2, 3))
    ramp[..., 1] = np.arange(256)[:, None]  # red tells the column, green the row
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    data = pairs_of(tmp_path, size=256, jitter=True)
    mirrored, lefts, tops = 0, set(), set()
    for epoch in range(200):
        x, _ = data[epoch, 0]
        red, green = ((x[:2] + 1) * 127.5).round()
        flip = bool(red[0, 0] > red[0, -1])
        mirrored += flip
        lefts.add(int(red[0].min()))
        tops.add(int(green[0, 0]))
        # 256 of 286 columns stay visible: 255 * 255 / 285 of the 255 grey levels.
        assert abs((red[0].max() - red[0].min()) - 255 * 255 / 285) < 3
    assert 70 < mirrored < 130
    assert min(lefts) <= 1 and 24 <= max(lefts) <= 28 and min(tops) <= 1 and 24 <= max(tops) <= 28


def test_jitter_follows_from_its_key_alone(pairs: Path):
    one, other = (pairs_of(pairs, size=32, jitter=True, seed=5) for _ in range(2))
    first = one[2, 3]
    torch.rand(7)
    other[2, 1]
    before = torch.get_rng_state()
    assert torch.equal(first[0], other[2, 3][0])
    assert torch.equal(before, torch.get_rng_state())  # and the global state is restored
    assert not torch.equal(first[0], other[4, 3][0])


def test_files_are_read_in_the_order_of_their_names_whatever_else_lies_there(pairs: Path):
    (pairs / "train" / "notes.txt").write_text("mine")
    (pairs / "train" / "sub.png").mkdir()
    shutil.copy(pairs / "train" / "0.png", pairs / "train" / "X.PNG")
    names = pairs_of(pairs, size=32).source.names
    assert names == [*(f"{i}.png" for i in range(8)), "X.PNG"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: f.rmdir(), "There is no folder"),
        (lambda f: None, "holds no pictures"),
        (lambda f: (f / "a.jpg").write_text("not a picture"), r"a\.jpg is not a picture"),
        (lambda f: Image.new("RGB", (63, 32)).save(f / "odd.png"), r"odd\.png is 63 x 32 .* width must be even"),
    ],
)
def test_bad_folders_get_one_sentence_with_the_name(tmp_path: Path, make, words: str):
    folder = tmp_path / "data"
    folder.mkdir()
    make(folder)
    with pytest.raises(DataError, match=words) as caught:
        pairs_of(folder)
    assert str(folder) in str(caught.value)


def test_a_truncated_picture_is_named_when_it_is_read(pairs: Path):
    file = pairs / "train" / "0.png"
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(DataError, match=r"0\.png"):
        pairs_of(pairs, size=32)[0]


def test_edges_keep_the_drawing_over_its_photo(tmp_path: Path):
    """Whatever the changes, the object stays complete, on white, and at the place of its photo."""
    image = Image.new("RGB", (512, 256), "white")
    image.paste("black", (60, 80, 200, 82))  # the drawing: a box of lines 2 pixels wide
    image.paste("black", (60, 180, 200, 182))
    image.paste("black", (60, 80, 62, 182))
    image.paste("black", (198, 80, 200, 182))
    image.paste("red", (256 + 60, 80, 256 + 200, 182))  # the photo: the box filled
    image.save(tmp_path / "box.png")
    data = pairs_of(tmp_path, jitter=True, hand_drawn=True)
    sizes, inks = [], set()
    for epoch in range(60):
        x, y = data[epoch, 0]
        assert x.shape == y.shape == (3, 256, 256)
        assert max(x.abs().max(), y.abs().max()) < 1.001
        photo = (y[1] < 0).nonzero()
        drawing = (x.mean(0) < 0).nonzero()
        for side in (photo.min(0).values - drawing.min(0).values, photo.max(0).values - drawing.max(0).values):
            assert side.abs().max() <= 14  # wobble, width, or a gap where the edge was
        height, width = (photo.max(0).values - photo.min(0).values + 1).tolist()
        assert abs(width / height - 140 / 102) < 0.06
        sizes.append(width)
        inks.add(len(drawing) // 50)
    assert min(sizes) < 110 and max(sizes) > 150  # smaller and larger
    assert len(inks) > 10  # thinner and thicker


@pytest.mark.parametrize("ground", ["white", "grey"])
def test_inner_lines_are_left_out_at_times(ground: str):
    """All of them, or those far from the white background; never the outline, and none without a white background."""
    drawing, photo = Image.new("RGB", (256, 256), "white"), Image.new("RGB", (256, 256), ground)
    drawing.paste("black", (40, 40, 200, 200))
    drawing.paste("white", (41, 41, 199, 199))
    for line in (60, 120):  # 20 and 80 pixels inside
        drawing.paste("black", (50, line, 190, line + 1))
    photo.paste("red", (40, 40, 201, 201))
    pair = torch.stack([to_bytes(each, scaled_whole(each.size, 256, True)) for each in (drawing, photo)])
    torch.manual_seed(0)
    found = Counter()
    for _ in range(200):
        x, y = leave_outline(pair)
        assert torch.equal(y, pair[1])
        assert (x[:, 40, 40:200] == 0).all() and (x[:, 40:200, 199] == 0).all()
        assert ((x == pair[0]) | (x == 255)).all()
        found[tuple(bool((x[:, line, 60:180] == 0).all()) for line in (60, 120))] += 1
    if ground == "grey":
        assert set(found) == {(True, True)}
    else:
        assert set(found) == {(True, True), (True, False), (False, False)}
        assert 0.6 < found[True, True] / 200 < 0.8


def test_a_hand_draws_without_the_inner_lines_at_times(tmp_path: Path):
    image = Image.new("RGB", (512, 256), "white")
    image.paste("black", (40, 40, 216, 216))
    image.paste("white", (42, 42, 214, 214))
    for line in range(100, 160, 6):  # more than gaps or a missing stroke could wipe
        image.paste("black", (90, line, 166, line + 2))
    image.paste("red", (256 + 40, 40, 256 + 216, 216))
    image.save(tmp_path / "box.png")
    data = pairs_of(tmp_path, jitter=True, hand_drawn=True)
    plain = 0
    for epoch in range(60):
        x, y = data[epoch, 0]
        photo = (y[1] < 0).nonzero()
        (top, left), (bottom, right) = photo.min(0).values.tolist(), photo.max(0).values.tolist()
        height, width = (bottom - top) // 3, (right - left) // 3
        plain += not (x.mean(0)[top + height : bottom - height, left + width : right - width] < 0).any()
    assert 9 <= plain <= 30  # 3 in 10


@pytest.mark.parametrize("flat", [False, True])
def test_a_warp_moves_a_drawing_and_its_photo_together(flat: bool):
    """A box becomes a turned, stretched and bent one, still around its photo; flat art gets no colours in between."""
    pair = torch.full((2, 3, 256, 256), 255.0)
    pair[0, :, 80:170, 70:190] = 0
    if not flat:
        pair[0, :, 82:168, 72:188] = 255
    pair[1, 1:, 80:170, 70:190] = 0
    torch.manual_seed(0)
    shapes = Counter()
    for _ in range(60):
        x, y = warp(pair, flat)
        assert x.min() >= 0 and x.max() <= 255 and y.min() >= 0 and y.max() <= 255
        drawing, photo = (x[0] < 128).nonzero(), (y[1] < 128).nonzero()
        for end in (lambda places: places.min(0).values, lambda places: places.max(0).values):
            assert (end(drawing) - end(photo)).abs().max() <= 3
        if flat:
            assert set(x.unique().tolist()) <= {0.0, 255.0}
        shapes[tuple((photo.max(0).values - photo.min(0).values).tolist())] += 1
    assert len(shapes) > 30 and 4 <= shapes[89, 119] <= 24  # one in five stays


def test_what_is_not_on_white_is_not_warped():
    pair = torch.rand(2, 3, 64, 64) * 200
    assert all(torch.equal(warp(pair), pair) for _ in range(10))


def test_photos_that_fill_their_frame_get_no_white_margins(tmp_path: Path):
    """They are cut, and scaled up, together with their drawings."""
    columns = np.linspace(20, 200, 256).astype(np.uint8)
    photo = np.broadcast_to(columns[:, None, None], (256, 256, 3))
    drawing = np.full((256, 256, 3), 255, np.uint8)
    drawing[112:144] = 0
    Image.fromarray(np.hstack([drawing, photo])).save(tmp_path / "wall.png")
    data = pairs_of(tmp_path, jitter=True, hand_drawn=True)
    spans = []
    for epoch in range(40):
        x, y = data[epoch, 0]
        assert y.max() < 0.6, "white beside the photo"
        spans.append(float(y.max() - y.min()))
        black = y[0][x.mean(0) < -0.5]  # the drawing's band lies where the photo is 99 to 121
        assert not len(black) or (black.min() > 85 / 127.5 - 1 and black.max() < 135 / 127.5 - 1)
    assert min(spans) < 1.1 < 1.2 < max(spans)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_of_outlines_may_be_chosen(share: float):
    pair = torch.full((2, 3, 128, 128), 255.0)
    pair[0, :, 20:108, 20:22] = pair[0, :, 20:108, 64:66] = pair[0, :, 20:108, 106:108] = 0
    pair[1, :, 20:108, 20:108] = 90
    inner = [bool((leave_outline(pair, share)[0, :, 30:98, 64] == 0).all()) for _ in range(10)]
    assert inner == [not share] * 10


def test_edges_follow_from_the_key_too(pairs: Path):
    one, other = (pairs_of(pairs, size=32, jitter=True, hand_drawn=True, warp=True, seed=5) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one[2, 3], other[2, 3], strict=True))
    assert not torch.equal(one[2, 3][0], one[3, 3][0])
