"""`pix2pix translate` on pictures of every kind, and on folders of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import drawing, on_paper
from PIL import Image, ImageChops, ImageOps

from pix2pix import Generator, Translator, open_image
from pix2pix.__main__ import main
from pix2pix.pictures.drawings import read_drawing


def translate(*arguments: object, model: Path) -> int:
    return main(["translate", *map(str, arguments), "--model", str(model)])


def same(a: Path, b: Image.Image) -> bool:
    return ImageChops.difference(open_image(a), b).getbbox() is None


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three drawings, two with the same stem, and other files that are usual in folders."""
    folder = tmp_path / "in"
    (folder / "more").mkdir(parents=True)
    (folder / "__MACOSX").mkdir()
    for i, name in enumerate(["a.png", "a.bmp", "more/b.JPG"]):
        drawing(i, 64).convert("RGB").save(folder / name)
    (folder / "notes.txt").write_text("Dear Sir")
    for name in (".DS_Store", "__MACOSX/._a.png", "Thumbs.db"):
        (folder / name).write_bytes(b"litter")
    return folder


def test_a_folder_is_translated_to_a_folder_of_the_same_names(pictures: Path, small_checkpoint: Path, tmp_path, capsys):
    out = tmp_path / "new" / "out"
    assert translate(pictures, out, "--seed", 3, model=small_checkpoint) == 0
    assert files(out) == ["a-2.png", "a.png", "more/b.png"]
    translator = Translator.from_pretrained(small_checkpoint)
    for name, source in (("a.png", "a.bmp"), ("a-2.png", "a.png"), ("more/b.png", "more/b.JPG")):
        assert same(out / name, translator(open_image(pictures / source), 3))
    said = capsys.readouterr()
    assert said.out.split() == [str(out / name) for name in ("a.png", "a-2.png", "more/b.png")]
    assert said.err == "pix2pix: Skipped, since these are not pictures: notes.txt.\n"


def test_a_link_to_nothing_is_ignored(pictures: Path, small_checkpoint: Path, tmp_path, capsys):
    (pictures / "gone.png").symlink_to(tmp_path / "nothing.png")
    for _ in range(2):  # at first, the folder for the outputs is not there
        assert translate(pictures, pictures / "out", model=small_checkpoint) == 0
    assert files(pictures / "out") == ["a-2.png", "a.png", "more/b.png"]


def test_a_bad_picture_gets_a_sentence_and_stops_no_other(pictures: Path, small_checkpoint: Path, tmp_path, capsys):
    (pictures / "a.bmp").write_bytes((pictures / "a.png").read_bytes()[:100])
    assert translate(pictures, tmp_path / "out", "--samples", 2, model=small_checkpoint) == 1
    assert files(tmp_path / "out") == ["a-2-0.png", "a-2-1.png", "more/b-0.png", "more/b-1.png"]
    said = capsys.readouterr().err
    assert "a.bmp cannot be read as a picture" in said and "4 files are in" in said and "Not translated: 1." in said
    assert "Traceback" not in said


