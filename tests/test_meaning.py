"""What the values of pictures mean: class numbers, hard labels, depths, photos turned by EXIF; one meaning for all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image
from small import make_generator

from pix2pix import PALETTES, DataError, Settings, Trainer, Translator, open_image
from pix2pix.evaluation.data import pairs_for
from pix2pix.pairs.check import look_over
from pix2pix.pairs.folders import DataSet, Twins
from pix2pix.pairs.memory import Memory
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.source import Readings
from pix2pix.pictures.images import usual_span
from pix2pix.pictures.palettes import colours
from pix2pix.pictures.reading import Reading
from pix2pix.training import command
from pix2pix.training.data import TrainingData

FACADES = PALETTES["facades"]
BLACK_AND_WHITE = {"ground": "#000000", "thing": "#ffffff"}
SMALL = {"features": 4, "max_features": 8, "depth": 5, "discriminator_features": 4, "device": "cpu", "epochs": 1}


def stripes(count: int, side: int = 48) -> np.ndarray:
    """The numbers 0 to `count` - 1 in upright stripes."""
    return (np.arange(side) * count // side)[None].repeat(side, 0).astype(np.uint8)


def save_pairs(
    folder: Path, a: list[np.ndarray | Image.Image], b: list[np.ndarray | Image.Image], suffix="png"
) -> Path:
    for side, pictures in (("input", a), ("target", b)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        for i, picture in enumerate(pictures):
            image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
            image.save(folder / side / f"{i}.{suffix}")
    return folder


def noise(count: int, size: tuple[int, int] = (48, 48)) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8) for _ in range(count)]


def data_of(folder: Path, **options) -> TrainingData:
    return TrainingData(Settings(str(folder), "", depth=5, **options))


def seen_labels(tensor: torch.Tensor, palette: dict[str, str]) -> set[int]:
    """The labels of a picture, which must hold their colours alone."""
    pixels = ((tensor + 1) * 127.5).round().byte().flatten(1).T.numpy()
    table = {tuple(colour): i for i, colour in enumerate(colours(palette))}
    return {table[tuple(pixel)] for pixel in np.unique(pixels, axis=0)}


# Class numbers


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "RGB", "I"])
def test_class_numbers_become_their_labels_in_every_mode(tmp_path: Path, mode: str):
    numbers = stripes(12)
    if mode == "P":
        picture = Image.fromarray(numbers)
        picture.putpalette([level for i in range(256) for level in (i * 37 % 256, i * 91 % 256, i * 53 % 256)])
    elif mode == "RGB":
        picture = Image.fromarray(numbers).convert("RGB")
    else:
        picture = Image.fromarray(numbers.astype({"I;16": np.uint16, "I": np.int32}.get(mode, np.uint8)))
    suffix = "tif" if mode == "I" else "png"
    folder = save_pairs(tmp_path / "data", [picture] * 6, noise(6), suffix)
    data = data_of(folder, input_kind="labels", palette="facades")
    assert data.faults == [] and any(
        "class numbers: 0 is background, 11 is shop" in line for line in data.description()
    )
    x, _ = data.plain(data.train, lightness=False)[0]
    shown = ((x + 1) * 127.5).round().byte()[:, 16].T.numpy()  # one row
    assert (
        np.array_equal(shown, colours(FACADES)[(np.arange(32) * 48 // 32 + 0) * 12 // 48])
        or len(seen_labels(x, FACADES)) == 12
    )
    assert seen_labels(x, FACADES) == set(range(12))


def test_class_numbers_are_mapped_for_the_output_too_and_from_the_other_side(tmp_path: Path):
    folder = save_pairs(tmp_path / "data", [stripes(12)] * 6, noise(6))
    data = data_of(folder, direction="BtoA", output_palette="facades")
    _, y = data.plain(data.train, lightness=False)[0]
    assert seen_labels(y, FACADES) == set(range(12)) and data.faults == []


def test_masks_of_zeros_and_ones_are_numbers_even_where_most_are_empty(tmp_path: Path):
    masks = [np.zeros((48, 48), np.uint8)] * 5 + [stripes(2)]
    folder = save_pairs(tmp_path / "data", noise(6), masks)
    (tmp_path / "palette.json").write_text(json.dumps(BLACK_AND_WHITE))
    data = data_of(folder, output_palette=str(tmp_path / "palette.json"))
    last = data.plain(data.data._whole, lightness=False)[5][1]
    assert seen_labels(last, BLACK_AND_WHITE) == {0, 1}


def test_masks_in_the_palettes_colours_stay_colours(tmp_path: Path):
    """Black is also number 0, and here number 0 is white."""
    palette = dict(reversed(BLACK_AND_WHITE.items()))
    folder = save_pairs(tmp_path / "data", noise(6), [np.zeros((48, 48), np.uint8)] * 3 + [stripes(2) * 255] * 3)
    (tmp_path / "palette.json").write_text(json.dumps(palette))
    data = data_of(folder, output_palette=str(tmp_path / "palette.json"))
    whole = data.plain(data.data._whole, lightness=False)
    assert (whole[0][1] == -1).all() and seen_labels(whole[5][1], palette) == {0, 1} and data.faults == []


def test_a_colour_table_of_the_palettes_colours_counts_as_colours(tmp_path: Path):
    """Whatever the entries' numbers: a program that writes few colours orders them as it likes."""
    order = [7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 4, 6]
    picture = Image.fromarray(np.argsort(order).astype(np.uint8)[stripes(12)])
    picture.putpalette(colours(FACADES)[order].tobytes())
    assert np.array_equal(np.asarray(picture.convert("RGB")), colours(FACADES)[stripes(12)])
    folder = save_pairs(tmp_path / "data", [picture] * 6, noise(6))
    data = data_of(folder, input_kind="labels", palette="facades")
    x, _ = data.plain(data.train, lightness=False)[0]
    row = ((x + 1) * 127.5).round().byte()[:, 16].T.numpy()
    assert row[1].tolist() == colours(FACADES)[0].tolist() and row[-1].tolist() == colours(FACADES)[11].tolist()


