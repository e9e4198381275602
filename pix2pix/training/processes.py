"""One process, or several that train one network together, as `accelerate launch` or `torchrun` start them."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from torch import Tensor

from pix2pix.devices import choose_device


class Processes:
    """Who takes part, and who this is.

    Args:
        device: see `choose_device`. Where several processes take part, each gets the GPU of its own number, or all the
            CPU with "cpu".

    Attributes:
        count, rank: how many take part, and this one's number.
        device: where this one computes.
    """

    def __init__(self, device: str = "auto") -> None:
        self.count, self.rank = 1, 0
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            from accelerate import PartialState

            state = PartialState(cpu=device == "cpu")
            self.count, self.rank = state.num_processes, state.process_index
            self.device = torch.device(state.device)
        else:
            self.device = torch.device(choose_device(device))

    @property
    def is_first(self) -> bool:
        """Files are written, and words said, by the first process alone."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Give every process the mean of all processes' gradients.

        The losses are means over pictures and every process has equally many, so this is the gradient of one
        process with all of them.
        """
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = self._mean(torch.cat([g.flatten() for g in gradients]))
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def any(self, here: bool) -> bool:
        """Whether it is so in any process. All must ask."""
        if self.count == 1:
            return here
        return bool(self._mean(torch.tensor(float(here), device=self.device)) > 0)

    def mean(self, here: float) -> float:
        """The mean over all processes. All must ask."""
        if self.count == 1:
            return here
        return float(self._mean(torch.tensor(here, device=self.device)))

    def _mean(self, tensor: Tensor) -> Tensor:
        from accelerate.utils import reduce

        return reduce(tensor, reduction="mean")  # type: ignore[return-value]
