"""One workaround, in one place: torchvision beside a CPU build of PyTorch."""

from __future__ import annotations

import torch

_declared: list[torch.library.Library] = []


def import_torchvision() -> None:
    """Make `import torchvision` work, also beside a CPU build of PyTorch.

    The torchvision of the package index is built for CUDA. Beside a CPU build of PyTorch, its import fails at two
    operators that nothing here uses. Declaring their names makes the import work.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # the declarations last as long as this object
        import torchvision  # noqa: F401
