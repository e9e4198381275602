"""Sources of models: bundled names, folders and the Hub (a small one on loopback); and messages for bad ones."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from places import ROOT
from safetensors.torch import load, load_file, save_file
from small_hub import SmallHub, small_hub

from pix2pix import CheckpointError, Generator, Translator, is_cached, list_models, read_task
from pix2pix.weights.pretrained import BUNDLED


@pytest.fixture
def a_hub(small_checkpoint: Path) -> Iterator[SmallHub]:
    """A Hub with the model someone/shoes, whose revisions main and v2 differ, and a private one."""
    files = {path.name: path.read_bytes() for path in small_checkpoint.iterdir()}
    torch.manual_seed(1)
    with small_hub() as a_hub, TemporaryDirectory() as folder:
        Generator(features=8, max_features=16, depth=5).save_pretrained(folder)
        newer = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        a_hub.repos = {"someone/shoes": {"main": files, "v2": newer}, "someone/secret": {"main": files}}
        a_hub.private = {"someone/secret"}
        yield a_hub


def fetch(a_hub: SmallHub, cache: Path, source: str, **environment: str) -> tuple[str, str]:
    """Load a source in a separate program. Returns its head's bias, or the error."""
    (found,), log = fetch_all(a_hub, cache, source, **environment)
    return (found, log) if found.startswith("[") else ("", found)


def fetch_all(a_hub: SmallHub, cache: Path, *sources: str, **environment: str) -> tuple[list[str], str]:
    """Load sources in one program. Returns the head's bias or the error for each, and the program's messages."""
    code = (
        "from pix2pix import CheckpointError; from pix2pix.weights.pretrained import load_weights\n"
        f"for source in {sources!r}:\n"
        "    try: print(load_weights(source)[1]['head.bias'].tolist())\n"
        "    except CheckpointError as error: print(error)"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {
        "HF_ENDPOINT": a_hub.url,
        "HF_HOME": str(cache),
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**clean, **settings, **environment}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines(), result.stderr


def bias_of(files: dict[str, bytes]) -> str:
    return str(load(files["model.safetensors"])["head.bias"].tolist())


def downloads(a_hub: SmallHub) -> list[str]:
    return [request for request in a_hub.requests if request.startswith("GET /cdn")]


def same_weights(a: Generator, b: Generator) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_a_folder_is_a_source(small_checkpoint: Path, small_generator: Generator):
    assert same_weights(Generator.from_pretrained(small_checkpoint), small_generator)
    assert read_task(small_checkpoint)["input"] == "edges"


def test_a_hub_model_is_downloaded_once_and_again_when_it_changes(a_hub: SmallHub, tmp_path: Path):
    shoes = a_hub.repos["someone/shoes"]
    output, log = fetch(a_hub, tmp_path, "someone/shoes")
    assert output == bias_of(shoes["main"])
    assert "100%" in log  # a progress bar
    assert len(downloads(a_hub)) == 2
    again, newer = fetch_all(a_hub, tmp_path, "someone/shoes", "someone/shoes@v2")[0]
    assert again == output and newer == bias_of(shoes["v2"]) != output
    assert len(downloads(a_hub)) == 4
    shoes["main"] = shoes["v2"]  # its owner pushes
    assert fetch(a_hub, tmp_path, "someone/shoes")[0] == bias_of(shoes["v2"])


def test_models_lists_what_is_in_the_cache(a_hub: SmallHub, tmp_path: Path):
    fetch(a_hub, tmp_path, "someone/shoes")
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "pix2pix", "models"]
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert "In the Hub's cache:\n  someone/shoes" in output
    assert "huggan/pix2pix-maps" in output and "MIT; 218 MB to download" in output


