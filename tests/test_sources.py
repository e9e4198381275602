"""Pairs are found in the usual layouts, and files that do not fit are named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from places import ROOT
from small import make_pairs
from small_hub import SmallHub, small_hub

from pix2pix import DataError
from pix2pix.errors import MissingSplit
from pix2pix.pairs.check import look_over
from pix2pix.pairs.folders import DataSet, Twins, find_source, held_out
from pix2pix.pairs.layouts import read_layout
from pix2pix.pictures.edge_filter import outline


def fill(folder: Path, names: list[str], colour: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        Image.new("RGB", (8 + i, 6), colour).save(folder / name)  # of different bytes each


def colours(source, index: int = 0) -> list[tuple[int, ...]]:
    return [image.getpixel((0, 0)) for image in source.open(index)]


@pytest.mark.parametrize(
    ("a", "b"),
    [("trainA", "trainB"), ("A/train", "B/train"), ("train/A", "train/B"), ("train/input", "train/target")],
)
def test_twin_folders_are_paired_by_name(tmp_path: Path, a: str, b: str):
    fill(tmp_path / a, ["1.png", "2.png"], "red")
    fill(tmp_path / b, ["2.bmp", "1.png"], "blue")
    source = find_source(tmp_path, "train")
    assert isinstance(source, Twins) and source.names == ["1.png", "2.png"]
    assert colours(source) == [(255, 0, 0), (0, 0, 255)]
    assert [image.width for image in source.open(1)] == [9, 8]  # 2.png with 2.bmp
    with pytest.raises(MissingSplit):  # two pairs are too few to hold one out
        find_source(tmp_path, "val")
    fill(tmp_path / a.replace("train", "test"), ["7.png"], "red")
    fill(tmp_path / b.replace("train", "test"), ["7.png"], "blue")
    assert find_source(tmp_path, "val").names == find_source(tmp_path, "test").names == ["7.png"]


def test_a_split_of_ones_own_name_has_no_splits_itself(tmp_path: Path):
    fill(tmp_path / "train", ["1.png"], "red")
    fill(tmp_path / "extra" / "train", ["1.png"], "red")
    with pytest.raises(DataError, match=r"extra has splits of its own \(train\): give it as --data"):
        find_source(tmp_path, "extra")


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fill(tmp_path / "train", ["1.png"], "red")
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: Path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"locked cannot be read \(Permission denied\): change its permissions"):
        find_source(tmp_path, "train")


def test_a_folder_of_left_and_right_is_split_by_itself(tmp_path: Path):
    names = [f"{i}.png" for i in range(10)]
    fill(tmp_path / "left", names, "red")
    fill(tmp_path / "right", [name.replace("png", "bmp") for name in names], "blue")
    train, val = (find_source(tmp_path, split) for split in ("train", "val"))
    assert len(train.names) == 9 and len(val.names) == 1
    assert sorted([*train.names, *val.names]) == names
    assert colours(train) == colours(val) == [(255, 0, 0), (0, 0, 255)]


def test_pictures_without_a_partner_are_listed(tmp_path: Path):
    fill(tmp_path / "trainA", ["1.png", "2.png", "3.png"], "red")
    fill(tmp_path / "trainB", ["2.png", "4.png"], "blue")
    with pytest.raises(DataError) as caught:
        find_source(tmp_path, "train")
    for name in ("trainA/1.png", "trainA/3.png", "trainB/4.png"):
        assert name in str(caught.value)
    assert "2.png" not in str(caught.value)


def test_the_same_name_twice_in_a_folder_is_refused(tmp_path: Path):
    fill(tmp_path / "trainA", ["1.png", "1.bmp"], "red")
    fill(tmp_path / "trainB", ["1.png"], "blue")
    with pytest.raises(DataError, match="1 more than once"):
        find_source(tmp_path, "train")


def test_photos_alone_make_their_own_inputs(tmp_path: Path):
    photo = Image.new("RGB", (64, 64), "white")
    photo.paste((200, 40, 40), (16, 16, 48, 48))
    for name in "abcde":
        photo.copy().resize((64, 64 + ord(name) - 97)).save(tmp_path / f"{name}.png")
    edges = find_source(tmp_path, "train", make="edges")
    assert len(edges.names) == 4
    drawing, truth = edges.open(0)
    assert drawing == outline(truth)
    ink = np.argwhere(np.asarray(drawing)[..., 0] == 0)
    assert 12 <= ink.min() <= 18 and 45 <= ink.max() <= 51  # a box where the box is
    assert len(ink) < 300
    grey, truth = find_source(tmp_path, "train", make="lightness").open(0)
    assert np.ptp(np.asarray(grey).astype(int), axis=2).max() <= 1  # no colour is left


def test_an_outline_has_less_ink_at_a_higher_threshold_and_none_on_a_flat_picture():
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((128, 128))
    inks = [(np.asarray(outline(photo, t)) == 0).sum() for t in (0.1, 0.4, 0.8)]
    assert inks[0] > inks[1] > inks[2] > 0
    assert (np.asarray(outline(Image.new("RGB", (32, 32), "green"))) == 255).all()
    assert outline(Image.new("RGB", (1, 1))).size == (1, 1)


def test_copies_of_one_picture_stay_on_one_side_of_the_split(tmp_path: Path):
    make_pairs(tmp_path / "data", 20, seed=3)
    for i in range(20):
        (tmp_path / "data" / f"copy-{i}.png").write_bytes((tmp_path / "data" / f"{i}.png").read_bytes())
    train, val = (find_source(tmp_path / "data", split) for split in ("train", "val"))
    assert len(val.names) == 4 and len(train.names) == 36  # two pictures, each twice
    stems = {name.removeprefix("copy-") for name in val.names}
    assert len(stems) == 2 and not stems & {name.removeprefix("copy-") for name in train.names}


def test_damaged_exif_data_is_ignored_as_viewers_do(tmp_path: Path):
    for folder in ("trainA", "trainB"):
        (tmp_path / folder).mkdir()
        for i in range(2):
            damaged = {"exif": b"Exif\0\0garbagegarbage"} if i else {}
            Image.new("RGB", (40, 20), "red").save(tmp_path / folder / f"{i}.jpg", **damaged)
    data = DataSet(tmp_path)
    source = data.split("train")
    assert look_over(data, {"train": source}).faults == []
    assert [side.size for side in source.open(1)] == [(40, 20), (40, 20)]


@given(st.sets(st.text(min_size=1), max_size=60), st.randoms())
def test_the_held_out_part_follows_from_the_names_alone(names: set[str], random):
    shuffled = sorted(names)
    random.shuffle(shuffled)
    held = held_out([(name, name) for name in shuffled])
    assert held == held_out([(name, name) for name in sorted(names)]) and {a for a, _ in held} <= names
    assert len(held) == (max(1, round(len(names) / 10)) if len(names) >= 5 else 0)


def test_pictures_of_every_kind_come_out_as_a_viewer_shows_them(tmp_path: Path):
    """EXIF rotation, grey, 16 bits, palette, transparency and CMYK, in two folders."""
    turned = Image.new("RGB", (40, 20), "red")
    exif = turned.getexif()
    exif[0x0112] = 6  # a quarter turn
    pictures = {
        "turned.jpg": (turned, {"exif": exif}),
        "grey.png": (Image.new("L", (10, 10), 128), {}),
        "deep.png": (Image.fromarray(np.full((10, 10), 128 * 257, np.uint16)), {}),
        "palette.png": (Image.new("RGB", (10, 10), "lime").quantize(4), {}),
        "clear.png": (Image.new("RGBA", (10, 10), (0, 0, 0, 0)), {}),
        "print.jpg": (Image.new("CMYK", (10, 10), (0, 255, 255, 0)), {}),
    }
    for folder in ("testA", "testB"):
        (tmp_path / folder).mkdir()
        for name, (image, options) in pictures.items():
            image.save(tmp_path / folder / name, **options)
    source = find_source(tmp_path, "test")
    seen = {name: source.open(i)[0] for i, name in enumerate(source.names)}
    assert seen["turned.jpg"].size == (20, 40)
    expected = {"grey": (128,) * 3, "deep": (128,) * 3, "palette": (0, 255, 0), "clear": (255,) * 3}
    for name, colour in expected.items():
        assert seen[f"{name}.png"].getpixel((5, 5)) == colour
    assert seen["print.jpg"].getpixel((5, 5))[0] > 200 > 60 > seen["print.jpg"].getpixel((5, 5))[1]


def test_a_data_set_in_the_hubs_form(tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    rows = [Image.new("RGB", (8, 8), (i, 0, 0)) for i in range(10)]
    table = datasets.Dataset.from_dict(
        {"imageA": rows, "imageB": [Image.new("RGB", (8, 8), (0, 0, i)) for i in range(10)], "n": list(range(10))},
        features=datasets.Features(
            {"imageA": datasets.Image(), "imageB": datasets.Image(), "n": datasets.Value("int8")}
        ),
    )
    table.to_parquet(str(tmp_path / "set" / "train-00000-of-00001.parquet"))
    train, val = (find_source(f"hub:{tmp_path / 'set'}", split) for split in ("train", "val"))
    assert (len(train.names), len(val.names)) == (9, 1)
    red, blue = (image.getpixel((0, 0)) for image in train.open(4))
    assert red == (int(train.names[4]), 0, 0) and blue == (0, 0, int(train.names[4]))
    with pytest.raises(DataError, match="no column n of pictures: name two of imageA, imageB"):
        find_source(f"hub:{tmp_path / 'set'}", "train", columns=("imageA", "n"))
    with pytest.raises(DataError, match="cannot be loaded"):
        find_source("hub:/nowhere/at/all", "train")


def test_a_picture_in_a_data_set_is_refused_before_it_is_decoded():
    datasets = pytest.importorskip("datasets")
    from pix2pix.pairs.hub import HubPairs

    rows = [Image.new("1", (33_000, 1)), Image.new("1", (8, 8))]
    features = datasets.Features({"imageA": datasets.Image(), "imageB": datasets.Image()})
    pairs = HubPairs(
        datasets.Dataset.from_dict({"imageA": rows, "imageB": rows}, features=features), ("imageA", "imageB")
    )
    with pytest.raises(DataError, match="imageA of row 0 in train has 33000 x 1 pixels"):
        pairs.open(0)
    assert [image.size for image in pairs.open(1)] == [(8, 8)] * 2


def test_a_data_set_that_is_downloaded_while_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    datasets = pytest.importorskip("datasets")
    from pix2pix.pairs.hub import HubStream

    rows = [Image.new("RGB", (8, 8), (i, 0, 0)) for i in range(20)]
    features = datasets.Features({"imageA": datasets.Image(), "imageB": datasets.Image()})
    table = datasets.Dataset.from_dict({"imageA": rows, "imageB": rows[::-1]}, features=features)
    stream = table.to_iterable_dataset()
    stream.info.splits = datasets.SplitDict({"train": datasets.SplitInfo("train", num_examples=20)})
    monkeypatch.setattr(datasets, "load_dataset", lambda name, config, revision, streaming: {"train": stream})
    train, val = (find_source("hub:a/b", split, streaming=True) for split in ("train", "val"))
    assert val.names == ["00000000", "00000001"] and len(train.names) == 18
    assert train.arriving and isinstance(train.source, HubStream)
    red, other = (image.getpixel((0, 0)) for image in train.open(3))
    assert red == (5, 0, 0) and other == (14, 0, 0)
    assert train.source._come == 6  # no more than requested
    assert train.open(0)[0].getpixel((0, 0)) == (2, 0, 0)  # downloaded pairs are kept


def parquet(a: list, b: list) -> bytes:
    """A file of two columns of pictures; each is a Pillow picture, or the bytes of one, or None."""
    import datasets

    def cell(picture):
        if not isinstance(picture, Image.Image):
            return picture and {"bytes": picture, "path": None}
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return {"bytes": buffer.getvalue(), "path": None}

    features = datasets.Features({"imageA": datasets.Image(), "imageB": datasets.Image()})
    columns = {"imageA": [cell(picture) for picture in a], "imageB": [cell(picture) for picture in b]}
    buffer = io.BytesIO()
    datasets.Dataset.from_dict(columns, features=features).to_parquet(buffer)
    return buffer.getvalue()


def pictures(count: int, blue: int = 0) -> list[Image.Image]:
    return [Image.new("RGB", (8, 8), (20 * i, 100, blue)) for i in range(count)]


CONFIGS = """---
configs:
- config_name: red
  data_files: red.parquet
