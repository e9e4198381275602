"""`pix2pix pairs`: photos become files of pairs, the same in every run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix import outline
from pix2pix.__main__ import main
from pix2pix.pairs.folders import find_source


def photos(folder: Path, names: list[str]) -> Path:
    rng = np.random.default_rng(0)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8))
        small.resize((80, 60), Image.Resampling.NEAREST).save(folder / name)
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.jpg"))}


def test_photos_become_pairs_that_the_trainer_reads(tmp_path: Path, capsys: pytest.CaptureFixture):
    folder = photos(tmp_path / "photos", [f"{i}.png" for i in range(20)])
    assert main(["pairs", str(folder), str(tmp_path / "a"), "--size", "64"]) == 0
    assert "18 pairs in train, 2 pairs in val" in capsys.readouterr().out
    held = {Path(name).stem for name in find_source(folder, "val", "edges").names}
    assert {path.stem for path in (tmp_path / "a" / "val").iterdir()} == held
    train = find_source(tmp_path / "a", "train")
    assert len(train.names) == 18
    a, b = train.open(0)
    photo = Image.open(folder / f"{Path(train.names[0]).stem}.png").convert("RGB").resize((64, 64), Image.BICUBIC)
    for half, expected in ((a, outline(photo)), (b, photo)):
        assert np.abs(np.asarray(half, float) - np.asarray(expected, float)).mean() < 4  # JPEG's loss

    assert main(["pairs", str(folder), str(tmp_path / "b"), "--size", "64"]) == 0
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_names_that_are_equal_without_their_suffix_stay_apart(tmp_path: Path):
    folder = photos(tmp_path / "photos", ["a.png", "A.bmp", "b/a.png"])
    assert main(["pairs", str(folder), str(tmp_path / "out"), "--make", "lightness", "--size", "32"]) == 0
    assert len({name.casefold() for name in written(tmp_path / "out")}) == 3


def test_a_damaged_photo_is_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture):
    folder = photos(tmp_path / "photos", [f"{i}.png" for i in range(6)])
    (folder / "4.png").write_bytes((folder / "4.png").read_bytes()[:200])
    assert main(["pairs", str(folder), str(tmp_path / "out")]) == 2
    assert "4.png" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture):
    folder = photos(tmp_path / "photos", ["0.png"])
    assert main(["pairs", str(folder), str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["0.png"]
