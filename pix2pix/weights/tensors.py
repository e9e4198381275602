"""Reading tensors from checkpoint files of any format, by their names in the file.

Nothing in a file is executed, and memory is limited by the size of the file.
"""

from __future__ import annotations

import json
import pickletools
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.errors import CheckpointError, reason

Tensors = dict[str, np.ndarray]
CONFIG_KEY = "pix2pix"  # key of the config in the metadata of a single .safetensors file
MOST_BYTES = 1 << 30
COUNTERS = "num_batches_tracked"  # PyTorch's batch norms count the batches; nothing needs that
LEGACY_TORCH = bytes.fromhex("80028a0a6cfc9c46f9206aa85019")  # first bytes of files by PyTorch before 1.6


def read_tensors(path: Path) -> tuple[Tensors, dict[str, Any] | None]:
    """The tensors of a file by their names in it, float32, and our own description if the file holds one.

    Raises:
        CheckpointError: the file is not a checkpoint, is damaged or too large, or holds code.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(16)
    if size > MOST_BYTES:
        raise CheckpointError(f"{path} has {size:,} bytes: no pix2pix generator is larger than {MOST_BYTES:,}.")
    if start[8:9] == b"{":
        return read_safetensors(path)
    if start[4:5] == b"[":
        return read_pict(path), None
    if start[:4] == b"PK\x03\x04" or start.startswith(LEGACY_TORCH):
        return read_torch(path), None
    raise CheckpointError(f"{path} is not a checkpoint: use a PyTorch, safetensors or .pict file.")


def read_safetensors(path: Path) -> tuple[Tensors, dict[str, Any] | None]:
    with opened_safetensors(path) as file:
        names = [name for name in file.keys() if not name.endswith(COUNTERS)]  # noqa: SIM118
        return {name: float32(file, path, name) for name in names}, described(file)


def read_description(path: Path) -> dict[str, Any] | None:
    """Our own description in a file, if it holds one, without its tensors.

    Raises:
        CheckpointError: it is a safetensors file that is damaged.
    """
    with open(path, "rb") as start:
        if start.read(9)[8:] != b"{":
            return None
    with opened_safetensors(path) as file:
        return described(file)


@contextmanager
def opened_safetensors(path: Path) -> Iterator[Any]:
    """
    Raises:
        CheckpointError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): copy or download it again.") from None


def described(file: Any) -> dict[str, Any] | None:
    text = (file.metadata() or {}).get(CONFIG_KEY)
    return None if text is None else json.loads(text)


def float32(file: Any, path: Path, name: str) -> np.ndarray:
    """A tensor of an open safetensors file as float32. NumPy has no bfloat16, the upper half of a float32.

    Raises:
        CheckpointError: its numbers are of a rare kind.
    """
    part = file.get_slice(name)
    if part.get_dtype() == "BF16":
        return (bytes_of(path, name).view("<u2").astype("<u4") << 16).view("<f4").reshape(part.get_shape())
    try:
        return file.get_tensor(name).astype(np.float32)
    except (TypeError, AttributeError):  # of a kind that NumPy lacks
        raise CheckpointError(f"{path} holds numbers of the kind {part.get_dtype()}: save them as float32.") from None