- config_name: blue
  data_files: blue.parquet
---
"""


@pytest.fixture(scope="module")
def sets() -> Iterator[SmallHub]:
    """A Hub with data sets."""
    pytest.importorskip("datasets")
    with small_hub() as hub:
        whole = io.BytesIO()
        Image.effect_noise((64, 64), 90).save(whole, "JPEG")
        hub.repos = {
            "someone/two": {
                "main": {
                    "README.md": CONFIGS.encode(),
                    "red.parquet": parquet(pictures(10), pictures(10)),
                    "blue.parquet": parquet(pictures(12, 200), pictures(12, 200)),
                }
            },
            "someone/faulty": {
                "main": {
                    "data/train-00000-of-00001.parquet": parquet(
                        [*pictures(6), b"no picture at all", None],
                        [*pictures(3), whole.getvalue()[:-1500], *pictures(4)],
                    )
                }
            },
        }
        yield hub


CHECKS = (
    ["--data", "hub:someone/two"],
    ["--data", "hub:someone/two", "--config", "green"],
    ["--data", "hub:someone/faulty"],
    ["--data", "hub:someone/two", "--config", "blue"],
)


def test_data_sets_of_the_hub_are_checked_as_folders_are(sets: SmallHub, tmp_path: Path):
    """Configurations are chosen, faulty rows are named, and files are requested only once even without a val split."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": sets.url,
        "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    code = (
        "from pix2pix.training.command import main\n"
        f"for options in {CHECKS!r}: print(main([*options, '--check']), flush=True)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    assert "has 2 configurations: name one with --config (red, blue)" in result.stderr
    assert "has no configuration green: name one with --config (red, blue)" in result.stderr
    codes = [line for line in result.stdout.splitlines() if len(line) == 1]
    assert codes == ["2", "2", "2", "0"]
    faulty, whole = result.stdout.split("hub:someone/two:")
    assert [line[:41] for line in sorted(faulty.splitlines()) if " of row " in line] == [
        "imageA of row 6 in train is not a picture",
        "imageA of row 7 in train holds no picture",
        "imageB of row 3 in train cannot be read a",
    ]
    assert "11 pairs to train on, 1 held out" in whole and "A in the column imageA, B in the column imageB" in whole
    assert sum("blue.parquet" in request and request.startswith("HEAD") for request in sets.requests) == 1


