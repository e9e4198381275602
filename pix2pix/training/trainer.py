"""The trainer: a run from pairs to a checkpoint folder, which can be stopped at any moment.

No randomness depends on hidden state. The order of the pairs follows from (seed, epoch), their jitter from (seed,
epoch, pair), and the dropout noise from (seed, step, place in the batch). So a state holds only the networks, the
optimisers and the number of steps, and a resumed run ends with the same weights as an uninterrupted one. Several
processes that share each batch train the same weights as one process with all of it.
"""

from __future__ import annotations

import dataclasses
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from pix2pix.devices import keep_freed_memory
from pix2pix.errors import TrainingError
from pix2pix.evaluation.metrics import evaluate
from pix2pix.files import remove_unfinished, write_text
from pix2pix.networks.noise import dropout_masks
from pix2pix.pairs.check import refuse
from pix2pix.pairs.pairs import mixed_seed
from pix2pix.training.card import Run, training_card
from pix2pix.training.data import TrainingData
from pix2pix.training.learner import Learner
from pix2pix.training.log import Watcher, viewable
from pix2pix.training.processes import Processes
from pix2pix.training.settings import Settings, changed
from pix2pix.training.state import has_state, read_state, write_state
from pix2pix.translate.engines import TorchEngine
from pix2pix.translate.translator import Translator
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE
from pix2pix.weights.hub import check_token, push

FIXED_PAIRS = 6
STEPS_PER_LINE = 1000  # most steps per line of the log
SECONDS_PER_STATE = 300
STREAM_WINDOW = 256  # pairs that are shuffled together while a data set is being downloaded