def test_class_numbers_beside_their_photo_in_one_file(tmp_path: Path):
    for i, photo in enumerate(noise(6)):
        numbers = np.repeat(stripes(12)[..., None], 3, -1)
        Image.fromarray(np.concatenate([photo, numbers], 1)).save(tmp_path / f"{i}.png")
    data = data_of(tmp_path, direction="BtoA", input_kind="labels", palette="facades")
    x, _ = data.plain(data.train, lightness=False)[0]
    assert seen_labels(x, FACADES) == set(range(12)) and data.faults == []


@pytest.mark.parametrize("void", [range(4, 5), range(6)], ids=["in one", "in all"])
def test_numbers_beyond_the_palette_are_named(tmp_path: Path, void: range):
    maps = [stripes(12) for _ in range(6)]
    for i in void:
        maps[i][:, -4:] = 255  # used by many data sets for pixels without a label
    folder = save_pairs(tmp_path / "data", maps, noise(6))
    faults = data_of(folder, input_kind="labels", palette="facades").faults
    assert len(faults) == 1 and " holds the numbers 0 to 10 and 255" in faults[0] and "12 labels" in faults[0]
    assert ("0.png" in faults[0]) == (0 in void)


def test_more_numbers_than_labels_are_named(tmp_path: Path):
    folder = save_pairs(tmp_path / "data", noise(6), [stripes(48)] * 6)
    faults = data_of(folder, output_palette="facades").faults
    assert len(faults) == 1 and "numbers from 0 to 11" in faults[0] and "the numbers 0 to 47" in faults[0]


