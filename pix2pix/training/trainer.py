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
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from pix2pix.devices import keep_freed_memory
from pix2pix.errors import Pix2PixError, TrainingError
from pix2pix.evaluation.metrics import SAMPLES, evaluate
from pix2pix.files import hold, remove_unfinished, write_text
from pix2pix.networks.folding import PICTURES
from pix2pix.networks.noise import dropout_masks
from pix2pix.pairs.check import refuse
from pix2pix.pairs.folders import Part
from pix2pix.pairs.pairs import mixed_seed
from pix2pix.training.card import RunFacts, training_card
from pix2pix.training.data import TrainingData
from pix2pix.training.learner import Learner
from pix2pix.training.log import Watcher, viewable
from pix2pix.training.pace import Pace
from pix2pix.training.plan import (
    FEWEST_MEASURED,
    Plan,
    Speed,
    plan_again,
    plan_by_minutes,
    seconds_to_measure,
)
from pix2pix.training.processes import Processes
from pix2pix.training.progress import SECONDS, Progress, read_progress
from pix2pix.training.report import FEWEST_SHOWN, Report
from pix2pix.training.settings import Settings, changed
from pix2pix.training.state import has_state, read_state, write_state
from pix2pix.translate.engines import TorchEngine
from pix2pix.translate.translator import Translator
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE
from pix2pix.weights.hub import check_token, push

FIXED_PAIRS = 6
STEPS_PER_LINE = 1000  # most steps per line of the log
LOOKS = 60  # at val, in a run by steps
VAL_PAIRS = 16  # that a look measures, at most
REPORT_SECONDS = 2.0  # between two writes of the report, at least
FINISH_SECONDS = 2.0  # at the end of a run, beside the evaluation
FINISH_SHARE = 0.1  # of a run by minutes, for its evaluation
EVALUATION_COST = 2.0  # times the time of an output, for each sample
WORSE = 1.02  # times the lowest L1 on val, above which weights are not kept
FEWEST = 5  # val pairs whose L1 decides that: an odd one among fewer would undo what the others teach
STREAM_WINDOW = 256  # pairs that are shuffled together while a data set is being downloaded


