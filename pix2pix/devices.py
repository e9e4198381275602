"""Where to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pix2pix.errors import Pix2PixError

if TYPE_CHECKING:
    import torch


def choose_device(name: str) -> str | torch.device:
    """`auto` (CUDA or Apple's GPU where there is one, else the CPU) or a PyTorch device name.

    "cpu" is given back as it is, so that those who need no PyTorch do not wait for its import.

    Raises:
        Pix2PixError: no such device here.
    """
    if name == "cpu":
        return name
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise Pix2PixError(f"There is no device {name!r} here: use --device cpu, or leave it out.") from None
    return device
