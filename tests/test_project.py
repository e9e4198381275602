"""What a newcomer and a Space rely on: the README's promises, the front matter, the doors' refusals."""

from __future__ import annotations

import re
import socket
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

import app
import train

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_front_matter_is_what_a_space_needs():
    matter = yaml.safe_load(README.split("---")[1])
    assert matter["sdk"] == "gradio" and matter["license"] == "mit"
    assert (ROOT / matter["app_file"]).is_file()
    assert matter["sdk_version"].split(".")[:2] == version("gradio").split(".")[:2]
    assert len(matter["short_description"]) <= 60  # the Hub refuses longer ones
    assert matter["colorFrom"] in COLOURS and matter["colorTo"] in COLOURS


COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def test_every_link_of_the_readme_and_the_cards_leads_somewhere():
    for document in [ROOT / "README.md", *ROOT.glob("checkpoints/*/README.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("http") or (document.parent / target).exists(), f"{document}: {target}"


def test_every_option_in_the_readme_and_the_cards_exists():
    known = train.parser().format_help() + app.parser().format_help()
    for document in [ROOT / "README.md", *ROOT.glob("checkpoints/*/README.md")]:
        for block in re.findall(r"python (?:train|app)\.py(.*?)(?:\n\n|`)", document.read_text(encoding="utf-8"), re.S):
            for option in re.findall(r"--[a-z-]+", block):
                assert option in known, f"{document}: {option}"


def test_requirements_are_ranges():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith("-r ") or re.search(r"<\d|==\d+\.\d+\.\*", line), line


def test_the_page_refuses_an_unknown_model_in_one_sentence(capsys: pytest.CaptureFixture):
    assert app.main(["--models", "edges2shoos"]) == 2
    message = capsys.readouterr().err.strip()
    assert "edges2shoos" in message and "\n" not in message


def test_a_taken_port_gets_one_sentence(small_checkpoint: Path, capsys: pytest.CaptureFixture):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert app.main(["--models", str(small_checkpoint), "--port", port]) == 2
    assert f"127.0.0.1:{port}" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize("bad", ["empty", "text", "odd"])
def test_bad_training_data_ends_with_code_2_and_leaves_nothing(tmp_path: Path, bad: str, capsys: pytest.CaptureFixture):
    from PIL import Image

    data = tmp_path / "data"
    data.mkdir()
    if bad == "text":
        (data / "pair.jpg").write_text("Dear Sir")
    elif bad == "odd":
        Image.new("RGB", (63, 32)).save(data / "pair.jpg")
    assert train.main(["--data", str(data), "--out", str(tmp_path / "out"), "--device", "cpu", "--features", "4"]) == 2
    message = capsys.readouterr().err.strip()
    assert str(data) in message and "\n" not in message
    assert not (tmp_path / "out").exists()
