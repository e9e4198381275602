"""A single process, or several that train one network together, started by `accelerate launch` or `torchrun`."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from torch import Tensor

from pix2pix.devices import choose_device


class Processes:
    """The processes of a training run, and this one among them.

    Args:
        device: see `choose_device`. Of several processes, each gets the GPU of its own number, or all get the CPU with
            "cpu".

    Attributes:
        count, rank: number of processes, and this one's index.
        device: device of this process.
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
        """Whether this is the first process. Only that one writes files and prints messages."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Give every process the mean of all processes' gradients.

        Losses are means over pictures, and every process has equally many. So this equals the gradient of one process
        with all pictures.
        """
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = self._mean(torch.cat([g.flatten() for g in gradients]))
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def share(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Give every process the first one's values. All processes must call this."""
        if self.count == 1:
            return
        from accelerate.utils import broadcast

        for parameter in parameters:
            parameter.data.copy_(broadcast(parameter.data))

    def any(self, here: bool) -> bool:
        """Whether `here` is true in any process. All processes must call this."""
        if self.count == 1:
            return here
        return bool(self._mean(torch.tensor(float(here), device=self.device)) > 0)

    def first(self, here: float) -> float:
        """The first process's value. All processes must call this."""
        if self.count == 1:
            return here
        from accelerate.utils import broadcast

        return float(broadcast(torch.tensor(here, device=self.device)))  # type: ignore[arg-type]

    def _mean(self, tensor: Tensor) -> Tensor:
        from accelerate.utils import reduce

        return reduce(tensor, reduction="mean")  # type: ignore[return-value]