def test_maps_that_would_become_one_label_are_refused_in_one_sentence(tmp_path: Path, capsys):
    folder = save_pairs(tmp_path / "data", [stripes(12) + 1 for _ in range(6)], noise(6))
    options = ["--data", str(folder), "--input-kind", "labels", "--palette", "facades"]
    assert command.main([*options, "--check"]) == 2
    assert "All of A would become one label, background" in capsys.readouterr().out
    assert command.main([*options, "--out", str(tmp_path / "out"), "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert "the numbers 1 to 12" in said and "from 0 to 11" in said and not (tmp_path / "out").exists()


def test_numbers_without_a_palette_are_pointed_out(tmp_path: Path):
    folder = save_pairs(tmp_path / "data", noise(6), [stripes(12)] * 6)
    assert any("B is nearly black" in line and "--output-palette" in line for line in data_of(folder).description())


def test_jpeg_label_maps_are_colours_though_one_is_black(tmp_path: Path):
    table = colours(FACADES)
    maps = [Image.fromarray(table[stripes(12)]) for _ in range(6)] + [Image.new("RGB", (48, 48))]
    folder = save_pairs(tmp_path / "data", maps, noise(7), "jpg")
    data = data_of(folder, input_kind="labels", palette="facades")
    assert data.faults == [] and any("A holds the palette's colours" in line for line in data.description())


def test_a_label_model_takes_class_numbers_everywhere(facade: Path, tmp_path: Path, capsys):
    """The command line, a picture in memory, the page's files and `evaluate` give the same as for the coloured map."""
    from demo.files import translate_file
    from demo.models import Models
    from pix2pix.__main__ import main

    numbers, coloured = Image.fromarray(stripes(12, 256)), Image.fromarray(colours(FACADES)[stripes(12, 256)])
    for name, picture in (("numbers", numbers), ("coloured", coloured)):
        picture.save(tmp_path / f"{name}.png")
        assert (
            main(
                ["translate", str(tmp_path / f"{name}.png"), str(tmp_path / f"{name}-out.png"), "--model", str(facade)]
            )
            == 0
        )
    assert (tmp_path / "numbers-out.png").read_bytes() == (tmp_path / "coloured-out.png").read_bytes()
    translator = Translator.from_pretrained(facade)
    assert (
        translator(numbers) == translator(coloured) != translator(Image.new("RGB", (256, 256), FACADES["background"]))
    )
    (before, after), _ = translate_file(Models([str(facade)]), tmp_path / "numbers.png", str(facade), 0)
    assert before == coloured and after == translator(coloured)
    folder = save_pairs(tmp_path / "data" / "val", [numbers] * 2, noise(2))
    x, _ = pairs_for(translator, DataSet(folder.parent))[0]
    assert seen_labels(x, FACADES) == set(range(12))


# Hard targets


@examples(deadline=None, max_examples=15)
@given(
    st.integers(0, 2**31), st.sampled_from([(48, 48), (100, 70), (31, 53), (500, 500)]), st.booleans(), st.booleans()
)
def test_no_label_appears_by_scaling_and_jitter(seed: int, size: tuple[int, int], hand_drawn: bool, stretched: bool):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 12, (5, 6), dtype=np.uint8)).resize(size, Image.Resampling.NEAREST)
    mask = np.asarray(coarse)
    source = InMemory(Image.new("RGB", size, "white"), Image.fromarray(colours(FACADES)[mask]))
    readings = Readings(Reading(), Reading(palette=FACADES))
    pairs = Pairs(
        source, size=32, jitter=True, mirror=True, hand_drawn=hand_drawn, readings=readings,
        stretched=stretched, paper="white",
    )  # fmt: skip
    for epoch in range(4):
        assert seen_labels(pairs[epoch, 0][1], FACADES) <= set(np.unique(mask).tolist())


class InMemory(Twins):
    def __init__(self, *pair: Image.Image) -> None:
        self.names, self.pair = ["pair"], pair

    def stored(self, index: int):
        return self.pair


def test_a_target_in_three_greys_stays_in_two(tmp_path: Path):
    """With soft scaling, the border between black and white would become grey, which is a label here."""
    palette = {"background": "#000000", "void": "#808080", "object": "#ffffff"}
    (tmp_path / "palette.json").write_text(json.dumps(palette))
    disc = np.hypot(*(np.mgrid[:300, :300] - 150)) < 90
    folder = save_pairs(tmp_path / "data", noise(6, (300, 300)), [disc.astype(np.uint8) * 255] * 6)
    data = data_of(folder, output_palette=str(tmp_path / "palette.json"))
    for pairs in (data.pairs(), data.plain(data.val, lightness=False)):
        assert seen_labels(pairs[0][1], palette) == {0, 2}


