"""Transposed convolutions that equal nearest-neighbour upsampling and a 3x3 convolution, and so leave no checkerboard.

A 4x4 kernel of stride 2 reaches its output pixels in four phases, each through a 2x2 part of the kernel. Nothing makes
the phases agree, so a trained network draws a lattice with a period of 2 pixels (Odena et al., "Deconvolution and
Checkerboard Artifacts", Distill 2016). Upsampling by 2 and convolving with a 3x3 kernel k has no such phases. Together
they equal the transposed convolution whose kernel is

    W = M k M^T,    M = [[0, 0, 1],
                         [0, 1, 1],
                         [1, 1, 0],
                         [1, 0, 0]]

for each pair of channels. So a generator can learn k and store W, as an ordinary generator of the same cost.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

SPREAD = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])  # M
TIED = ".parametrizations.weight.original"  # PyTorch's name of k, in place of ".weight"


class NearestKernel(nn.Module):
    """The parametrisation of a weight: `forward` makes W from k, `right_inverse` finds the k nearest to any W."""

    def forward(self, small: Tensor) -> Tensor:
        """(in, out, 3, 3) -> (in, out, 4, 4)."""
        spread = SPREAD.to(small)
        return spread @ small @ spread.T

    def right_inverse(self, kernel: Tensor) -> Tensor:
        """(in, out, 4, 4) -> (in, out, 3, 3), by least squares."""
        gather = torch.linalg.pinv(SPREAD.double()).to(kernel)
        return gather @ kernel @ gather.T


def tie_kernels(generator: nn.Module) -> None:
    """Let every transposed convolution of a network learn a 3x3 kernel from now on."""
    for module in generator.modules():
        if isinstance(module, nn.ConvTranspose2d):
            parametrize.register_parametrization(module, "weight", NearestKernel())


def ordinary_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a network, with or without tied kernels, as an ordinary network's."""
    spread = NearestKernel()
    return {
        name.replace(TIED, ".weight"): spread(tensor) if name.endswith(TIED) else tensor
        for name, tensor in weights.items()
    }


def fitting_weights(generator: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """An ordinary network's state in the form of `generator`: with tied kernels, the nearest 3x3 kernels."""
    tied = {name for name, _ in generator.named_parameters() if name.endswith(TIED)}
    gather = NearestKernel()
    fitting = {}
    for name, tensor in weights.items():
        small = name.removesuffix(".weight") + TIED
        if small in tied:
            fitting[small] = gather.right_inverse(tensor)
        else:
            fitting[name] = tensor
    return fitting
