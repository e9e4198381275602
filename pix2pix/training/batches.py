"""The order in which a run takes its pairs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from pix2pix.errors import TrainingError
from pix2pix.pairs.pairs import Pairs, mixed_seed
from pix2pix.training.learner import Learner
from pix2pix.training.processes import Processes
from pix2pix.training.settings import Settings

STREAM_WINDOW = 256  # pairs that are shuffled together while a data set is being downloaded


class Batches:
    """The batches of a run, and this process's share of each.

    The order of the pairs follows from (seed, epoch) alone. An epoch drops the last pairs that do not fill a batch of
    all processes; in the next epoch these are others.

    Attributes:
        per_epoch: number of batches in an epoch.

    Raises:
        TrainingError: there are fewer pairs than a batch has.
    """

    def __init__(self, pairs: Pairs, settings: Settings, processes: Processes) -> None:
        self.pairs, self.seed = pairs, settings.seed
        self.share = settings.batch_size  # of this process
        self.whole = settings.batch_size * processes.count
        self.begin = processes.rank * settings.batch_size
        self.per_epoch = len(pairs) // self.whole
        if self.per_epoch == 0:
            raise TrainingError(f"{settings.data} holds {len(pairs)} pairs: use a batch of at most that many.")
        self.workers = settings.workers
        if self.workers is None:  # on a CPU, the step itself uses every core
            self.workers = 0 if processes.device.type == "cpu" else 1 if settings.streaming else 4

    def order(self, epoch: int) -> list[int]:
        """The pairs of an epoch, in their order."""
        window = STREAM_WINDOW if epoch == 0 and self.pairs.source.arriving else len(self.pairs)
        return epoch_order(self.seed, epoch, len(self.pairs), window)

    def remaining(self, learner: Learner) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's shares of the batches for the learner's remaining steps, whose number may change meanwhile."""
        while learner.step < learner.total_steps:  # again, if it has grown since workers read to its end
            keys = self._keys(learner)
            yield from DataLoader(self.pairs, batch_sampler=keys, num_workers=self.workers)  # type: ignore[arg-type]

    def _keys(self, learner: Learner) -> Iterator[list[tuple[int, int]]]:
        step = learner.step
        order: list[int] = []
        while step < learner.total_steps:
            epoch, in_epoch = divmod(step, self.per_epoch)
            if not order or in_epoch == 0:
                order = self.order(epoch)
            start = in_epoch * self.whole + self.begin
            yield [(epoch, index) for index in order[start : start + self.share]]
            step += 1


def epoch_order(seed: int, epoch: int, count: int, window: int) -> list[int]:
    """The order of the pairs in an epoch: shuffled within each `window` of neighbours."""
    generator = torch.Generator().manual_seed(mixed_seed(seed, epoch))
    order: list[int] = []
    for start in range(0, count, window):
        order += (start + torch.randperm(min(window, count - start), generator=generator)).tolist()
    return order
