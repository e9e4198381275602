"""The weights of a smaller generator, as the beginning of a larger one."""

from __future__ import annotations

import torch
from torch import Tensor


def one_level_inward(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a generator's inner levels, from a generator for pictures of half the size.

    The decoder's levels are counted from the innermost, so they keep their names. The first convolution and the head,
    which worked on the smaller pictures themselves, are left out.
    """
    inner = {}
    for name, tensor in weights.items():
        part, level, *rest = name.split(".")
        if part == "decoder":
            inner[name] = tensor
        elif part == "encoder" and level != "0":
            inner[".".join([part, str(int(level) + 1), *rest])] = tensor
    return inner


def is_narrower(weights: dict[str, Tensor], larger: dict[str, Tensor]) -> bool:
    """Whether weights are those of a generator that has fewer channels, and is like the larger one otherwise."""
    if weights.keys() != larger.keys() or any(weights[name].ndim != larger[name].ndim for name in larger):
        return False
    pairs = [(weights[name].shape, larger[name].shape) for name in larger]
    fewer = any(small != large for small, large in pairs)
    return fewer and all(few <= many for small, large in pairs for few, many in zip(small, large, strict=True))


def widened(weights: dict[str, Tensor], larger: dict[str, Tensor], skips: bool) -> dict[str, Tensor]:
    """The weights of a wider generator that makes the same pictures, with other noise.

    New channels are as initialised, and what reads them begins at zero, as in Net2Net (Chen et al., ICLR 2016). Each
    channel is normalised by itself, so the new ones change nothing.

    Args:
        weights: of the narrower generator; see `is_narrower`.
        larger: of the wider one, as initialised.
        skips: whether a level of the decoder reads [up, skip], two halves of equal width.
    """
    result = {}
    for name, fresh in larger.items():
        old, new = weights[name], fresh.clone()
        if new.ndim == 1:
            new[: len(old)] = old
        else:
            into = (1, 0) if name.startswith("encoder") else (0, 1)  # a transposed convolution's inputs come first
            wide, narrow = new.movedim(into, (0, 1)), old.movedim(into, (0, 1))  # views
            count, before = len(wide), len(narrow)
            kept = torch.arange(before)
            if skips and name.startswith(("decoder", "head")) and not name.startswith("decoder.0."):
                kept = torch.where(kept < before // 2, kept, kept + count // 2 - before // 2)
            wide[:, : narrow.shape[1]] = 0
            wide[kept, : narrow.shape[1]] = narrow
        result[name] = new
    return result
