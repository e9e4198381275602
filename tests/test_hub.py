"""Sources: bundled names, folders, the Hub (a small one on loopback); and sentences for what does not fit."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pix2pix import CheckpointError, Generator, Translator, hub, list_models, read_task

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class SmallHub(BaseHTTPRequestHandler):
    """The routes of the Hub that a model's download uses, for one model, `someone/shoes`."""

    files: dict[str, bytes]
    requests: list[str]

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        self.requests.append(f"{self.command} {self.path}")
        path = self.path.split("?")[0]
        if path.startswith("/api/models/someone/shoes"):
            revision = path.partition("/revision/")[2] or "main"
            if revision not in ("main", "v1", COMMIT):
                return self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            siblings = [{"rfilename": name} for name in self.files]
            info = {"id": "someone/shoes", "modelId": "someone/shoes", "sha": COMMIT, "siblings": siblings, "tags": []}
            if "/tree/" in path:
                info = [{"type": "file", "path": n, "size": len(d), "oid": "0" * 40} for n, d in self.files.items()]  # type: ignore[assignment]
            return self.reply(200, json.dumps(info).encode(), {"Content-Type": "application/json"}, body)
        name = path.rpartition("/")[2]
        if path.startswith("/someone/shoes/resolve/") and name in self.files:
            data = self.files[name]
            etag = hashlib.sha1(data).hexdigest()
            return self.reply(200, data, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, body)
        return self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def reply(self, status: int, data: bytes, headers: dict[str, str], body: bool = True) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def small_hub(small_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = {path.name: path.read_bytes() for path in small_checkpoint.iterdir()}
    handler = type("Handler", (SmallHub,), {"files": files, "requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", url)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    yield handler
    server.shutdown()


def same_weights(a: Generator, b: Generator) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_a_folder_is_a_source(small_checkpoint: Path, small_generator: Generator):
    assert same_weights(Generator.from_pretrained(small_checkpoint), small_generator)
    assert read_task(small_checkpoint)["input"] == "edges"


def test_a_hub_model_is_downloaded_once(small_hub, small_generator: Generator, tmp_path: Path, monkeypatch):
    assert same_weights(Generator.from_pretrained("someone/shoes"), small_generator)
    assert any("GET /someone/shoes/resolve/" in request for request in small_hub.requests)
    downloads = [r for r in small_hub.requests if r.startswith("GET /someone")]
    Generator.from_pretrained("someone/shoes@v1")
    assert downloads == [r for r in small_hub.requests if r.startswith("GET /someone")]


def test_the_cache_serves_when_the_hub_is_gone(small_hub, small_generator: Generator, monkeypatch):
    Generator.from_pretrained("someone/shoes")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", "http://127.0.0.1:9")
    assert same_weights(Generator.from_pretrained("someone/shoes"), small_generator)
    with pytest.raises(CheckpointError, match="cannot be reached"):
        Generator.from_pretrained("someone/else")


@pytest.mark.parametrize(
    ("source", "words"),
    [("nobody/nothing", "no model nobody/nothing"), ("someone/shoes@v9", "no revision v9")],
)
def test_what_the_hub_does_not_have(small_hub, source: str, words: str):
    with pytest.raises(CheckpointError, match=words):
        Generator.from_pretrained(source)


def test_an_unknown_name_says_where_it_was_looked_for():
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
        ("not JSON", "config.json is not a pix2pix config"),
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
    assert bundled.task["direction"] in ("AtoB", "BtoA") and bundled.input_kind in ("edges", "labels", "photo")


@pytest.mark.parametrize("name", list_models())
def test_bundled_folders_hold_what_they_should(name: str):
    folder = hub.BUNDLED / name
    assert (folder / "model.safetensors").stat().st_size <= 10_000_000
    card = (folder / "README.md").read_text()
    assert "python train.py" in card and "licence" in card.lower()
    assert {t.dtype for t in load_file(folder / "model.safetensors").values()} == {torch.float16}