def bytes_of(path: Path, name: str) -> np.ndarray:
    """The bytes of a tensor in a safetensors file: the length of the header, JSON with each tensor's place, tensors."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        begin, end = json.loads(file.read(length))[name]["data_offsets"]
        file.seek(8 + length + begin)
        return np.frombuffer(file.read(end - begin), np.uint8)


def read_torch(path: Path) -> Tensors:
    """The tensors of a PyTorch file, by joined names: those of a state dict, or of all state dicts in it."""
    check_pickle(path)
    import torch  # imported late, since it takes seconds

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles may raise anything
        if "weights_only" in str(error) or "Unsupported" in str(error):
            raise CheckpointError(
                f"{path} holds code, not only weights, and is not opened: save its state_dict."
            ) from None
        raise CheckpointError(f"{path} is damaged ({type(error).__name__}): copy or download it again.") from None
    tensors = {name: t for name, t in flat(state) if not name.endswith(COUNTERS)}
    if not tensors:
        raise CheckpointError(f"{path} does not hold a state dict: save the generator's state_dict() and use that.")
    return {name: tensor.detach().to(torch.float32).numpy() for name, tensor in tensors.items()}


def flat(state: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors in nested dicts, with their names joined by dots."""
    import torch

    if isinstance(state, dict):
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                yield f"{prefix}{name}", value
            elif str(name) != "optimizer":
                yield from flat(value, f"{prefix}{name}.")


def check_pickle(path: Path) -> None:
    """Inspect a PyTorch file's pickle, without executing it, before PyTorch reads it.

    It may refer only to tensors and dictionaries. Its sizes and shapes are whole numbers that cannot be larger than the
    file. `torch.load` is told to refuse code as well, but this check is quick and takes no memory.
    """
    size = max(path.stat().st_size, 1 << 16)  # small numbers are harmless
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                    raise CheckpointError(f"{path} is a compressed archive: unpack it, and use the checkpoint in it.")
                pickles = [archive.read(name) for name in archive.namelist() if name.endswith("data.pkl")]
        else:
            data = path.read_bytes()
            pickles = [data[len(LEGACY_TORCH) + 1 :]]
        for data in pickles:
            for _ in range(4):  # an older file has several pickles, followed by the tensors' bytes
                end = 0
                texts: list[str] = []
                for code, argument, at in pickletools.genops(data):
                    if isinstance(argument, str):
                        texts.append(argument)
                    if code.name in ("GLOBAL", "INST", "STACK_GLOBAL"):
                        named = texts[-1] if code.name != "STACK_GLOBAL" else " ".join(texts[-2:])
                        if not named.startswith(("torch ", "torch.", "collections OrderedDict")):
                            raise CheckpointError(
                                f"{path} holds code, not only weights, and is not opened: save its state_dict."
                            )
                    if type(argument) is int and argument > size and not code.name.endswith("PUT"):
                        raise CheckpointError(f"{path} claims tensors larger than itself: copy or download it again.")
                    end = (at or 0) + 1
                data = data[end:]
                if data[:1] != b"\x80":
                    break
    except (ValueError, zipfile.BadZipFile, OSError, IndexError, UnicodeDecodeError, struct.error, EOFError):
        raise CheckpointError(f"{path} is damaged: copy or download it again.") from None


def read_pict(path: Path) -> Tensors:
    """Three sections, each a big-endian uint32 length and that many bytes: JSON of names and shapes, a codebook of 256
    float32, and an 8-bit code for each value, with the tensors in the order of the JSON."""
    data = path.read_bytes()
    sections = []
    try:
        for _ in range(3):
            (length,) = struct.unpack(">I", data[:4])
            if len(data) < 4 + length:
                raise ValueError
            sections.append(data[4 : 4 + length])
            data = data[4 + length :]
        shapes = [(entry["name"], tuple(entry["shape"])) for entry in json.loads(sections[0])]
        codebook = np.frombuffer(sections[1], "<f4", count=256)
        codes = np.frombuffer(sections[2], np.uint8)
        counts = [int(np.prod([int(side) for side in shape], dtype=np.int64)) for _, shape in shapes]
        if sum(counts) != len(codes) or min(counts, default=0) < 0:
            raise ValueError
        parts = np.split(codebook[codes], np.cumsum(counts)[:-1])
        return {name: part.reshape(shape).astype(np.float32) for (name, shape), part in zip(shapes, parts, strict=True)}
    except (ValueError, KeyError, TypeError, struct.error, RecursionError):
        raise CheckpointError(f"{path} is not a whole .pict file: copy or download it again.") from None
