"""Painted drawings for training: colours come from the target, lines stay, and unpainted flat art becomes clay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation

from pix2pix import Settings, TrainingError
from pix2pix.pairs.flat_art import CLAY, areas_of, clay, flat_colours, paint_art
from pix2pix.pairs.folders import find_source
from pix2pix.pairs.paint import is_flat_art, painted
from pix2pix.pairs.painted_lines import enclosed_areas, filled
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.recolour import recoloured
from pix2pix.training.learner import unpainted

SIDE = 128
RED, BLUE, SKIN = (220, 40, 40), (40, 60, 220), (230, 180, 150)


def drawing() -> tuple[Image.Image, Image.Image]:
    """Lines around a box with a lid, and its photo: a shaded blue box with a red lid."""
    lines, photo = Image.new("RGB", (SIDE, SIDE), "white"), Image.new("RGB", (SIDE, SIDE), "white")
    for box, colour in (((30, 50, 97, 100), BLUE), ((30, 30, 97, 50), RED)):
        ImageDraw.Draw(lines).rectangle(box, outline="black")
        ImageDraw.Draw(photo).rectangle(box, fill=colour)
    return lines, photo


def art() -> tuple[Image.Image, Image.Image]:
    """A flat face with a thin mouth, and the same face lit from the left."""
    flat = Image.new("RGB", (SIDE, SIDE), "white")
    draw = ImageDraw.Draw(flat)
    draw.ellipse((20, 20, 108, 108), fill=SKIN)
    draw.rectangle((50, 80, 78, 83), fill=(40, 10, 10))
    draw.rectangle((40, 40, 60, 60), fill=BLUE)
    lit = np.asarray(flat, np.float32) * np.linspace(1.05, 0.75, SIDE)[None, :, None]
    lit[np.asarray(flat).min(-1) == 255] = 255
    return flat, Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def stack(pair: tuple[Image.Image, Image.Image]) -> torch.Tensor:
    return torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in pair])


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)


def test_areas_are_what_the_lines_enclose():
    lines = array(drawing()[0]).mean(-1)
    labels = enclosed_areas(lines)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert labels[40, 60] != labels[75, 60] and labels[10, 10] == 0 and labels[120, 64] == 0
    assert labels[50, 60] > 0  # paint reaches under the line between two areas
    open_box = lines.copy()
    open_box[70:73, 97] = 255  # a gap of three pixels
    assert enclosed_areas(open_box, gap=1)[75, 60] == 0
    assert enclosed_areas(open_box, gap=2)[75, 60] > 0


def test_areas_get_the_targets_median_colour():
    lines, photo = drawing()
    paper = filled(np.full((SIDE, SIDE, 3), 255, np.float32), enclosed_areas(array(lines).mean(-1)), array(photo), 1.0)
    assert tuple(paper[75, 60]) == BLUE and tuple(paper[40, 60]) == RED and tuple(paper[10, 10]) == (255, 255, 255)


def test_the_drawing_of_a_photo_is_often_unpainted_and_keeps_its_lines():
    pair, bare, seen, line = stack(drawing()), 0, [], []
    for seed in range(120):
        x, y = painted(pair, False, False, np.random.default_rng(seed))
        inside = x[:, 60:90, 40:90]
        bare += bool((inside == 255).all() and torch.equal(y, pair[1].float()))
        seen.append(inside.reshape(3, -1).median(1).values)
        line.append(float(x[:, 75, 30].max()))
    assert 30 <= bare <= 66  # 35 of 100 stay unpainted, and sometimes dabs miss this box
    assert torch.stack(seen).std(0).min() > 40  # boxes of many colours
    assert line.count(0) > 0.85 * len(line)  # all except those without lines


def test_the_share_of_unpainted_drawings_may_be_chosen():
    pair = stack(drawing())

    def bare(share: float) -> list[bool]:
        drawings = [painted(pair, False, False, np.random.default_rng(seed), share)[0] for seed in range(30)]
        return unpainted(torch.stack(drawings) / 127.5 - 1).tolist()

    assert all(bare(1.0)) and sum(bare(0.0)) < 6


def test_only_bare_lines_are_unpainted():
    def lines() -> tuple[Image.Image, ImageDraw.ImageDraw]:
        sheet = Image.new("RGB", (256, 256), "white")
        draw = ImageDraw.Draw(sheet)
        draw.ellipse((40, 40, 200, 180), outline="black", width=6)
        return sheet, draw

    filled_grey, striped, dotted = lines(), lines(), lines()
    ImageDraw.floodfill(filled_grey[0], (120, 110), (128, 128, 128))
    striped[1].line((60, 100, 180, 110), fill=(250, 120, 120), width=14)
    dotted[1].ellipse((110, 100, 130, 120), fill=(255, 255, 120))
    drawings = [torch.from_numpy(array(sheet)).permute(2, 0, 1) for sheet, _ in (lines(), filled_grey, striped, dotted)]
    assert unpainted(torch.stack(drawings) / 127.5 - 1).tolist() == [True, False, False, False]


def test_flat_art_loses_the_mixed_colours_of_its_edges():
    large = Image.new("RGB", (8 * SIDE, 8 * SIDE), "white")
    ImageDraw.Draw(large).ellipse((150, 150, 850, 850), fill=SKIN)
    ImageDraw.Draw(large).ellipse((300, 300, 500, 550), fill=BLUE)
    soft = large.reduce(8)
    before, after = ({tuple(c) for c in array(image).reshape(-1, 3).tolist()} for image in (soft, flat_colours(soft)))
    assert len(before) > 50 and after == {SKIN, BLUE, (255, 255, 255)}
    assert np.abs(array(soft) - array(flat_colours(soft))).mean() < 2  # they are the same picture


def test_art_is_told_from_lines():
    lines, _ = drawing()
    assert is_flat_art(array(art()[0])) and not is_flat_art(array(lines))
    thick = Image.new("RGB", (SIDE, SIDE), "white")
    ImageDraw.Draw(thick).ellipse((20, 20, 100, 100), outline="black", width=5)
    assert not is_flat_art(array(thick.resize((200, 200)).resize((SIDE, SIDE))))
    dark = Image.new("RGB", (SIDE, SIDE), "white")
    ImageDraw.Draw(dark).ellipse((20, 20, 100, 100), fill=(40, 25, 25))
    assert is_flat_art(array(dark))


def test_clay_has_the_targets_shading_and_no_colour():
    flat, lit = (array(image) for image in art())
    labels = areas_of(flat, lit)
    assert labels.max() == 3 and labels[0, 0] == 0
    bare = np.ones(4, bool)
    bare[0] = False
    mouth = np.zeros((SIDE, SIDE), bool)
    mouth[80:84, 50:79] = True
    made = clay(lit, labels, bare, mouth)
    face = made[70, 30:100]
    assert np.ptp(face, axis=-1).max() < 0.5  # no colour
    assert face[5].mean() - face[-5].mean() > 15  # lit from the left
    assert abs(np.median(made[labels == labels[64, 64]]) - CLAY) < 12
    assert made[81, 64].max() < 60  # the mouth is dark
    assert (made[:15] == 255).all()
    eye = labels[50, 50]
    bare[eye] = False
    half = clay(lit, labels, bare, mouth)
    np.testing.assert_allclose(half[48:52, 48:52], lit[48:52, 48:52], atol=1)  # painted areas keep their colours


def test_flat_art_is_outlined_and_partly_painted():
    flat, lit = (array(image) for image in art())
    seen = {"lines": 0, "coloured": 0, "clay": 0, "beside": 0}
    for seed in range(60):
        lines, paper, target = paint_art(flat.copy(), lit.copy(), np.random.default_rng(seed))
        face_is_painted = paper[64, 90].min() < 250
        assert (np.ptp(target[64, 90]) > 8) == face_is_painted
        seen["lines"] += bool((lines == 0).any())
        seen["coloured"] += face_is_painted
        seen["clay"] += not face_is_painted
        assert paper[:10].min() > 254.9
        ink = lines[:12] == 0  # of strokes beside the art
        assert target[:12][ink].max(initial=0) < 190 and target[:12][~binary_dilation(ink, iterations=4)].min() > 254
        seen["beside"] += ink.any()
        if (lines == 0).any():
            assert lines[81, 60] == 0  # the mouth is a line
            assert target[81, 60].max() < 120  # and stays a line
    assert 30 <= seen["lines"] <= 54 and 25 <= seen["coloured"] <= 58 and seen["clay"] >= 8
    assert seen["beside"] >= 5


def test_colours_turn_alike_and_greys_stay_grey():
    x = np.array([[[200, 40, 40], [255, 255, 255], [0, 0, 0], [128, 128, 128]]], np.float32)
    for seed in range(20):
        a, b = recoloured(x, x, np.random.default_rng(seed))
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a[0, 1:3], x[0, 1:3], atol=0.01)
        assert np.ptp(a[0, 3]) < 0.5


@examples(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.booleans(), st.booleans(), st.integers(8, 40))
def test_any_pair_can_be_painted(seed: int, flat: bool, by_hand: bool, side: int):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 256, (4, 3), dtype=np.uint8)
    few[0] = 255
    x = few[rng.integers(0, 4, (side, side))] if flat else np.where(rng.random((side, side, 1)) < 0.2, 0, 255)
    y = rng.integers(0, 256, (side, side, 3))
    pair = torch.stack([torch.from_numpy(np.broadcast_to(a, (side, side, 3)).copy()).permute(2, 0, 1) for a in (x, y)])
    made = painted(pair.to(torch.uint8), flat, by_hand, rng)
    assert made.shape == pair.shape and made.dtype == torch.float32
    assert made.isfinite().all() and made.min() >= 0 and made.max() <= 255


def test_paint_follows_from_the_key(tmp_path: Path):
    (tmp_path / "train").mkdir()
    for name, pair in (("a", drawing()), ("b", art())):
        Image.fromarray(np.concatenate([np.asarray(image) for image in pair], 1)).save(
            tmp_path / "train" / f"{name}.png"
        )
    source = find_source(tmp_path)
    one, two = (Pairs(source, size=64, jitter=True, mirror=True, seed=4, paint=True) for _ in range(2))
    first = [one[epoch, index][0] for epoch in range(4) for index in range(2)]
    again = [two[epoch, index][0] for epoch in reversed(range(4)) for index in reversed(range(2))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[2])


def test_thick_lines_are_one_kind_of_input_at_every_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Lines as thick as these count as areas in the file, but not at the size of training."""
    rings = Image.new("RGB", (1024, 1024), "white")
    for inset in range(100, 300, 60):
        ImageDraw.Draw(rings).ellipse((inset, inset, 1000 - inset, 1000 - inset), outline="black", width=14)
    (tmp_path / "train").mkdir()
    Image.fromarray(np.concatenate([np.asarray(rings)] * 2, 1)).save(tmp_path / "train" / "rings.png")
    assert is_flat_art(np.asarray(rings)) and not is_flat_art(np.asarray(rings.resize((286, 286))))
    seen = []
    monkeypatch.setattr("pix2pix.pairs.pairs.painted", lambda pair, flat, *_: (seen.append(flat), pair)[1])
    pairs = Pairs(find_source(tmp_path), size=256, jitter=True, paint=True)
    assert [len(pairs[epoch, 0]) for epoch in range(2)] == [2, 2] and seen == [True, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"paint": True, "input_kind": "edges"}, "--input-kind paint"),
        ({"paint": True, "input_kind": "labels", "palette": "facades"}, "--input-kind paint"),
        ({"paint": True, "input_kind": "paint", "make": "lightness"}, "--make lightness"),
    ],
)
def test_paint_where_it_makes_no_sense_is_refused(options: dict, words: str):
    with pytest.raises(TrainingError, match=words):
        Settings("data", "out", **options)