def test_no_copy_of_a_held_out_row_is_trained_on(tmp_path: Path):
    """Nor in a stream, whose first rows are held out while the others are unknown."""
    datasets = pytest.importorskip("datasets")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.parquet").write_bytes(parquet(pictures(10) * 3, pictures(10) * 3))
    data = DataSet(f"hub:{tmp_path / 'set'}")
    train, val = data.split("train"), data.split("val")
    assert (len(train.names), len(val.names)) == (27, 3)
    seen = [{source.open(i)[0].getpixel((0, 0)) for i in range(len(source.names))} for source in (train, val)]
    assert len(seen[0]) == 9 and len(seen[1]) == 1 and not seen[0] & seen[1]

    stream = datasets.load_dataset(str(tmp_path / "set"), split="train").to_iterable_dataset()
    stream.info.splits = datasets.SplitDict({"train": datasets.SplitInfo("train", num_examples=30)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load_dataset", lambda *arguments, **options: {"train": stream})
        data = DataSet("hub:a/b", streaming=True)
    train, val = data.split("train"), data.split("val")
    held = {val.open(i)[0].getpixel((0, 0)) for i in range(len(val.names))}
    used = [train.open(i)[0].getpixel((0, 0)) for i in range(len(train.names))]
    assert len(held) == 3 and len(used) == 27 and not held & set(used)


def test_the_first_epoch_of_a_stream_keeps_about_its_order():
    from pix2pix.training.batches import epoch_order

    order = epoch_order(0, 0, 1000, 256)
    assert sorted(order) == list(range(1000))
    assert all(abs(i - index) < 256 for i, index in enumerate(order)) and order != sorted(order)
    assert max(abs(i - index) for i, index in enumerate(epoch_order(0, 1, 1000, 1000))) > 500


@pytest.mark.parametrize(
    ("a", "b", "other"),
    [
        ("Train/Input", "Train/Target", "Valid"),
        ("trainA", "trainB", "testA"),
        ("TRAINA", "TRAINB", "notes"),
        ("train_images", "train_masks", "test_images"),
        ("noisy/train", "gt/train", "__MACOSX"),
        ("training/low_light", "training/normal_light", ".ipynb_checkpoints"),
        ("data/my pairs/input", "data/my pairs/target", "data/my pairs/previews"),
        ("noisy", "gt", ".ipynb_checkpoints"),
        ("photo-noisy", "clean", "__MACOSX"),
        ("sketches", "photos", ".hidden"),
    ],
)
def test_the_usual_words_name_splits_and_sides(tmp_path: Path, a: str, b: str, other: str):
    names = ["1.png", "2.png"]
    (tmp_path / other).mkdir(parents=True)
    Image.new("RGB", (8, 4)).save(tmp_path / other / "9.png")
    fill(tmp_path / a, names, "red")
    fill(tmp_path / b, names, "blue")
    source = find_source(tmp_path, "train")
    assert colours(source) == [(255, 0, 0), (0, 0, 255)] and source.names == names


@pytest.mark.parametrize("val", ["val", "Valid", "validation", "dev", "TEST", "testing"])
def test_a_val_split_of_any_usual_name_is_one(tmp_path: Path, val: str):
    make_pairs(tmp_path / "Train", 6, seed=1)
    make_pairs(tmp_path / val, 2, seed=2)
    assert [len(find_source(tmp_path, split).names) for split in ("train", "val")] == [6, 2]


def test_single_photos_are_not_cut_in_halves(tmp_path: Path):
    rng = np.random.default_rng(0)
    for i in range(6):
        photo = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)).resize((96, 96))
        photo.save(tmp_path / f"{i}.png")
    with pytest.raises(DataError, match=r"look like single photos.*--make edges"):
        find_source(tmp_path, "train")
    for path in tmp_path.iterdir():  # two portraits side by side are no wider, but their halves do not match
        photo = Image.open(path)
        both = np.concatenate([np.asarray(photo), 255 - np.asarray(photo)], 1)
        Image.fromarray(both).resize((96, 80)).save(path)
    assert len(find_source(tmp_path, "train").names) == 5


