"""One workaround, in one place: torchvision beside a CPU build of PyTorch."""

from __future__ import annotations

import torch

_declared: list[torch.library.Library] = []


def import_torchvision() -> None:
    """Make `import torchvision` work, also beside a CPU build of PyTorch.

    The package index's torchvision is built for CUDA; beside a CPU build of PyTorch its import stops at two operators
    that nothing here uses. Declaring their names lets it in.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # the names vanish with the object, so it is kept
        import torchvision  # noqa: F401
