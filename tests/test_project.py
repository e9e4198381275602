"""What a newcomer and a Space rely on: the README's promises, the front matter, the doors' refusals."""

from __future__ import annotations

import json
import re
import socket
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from demo import launch
from pix2pix import list_models
from pix2pix.training import command as train

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_front_matter_is_what_a_space_needs():
    matter = yaml.safe_load(README.split("---")[1])
    assert matter["sdk"] == "docker" and matter["license"] == "mit"
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"EXPOSE {matter['app_port']}" in dockerfile
    *_, command = re.findall(r"^CMD (.*)$", dockerfile, re.M)
    options = launch.parser().parse_args(json.loads(command)[1:])
    assert sorted(options.models) == list_models()
    assert len(matter["short_description"]) <= 60  # the Hub refuses longer ones
    assert matter["colorFrom"] in COLOURS and matter["colorTo"] in COLOURS


COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def test_every_link_of_the_readme_and_the_cards_leads_somewhere():
    for document in [ROOT / "README.md", *ROOT.glob("checkpoints/*/README.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("http") or (document.parent / target).exists(), f"{document}: {target}"


def test_every_option_in_the_readme_and_the_cards_exists():
    known = train.parser().format_help() + launch.parser().format_help()
    for document in [ROOT / "README.md", *ROOT.glob("checkpoints/*/README.md")]:
        for block in re.findall(r"python (?:train|app)\.py(.*?)(?:\n\n|`)", document.read_text(encoding="utf-8"), re.S):
            for option in re.findall(r"--[a-z-]+", block):
                assert option in known, f"{document}: {option}"


def test_requirements_are_ranges():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for line in [*project["dependencies"], *(line for lines in extras.values() for line in lines)]:
        assert line.startswith("pix2pix[") or re.fullmatch(r"[\w-]+>=[\d.]+,<\d+", line), line
    serving = {re.split(r"\W", line)[0] for line in [*project["dependencies"], *extras["demo"]]}
    assert not serving & {"torch", "torchvision", "torchmetrics", "accelerate"}


def test_the_page_refuses_an_unknown_model_in_one_sentence(capsys: pytest.CaptureFixture):
    assert launch.main(["--models", "edges2shoos"]) == 2
    message = capsys.readouterr().err.strip()
    assert "edges2shoos" in message and "\n" not in message


def test_a_taken_port_gets_one_sentence(small_checkpoint: Path, capsys: pytest.CaptureFixture):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert launch.main(["--models", str(small_checkpoint), "--port", port]) == 2
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