# Depths


@pytest.mark.parametrize(
    ("dtype", "low", "high", "span"),
    [
        (np.float32, 0.0, 1.0, [0, 1]),  # scaled depth
        (np.float32, 0.4, 9.5, [0, 9.5]),  # metres
        (np.uint16, 400, 8000, [0, 8000]),  # millimetres
        (np.uint16, 0, 65535, [0, 65535]),  # a 16-bit photo
        (np.int32, 0, 260, [0, 260]),
        (np.int32, -120, 4000, [-120, 4000]),  # heights
        (np.uint16, 1500, 1800, [1500, 1800]),
    ],
)
def test_depths_get_one_scale_for_the_whole_set(tmp_path: Path, dtype, low: float, high: float, span: list[float]):
    """Files with different highest values; the val split has the highest."""
    shares = [0.3, 0.5, 0.7, 0.9, 1.0]
    ramp = np.linspace(0, 1, 32)[None].repeat(32, 0)
    maps = [(low + (high - low) * share * ramp).astype(dtype) for share in shares]
    for split, part in (("train", maps[:4]), ("val", maps[4:])):
        save_pairs(tmp_path / "data" / split, noise(len(part), (32, 32)), part, "tif")
    data = data_of(tmp_path / "data")
    task = data.task()
    assert task["output_range"] == span and "input_range" not in task
    assert any(f"{span[0]:,g} becomes black and {span[1]:,g} white" in line for line in data.description())
    for source, expected in ((data.train, maps[:4]), (data.val, maps[4:])):
        for i, values in enumerate(expected):
            y = data.plain(source, lightness=False)[i][1]
            levels = ((y[0] + 1) * 127.5).numpy()
            np.testing.assert_allclose(levels, (values.astype(float) - span[0]) / (span[1] - span[0]) * 255, atol=0.51)


def test_the_scale_goes_with_the_model(tmp_path: Path):
    ramp = np.linspace(0, 8000, 32)[None].repeat(32, 0)
    save_pairs(
        tmp_path / "data", [(ramp * share).astype(np.uint16) for share in (0.2, 0.4, 1.0)] * 2, noise(6, (32, 32))
    )
    out = tmp_path / "out"
    Trainer(Settings(str(tmp_path / "data"), str(out), **SMALL)).train()
    task = json.loads((out / "config.json").read_text())["task"]
    assert task["input_range"] == [0, 8000] and "output_range" not in task
    translator = Translator.from_pretrained(out)
    near = Image.fromarray((ramp * 0.2).astype(np.uint16))  # a file's own range no longer matters
    grey = Image.fromarray(np.rint(ramp * 0.2 / 8000 * 255).astype(np.uint8))
    assert translator(near) == translator(grey)
    x, _ = pairs_for(translator, DataSet(tmp_path / "data"), "train")[0]
    assert float(x.max()) < 0.5 or float(x.max()) == 1  # 0.2 or 0.4 of 8,000, or all of it
    asked = command.parse(["--data", str(tmp_path / "data"), "--check", "--input-range", "0", "4000"]).input_range
    assert data_of(tmp_path / "data", input_range=asked).task()["input_range"] == [0, 4000]


@pytest.mark.parametrize("span", [[5, 5], [0], "wide", [0, float("inf")]])
def test_a_config_with_an_impossible_range_is_refused(small_checkpoint: Path, tmp_path: Path, span):
    from pix2pix import CheckpointError

    make_generator(seed=0).save_pretrained(tmp_path / "model", {"input_range": span})
    with pytest.raises(CheckpointError, match="not a pix2pix config"):
        Translator.from_pretrained(tmp_path / "model")


