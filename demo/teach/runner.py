"""Who trains next: one run at a time, by train.py in a process of its own, beside the people who draw.

The trainer does not depend on this process. When the server is killed, a trainer goes on. When the server starts again,
it finds the run by its folder; where the trainer is gone, too, another goes on from its last state.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread

from demo.teach.runs import Run, Shelf
from pix2pix.errors import Pix2PixError
from pix2pix.training.progress import FILE as PROGRESS_FILE
from pix2pix.training.state import has_state

PACKAGE = Path(__file__).resolve().parents[2]  # where pix2pix and demo lie
TRAIN = "import sys; from pix2pix.training.command import main; sys.exit(main())"
LOOK = 0.5  # seconds between two looks at a trainer
ATTEMPTS = 3  # times in a row that a trainer may die without one more step
NICEST = 19
SAID = "-c: "  # before an error of the trainer, which is started by `python -c`
ROOM = 300_000_000  # bytes of the disk that must be free before a trainer starts
MOMENT = 20.0  # seconds that a trainer is given to save when the server stops


class Runner:
    """Trains the queued runs of a shelf, one after the other.

    Args:
        shelf: of the runs.
        options: more for train.py.
        finished: called with a run whose model was written.
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
        """Put a run at the end of the queue. Whoever calls holds the shelf's lock."""
        run.state, run.trouble, run.stopping, run.asked = "queued", "", False, time.time()
        run.save()
        with self._wake:
            self._wake.notify_all()

    def ahead_of(self, run: Run) -> int:
        """How many runs train or wait before a queued one."""
        active = [other for other in self.shelf.all() if other.state in ("queued", "running")]
        return sum(other.asked < run.asked for other in active if other.id != run.id)

    def finish(self, run: Run) -> None:
        """End a run with what there is. Whoever calls holds the shelf's lock."""
        run.stopping = True
        if run.state == "queued":
            run.state = "done" if run.has_model else "draft"
        run.save()

    def cancel(self, run: Run) -> None:
        """End a run at once. Whoever calls holds the shelf's lock."""
        run.state = "draft"
        run.save()
        if is_trainer(run.pid, run):
            with suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGKILL)

    def stop(self) -> None:
        """The server stops: the trainer saves its state, and goes on when there is a server again."""
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

    def _next(self) -> Run | None:
        """The run under way, or else the one that waits longest."""
        active = [run for run in self.shelf.all() if run.state in ("queued", "running")]
        return min(active, key=lambda run: (run.state != "running", run.asked), default=None)

    def _train(self, run: Run) -> None:
        """See a run to its end, or until the server stops."""
        failures, steps = 0, -1
        while not self._stopping:
            with self.shelf.lock:
                run = self.shelf[run.id]
                if run.state not in ("queued", "running"):
                    return
                if not is_trainer(run.pid, run):
                    if shutil.disk_usage(run.folder).free < ROOM:
                        self._ended(run, "failed", "The disk is full: make room, then go on with this run.")
                        return
                    run.mend()
                    run.started = time.time()
                    self._process = start(run, self.options)
                    run.pid, run.trouble = self._process.pid, ""
                run.state = "running"
                run.save()
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
        """Until the trainer has ended; its exit code, where it is known. It is told when its run, or the server, is to
        stop."""
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
    """A trainer for a run: at low priority, with the threads that drawing leaves, in a session of its own, so that a
    Ctrl+C for the server is not for it."""
    arguments = ["--data", str(run.pairs), "--out", str(run.out), "--minutes", f"{run.minutes:g}", "--title", run.name]
    arguments += ["--init", run.init] if run.init else []
    arguments += ["--input-kind", run.input_kind] if run.input_kind else []
    arguments += options
    training = run.out / "training"
    progress = run.progress
    if has_state(training):
        arguments.append("--resume")
        if progress:
            progress.state = "measuring"  # no more "done": there is more to do
            with suppress(OSError):
                progress.write(training)
    else:
        (training / "progress.json").unlink(missing_ok=True)
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": path}
    with open(run.folder / "console.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", TRAIN, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=environment, start_new_session=True,
        )  # fmt: skip
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICEST)
    return process


def is_trainer(pid: int, run: Run) -> bool:
    """Whether a process is alive and trains this run; its number may be another's by now."""
    if not pid:
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return str(run.pairs).encode() in words.split(b"\0") and state != "Z"


def listens(run: Run) -> bool:
    """Whether the trainer has begun: from then on it takes signals."""
    try:
        return (run.out / "training" / PROGRESS_FILE).stat().st_mtime > run.started + 1
    except OSError:
        return False


def last_words(run: Run) -> str:
    """What the trainer said last, without our folders in it."""
    try:
        text = (run.folder / "console.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if line.startswith(SAID)), lines[-1] if lines else "")
    said = said.partition(SAID)[2] or said
    return said.replace(str(run.out), run.name).replace(f"{run.folder}/", "")