def test_files_without_a_pair_are_ignored_and_reported(tmp_path: Path):
    for side in ("input", "target"):
        fill(tmp_path / side, ["1.png", "2.png"], "red")
        (tmp_path / side / "._1.png").write_bytes(b"Mac OS X")
    fill(tmp_path / "previews", ["9.png"], "red")
    (tmp_path / "notes.txt").write_text("mine")
    layout = read_layout(tmp_path)
    assert layout.splits[""].words == "A in input, B in target (by their names)"
    assert layout.ignored == ["1 .txt files", "2 hidden files", "1 pictures in previews/"]


def test_a_folder_that_is_not_understood_lists_what_it_holds_and_what_works(tmp_path: Path):
    for name in ("one", "two", "three"):
        fill(tmp_path / name, [f"{name}.png"], "red")
        Image.effect_noise((40, 40), 90).save(tmp_path / name / f"{name}.png")
    with pytest.raises(DataError, match=r"found: one/ \(1 pictures\).*input/1\.png with .*target/1\.png") as caught:
        find_source(tmp_path, "train")
    assert "\n" not in str(caught.value)


def test_names_that_are_not_utf8_are_read_and_written(tmp_path: Path):
    for side in ("input", "target"):
        (tmp_path / side).mkdir()
        for i in range(6):
            name = os.fsencode(tmp_path / side) + b"/caf\xe9%d.png" % i
            Image.new("RGB", (8 + i, 6)).save(open(name, "wb"), "PNG")  # noqa: SIM115
    for split, count in (("train", 5), ("val", 1)):
        source = find_source(tmp_path, split)
        assert len(source.names) == count and all(name.encode() for name in source.names)