def test_one_file_alone_is_shown_over_its_own_values(tmp_path: Path):
    ramp = np.linspace(0, 1, 256).reshape(16, 16)
    for dtype, high, expected in (
        (np.float32, 1.0, 255),  # this once became black
        (np.int32, 250, 250),
        (np.int32, 260, 255),  # and this too
        (np.uint16, 8000, 255),
        (np.uint16, 65535, 255),
    ):
        Image.fromarray((ramp * high).astype(dtype)).save(tmp_path / "depth.tif")
        levels = np.asarray(open_image(tmp_path / "depth.tif"))[..., 0]
        assert levels.min() == 0 and levels.max() == expected and len(np.unique(levels)) > 200
    mask = (ramp > 0.5).astype(np.float32)  # of nothing but 0 and 1
    Image.fromarray(mask).save(tmp_path / "depth.tif")
    assert np.array_equal(np.asarray(open_image(tmp_path / "depth.tif"))[..., 0], 255 * mask)
    holes = (ramp * 3).astype(np.float32)
    holes[0, :3] = np.nan, np.inf, -np.inf
    Image.fromarray(holes).save(tmp_path / "depth.tif")
    assert np.asarray(open_image(tmp_path / "depth.tif"))[0, :3, 0].tolist() == [0, 255, 0]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.booleans())
def test_every_span_has_a_black_below_its_white_and_holds_all_values(one: float, other: float, whole: bool):
    low, high = sorted((round(one), round(other)) if whole else (one, other))
    black, white = usual_span(low, high, whole)
    assert black < white and black <= low and high <= white


# Photos that EXIF turns, and shapes


def turned_photo(pixels: np.ndarray, turn: int) -> Image.Image:
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = turn
    image.info["exif"] = image.getexif().tobytes()
    return image


