"""Any input gives a result or a clear refusal in less than two seconds, and memory does not grow.

`FUZZ=N` sets the number of each; docs/reliability.md has the results of 10,000 pictures and 2,000 of the others.
"""

from __future__ import annotations

import io
import json
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from serving import running_app
from strangers import Stranger, values

from benchmarks.load import resident
from pix2pix import Generator, ImageError, Pix2PixError, open_image
from pix2pix.pictures.images import FORMATS

TRIES = int(os.environ.get("FUZZ", "150"))
SECONDS = 2.0
often = settings(max_examples=TRIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def whole_files() -> dict[str, bytes]:
    """A small picture in every format and mode that Pillow writes, by name."""
    picture = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    found = {}
    for kind in sorted(Image.SAVE):
        for mode in ("RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "I", "F", "YCbCr", "LAB"):
            buffer = io.BytesIO()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    image = picture.convert("I").convert(mode) if mode == "I;16" else picture.convert(mode)
                    exif = image.getexif()
                    exif[0x0112] = 6
                    image.save(buffer, kind, **({"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else {}))
            except Exception:  # not every format supports every mode, or writing at all
                continue
            found[f"{kind} {mode}"] = buffer.getvalue()
    frames = [picture.rotate(10 * i) for i in range(4)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        found[f"{kind} of frames"] = buffer.getvalue()
    return found


Image.init()
FILES = whole_files()


@st.composite
def spoilt(draw: st.DrawFn, wholes: dict[str, bytes]) -> bytes:
    """A file that is cut, has flipped bits or bytes replaced by special values, or is joined from two."""
    data = bytearray(wholes[draw(st.sampled_from(sorted(wholes)))])
    for _ in range(draw(st.integers(0, 3))):
        if not data:
            break
        # Headers are at the beginning, where damage matters most.
        at = draw(st.one_of(st.integers(0, min(64, len(data) - 1)), st.integers(0, len(data) - 1)))
        how = draw(st.sampled_from(["flip", "write", "cut", "drop", "join"]))
        if how == "flip":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "write":
            telling = [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x00\x00\x40\x00", b"\x80"]
            piece = draw(st.one_of(st.sampled_from(telling), st.binary(min_size=1, max_size=8)))
            data[at : at + len(piece)] = piece
        elif how == "cut":
            del data[at:]
        elif how == "drop":
            del data[at : at + draw(st.integers(1, 16))]
        else:
            data += wholes[draw(st.sampled_from(sorted(wholes)))]
    return bytes(data)


@pytest.fixture
def flat_memory() -> Iterator[None]:
    """Fail a test that makes the process much larger. The first inputs load libraries."""
    before = resident(os.getpid())
    yield
    assert resident(os.getpid()) - before < 150


def test_all_formats_that_pillow_writes_are_tried():
    kinds = {name.split()[0] for name in FILES}
    assert len(kinds) > 15 and len(FILES) > 60 and set(FORMATS) & kinds >= {"PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"}


@often
@given(data=spoilt(FILES))
def test_a_spoilt_picture_is_a_picture_or_refused(flat_memory: None, data: bytes):
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = open_image(io.BytesIO(data), "It", max_pixels=1_000_000)
            assert image.mode == "RGB" and 0 < image.width * image.height <= 1_000_000
        except ImageError as error:
            assert str(error).startswith("It ") and str(error).endswith(".") and "\n" not in str(error)
    assert time.monotonic() - start < SECONDS


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    generator = Generator(features=4, max_features=8, depth=5)
    generator.save_pretrained(folder / "whole", {"input": "edges", "image_size": 32})
    torch.save(generator.state_dict(), folder / "new.pth")
    torch.save(generator.state_dict(), folder / "old.pth", _use_new_zipfile_serialization=False)
    wholes = {f"config {name}": (folder / "whole" / name).read_bytes() for name in ("config.json",)}
    wholes["weights"] = (folder / "whole" / "model.safetensors").read_bytes()
    wholes.update({path.name: path.read_bytes() for path in folder.glob("*.pth")})
    shapes = [{"name": "generator/encoder_1/conv2d/kernel", "shape": [4, 4, 3, 8]}]
    parts = (json.dumps(shapes).encode(), np.zeros(256, "<f4").tobytes(), bytes(384))
    wholes["export.pict"] = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return folder, wholes


@often
@given(data=st.data())
def test_a_spoilt_checkpoint_is_loaded_or_refused(flat_memory: None, checkpoints, data: st.DataObject):
    folder, wholes = checkpoints
    kind = data.draw(st.sampled_from(sorted(wholes)))
    content = data.draw(spoilt({kind: wholes[kind]}))
    config, weights = wholes["config config.json"], wholes["weights"]
    spoilt_folder = folder / "spoilt"
    spoilt_folder.mkdir(exist_ok=True)
    source = spoilt_folder
    if kind.startswith("config"):
        config = content
    elif kind == "weights":
        weights = content
    else:
        source = folder / f"spoilt{Path(kind).suffix}"
        source.write_bytes(content)
    (spoilt_folder / "config.json").write_bytes(config)
    (spoilt_folder / "model.safetensors").write_bytes(weights)
    start = time.monotonic()
    try:
        Generator.from_pretrained(source)
    except Pix2PixError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    assert time.monotonic() - start < SECONDS


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory, small_checkpoint: Path) -> Iterator[Stranger]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with running_app(folder, "--models", str(small_checkpoint), "--rate", "100000") as url:
        stranger = Stranger(url)
        yield stranger
        assert stranger.http.get("/health").json()["status"] == "ok"


files = st.fixed_dictionaries(
    {"path": st.sampled_from(["/etc/passwd", "", "..", "http://127.0.0.1:9/x", "/tmp/gradio"]) | values},
    optional={
        "url": values,
        "meta": st.just({"_type": "gradio.FileData"}) | values,
        "is_stream": values,
        "size": values,
    },
)
bodies = st.one_of(
    values,
    st.fixed_dictionaries(
        {
            "data": st.lists(values | files, max_size=5) | values,
            "fn_index": st.integers(-2, 30) | values,
            "session_hash": st.text(max_size=8) | st.just("fuzz") | values,
        },
        optional={"event_data": values, "trigger_id": values, "event_id": values, "simple_format": values},
    ),
)
paths = st.sampled_from(
    [
        "queue/join",
        "call/translate",
        "call/v2/translate",
        "run/predict",
        "run/translate",
        "cancel",
        "reset",
        "upload",
    ]
)
fields = st.sampled_from(["id", "model", "seed", "rate", "final", "image", "threshold"])
messages = st.dictionaries(fields, values).map(json.dumps)  # as the page sends them, almost
aimed = st.one_of(  # to functions that compute, with the right number of values
    st.tuples(st.sampled_from(["live", "vary", "trace"]), st.tuples(values | files | messages)),
    st.tuples(st.just("translate"), st.lists(values | files, min_size=3, max_size=3)),
)


@often
@given(path=paths, body=bodies, at=st.none() | aimed, raw=st.none() | st.binary(max_size=60))
def test_a_strange_message_is_answered_or_refused(
    stranger: Stranger, path: str, body: object, at: tuple[str, Any] | None, raw: bytes | None
):
    start = time.monotonic()
    if at is not None:
        function = stranger.functions[at[0]]
        path, body, raw = "queue/join", {"data": list(at[1]), "fn_index": function, "session_hash": "fuzz"}, None
    content = json.dumps(body).encode() if raw is None else raw
    headers = {"Content-Type": "application/json"}
    try:
        answer = stranger.http.post(f"/gradio_api/{path}", content=content, headers=headers)
    except httpx.HTTPError as error:
        raise AssertionError(error) from error
    assert answer.status_code in (200, 400, 404, 411, 413, 422, 429), answer.text
    assert "Traceback" not in answer.text
    assert time.monotonic() - start < SECONDS