def test_the_cache_serves_when_the_hub_is_gone(a_hub: SmallHub, tmp_path: Path):
    output, _ = fetch(a_hub, tmp_path, "someone/shoes")
    for gone in ({"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}):
        known, unknown = fetch_all(a_hub, tmp_path, "someone/shoes", "someone/else", **gone)[0]
        assert known == output and "cannot be reached" in unknown


def test_an_interrupted_download_is_resumed_where_it_stopped(a_hub: SmallHub, tmp_path: Path):
    Generator(features=32, max_features=128).save_pretrained(tmp_path / "large")  # 17 MB; it is fetched in pieces of 10
    files = {path.name: path.read_bytes() for path in (tmp_path / "large").iterdir()}
    a_hub.repos["someone/large"] = {"main": files}
    a_hub.cut = 12_000_000
    output, _ = fetch(a_hub, tmp_path / "cache", "someone/large")
    assert output == bias_of(files)
    assert any("bytes=1" in request for request in downloads(a_hub))


def test_wrong_bytes_are_refused_and_not_kept(a_hub: SmallHub, tmp_path: Path):
    a_hub.spoil = True
    assert "does not match its hash on the Hub" in fetch(a_hub, tmp_path, "someone/shoes")[1]
    a_hub.spoil = False
    assert fetch(a_hub, tmp_path, "someone/shoes")[0] == bias_of(a_hub.repos["someone/shoes"]["main"])


def test_missing_models_and_revisions_are_named(a_hub: SmallHub, tmp_path: Path):
    found, _ = fetch_all(a_hub, tmp_path, "nobody/nothing", "someone/shoes@v9", "someone/secret")
    for sentence, words in zip(found, ("no model nobody/nothing", "no revision v9", "HF_TOKEN"), strict=True):
        assert words in sentence
    output = fetch(a_hub, tmp_path, "someone/secret", HF_TOKEN="secret")[0]
    assert output == bias_of(a_hub.repos["someone/secret"]["main"])


def test_a_model_of_another_project_on_the_hub(a_hub: SmallHub, tmp_path: Path):
    from test_foreign import make_recursive

    buffer = io.BytesIO()
    weights = make_recursive(4, 8, True)
    torch.save(weights, buffer)
    a_hub.repos["huggan/pix2pix-maps"] = {"main": {"pytorch_model.bin": buffer.getvalue(), "train.py": b"pass"}}
    assert fetch(a_hub, tmp_path, "huggan/pix2pix-maps")[0] == str(weights["model.model.3.bias"].tolist())
    assert not any("train.py" in request for request in a_hub.requests)


@pytest.mark.parametrize("name", ["./nothing", "../nothing", ""])
def test_what_can_only_be_a_path_is_not_asked_of_the_hub(name: str):
    with pytest.raises(CheckpointError, match="There is no model"):
        Translator.from_pretrained(name)


def test_a_mistyped_path_is_called_one(a_hub: SmallHub, tmp_path: Path):
    """There is a folder `checkpoints` where these programs run."""
    _, error = fetch(a_hub, tmp_path, "checkpoints/nothing")
    assert error.startswith("There is no folder checkpoints/nothing. As a model of the Hub: The Hub has no model")


def test_an_unknown_name_lists_the_places_that_were_searched():
    with pytest.raises(CheckpointError, match=r"edges2shoos.*bundled.*folder.*Hub id"):
        Translator.from_pretrained("edges2shoos")


def broken(folder: Path, what: str) -> None:
    if what == "no config":
        (folder / "config.json").unlink()
    elif what == "no weights":
        (folder / "model.safetensors").unlink()
    elif what == "cut weights":
        data = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    elif what == "not JSON":
        (folder / "config.json").write_text("{")
    elif what == "no generator":
        (folder / "config.json").write_text("[]")
    elif what == "unknown argument":
        (folder / "config.json").write_text('{"generator": {"colour": 3}}')
    else:
        tensors = load_file(folder / "model.safetensors")
        tensors["head.bias"] = tensors["head.bias"][:2].clone()
        tensors["extra.weight"] = tensors.pop("encoder.0.conv.bias")
        save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no config", "holds no config.json"),
        ("no weights", "holds no model.safetensors"),
        ("cut weights", "model.safetensors cannot be read"),
        ("not JSON", "config.json is not JSON"),
        ("no generator", "config.json is not a pix2pix config"),
        ("unknown argument", "config.json does not describe a generator.*colour"),
        ("tensors", r"conv\.bias is missing; extra\.weight is not expected; head\.bias is \(2,\) instead of \(3,\)"),
    ],
)
def test_a_damaged_folder_gets_one_sentence(small_checkpoint: Path, tmp_path: Path, what: str, words: str):
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in small_checkpoint.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    broken(folder, what)
    with pytest.raises(CheckpointError, match=words) as caught:
        Generator.from_pretrained(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


def test_bundled_models_are_small_documented_and_translate(bundled: Translator):
    from PIL import Image

    assert bundled(Image.new("RGB", (300, 200), "white")).size == (300, 200)
    assert bundled.task["direction"] in ("AtoB", "BtoA") and bundled.input_kind in ("edges", "paint", "labels", "photo")


@pytest.mark.parametrize("name", list_models())
def test_bundled_folders_hold_what_they_should(name: str):
    folder = BUNDLED / name
    assert (folder / "model.safetensors").stat().st_size <= 10_000_000
    card = (folder / "README.md").read_text()
    assert "python train.py" in card and "licence" in card.lower()
    assert {t.dtype for t in load_file(folder / "model.safetensors").values()} == {torch.float16}


def push(endpoint: str, cache: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from pix2pix import CheckpointError; from pix2pix.weights.hub import push\n"
        f"try: print(push({str(folder)!r}, 'me/mine'))\n"
        "except CheckpointError as error: sys.exit(str(error))"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**clean, **settings, **environment}, capture_output=True, text=True
    )