class Trainer:
    """A training run: `settings` -> a checkpoint folder at `settings.out`.

    A `Learner` takes the steps. The trainer feeds it pairs, saves its state, and writes the checkpoint at the end.

    During the run, `settings.out/training` holds `state.pt`, from which `resume` continues, and the files of
    `pix2pix.training.log`. The sample grids are rows of input | output | target, for fixed pairs of val.

    Raises:
        DataError: see `TrainingData` and `Pairs`.
        CheckpointError: the finished model cannot be pushed to the Hub.
        TrainingError: the folder holds a finished model, or an unfinished run without `resume`; or there is nothing to
            resume, or the run had other settings.
    """

    def __init__(self, settings: Settings, resume: bool = False) -> None:
        self.settings = settings
        self.out = Path(settings.out)
        self.folder = self.out / "training"
        self._check_folder(resume)
        if settings.push_to_hub:
            check_token()
        self.processes = Processes(settings.device)
        self.watcher = Watcher(self.folder, settings.tensorboard and self.processes.is_first)
        self.data = TrainingData(settings)
        if not resume:  # a resumed run was checked when it began
            refuse(self.data.faults)
        self.pairs = self.data.pairs()
        fixed = self.data.plain(self.data.val or self.data.train, settings.lightness)
        self.fixed = [fixed[i] for i in range(min(FIXED_PAIRS, len(fixed)))]

        # An epoch drops the last pairs that do not fill a batch. In the next epoch these are others.
        self.steps_per_epoch = len(self.pairs) // (settings.batch_size * self.processes.count)
        if self.steps_per_epoch == 0:
            raise TrainingError(f"{settings.data} holds {len(self.pairs)} pairs: use a batch of at most that many.")
        self.seconds = 0.0
        self.lengths: list[list[int]] = []  # the epochs that the run was to have before, and until which step
        self.learner = Learner(settings, self.processes, total_steps=settings.epochs * self.steps_per_epoch)
        if settings.init and not resume:
            self.learner.start_from(settings.init)
        if resume:
            self._load_state()
            if self.processes.is_first:
                remove_unfinished(self.out)

    def train(self) -> None:
        """Run to the end and write the checkpoint folder. On SIGTERM and Ctrl+C, save the state and exit."""
        self._stop: int | None = None
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._run()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _run(self) -> None:
        learner, device = self.learner, self.processes.device
        if device.type == "cpu":
            keep_freed_memory()
        first = self.processes.is_first
        progress = tqdm(
            total=learner.total_steps,
            initial=learner.step,
            unit="step",
            smoothing=0.05,
            dynamic_ncols=True,
            disable=not first,
        )
        begun, saved = time.monotonic() - self.seconds, time.monotonic()
        sums: dict[str, float] = {}
        since, waited, counted = time.monotonic(), 0.0, 0
        batches = self._batches()
        with progress:
            for _ in range(learner.step, learner.total_steps):
                asked = time.monotonic()
                x, y = next(batches)
                waited += time.monotonic() - asked
                losses = learner.train_step(x.to(device), y.to(device))
                sums = {name: sums.get(name, 0.0) + float(value) for name, value in losses.items()}
                counted += 1
                broken = not all(math.isfinite(value) for value in sums.values())
                progress.update()
                epoch, in_epoch = divmod(learner.step, self.steps_per_epoch)
                now = time.monotonic()
                self.seconds = now - begun
                waiting = waited / (now - since)
                if learner.step % 10 == 0:
                    shown = {name: f"{float(value):.3f}" for name, value in losses.items()}
                    progress.set_postfix(epoch=f"{epoch}/{self.settings.epochs}", **shown, waiting=f"{waiting:.0%}")
                if first and (in_epoch == 0 or in_epoch % STEPS_PER_LINE == 0):
                    means = {name: round(total / counted, 5) for name, total in sums.items()}
                    times = {"seconds": round(self.seconds, 1), "waiting": round(waiting, 3)}
                    unless_full(self.watcher.log, {"epoch": epoch, "step": learner.step, **means, **times})
                    sums, since, waited, counted = {}, now, 0.0, 0
                if first and in_epoch == 0:
                    unless_full(self._save_samples, epoch)
                due = in_epoch == 0 or time.monotonic() - saved > SECONDS_PER_STATE
                broken = self.processes.any(broken or (first and due and not learner.is_sound()))
                if broken:
                    raise TrainingError(
                        f"A loss or a weight is not finite at step {learner.step:,}: start again with a "
                        f"lower --lr, or from the last good state with --init {self.out} and another --out."
                    )
                stop = self.processes.any(self._stop is not None)
                if first and (due or stop):
                    saved = time.monotonic()
                    (self.save_state if stop else partial(unless_full, self.save_state))()
                if stop:
                    raise SystemExit(128 + (self._stop or signal.SIGTERM))
        if first:
            self._finish()

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's share of the remaining batches."""
        workers = self.settings.workers
        if workers is None:  # on a CPU, the step itself uses every core
            workers = 0 if self.processes.device.type == "cpu" else 1 if self.settings.streaming else 4
        return iter(DataLoader(self.pairs, batch_sampler=self._keys(), num_workers=workers))  # type: ignore[arg-type]

    def _keys(self) -> Iterator[list[tuple[int, int]]]:
        mine = self.processes.rank * self.settings.batch_size
        order: list[int] = []
        for step in range(self.learner.step, self.learner.total_steps):
            epoch, in_epoch = divmod(step, self.steps_per_epoch)
            if not order or in_epoch == 0:
                window = STREAM_WINDOW if epoch == 0 and self.pairs.source.arriving else len(self.pairs)
                order = epoch_order(self.settings.seed, epoch, len(self.pairs), window)
            start = in_epoch * self.learner.batch + mine
            yield [(epoch, index) for index in order[start : start + self.settings.batch_size]]

    @torch.no_grad()
    def _save_samples(self, epoch: int) -> None:
        """The grid of the fixed pairs: rows of input | output | target."""
        model, device = self.learner.model, self.processes.device
        shapes = model.config.noise_shapes(self.settings.size, self.settings.size)
        masks = dropout_masks(shapes, model.config.dropout, self.settings.seed)
        noise = [torch.from_numpy(mask)[None].to(device) for mask in masks]
        rows = []
        for x, y in self.fixed:
            output = model(x[None].to(device), noise)[0].float().cpu()
            rows.append([x.expand(3, -1, -1), viewable(x, output), viewable(x, y)])
        self.watcher.samples(rows, epoch, self.learner.step)

    def save_state(self) -> None:
        """Write `training/state.pt`, see `write_state`."""
        state = {
            "settings": dataclasses.asdict(self.settings),
            "pairs": len(self.pairs),
            "batch": self.learner.batch,
            "seconds": self.seconds,
            "lengths": self.lengths,
            **self.learner.state(),
        }
        write_state(self.folder, state)

    def _load_state(self) -> None:
        state = read_state(self.folder, self.processes.device)
        options = changed(state["settings"], self.settings)
        if state["batch"] != self.learner.batch and not options:
            options = [f"{state['batch']} pairs in a step of all processes were {self.learner.batch}"]
        if options:
            raise TrainingError(
                f"{self.folder} belongs to another run ({', '.join(options)}): resume with its options."
            )
        if state["pairs"] != len(self.pairs):
            raise TrainingError(
                f"{self.folder} was trained on {state['pairs']} pairs and {self.settings.data} holds "
                f"{len(self.pairs)}: resume with the same pairs."
            )
        done, asked = state["step"] / self.steps_per_epoch, self.settings.epochs
        if done > asked or (done == asked and (self.out / CONFIG_FILE).exists()):
            raise TrainingError(
                f"{self.out} holds a run that has done {done:g} epochs: ask for more --epochs, or choose another --out."
            )
        self.lengths = state.get("lengths", [])
        if state["settings"]["epochs"] != asked:
            self.lengths = [*self.lengths, [state["step"], state["settings"]["epochs"]]]
        self.learner.load(state)
        self.seconds = state["seconds"]
        if self.processes.is_first:
            self.watcher.forget_after(self.learner.step)

    def _check_folder(self, resume: bool) -> None:
        if resume and has_state(self.folder):
            return
        finished = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if (self.out / name).exists()]
        if finished:
            more = " (or go on with --resume and more --epochs)" if has_state(self.folder) else ""
            raise TrainingError(f"{self.out} already holds a model ({finished[0]}): choose another --out{more}.")
        if has_state(self.folder):
            raise TrainingError(f"{self.out} holds an unfinished run: add --resume, or choose another --out.")

    def _finish(self) -> None:
        """Write the checkpoint folder: the card first and the config last, so that a model is only there when all of it
        is."""
        task: dict[str, Any] = {
            "direction": self.settings.direction,
            "input": self.settings.input_kind,
            "image_size": self.settings.size,
            "scale": "native" if self.settings.crop else "whole",
            **({"crop": True} if self.settings.crop else {}),
            **self.data.task(),
        }
        if self.settings.make:
            task["make"] = self.settings.make
        unless_full(self.watcher.finish)
        metrics = None
        model = self.learner.trained_model()
        if self.data.val:
            pairs = self.data.plain(self.data.val, lightness=False, whole=True)
            metrics = evaluate(Translator(TorchEngine(model, self.processes.device), task), pairs)
        try:
            write_text(self.out / CARD_FILE, training_card(self._facts(), metrics))
            model.save_pretrained(self.out, task, half=True)
        except OSError as error:
            raise TrainingError(
                f"{self.out} cannot be written ({error.strerror}): make room, then continue with --resume."
            ) from None
        if self.settings.push_to_hub:
            push(self.out, self.settings.push_to_hub)

    def _facts(self) -> Run:
        return Run(
            name=self.out.name,
            settings=self.settings,
            parameters=sum(math.prod(shape) for shape in self.learner.generator.config.tensor_shapes().values()),
            pairs=len(self.pairs),
            steps=self.learner.step,
            seconds=self.seconds,
            device=self.processes.device.type,
            lengths=self.lengths,
        )

    def _ask_to_stop(self, number: int, frame: Any) -> None:
        self._stop = number


def unless_full(write: Callable[..., None], *arguments: Any) -> None:
    """Write a file that the run can do without. On a full disk, the run continues and the next write may succeed."""
    try:
        write(*arguments)
    except (OSError, TrainingError) as error:
        print(f"\n{error}", file=sys.stderr)


def epoch_order(seed: int, epoch: int, count: int, window: int) -> list[int]:
    """The order of the pairs in an epoch: shuffled within each `window` of neighbours."""
    generator = torch.Generator().manual_seed(mixed_seed(seed, epoch))
    order: list[int] = []
    for start in range(0, count, window):
        order += (start + torch.randperm(min(window, count - start), generator=generator)).tolist()
    return order
