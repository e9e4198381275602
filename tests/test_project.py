"""Promises to newcomers and Spaces: the README, its front matter, and refusals by the commands."""

from __future__ import annotations

import argparse
import json
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from places import ROOT

from demo import launch
from pix2pix import __main__ as pix2pix_command
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


def test_every_link_of_the_documents_leads_somewhere():
    links = [
        (document, target)
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
        if not target.startswith("http")
    ]
    assert len(links) > 100
    for document, target in links:
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), f"{document}: {target}"
        assert not anchor or anchor in anchors(file), f"{document}: {target}"


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_path_in_contributing_is_there():
    words = re.findall(r"`([^`]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    paths = [word for word in words if re.fullmatch(r"\.?[\w-]+(/[\w.-]+)+/?|\w+\.py", word)]
    assert len(paths) > 15
    assert [path for path in paths if not any((ROOT / room / path).exists() for room in ("", "pix2pix"))] == []


DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("checkpoints/*/README.md"),
    ROOT / "benchmarks" / "README.md",
]


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """The options of a parser and its commands, hidden ones included."""
    commands = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    inner = [options_of(command) for action in commands for command in action.choices.values()]
    return set(parser._option_string_actions).union(*inner)


OPTIONS = {
    r"train\.py|pix2pix-train": options_of(train.parser()),
    r"app\.py|pix2pix-demo": options_of(launch.parser()),
    r"-m pix2pix": options_of(pix2pix_command.parser()),
}


def commands_in(markdown: str) -> Iterator[str]:
    """The lines of code blocks and the inline code of a document, with continued lines joined."""
    markdown = markdown.replace("\\\n", " ")
    yield from re.findall(r"^ {4,}(.*)$", markdown, re.M)
    prose = re.sub(r"^```.*?^```|^ {4,}.*?$", "", markdown, flags=re.M | re.S)
    yield from (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))


def unknown_options(command: str) -> list[str]:
    """The options in a command, or in a mention of options alone, that the program it names does not have."""
    command = command.partition(" #")[0]
    for program, known in OPTIONS.items():
        if named := re.search(rf"(?:{program})(?= |$)", command):
            return sorted(options_in(command[named.end() :]) - known)
    return sorted(options_in(command) - set().union(*OPTIONS.values())) if command.startswith("--") else []


def options_in(command: str) -> set[str]:
    return set(re.findall(r"(?<!\S)--[a-z0-9-]+", command))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_in_the_documents_exists(document: Path):
    commands = commands_in(document.read_text(encoding="utf-8"))
    assert {command: unknown for command in commands if (unknown := unknown_options(command))} == {}


def test_options_in_documents_are_found():
    assert unknown_options("python train.py --data d --share") == ["--share"]
    assert unknown_options("--learning-rate 1") == ["--learning-rate"]
    assert unknown_options("docker run --read-only pix2pix") == []
    text = "Use `--perturb\nx`:\n\n    python app.py --port 1 \\\n        --shar\n"
    assert [unknown_options(command) for command in commands_in(text)] == [["--shar"], []]
    found = [c for path in DOCUMENTS for c in commands_in(path.read_text(encoding="utf-8")) if "--" in c]
    assert len(found) > 50


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
    assert f"127.0.0.1, port {port}:" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "99999"], "'99999' is not a port: choose a number from 1 to 65535"),
        (["--port", "http"], "'http' is not a port"),
        (["--host", "256.1.2.3"], "choose another --host"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_what_cannot_be_opened_ends_with_code_2_before_anything_starts(
    options: list[str], words: str, small_checkpoint: Path, capsys: pytest.CaptureFixture
):
    try:
        code = launch.main(["--models", str(small_checkpoint), *options])
    except SystemExit as left:
        code = left.code
    written = capsys.readouterr()
    assert code == 2 and written.out == ""
    assert words in written.err and written.err.count("\n") == 1


def test_an_empty_port_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", "")
    assert launch.parser().parse_args([]).port == 7860


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


def test_public_names_are_listed_before_they_are_used_and_auto_needs_no_pytorch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'torch' else found(name, *rest)\n"
        "import pix2pix; print('Translator' in dir(pix2pix), pix2pix.choose_device('auto'))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.split() == ["True", "cpu"], run.stderr