def test_avif_beside_jpeg_is_read(tmp_path: Path):
    fill(tmp_path / "input", ["1.jpg", "2.avif"], "red")
    fill(tmp_path / "target", ["1.jpg", "2.jpg"], "blue")
    assert find_source(tmp_path, "train").names == ["1.jpg", "2.avif"]


def test_pairs_beside_each_other_in_one_folder(tmp_path: Path):
    fill(tmp_path, ["1_A.png", "2_A.png"], "red")
    fill(tmp_path, ["1_B.png", "2_B.png"], "blue")
    assert colours(find_source(tmp_path, "train")) == [(255, 0, 0), (0, 0, 255)]


def test_with_many_equal_inputs_a_tenth_of_the_pairs_is_held_out(tmp_path: Path):
    (tmp_path / "input").mkdir()
    (tmp_path / "target").mkdir()
    for i in range(100):
        Image.new("RGB", (8, 8), (max(0, i - 69), 0, 0)).save(tmp_path / "input" / f"{i}.png")  # 70 are black
        Image.new("RGB", (8, 8), (0, i, 0)).save(tmp_path / "target" / f"{i}.png")
    train, val = (find_source(tmp_path, split) for split in ("train", "val"))
    assert (len(train.names), len(val.names)) == (90, 10)
    inputs = [{source.open(i)[0].getpixel((0, 0)) for i in range(len(source.names))} for source in (train, val)]
    assert not inputs[0] & inputs[1]


def test_side_by_side_pictures_may_be_called_a_and_b(tmp_path: Path):
    folder = tmp_path / "pairs"
    make_pairs(folder, 2, seed=0)
    (folder / "0.png").rename(folder / "a.png")
    (folder / "1.png").rename(folder / "b.png")
    assert find_source(folder).names == ["a.png", "b.png"]
