"""`python app.py --to-space`: a small Hub on loopback gets a Space that builds, without PyTorch."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from places import ROOT
from small_hub import LARGE, SmallHub, small_hub

from demo import launch, space
from pix2pix import list_models
from pix2pix.errors import Pix2PixError
from pix2pix.weights.pretrained import BUNDLED

TOKEN = "hf_secret"


@pytest.fixture
def a_hub() -> Iterator[SmallHub]:
    with small_hub() as hub:
        yield hub


def to_space(hub: SmallHub, cache: Path, *options: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "app.py", "--to-space", *options]
    environment = {**clean, **settings, **({"HF_TOKEN": token} if token else {})}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_one_command_uploads_a_space_that_installs_itself(a_hub: SmallHub, tmp_path: Path):
    offered = list_models()[:2]
    result = to_space(a_hub, tmp_path / "cache", "me/page", "--models", *offered)
    assert result.returncode == 0, result.stderr
    assert f"{a_hub.url}/me/page" in result.stdout
    assert TOKEN not in result.stdout + result.stderr
    files = a_hub.repos["me/page"]["main"]

    for model in offered:  # the same bytes; large files are sent separately from the commit
        weights = files[f"checkpoints/{model}/model.safetensors"]
        assert weights == (ROOT / "checkpoints" / model / "model.safetensors").read_bytes()
        assert len(weights) < LARGE or weights in a_hub.large.values()
    assert {path.split("/")[0] for path in files} == {
        "pix2pix", "demo", "checkpoints", "app.py", "pyproject.toml", "LICENSE", "Dockerfile", "README.md",
        "requirements.txt",
    }  # fmt: skip
    assert not any("/training/" in path or "__pycache__" in path for path in files if "checkpoints" in path)
    every = {path for path, _ in space.space_files(list_models())}
    assert {f"checkpoints/{model}/model.safetensors" for model in list_models()} <= every and len(every) < 500
    names = {re.split(r"[<>=]", line)[0] for line in files["requirements.txt"].decode().split()}
    assert {"gradio", "onnxruntime", "numpy"} <= names and not {"torch", "torchvision"} & names
    assert "[demo]" in files["Dockerfile"].decode() and "train" not in files["Dockerfile"].decode().split("FROM")[-1]
    matter = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert matter["sdk"] == "docker" and f"EXPOSE {matter['app_port']}" in files["Dockerfile"].decode()

    # It runs: in another place, the files find their models and accept their options.
    for path, data in files.items():
        (tmp_path / "space" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "space" / path).write_bytes(data)
    (cmd,) = re.findall(r"^CMD (.*)$", files["Dockerfile"].decode(), re.M)
    assert launch.parser().parse_args(json.loads(cmd)[1:]).models == offered
    code = "from pix2pix import Translator, list_models; from PIL import Image; import sys\n"
    code += "Translator.from_pretrained(list_models()[0])(Image.new('RGB', (9, 9))); print(list_models())\n"
    code += "import demo.models; assert 'torch' not in sys.modules"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "space", capture_output=True, text=True)
    assert run.stdout.strip() == str(offered), run.stderr
    assert tomllib.loads(files["pyproject.toml"].decode())["project"]["name"] == "pix2pix"

    # Again, with fewer models: the Space is recognised as ours.
    again = to_space(a_hub, tmp_path / "cache", "me/page", "--models", offered[0])
    assert again.returncode == 0, again.stderr
    assert files["Dockerfile"].decode().rstrip().endswith(f'"--models", "{offered[0]}"]')
    assert {path.split("/")[1] for path in files if path.startswith("checkpoints/")} == {offered[0]}


def test_hidden_folders_stay_at_home_and_options_of_the_dockerfile_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in (*space.AS_THEY_ARE, "Dockerfile", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("demo/.idea/notes.json", "pix2pix/.mypy_cache/a.json", "demo/page.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("private")
    recipe = tmp_path / "Dockerfile"
    recipe.write_text(recipe.read_text().rstrip().removesuffix("]") + ', "--device", "cuda"]\n')
    monkeypatch.setattr(space, "ROOT", tmp_path)
    files = dict(space.space_files(["sat2map"]))
    assert {path for path in files if path.startswith(("demo/", "pix2pix/"))} == {"demo/page.py"}
    assert isinstance(files["Dockerfile"], bytes)
    assert files["Dockerfile"].decode().rstrip().endswith('"--models", "sat2map", "--device", "cuda"]')


def test_a_bundled_model_may_be_named_by_its_folder():
    assert space.bundled_name(str(BUNDLED / "sat2map")) == "sat2map"
    assert space.bundled_name("someone/model") == "someone/model"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["me/page"], "HF_TOKEN"),  # there is none
        (["page"], "OWNER/NAME"),
        (["me/page", "--models", "someone/model"], "someone/model: not bundled"),
    ],
)
def test_faults_are_reported_before_anything_is_sent(options: list[str], words: str, capsys):
    assert launch.main(["--to-space", *options]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "token", "words"),
    [("me/page", "hf_wrong", "did not take me/page"), ("me/other", TOKEN, "holds something else")],
)
def test_refusals_of_the_hub_and_foreign_spaces_get_one_sentence(a_hub, tmp_path: Path, name, token: str, words: str):
    a_hub.repos["me/other"] = {"main": {"README.md": b"# Mine", "app.py": b"print()"}}
    result = to_space(a_hub, tmp_path, name, token=token)
    assert result.returncode == 2 and words in result.stderr and result.stderr.count("\n") == 1
    assert a_hub.repos["me/other"]["main"]["app.py"] == b"print()" and "me/page" not in a_hub.repos
    assert token not in result.stderr + result.stdout


def test_a_wheel_cannot_be_uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(space, "ROOT", tmp_path)
    with pytest.raises(Pix2PixError, match="clone of the repository"):
        list(space.space_files([]))
