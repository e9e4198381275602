"""What computes: devices, ONNX Runtime, and memory."""

from __future__ import annotations

import ctypes
import os
import sys
from argparse import ArgumentTypeError
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pix2pix.errors import Pix2PixError

if TYPE_CHECKING:
    import torch

MEMORY = 1.5  # gigabytes that a translation may take
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def choose_device(name: str) -> str | torch.device:
    """`auto` (CUDA or Apple's GPU where there is one, else the CPU) or a PyTorch device name.

    "cpu" is returned without importing PyTorch, and is what `auto` means where there is no PyTorch.

    Raises:
        Pix2PixError: this machine has no such device.
    """
    if name == "cpu" or (name == "auto" and find_spec("torch") is None):
        return "cpu"
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise Pix2PixError(f"There is no device {name!r} here: use --device cpu, or leave it out.") from None
    return device


def has_fast_bf16(device: str | torch.device) -> bool:
    """Whether a device multiplies in bfloat16 natively, so that training in it saves time: NVIDIA's GPUs since Ampere,
    and CPUs with AMX or AVX-512 BF16.

    Args:
        device: as `choose_device` gives it.
    """
    import torch

    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    tests = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # private: a later PyTorch may lack them
    return kind == "cpu" and any(hasattr(torch.cpu, name) and getattr(torch.cpu, name)() for name in tests)


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_onnxruntime() -> Any:
    """The `onnxruntime` module, imported with its telemetry off: it reads that setting once, at its import."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def gigabytes(text: str) -> float:
    """The value of an option about memory.

    Raises:
        ArgumentTypeError: it is no number above 0.
    """
    with suppress(ValueError):
        if 0 < (value := float(text)) < float("inf"):
            return value
    raise ArgumentTypeError(f"{text!r} is not a number of gigabytes above 0")


def keep_freed_memory() -> None:
    """Let this process keep up to a gigabyte of freed memory for its next allocations.

    glibc returns the memory of large tensors to the system after each training step, and gets it back page by page in
    the next, which takes about a twentieth of a step. With other C libraries, nothing changes.
    """
    libc = c_library()
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the highest value that glibc accepts
        libc.mallopt(M_TRIM_THRESHOLD, 1 << 30)


def release_freed_memory() -> None:
    """Give the memory that this process has freed back to the system, as after a large picture.

    glibc keeps much of it otherwise, and the next large picture comes on top. With other C libraries, nothing changes.
    """
    libc = c_library()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def c_library() -> Any:
    """The C library of this process on Linux."""
    return ctypes.CDLL(None) if sys.platform == "linux" else None