class Trainer:
    """A training run: `settings` -> a checkpoint folder at `settings.out`.

    A `Learner` takes the steps; this brings it the pairs, keeps its state, looks at val, and writes the checkpoint at
    the end. By epochs, it looks after each; by minutes, every few seconds and later less often (see `Plan`).

    While it runs, `settings.out/training` holds `state.pt` (what `resume` continues from), `progress.json` (see
    `Progress`), `report.html`, `lock` (open in the process that trains), and what `pix2pix.training.log` writes; the
    sample grids are rows of input | output | target, for fixed pairs of val.

    Raises:
        DataError: see `TrainingData` and `Pairs`.
        CheckpointError: the finished model cannot be pushed to the Hub.
        TrainingError: the folder holds a finished model, or an unfinished run without `resume`; or another process
            trains into it; or there is nothing to resume, or the run had other settings.
        Pix2PixError: nothing can be written there.
    """

    def __init__(self, settings: Settings, resume: bool = False) -> None:
        self.begun = time.monotonic()
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
        val = self.data.plain(self.data.val, settings.lightness) if self.data.val else None
        self.val = [] if val is None else [val[i] for i in range(min(VAL_PAIRS, len(val)))]
        train = self.data.plain(self.data.train, settings.lightness)
        wanted = FEWEST_SHOWN - len(self.val) if self.val else FIXED_PAIRS
        self.extra = [train[i] for i in range(min(wanted, len(train)))]  # fill the grid where val has few pairs

        # An epoch drops the last pairs that do not fill a batch. In the next epoch these are others.
        self.steps_per_epoch = len(self.pairs) // (settings.batch_size * self.processes.count)
        if self.steps_per_epoch == 0:
            raise TrainingError(f"{settings.data} holds {len(self.pairs)} pairs: use a batch of at most that many.")
        self.seconds = 0.0
        self.lengths: list[list[int]] = []  # [step, epochs]: earlier plans, each with the step at which it ended
        self.plan: Plan | None = None  # by minutes, once the speed is known
        if settings.steps:
            self.plan = Plan(settings.steps, math.ceil(settings.steps / LOOKS))
        elif settings.by_epochs:
            self.plan = Plan(settings.epochs * self.steps_per_epoch, self.steps_per_epoch)
        self.looks_at = self.plan.next_look(0) if self.plan else 0
        self.pace, self.told, self.reported = Pace(), 0.0, 0.0
        self.kept: dict[str, Any] = {"step": 0, "lowest": math.inf, "weights": None}
        self.progress = Progress()
        self.report = Report(settings, self.watcher, self.data.train, self.data.readings, len(self.val))
        self.learner = Learner(settings, self.processes, self.plan.steps if self.plan else math.inf)
        if settings.init and not resume:
            first = self._order(0)[:PICTURES]
            self.learner.start_from(settings.init, (self.pairs[0, index][0] for index in first))
        self.lock = hold(self.folder) if self.processes.is_first else None
        if self.processes.is_first and self.lock is None:
            raise TrainingError(f"Another process trains into {self.out}: wait for it, or choose another --out.")
        self._check_folder(resume)  # again: another process may have ended meanwhile
        if resume:
            self._load_state()
            if self.processes.is_first:
                remove_unfinished(self.out)

    def train(self) -> None:
        """Run to the end and write the checkpoint folder. On SIGTERM and Ctrl+C, save the state and exit. On SIGUSR1,
        end early: write the checkpoint, and leave a state from which `resume` may go on."""
        self._stop: int | None = None
        self._enough = False
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        if hasattr(signal, "SIGUSR1"):
            handlers[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._ask_to_finish)
        try:
            self._run()
        except Pix2PixError as error:
            self._tell("failed", str(error))
            self._report()
            raise
        except Exception as error:  # a fault of ours or of the machine's, as when a GPU's memory is full
            self._tell("failed", f"The trainer stopped ({type(error).__name__}: {error}): continue with --resume.")
            self._report()
            raise
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            if self.lock:
                self.lock.close()

    def _run(self) -> None:
        learner, device = self.learner, self.processes.device
        if device.type == "cpu":
            keep_freed_memory()
        first = self.processes.is_first
        bar = tqdm(
            total=self.plan.steps if self.plan else None,
            initial=learner.step,
            unit="step",
            smoothing=0.05,
            dynamic_ncols=True,
            disable=not first,
        )
        saved = time.monotonic()
        sums: dict[str, float] = {}
        since, waited, counted = time.monotonic(), 0.0, 0
        batches = self._batches()
        with bar:
            self._tell("training" if self.plan else "measuring")
            if first and not self.settings.by_epochs and learner.step == 0:
                self._look({})
            while learner.step < learner.total_steps:
                asked = time.monotonic()
                self.pace.turn(asked)
                batch = next(batches, None)
                if batch is None:  # the plan has become longer since workers read to its end
                    batches = self._batches()
                    batch = next(batches)
                x, y = batch
                waited += time.monotonic() - asked
                losses = learner.train_step(x.to(device), y.to(device))
                sums = {name: sums.get(name, 0.0) + float(value) for name, value in losses.items()}
                counted += 1
                broken = not all(math.isfinite(value) for value in sums.values())
                bar.update()
                epoch, in_epoch = divmod(learner.step, self.steps_per_epoch)
                now = time.monotonic()
                self.seconds = now - self.begun
                waiting = waited / (now - since)
                if learner.step % 10 == 0:
                    shown = {name: f"{float(value):.3f}" for name, value in losses.items()}
                    of = f"/{self.settings.epochs}" if self.settings.by_epochs else ""
                    bar.set_postfix(epoch=f"{epoch}{of}", **shown, waiting=f"{waiting:.0%}")
                if first and now - self.told > SECONDS:
                    self.progress.losses = {name: round(float(value), 5) for name, value in losses.items()}
                    self._tell()

                planned = self._plan_by_minutes() if self.settings.minutes else False
                if planned and self.plan:
                    bar.total = self.plan.steps
                    bar.refresh()
                enough = self.processes.any(self._enough)
                looking = planned or enough or learner.step == self.looks_at
                if first and (looking or (self.settings.by_epochs and in_epoch % STEPS_PER_LINE == 0)):
                    means = {name: round(total / counted, 5) for name, total in sums.items()}
                    times = {"seconds": round(self.seconds, 1), "waiting": round(waiting, 3)}
                    line = {"epoch": epoch, "step": learner.step, **means}
                    if looking:
                        line.update(self._look(means))
                    self._unless_full(self.watcher.log, {**line, **times})
                    if looking and time.monotonic() - self.reported > REPORT_SECONDS:
                        self._report()
                        self.reported = time.monotonic()
                    sums, since, waited, counted = {}, time.monotonic(), 0.0, 0
                if looking and self.plan:
                    self.looks_at = self.plan.next_look(learner.step)
                    planned = self._plan_again() or planned
                    bar.total = self.plan.steps

                last = learner.step >= learner.total_steps
                late = time.monotonic() - saved > self.settings.save_every
                due = last or late or planned or (looking and self.settings.by_epochs)
                broken = self.processes.any(broken or (first and due and not learner.is_sound()))
                if broken:
                    raise TrainingError(
                        f"A loss or a weight is not finite at step {learner.step:,}: start again with a "
                        f"lower --lr, or from the last good state with --init {self.out} and another --out."
                    )
                stop = self.processes.any(self._stop is not None)
                if first and (due or stop or enough):
                    saved = time.monotonic()
                    if stop:
                        self._tell("stopped")
                        self.save_state()
                        self._report()
                    else:
                        self._unless_full(self.save_state)
                if stop:
                    raise SystemExit(128 + (self._stop or signal.SIGTERM))
                if enough:
                    break
        if first:
            self._tell("finishing")
            self._finish()
            self._tell("done")
            self._report()

    def _plan_by_minutes(self) -> bool:
        """Make the plan, once the speed is measured; tells whether it was made now."""
        minutes, pace = self.settings.minutes or 0.0, self.pace
        if self.plan:
            return False
        ready = pace.steps >= FEWEST_MEASURED and pace.seconds >= seconds_to_measure(minutes)
        if not self.processes.any(ready):
            return False
        seconds = self.processes.first(self.seconds)
        self._adopt(plan_by_minutes(minutes, self.learner.step, seconds, self._speed()))
        return True

    def _plan_again(self) -> bool:
        """Count the steps anew where the speed has changed much; tells whether it had."""
        free = self.settings.minutes and not self.settings.steps and self.pace.steps
        if not free or self.plan is None or self.learner.step >= self.plan.steps:
            return False
        seconds = self.processes.first(self.seconds)
        plan = plan_again(self.plan, self.settings.minutes or 0.0, self.learner.step, seconds, self._speed())
        changed = plan != self.plan
        self._adopt(plan)
        return changed

    def _adopt(self, plan: Plan) -> None:
        self.plan = plan
        self.learner.total_steps = plan.steps
        self.looks_at = plan.next_look(self.learner.step)

    def _speed(self) -> Speed:
        """What the first process measured. Only that one looks at val and evaluates."""
        pace, share = self.pace, self._evaluated()
        finish = EVALUATION_COST * pace.output * SAMPLES * share + FINISH_SECONDS if share else FINISH_SECONDS
        step = (pace.seconds / pace.steps, pace.look, finish)
        return Speed(*(self.processes.first(value) for value in step))

    def _evaluated(self) -> int:
        """How many pairs of val are evaluated at the end: of a run by minutes, as many as fit into a tenth of it."""
        count = len(self.data.val.names) if self.data.val else 0
        if not self.settings.minutes or not self.pace.output:
            return count
        room = FINISH_SHARE * 60 * self.settings.minutes / (EVALUATION_COST * self.pace.output * SAMPLES)
        return min(count, max(1, int(room)))

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """This process's share of the remaining batches."""
        workers = self.settings.workers
        if workers is None:  # on a CPU, the step itself uses every core
            workers = 0 if self.processes.device.type == "cpu" else 1 if self.settings.streaming else 4
        return iter(DataLoader(self.pairs, batch_sampler=self._keys(), num_workers=workers))  # type: ignore[arg-type]

    def _keys(self) -> Iterator[list[tuple[int, int]]]:
        mine = self.processes.rank * self.settings.batch_size
        order: list[int] = []
        step = self.learner.step
        while step < self.learner.total_steps:
            epoch, in_epoch = divmod(step, self.steps_per_epoch)
            if not order or in_epoch == 0:
                order = self._order(epoch)
            start = in_epoch * self.learner.batch + mine
            yield [(epoch, index) for index in order[start : start + self.settings.batch_size]]
            step += 1

    def _order(self, epoch: int) -> list[int]:
        window = STREAM_WINDOW if epoch == 0 and self.pairs.source.arriving else len(self.pairs)
        return epoch_order(self.settings.seed, epoch, len(self.pairs), window)

    @torch.no_grad()
    def _look(self, losses: dict[str, float]) -> dict[str, float]:
        """Measure the model on val, keep its weights if they are good, and write the grid of the fixed pairs: rows of
        input | output | target.

        Args:
            losses: means since the last look.

        Returns:
            "val_l1", from 0 to 1, where there is a val split.
        """
        begun = time.monotonic()
        model, device, step = self.learner.model, self.processes.device, self.learner.step
        shapes = model.config.noise_shapes(self.settings.size, self.settings.size)
        masks = dropout_masks(shapes, model.config.dropout, self.settings.seed)
        noise = [torch.from_numpy(mask)[None].to(device) for mask in masks]
        rows, distances = [], []
        watched = [*self.val, *self.extra]
        for x, y in watched:
            output = model(x[None].to(device), noise)[0].float().cpu()
            output, target = viewable(x, output), viewable(x, y)
            distances.append(float((output - target).abs().mean()) / 2)
            rows.append([x.expand(3, -1, -1), output, target])
        self.pace.output = (time.monotonic() - begun) / len(watched)
        l1 = sum(distances[: len(self.val)]) / len(self.val) if self.val else None
        self._keep(step, l1)
        epoch = step // self.steps_per_epoch
        name = f"epoch_{epoch:04d}.png" if self.settings.by_epochs else f"step_{step:07d}.png"
        grid = [*rows[: len(self.val)][:FIXED_PAIRS], *rows[len(self.val) :]]
        self._unless_full(self.watcher.samples, grid, name, step)
        rounded = None if l1 is None else round(l1, 5)
        look = {"step": step, "seconds": round(self.seconds, 1), "l1": rounded, "picture": f"samples/{name}", **losses}
        self.progress.looks = [other for other in self.progress.looks if other["step"] < step] + [look]
        if time.monotonic() - self.told > SECONDS:
            self._tell()
        self.pace.looked(time.monotonic() - begun)
        return {} if rounded is None else {"val_l1": rounded}

    def _keep(self, step: int, l1: float | None) -> None:
        """Keep the weights of this step, unless val was nearer before."""
        decides = self.settings.keep_best and len(self.val) >= FEWEST
        better = l1 is None or not decides or l1 <= WORSE * self.kept["lowest"]
        if better:
            self.kept["step"] = self.progress.kept = step
            if self.settings.keep_best:
                self.kept["weights"] = {name: w.clone() for name, w in self.learner.model.state_dict().items()}
        self.kept["lowest"] = min(self.kept["lowest"], math.inf if l1 is None else l1)

    def _tell(self, state: str = "", trouble: str = "") -> None:
        """Write how it goes to `progress.json`."""
        if not self.processes.is_first:
            return
        progress, plan = self.progress, self.plan
        progress.state = state or ("training" if plan else "measuring")
        progress.trouble = trouble or progress.trouble
        progress.step, progress.steps = self.learner.step, plan.steps if plan else 0
        progress.seconds = round(self.seconds, 1)
        left = None
        if self.settings.minutes and not self.settings.steps:
            left = max(0.0, 60 * self.settings.minutes - self.seconds)
        elif plan and self.pace.steps:
            left = (plan.steps - self.learner.step) * self.pace.seconds / self.pace.steps
        progress.left = None if left is None else round(left, 1)
        self.told = time.monotonic()
        with suppress(OSError):  # what is wrong with the disk is said where it costs something
            progress.write(self.folder)

    def _report(self) -> None:
        """Write the page of the run."""
        if self.processes.is_first:
            self._unless_full(self.report.write, self.progress)

    def _unless_full(self, write: Callable[..., None], *arguments: Any) -> None:
        """Write a file that the run can do without. On a full disk, the run continues and the next write may
        succeed."""
        try:
            write(*arguments)
        except (OSError, Pix2PixError) as error:
            self.progress.trouble = str(error)
            print(f"\n{error}", file=sys.stderr)

    def save_state(self) -> None:
        """Write `training/state.pt`, see `write_state`."""
        state = {
            "settings": dataclasses.asdict(self.settings),
            "pairs": len(self.pairs),
            "batch": self.learner.batch,
            "plan": dataclasses.asdict(self.plan) if self.plan else None,
            "pace": self.pace.measured(),
            "kept": self.kept,
            "seconds": self.seconds,
            "lengths": self.lengths,
            **self.learner.state(),
        }
        write_state(self.folder, state)
        self.progress.trouble = ""

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
        if self.settings.by_epochs and (done > asked or (done == asked and (self.out / CONFIG_FILE).exists())):
            raise TrainingError(
                f"{self.out} holds a run that has done {done:g} epochs: ask for more --epochs, or choose another --out."
            )
        self.lengths = state.get("lengths", [])
        if self.settings.by_epochs and state["settings"]["epochs"] != asked:
            self.lengths = [*self.lengths, [state["step"], state["settings"]["epochs"]]]
        self.learner.load(state)
        self.seconds = state["seconds"]
        self.begun -= self.seconds
        self.kept = state.get("kept", self.kept)
        if self.plan:
            self.looks_at = self.plan.next_look(self.learner.step)
        elif state["settings"].get("minutes") == self.settings.minutes and state["plan"]:
            self._adopt(Plan(**state["plan"]))  # with other minutes, there is another plan
            self.pace = Pace(**state["pace"])
        before = read_progress(self.folder)
        self.progress.looks = [look for look in before.looks if look["step"] <= self.learner.step] if before else []
        self.progress.kept = self.kept["step"]
        if self.processes.is_first:
            self.watcher.forget_after(self.learner.step)

    def _check_folder(self, resume: bool) -> None:
        if resume and has_state(self.folder):
            return
        finished = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if (self.out / name).exists()]
        if finished:
            more = " (or go on with --resume, and more --epochs or --minutes)" if has_state(self.folder) else ""
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
        if self.settings.title:
            task["title"] = self.settings.title
        if self.settings.make:
            task["make"] = self.settings.make
        self._unless_full(self.watcher.finish)
        metrics = None
        model = self.learner.trained_model(self.kept["weights"])
        if (count := self._evaluated()) and self.data.val:
            all_of_it = count == len(self.data.val.names)
            source = self.data.val if all_of_it else Part(self.data.val, range(count))
            pairs = self.data.plain(source, lightness=False, whole=True)
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

    def _facts(self) -> RunFacts:
        return RunFacts(
            name=self.out.name,
            settings=self.settings,
            parameters=sum(math.prod(shape) for shape in self.learner.generator.config.tensor_shapes().values()),
            pairs=len(self.pairs),
            held_out=len(self.data.val.names) if self.data.val else 0,
            steps=self.learner.step,
            seconds=self.seconds,
            kept=self.kept["step"],
            device=self.processes.device.type,
            lengths=self.lengths,
        )

    def _ask_to_stop(self, number: int, frame: Any) -> None:
        self._stop = number

    def _ask_to_finish(self, number: int, frame: Any) -> None:
        self._enough = True


def epoch_order(seed: int, epoch: int, count: int, window: int) -> list[int]:
    """The order of the pairs in an epoch: shuffled within each `window` of neighbours."""
    generator = torch.Generator().manual_seed(mixed_seed(seed, epoch))
    order: list[int] = []
    for start in range(0, count, window):
        order += (start + torch.randperm(min(window, count - start), generator=generator)).tolist()
    return order