def test_inputs_are_never_overwritten(pictures: Path, small_checkpoint: Path, tmp_path: Path, capsys):
    before = {name: (pictures / name).read_bytes() for name in files(pictures)}
    assert translate(pictures, pictures, model=small_checkpoint) == 2
    assert "name another folder" in capsys.readouterr().err
    assert translate(pictures, pictures / "out", model=small_checkpoint) == 0
    assert translate(pictures, pictures / "out", model=small_checkpoint) == 0  # results do not become inputs
    assert files(pictures / "out") == ["a-2.png", "a.png", "more/b.png"]
    (tmp_path / "link").symlink_to(pictures, target_is_directory=True)
    assert translate(pictures, tmp_path / "link", model=small_checkpoint) == 2
    nested = tmp_path / "outer" / "outer"
    nested.mkdir(parents=True)
    drawing(1, 64).save(nested / "x.png")
    (nested / "outer").mkdir()
    drawing(2, 64).save(nested / "outer" / "x.png")
    original = (nested / "x.png").read_bytes()
    assert translate(nested, nested.parent, model=small_checkpoint) == 1
    assert (nested / "x.png").read_bytes() == original  # it would be outer/x.png
    assert {name: (pictures / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["EMPTY", "out"], "holds no pictures"),
        (["IN", "FILE"], "is a file"),
        (["IN", "out", "--no-dropout", "--samples", "2"], "leave --samples out"),
    ],
)
def test_impossible_folders_are_refused(arguments, words, pictures: Path, small_checkpoint: Path, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").write_bytes(b"")
    names = {"EMPTY": tmp_path / "empty", "IN": pictures, "FILE": tmp_path / "file.png", "out": tmp_path / "out"}
    assert translate(*[names.get(word, word) for word in arguments], model=small_checkpoint) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_without_dropout_there_is_no_noise(pictures: Path, small_checkpoint: Path, tmp_path: Path):
    assert translate(pictures / "a.png", tmp_path / "out.png", "--no-dropout", model=small_checkpoint) == 0
    expected = Translator.from_pretrained(small_checkpoint)(open_image(pictures / "a.png"), None)
    assert same(tmp_path / "out.png", expected)


def test_every_kind_of_drawing_is_read_and_told_in_a_line(small_checkpoint: Path, tmp_path: Path, capsys):
    translator = Translator.from_pretrained(small_checkpoint)
    lines = drawing(3).convert("RGB")
    light, photo = ImageOps.invert(lines), on_paper(drawing(3, 500), 3, "blue")
    light.save(tmp_path / "light.png")
    photo.save(tmp_path / "photo.png")
    out = tmp_path / "out.png"

    assert translate(tmp_path / "light.png", out, model=small_checkpoint) == 0
    assert same(out, translator(lines, 0))
    said = capsys.readouterr().err
    assert "light.png has light lines on dark, so it is inverted. --polarity dark-lines" in said
    assert said.count("\n") == 1
    assert translate(tmp_path / "light.png", out, "--polarity", "dark-lines", model=small_checkpoint) == 0
    assert same(out, translator(light, 0, polarity="dark-lines")) and capsys.readouterr().err == ""

    assert translate(tmp_path / "photo.png", out, model=small_checkpoint) == 0
    assert same(out, translator(read_drawing(photo, side=32).image, 0, polarity="dark-lines"))
    assert "photo.png shows a drawing on paper, so its light is evened out" in capsys.readouterr().err


def test_polarity_is_refused_where_there_are_no_lines(small_generator: Generator, tmp_path: Path, capsys):
    small_generator.save_pretrained(tmp_path / "photos", {"input": "photo", "image_size": 32, "scale": "whole"})
    drawing(1, 64).save(tmp_path / "in.png")
    command = (tmp_path / "in.png", tmp_path / "out.png", "--polarity", "light-lines")
    assert translate(*command, model=tmp_path / "photos") == 2
    assert "--polarity is about drawings" in capsys.readouterr().err


def test_evaluate_inverts_a_set_of_light_lines(small_checkpoint: Path, tmp_path: Path, capsys):
    for name, change in (("dark", lambda image: image), ("light", ImageOps.invert)):
        for i in range(2):
            for side, image in (("input", change(drawing(i, 64))), ("target", Image.new("RGB", (64, 64), (90, 9, i)))):
                path = tmp_path / name / "val" / side / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                image.convert("RGB").save(path)
    figures = {}
    for name in ("dark", "light"):
        assert main(["evaluate", "--model", str(small_checkpoint), "--data", str(tmp_path / name)]) == 0
        said = capsys.readouterr()
        figures[name] = said.out.split("\n", 1)[1]
        assert ("has light lines on dark: they are inverted" in said.err) == (name == "light")
    assert figures["dark"] == figures["light"]
