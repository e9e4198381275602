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
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from pix2pix.devices import keep_freed_memory
from pix2pix.errors import CheckpointError, Pix2PixError, TrainingError
from pix2pix.evaluation.metrics import SAMPLES, evaluate
from pix2pix.files import hold, remove_unfinished, write_text
from pix2pix.networks.folding import PICTURES
from pix2pix.pairs.check import refuse
from pix2pix.pairs.folders import Part
from pix2pix.training.batches import Batches
from pix2pix.training.card import RunFacts, asked_length, training_card, words_of
from pix2pix.training.data import TrainingData
from pix2pix.training.learner import Learner
from pix2pix.training.log import Means, Watcher
from pix2pix.training.looks import FixedPairs, Kept
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
from pix2pix.training.resume import refuse_finished_run, refuse_other_run
from pix2pix.training.settings import Settings
from pix2pix.training.state import has_state, read_state, write_state
from pix2pix.translate.engines import TorchEngine
from pix2pix.translate.translator import Translator
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE
from pix2pix.weights.hub import check_token, push

STEPS_PER_LINE = 1000  # most steps per line of the log
LOOKS = 60  # at val, in a run by steps
REPORT_SECONDS = 2.0  # between two writes of the report, at least
FINISH_SECONDS = 2.0  # at the end of a run, beside the evaluation
FINISH_SHARE = 0.1  # of a run by minutes, for its evaluation
EVALUATION_COST = 2.0  # times the time of an output, for each sample


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
        self.fixed = FixedPairs(self.data, settings, FEWEST_SHOWN)
        self.batches = Batches(self.pairs, settings, self.processes)
        self.seconds = 0.0
        self.lengths: list[tuple[int, str]] = []  # earlier lengths, in words, each with the step at which it ended
        self.plan: Plan | None = None  # by minutes, once the speed is known
        if settings.steps:
            self.plan = Plan(settings.steps, math.ceil(settings.steps / LOOKS))
        elif settings.by_epochs:
            self.plan = Plan(settings.epochs * self.batches.per_epoch, self.batches.per_epoch)
        self.looks_at = self.plan.next_look(0) if self.plan else 0
        self.pace, self.told, self.reported = Pace(), 0.0, 0.0
        self.kept = Kept()
        self.progress = Progress()
        self.report = Report(settings, self.watcher, self.data.train, self.data.readings, len(self.fixed.val))
        self.learner = Learner(settings, self.processes, self.plan.steps if self.plan else math.inf)
        if settings.init and not resume:
            first = self.batches.order(0)[:PICTURES]
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
        self._enough = self._finishing = self._pushing = False
        handlers: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():  # only that one gets signals
            for number in (signal.SIGTERM, signal.SIGINT):
                handlers[number] = signal.signal(number, self._ask_to_stop)
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
        learner, processes, settings = self.learner, self.processes, self.settings
        if processes.device.type == "cpu":
            keep_freed_memory()
        batches = self.batches.remaining(learner)
        means, saved = Means(), time.monotonic()
        with self._bar() as bar:
            self._tell()
            if processes.is_first and not settings.by_epochs and learner.step == 0:
                self._look({})
            while learner.step < learner.total_steps:
                asked = time.monotonic()
                self.pace.turn(asked)
                x, y = next(batches)
                waited = time.monotonic() - asked
                tensors = learner.train_step(x.to(processes.device), y.to(processes.device))
                losses = {name: float(loss) for name, loss in tensors.items()}
                means.add(losses, waited)
                self.seconds = time.monotonic() - self.begun
                self._show(bar, means)

                planned = self._plan_by_minutes()
                enough = processes.any(self._enough)
                looking = planned or enough or learner.step == self.looks_at
                in_epoch = learner.step % self.batches.per_epoch
                if looking or (settings.by_epochs and in_epoch % STEPS_PER_LINE == 0):
                    self._log(means, looking)
                    means = Means()
                if looking and self.plan:
                    self.looks_at = self.plan.next_look(learner.step)
                    planned = self._plan_again() or planned

                late = time.monotonic() - saved > settings.save_every
                last = learner.step >= learner.total_steps
                due = last or late or planned or (looking and settings.by_epochs)
                self._check_numbers(losses, due)
                stop = processes.any(self._stop is not None)
                if due or stop or enough:
                    saved = time.monotonic()
                    self._save(stop)
                if stop:
                    self._leave()
                if enough:
                    break
        if processes.is_first:
            self._tell("finishing")
            self._finishing = True
            self._finish()
            self._tell("done")
            self._report()

    def _leave(self) -> NoReturn:
        """End the program between two steps, in the last evaluation, when the state is saved, or in the upload."""
        if self.processes.is_first:
            print(f"\nStopped at step {self.learner.step:,}: {self._way_on()}.", file=sys.stderr)
        raise SystemExit(128 + (self._stop or signal.SIGTERM))

    def _way_on(self) -> str:
        """What to do after a stop, in words."""
        if self._pushing:
            return f"the model is complete, and python -m pix2pix push {self.out} {self.settings.push_to_hub} sends it"
        return "continue with --resume"

    def _bar(self) -> tqdm:
        return tqdm(
            total=self.plan.steps if self.plan else None,
            initial=self.learner.step,
            unit="step",
            smoothing=0.05,
            dynamic_ncols=True,
            disable=not self.processes.is_first,
        )

    def _show(self, bar: tqdm, means: Means) -> None:
        """Show a step in the bar, and in `progress.json`."""
        step = self.learner.step
        bar.total = self.plan.steps if self.plan else None
        bar.update()
        if step % 10 == 0:
            of = f"/{self.settings.epochs}" if self.settings.by_epochs else ""
            shown = {name: f"{loss:.3f}" for name, loss in means.last.items()}
            epoch = f"{step // self.batches.per_epoch}{of}"
            bar.set_postfix(epoch=epoch, **shown, waiting=f"{means.waiting:.0%}")
        if time.monotonic() - self.told > SECONDS:
            self.progress.losses = {name: round(loss, 5) for name, loss in means.last.items()}
            self._tell()

    def _log(self, means: Means, looking: bool) -> None:
        """Append a line to the log, with a look at val or without."""
        if not self.processes.is_first:
            return
        step, losses = self.learner.step, means.losses
        times = {"seconds": round(self.seconds, 1), "waiting": round(means.waiting, 3)}
        looked = self._look(losses) if looking else {}
        self._unless_full(
            self.watcher.log, {"epoch": step // self.batches.per_epoch, "step": step, **losses, **looked, **times}
        )
        if looking and time.monotonic() - self.reported > REPORT_SECONDS:
            self._report()
            self.reported = time.monotonic()

    def _check_numbers(self, losses: dict[str, float], due: bool) -> None:
        """Refuse to go on with losses, or to save weights, that are not finite."""
        broken = not all(math.isfinite(loss) for loss in losses.values())
        if self.processes.any(broken or (self.processes.is_first and due and not self.learner.is_sound())):
            raise TrainingError(
                f"A loss or a weight is not finite at step {self.learner.step:,}: start again with a "
                f"lower --lr, or from the last good state with --init {self.out} and another --out."
            )

    def _save(self, stopping: bool) -> None:
        """Save the state: without fail where the run stops, and otherwise if the disk has room."""
        if not self.processes.is_first:
            return
        if not stopping:
            self._unless_full(self.save_state)
            return
        self._tell("stopped")
        self.save_state()
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

    def _look(self, losses: dict[str, float]) -> dict[str, float]:
        """Look at the fixed pairs: measure the model on val, keep its weights if they are good, and write the grid.

        Args:
            losses: means since the last look.

        Returns:
            "val_l1", from 0 to 1, where there is a val split.
        """
        begun = time.monotonic()
        model, step, settings = self.learner.model, self.learner.step, self.settings
        look = self.fixed.look(model, self.processes.device)
        self.pace.output = (time.monotonic() - begun) / len(self.fixed)
        self.kept.consider(step, model, look.l1, settings.keep_best, len(self.fixed.val))
        self.progress.kept = self.kept.step
        epoch = step // self.batches.per_epoch
        name = f"epoch_{epoch:04d}.png" if settings.by_epochs else f"step_{step:07d}.png"
        self._unless_full(self.watcher.samples, look.grid, name, step)
        l1 = None if look.l1 is None else round(look.l1, 5)
        facts = {"step": step, "seconds": round(self.seconds, 1), "l1": l1, "picture": f"samples/{name}", **losses}
        self.progress.looks = [other for other in self.progress.looks if other["step"] < step] + [facts]
        if time.monotonic() - self.told > SECONDS:
            self._tell()
        self.pace.looked(time.monotonic() - begun)
        return {} if l1 is None else {"val_l1": l1}

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
            "data": self.data.digest(),
            "batch": self.learner.batch,
            "plan": dataclasses.asdict(self.plan) if self.plan else None,
            "pace": self.pace.measured(),
            "kept": self.kept.state(),
            "seconds": self.seconds,
            "lengths": self.lengths,
            **self.learner.state(),
        }
        write_state(self.folder, state)
        self.progress.trouble = ""

    def _load_state(self) -> None:
        state = read_state(self.folder, self.processes.device)
        settings, done = self.settings, state["step"]
        refuse_other_run(state, settings, len(self.pairs), self.data.digest(), self.learner.batch)
        refuse_finished_run(done, settings, self.batches.per_epoch)
        self.lengths = [(step, words_of(length)) for step, length in state.get("lengths", [])]
        before = asked_length(**{name: state["settings"].get(name) for name in ("epochs", "steps", "minutes")})
        if before != asked_length(settings.epochs, settings.steps, settings.minutes):
            self.lengths.append((done, before))
        self.learner.load(state)
        self.seconds = state["seconds"]
        self.begun -= self.seconds
        self.kept = Kept(**state.get("kept", {}))
        if self.plan:
            self.looks_at = self.plan.next_look(self.learner.step)
        elif state["settings"].get("minutes") == self.settings.minutes and state["plan"]:
            self._adopt(Plan(**state["plan"]))  # with other minutes, there is another plan
            self.pace = Pace(**state["pace"])
        progress = read_progress(self.folder)
        looks = progress.looks if progress else []
        self.progress.looks = [look for look in looks if look["step"] <= self.learner.step]
        self.progress.kept = self.kept.step
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
        task = self.data.task()
        self._unless_full(self.watcher.finish)
        metrics = None
        model = self.learner.trained_model(self.kept.weights)
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
            self._pushing = True
            try:
                push(self.out, self.settings.push_to_hub)
            except CheckpointError as error:
                way_on = self._way_on()
                raise CheckpointError(f"{error} {way_on[0].upper()}{way_on[1:]}.") from None

    def _facts(self) -> RunFacts:
        return RunFacts(
            name=self.out.name,
            settings=self.settings,
            parameters=sum(math.prod(shape) for shape in self.learner.generator.config.tensor_shapes().values()),
            pairs=len(self.pairs),
            held_out=len(self.data.val.names) if self.data.val else 0,
            steps=self.learner.step,
            seconds=self.seconds,
            kept=self.kept.step,
            device=self.processes.device.type,
            lengths=self.lengths,
        )

    def _ask_to_stop(self, number: int, frame: Any) -> None:
        self._stop = number
        if self._finishing:
            self._tell("done" if self._pushing else "stopped")
            self._leave()

    def _ask_to_finish(self, number: int, frame: Any) -> None:
        self._enough = True