def scenes(count: int, size: tuple[int, int]) -> list[np.ndarray]:
    """White boxes on black, each at another place, (H, W)."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(count):
        scene = np.zeros(size[::-1], np.uint8)
        top, left = rng.integers(0, size[1] // 2), rng.integers(0, size[0] // 2)
        scene[top : top + size[1] // 3, left : left + size[0] // 3] = 255
        found.append(scene)
    return found


def overlaps(folder: Path, **options) -> tuple[list[float], TrainingData]:
    data = data_of(folder, **options)
    found = []
    pairs = data.plain(data.data._whole, lightness=False)
    for i in range(len(pairs)):
        x, y = ((part[0] > 0).numpy() for part in pairs[i])
        found.append((x & y).sum() / (x | y).sum())
    return found, data


@pytest.mark.parametrize("turn", range(2, 9))
@pytest.mark.parametrize("drawn", ["on stored pixels", "on what is seen"])
def test_a_mask_fits_its_photo_however_it_was_drawn(tmp_path: Path, turn: int, drawn: str):
    """Shapes do not tell for half turns and mirrored photos; there, the quarter turns of the same data decide."""
    photos, masks = [], []
    for i, scene in enumerate(scenes(6, (80, 60))):
        photo = turned_photo(np.stack([scene] * 3, -1), turn if i < 2 else 6)
        photos.append(photo)
        seen = np.asarray(open_copy(photo, tmp_path))[..., 0]
        masks.append(scene if drawn == "on stored pixels" else seen)
    for side, pictures in (("input", photos), ("target", masks)):
        (tmp_path / "data" / side).mkdir(parents=True)
        for i, picture in enumerate(pictures):
            if side == "input":
                picture.save(tmp_path / "data" / side / f"{i}.png", exif=picture.info["exif"])
            else:
                Image.fromarray(picture).save(tmp_path / "data" / side / f"{i}.png")
    found, data = overlaps(tmp_path / "data")
    assert min(found) > 0.9 and data.faults == []
    lines = "\n".join(data.description())
    assert ("drawn on the stored pixels, is turned with it" in lines) == (drawn == "on stored pixels")


def open_copy(photo: Image.Image, folder: Path) -> Image.Image:
    photo.save(folder / "seen.png", exif=photo.info["exif"])
    return open_image(folder / "seen.png")


def test_shapes_that_differ_are_named_and_scaled_when_asked(tmp_path: Path, capsys):
    folder = save_pairs(tmp_path / "data", noise(6, (80, 60)), [*noise(5, (40, 30)), np.zeros((60, 60, 3), np.uint8)])
    assert command.main(["--data", str(folder), "--check"]) == 2
    said = capsys.readouterr().out
    assert "different shapes in 1 pairs: 5.png (80 x 60 with 60 x 60)" in said and "--stretch" in said
    assert command.main(["--data", str(folder), "--check", "--stretch"]) == 0
    with pytest.raises(DataError, match="different shapes"):
        pairs_for(Translator.from_pretrained("edges2shoes"), DataSet(folder), "train")
    assert len(pairs_for(Translator.from_pretrained("edges2shoes"), DataSet(folder), "train", stretch=True)) == 5


def test_a_turned_photo_whose_mask_has_neither_shape_is_named(tmp_path: Path):
    photos = [turned_photo(pixels, 6) for pixels in noise(2, (80, 60))]
    for side in ("input", "target"):
        (tmp_path / side).mkdir()
    for i, photo in enumerate(photos):
        photo.save(tmp_path / "input" / f"{i}.png", exif=photo.info["exif"])
        Image.new("L", (50, 50)).save(tmp_path / "target" / f"{i}.png")
    assert "0.png (60 x 80 with 50 x 50)" in data_of(tmp_path).faults[0]
    assert data_of(tmp_path, stretch=True).faults == []


# The cache


def test_unchanged_pictures_are_not_opened_again(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    opened: list[int] = []
    kind = type(DataSet(pairs).split("train"))
    stored = kind.stored
    monkeypatch.setattr(kind, "stored", lambda self, index: opened.append(index) or stored(self, index))

    def look(*splits: str):
        data = DataSet(pairs)
        return look_over(data, {name: data.split(name) for name in splits or ("train", "val")})

    assert look().faults == [] and len(opened) == 10
    assert look("val").faults == [] and look().faults == [] and len(opened) == 10
    file = pairs / "train" / "3.png"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for _ in range(2):  # faulty pairs are checked again each time
        assert len(look().faults) == 1
    assert len(opened) == 12
    file.write_bytes(whole)
    assert look().faults == [] and len(opened) == 13
    os.utime(pairs / "train" / "5.png", (1, 1))
    assert look().faults == [] and len(opened) == 14


@examples(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
def test_a_damaged_cache_is_ignored(tmp_path_factory, at: int, flip: int, cut: bool):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        memory = Memory("some data")
        memory.keep("a stamp", [1, 2, 3])
        memory.save()
        assert Memory("some data").recall("a stamp") == [1, 2, 3] and Memory("other data").recall("a stamp") is None
        data = bytearray(memory.path.read_bytes())
        at %= len(data) - 1
        data[at] ^= flip
        memory.path.write_bytes(data[:at] if cut else data)
        assert Memory("some data").recall("a stamp") in (None, [1, 2, 3])


def test_a_cache_that_nobody_used_for_long_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    paths = []
    for data in ("old", "used", "new"):
        if data == "new":
            for path in paths:
                os.utime(path, (1, 1))
        memory = Memory(data if data != "new" else "used")
        memory.keep("a stamp", [1])
        memory.save()
        paths.append(memory.path)
    assert [path.exists() for path in paths[:2]] == [True, True]  # nothing was written, so nothing goes
    memory = Memory("new")
    memory.keep("a stamp", [1])
    memory.save()
    assert [path.exists() for path in (*paths[:2], memory.path)] == [False, True, True]


def test_everything_works_without_a_cache(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert command.main(["--data", str(pairs), "--check"]) == 0


def test_a_run_reads_its_folder_once(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import pix2pix.pairs.folders as folders

    read, read_layout = [], folders.read_layout
    monkeypatch.setattr(folders, "read_layout", lambda *arguments: read.append(arguments) or read_layout(*arguments))
    small = [word for name, value in SMALL.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    assert command.main(["--data", str(pairs), "--out", str(tmp_path / "out"), *small]) == 0
    assert len(read) == 1
