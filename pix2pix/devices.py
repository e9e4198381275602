"""Where to compute."""

from __future__ import annotations

import torch

from pix2pix.errors import Pix2PixError


def choose_device(name: str) -> torch.device:
    """`auto` (CUDA or Apple's GPU where there is one, else the CPU) or a PyTorch device name.

    Raises:
        Pix2PixError: no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise Pix2PixError(f"There is no device {name!r} here: use --device cpu, or leave it out.") from None
    return device