def test_a_model_is_pushed_and_comes_back(a_hub: SmallHub, small_checkpoint: Path, tmp_path: Path):
    folder = tmp_path / "mine"
    shutil.copytree(small_checkpoint, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    (folder / "training").mkdir()
    (folder / "training" / "state.pt").write_text("private")
    (folder / "pairs").mkdir()
    (folder / "pairs" / "private.jpg").write_text("private")
    result = push(a_hub.url, tmp_path / "cache", folder, HF_TOKEN="hf_secret")
    assert result.returncode == 0, result.stderr
    assert sorted(a_hub.repos["me/mine"]["main"]) == ["README.md", "config.json", "model.safetensors"]
    pushed = a_hub.repos["me/mine"]["main"]
    assert pushed["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    assert fetch(a_hub, tmp_path / "cache", "me/mine")[0] == bias_of(pushed)


def test_a_push_without_a_connection_is_told_in_a_sentence(small_checkpoint: Path, tmp_path: Path):
    result = push("http://127.0.0.1:9", tmp_path / "cache", small_checkpoint, HF_TOKEN="hf_secret")
    assert result.returncode == 1 and "check the connection" in result.stderr and "Traceback" not in result.stderr
    assert str(small_checkpoint) not in result.stderr


def test_a_finished_model_is_pushed_by_a_command(a_hub: SmallHub, small_checkpoint: Path, tmp_path: Path):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {"HF_ENDPOINT": a_hub.url, "HF_HOME": str(tmp_path), "HF_TOKEN": "hf_secret", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-m", "pix2pix", "push", str(small_checkpoint), "me/later"]
    result = subprocess.run(command, cwd=ROOT, env={**clean, **settings}, capture_output=True, text=True)
    assert result.returncode == 0 and "me/later" in result.stdout
    assert set(a_hub.repos["me/later"]["main"]) == {"config.json", "model.safetensors"}


def test_a_name_that_the_hub_cannot_have_is_not_cached():
    assert not is_cached("a b")


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_nothing_is_pushed_without_a_valid_token(a_hub: SmallHub, small_checkpoint: Path, tmp_path: Path, token: str):
    result = push(a_hub.url, tmp_path / "cache", small_checkpoint, **({"HF_TOKEN": token} if token else {}))
    assert result.returncode == 1 and "token" in result.stderr and "Traceback" not in result.stderr
    assert "me/mine" not in a_hub.repos
