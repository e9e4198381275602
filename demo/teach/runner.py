"""Training of queued runs: one at a time, by train.py in its own process, while people draw.

The trainer does not depend on this process: if the server is killed, it continues. When the server starts again, it
finds the run by its folder. If the trainer is gone too, another one continues from its last state.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread

from demo.teach.runs import Run, Shelf
from pix2pix import list_models
from pix2pix.devices import cores
from pix2pix.errors import Pix2PixError
from pix2pix.training.progress import FILE as PROGRESS_FILE
from pix2pix.training.state import has_state

PACKAGE = Path(__file__).resolve().parents[2]  # the folder of pix2pix and demo
TRAIN = "import sys; from pix2pix.training.command import main; sys.exit(main())"
LOOK = 0.5  # seconds between checks of a trainer
ATTEMPTS = 3  # consecutive deaths of a trainer without a new step
NICEST = 19
SAID = "-c: "  # prefix of the trainer's errors, since `python -c` starts it
ROOM = 300_000_000  # free bytes on disk that a trainer needs to start
MOMENT = 20.0  # seconds for a trainer to save when the server stops


class Runner:
    """Trains the queued runs of a shelf, one after the other.

    Args:
        shelf: shelf of the runs.
        options: additional options for train.py.
        finished: called with a run whose model is written.
    """

    def __init__(self, shelf: Shelf, options: list[str], finished: Callable[[Run], None]) -> None:
        self.shelf, self.options, self.finished = shelf, options, finished
        self._wake = Condition()
        self._stopping = False
        self._process: subprocess.Popen | None = None
        self._thread = Thread(target=self._work, daemon=True, name="teach")

    def start(self) -> None:
        self._thread.start()

    def enqueue(self, run: Run) -> None:
        """Put a run at the end of the queue. The caller holds the shelf's lock."""
        run.state, run.trouble, run.stopping, run.asked = "queued", "", False, time.time()
        run.save()
        with self._wake:
            self._wake.notify_all()

    def ahead_of(self, run: Run) -> int:
        """The number of runs that train or wait before a queued one."""
        active = [other for other in self.shelf.all() if other.state in ("queued", "running")]
        return sum(other.asked < run.asked for other in active if other.id != run.id)

    def finish(self, run: Run) -> None:
        """End a run, and keep the model so far. The caller holds the shelf's lock."""
        run.stopping = True
        if run.state == "queued":
            run.state, run.trouble = ("done", "") if run.has_model else ("failed", "It was stopped before it began.")
        run.save()

    def cancel(self, run: Run) -> None:
        """End a run at once, before it is removed. The caller holds the shelf's lock."""
        if is_trainer(run.pid, run):
            with suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGKILL)
        run.state = "draft"
        with suppress(Pix2PixError):  # a full disk must not keep it from being removed
            run.save()

    def stop(self) -> None:
        """Stop with the server. The trainer saves its state, and continues when the server starts again."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(MOMENT)

    def _work(self) -> None:
        while not self._stopping:
            run = self._next()
            if run is None:
                with self._wake:
                    self._wake.wait(LOOK)
                continue
            try:
                self._train(run)
            except (Pix2PixError, OSError):  # its folder is gone, or the disk is full: look again in a moment
                time.sleep(LOOK)
            except Exception:  # a fault of ours, which must not keep the others waiting
                traceback.print_exc()
                with suppress(Pix2PixError), self.shelf.lock:
                    self._ended(self.shelf[run.id], "failed", "The server made a mistake: continue this run.")

    def _next(self) -> Run | None:
        """The run in training, or else the one that has waited longest."""
        active = [run for run in self.shelf.all() if run.state in ("queued", "running")]
        return min(active, key=lambda run: (run.state != "running", run.asked), default=None)

    def _train(self, run: Run) -> None:
        """Watch a run until its end, or until the server stops."""
        failures, steps = 0, run.progress.step if run.progress else 0
        while not self._stopping:
            with self.shelf.lock:
                run = self.shelf[run.id]
                if run.state not in ("queued", "running"):
                    return
                if not is_trainer(run.pid, run):
                    if shutil.disk_usage(run.folder).free < ROOM:
                        self._ended(run, "failed", "The disk is full: make room, then continue this run.")
                        return
                    run.mend()
                    run.started = time.time()
                    self._process = start(run, self.options)
                    run.pid, run.trouble = self._process.pid, ""
                run.state = "running"
                try:
                    run.save()
                except Pix2PixError:
                    if self._process and self._process.pid == run.pid:
                        self._process.kill()  # its number is not written down, so nobody could stop it
                    raise
            code = self._wait(run)
            with self.shelf.lock:
                run = self.shelf[run.id]  # as the page has left it
                progress = run.progress
                if self._stopping or run.state != "running":
                    return
                if run.has_model and progress and progress.state == "done" and code in (0, None):
                    self.finished(run)  # first, so that whoever reads "done" finds the model
                    self._ended(run, "done", progress.trouble)
                    return
                if code == 2:
                    self._ended(run, "failed", last_words(run))
                    return
                step = progress.step if progress else 0
                failures = failures + 1 if step <= steps else 0
                steps = step
                if failures >= ATTEMPTS:
                    self._ended(run, "failed", f"The trainer ended {failures} times without a step: {last_words(run)}")
                    return

    def _wait(self, run: Run) -> int | None:
        """Wait until the trainer ends, and tell it when its run or the server stops. Returns its exit code, if
        known."""
        process = self._process if self._process and self._process.pid == run.pid else None
        told = False
        while is_trainer(run.pid, run):
            enough = not self._stopping and listens(run) and self.shelf[run.id].stopping
            if not told and (enough or self._stopping):
                told = True
                with suppress(ProcessLookupError):
                    os.kill(run.pid, signal.SIGUSR1 if enough else signal.SIGTERM)
            with self._wake:
                self._wake.wait(0.1 if self._stopping else LOOK)
        return process.wait() if process else None

    def _ended(self, run: Run, state: str, trouble: str) -> None:
        run.state, run.pid, run.trouble = state, 0, trouble
        run.save()


def start(run: Run, options: list[str]) -> subprocess.Popen:
    """Start a trainer for a run: at low priority, with the threads that drawing leaves, and in its own session, so that
    Ctrl+C stops only the server.

    It works in the run's folder. So the model's card and report, which people share, name neither that folder nor the
    run's id.
    """
    arguments = ["--data", run.pairs.name, "--out", run.out.name, "--minutes", f"{run.minutes:g}"]
    arguments.append(f"--title={run.name}")  # which may begin with a dash
    if run.init:
        is_path = run.init not in list_models() and Path(run.init).exists()
        arguments += ["--init", str(Path(run.init).resolve()) if is_path else run.init]
    arguments += ["--input-kind", run.input_kind] if run.input_kind else []
    arguments += options
    training = run.out / "training"
    progress = run.progress
    if has_state(training):
        arguments.append("--resume")
        if progress:
            progress.state = "measuring"  # not "done" any more
            with suppress(OSError):
                progress.write(training)
    else:
        (training / "progress.json").unlink(missing_ok=True)
    threads = str(max(1, cores() - 1))
    path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": path}
    with open(run.folder / "console.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", TRAIN, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=run.folder, env=environment, start_new_session=True,
        )  # fmt: skip
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICEST)
    return process


def is_trainer(pid: int, run: Run) -> bool:
    """Whether a process is alive and trains this run, since its number may have been reused."""
    if not pid:
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        here = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return TRAIN.encode() in words.split(b"\0") and here == str(run.folder.resolve()) and state != "Z"


def listens(run: Run) -> bool:
    """Whether the trainer has started, and so handles signals."""
    try:
        return (run.out / "training" / PROGRESS_FILE).stat().st_mtime > run.started + 1
    except OSError:
        return False


def last_words(run: Run) -> str:
    """The trainer's last words, without the names of our folders."""
    try:
        text = (run.folder / "console.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if line.startswith(SAID)), lines[-1] if lines else "")
    said = said.partition(SAID)[2] or said
    return said.replace(f"{run.folder}/", "")
