"""The server's side of the Teach tab: plain functions from messages of the page to answers."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any

from PIL import Image

from demo import studio, texts
from demo.models import Models
from demo.rules import LONGEST_NAME, SIDE, UNTIL_STOPPED
from demo.server.deadline import Deadline
from demo.server.uploads import arrived
from demo.teach.intake import Dropped, pairs_of
from demo.teach.kinds import fits, kind_of_inputs, suited
from demo.teach.runner import Runner
from demo.teach.runs import Run, Shelf
from demo.teach.terms import DAY, Terms
from pix2pix.errors import CheckpointError, DataError, Pix2PixError
from pix2pix.files import atomic_path, free_name
from pix2pix.pictures.images import data_url
from pix2pix.weights.checkpoint import WEIGHTS_FILE, read_config
from pix2pix.weights.hub import push

FEWEST = 2  # pairs to train on
THUMB = 96  # side of a pair's pictures on the page, in pixels
PREVIEW_SIDE = 96
EXAMPLES = 8  # inputs of a run that the model's card offers as drawings
MAX_FILES = 400  # in one message
DRAFTS = 4  # newest drafts of an address that are kept; several visitors may share an address
HOUR = 3600.0


class Desk:
    """Accepts pairs, has them trained on, and tells how that goes. `Results` gives out what comes of it.

    Args:
        models: models of the page; finished ones are added.
        shelf: folder of the runs.
        terms: limits.
        options: additional options for train.py.
    """

    def __init__(self, models: Models, shelf: Shelf, terms: Terms, options: Sequence[str] = ()) -> None:
        self.models, self.shelf, self.terms = models, shelf, terms
        self.runner = Runner(shelf, ["--device", models.device, *options], self._finished)
        for run in shelf.all():
            if run.has_model:
                self._finished(run)
        self.deeds: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
            "hello": self._hello,
            "remove": self._remove,
            "flip": self._flip,
            "start": self._start,
            "status": self._status,
            "stop": self._stop,
            "more": self._more,
            "pairs": self._pairs,
            "revise": self._revise,
            "forget": self._forget,
            "push": self._push,
        }

    def open(self) -> None:
        """Start to train waiting runs."""
        self.runner.start()
        Thread(target=self._tidy, daemon=True, name="teach's broom").start()

    def close(self) -> None:
        self.runner.stop()

    def answer(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """
        Args:
            message: "do", one of `deeds`, and its arguments.
            visitor: address of the visitor.

        Raises:
            Pix2PixError: the request cannot be fulfilled; the message says why.
        """
        deed = self.deeds.get(message.get("do", "")) if isinstance(message.get("do"), str) else None
        if deed is None:
            raise Pix2PixError("The page asked for something unknown: reload it.")
        return deed(message, visitor)

    def add(self, message: dict[str, Any], visitor: str, folder: str, deadline: Deadline) -> dict[str, Any]:
        """Add dropped files to a run, or to a new one if the message names none.

        Args:
            message: "run", "kind" (see `pairs_of`) and "files", each with "path", "name" and "group".
            folder: folder of the uploads.
            deadline: limits of the pictures.

        Returns:
            "run" (another one where that of the message is gone), "pairs" (the new ones, each a "name" and two pictures
            "a" and "b"), "faults", "count" and "init" (the model to start from that suits the run's inputs; "" where
            none does).
        """
        files = dropped(message.get("files"), folder)
        if self.shelf.bytes() > self.terms.bytes:
            raise DataError("The server has no room for more pictures right now: try again later, or remove a run.")
        kind = message.get("kind")
        made, faults = pairs_of(files, kind if isinstance(kind, str) else "", deadline, self.terms.pairs)
        deadline.check()
        with self.shelf.lock:
            wanted = message.get("run")
            gone = bool(wanted) and wanted not in self.shelf
            if gone:
                faults.insert(0, "The pairs that you dropped before are not here any more: drop them again.")
            if wanted and not gone:
                run = self._editable(message)
            elif made:
                run = self._new(visitor)
            else:
                return {"run": "", "pairs": [], "faults": faults, "count": 0, "init": ""}
            room = max(0, self.terms.pairs - len(run.names()))
            if len(made) > room:
                faults.append(f"{len(made) - room} pairs are left out: a run takes {self.terms.pairs} at most.")
            names = run.add(made[:room])
        rows = [row(run, name, pair.name) for name, pair in zip(names, made, strict=False)]
        return {"run": run.id, "pairs": rows, "faults": faults, "count": len(run.names()), "init": self._suited(run)}

    def _hello(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """The initial contents of the tab: "terms", "inits" (models to start from) and "runs" (without drafts)."""
        runs = self._runs_of(message)
        return {
            "terms": {"pairs": self.terms.pairs, "minutes": self.terms.minutes, "fewest": FEWEST},
            "inits": [
                {"name": name, "title": title, "input": self.models.tasks[name].get("input", "photo")}
                for name, title in self.models.starts()
            ],
            "runs": [self._brief(run) for run in reversed(runs)],
            "kept": None if math.isinf(self.terms.keep) else round(self.terms.keep / HOUR),
        }

    def _remove(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        with self.shelf.lock:
            run = self._editable(message)
            run.remove(str(message.get("pair")))
            return {"count": len(run.names())}

    def _flip(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """Swap input and target of one pair, or of all."""
        with self.shelf.lock:
            run = self._editable(message)
            for name in run.names() if message.get("pair") is None else [str(message["pair"])]:
                run.flip(name)
        return {}

    def _start(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        name, init = message.get("name"), message.get("init")
        minutes = self._minutes(message)
        if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
            raise DataError(f"Give the model a name of at most {LONGEST_NAME} letters.")
        if not isinstance(init, str) or (init and init not in dict(self.models.starts())):
            raise DataError("There is no such model to start from: choose one from the list.")
        with self.shelf.lock:
            run = self._editable(message)
            if len(run.names()) < FEWEST:
                raise DataError(f"Training takes at least {FEWEST} pairs: drop some more.")
            self._may_wait(visitor)
            run.name, run.minutes, run.owner = self._free(name.strip(), visitor), minutes, visitor
            run.init = self.models.sources[init] if init else ""
            inputs, task = run.some_inputs(), self.models.tasks[init] if init else {}
            labels = task.get("input") == "labels"
            if labels and task.get("palette") and not fits(inputs, task):
                title = dict(self.models.starts())[init]
                raise DataError(
                    f"{title} takes label maps in its own colours, and these inputs are something else: choose another "
                    "model to start from."
                )
            run.input_kind = "" if labels else kind_of_inputs(inputs)
            self.runner.enqueue(run)
            return self._brief(run)

    def _status(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """How a run goes; "gone" where it was removed."""
        if message.get("run") not in self.shelf:
            return {"run": message.get("run"), "gone": True}
        run = self.shelf[message.get("run")]
        progress = run.progress
        return {
            **self._brief(run),
            "pairs": len(run.names()),
            "folder": run.out.name,
            "trouble": run.trouble or (progress.trouble if progress else ""),
            "phase": progress.state if progress else "starting",
            "step": progress.step if progress else 0,
            "steps": progress.steps if progress else 0,
            "seconds": progress.seconds if progress else 0,
            "left": progress.left if progress else None,
            "kept": progress.kept if progress else 0,
            "room": max(0.0, self.terms.minutes - (progress.seconds / 60 if progress else 0.0)),
            "looks": progress.looks if progress else [],
        }

    def _stop(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """End a run, and keep the model so far."""
        with self.shelf.lock:
            run = self.shelf[message.get("run")]
            self.runner.finish(run)
            return self._brief(run)

    def _more(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """Continue a run, for more minutes, or after a failure for the remaining ones."""
        minutes = self._minutes(message)
        with self.shelf.lock:
            run = self.shelf[message.get("run")]
            if run.state not in ("done", "failed"):
                raise DataError("This run has not ended yet: stop it first, or wait.")
            self._may_wait(visitor)
            progress = run.progress
            spent = progress.seconds / 60 if progress else 0.0
            if run.state == "done":
                if spent + minutes > self.terms.minutes:
                    raise DataError(
                        f"A run takes {self.terms.minutes:g} minutes at most: download its model, and train it longer "
                        "on your own machine."
                    )
                run.minutes = round(spent + minutes, 2)
            self.runner.enqueue(run)
            return self._brief(run)

    def _pairs(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """The pairs of a draft, for a page that was loaded again; as `add` gives them. Nothing where it is gone."""
        if message.get("run") not in self.shelf or self.shelf[message.get("run")].state != "draft":
            return {"run": "", "pairs": [], "faults": [], "count": 0, "init": ""}
        return self._gathered(self.shelf[message.get("run")])

    def _revise(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """Make a draft of a run that failed before it had a model, so that its pairs and settings can be changed."""
        with self.shelf.lock:
            run = self.shelf[message.get("run")]
            if run.state != "failed" or run.has_model:
                raise DataError("Only a run that has failed can be changed: teach a new model.")
            if run.name:
                shutil.rmtree(run.out, ignore_errors=True)
            run.state, run.name, run.trouble, run.minutes = "draft", "", "", Run.minutes
            run.save()
            return self._gathered(run)

    def _gathered(self, run: Run) -> dict[str, Any]:
        names = run.names()
        rows = [row(run, name, name.partition("-")[2]) for name in names]
        return {"run": run.id, "pairs": rows, "faults": [], "count": len(names), "init": self._suited(run)}

    def _suited(self, run: Run) -> str:
        """The model to start from that suits a run's inputs; "" where none does."""
        return suited(run.some_inputs(), {name: self.models.tasks[name] for name, _ in self.models.starts()})

    def _forget(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """Remove a run with its pairs and its model."""
        with self.shelf.lock:
            self._drop(self.shelf[message.get("run")])
        return {}

    def _push(self, message: dict[str, Any], visitor: str) -> dict[str, Any]:
        """Upload a model to the Hub with the visitor's own token, which is not stored."""
        run = self.shelf[message.get("run")]
        repo, token = message.get("repo"), message.get("token")
        if not run.has_model:
            raise DataError("There is no model to upload yet: train it first.")
        if not isinstance(repo, str) or repo.count("/") != 1 or len(repo) > 100:
            raise DataError("Give a name on the Hub such as owner/name.")
        if not isinstance(token, str) or not token.strip() or len(token) > 200:
            raise DataError("Give a token with write access: create one at https://huggingface.co/settings/tokens.")
        return {"address": push(run.out, repo, token.strip())}

    def for_pictures(self, message: dict[str, Any]) -> list[tuple[str, str]]:
        """(title, id) of the taught models that translate pictures rather than drawings, the newest first.

        Args:
            message: "runs", the ids that the visitor's browser knows.
        """
        ready = [run for run in reversed(self._runs_of(message)) if run.id in self.models.taught]
        return [(run.name, run.id) for run in ready if not self.models.is_drawn(task_of(run))]

    def an_input(self, run_id: str) -> Image.Image | None:
        """An input of a run, to try its model on; None where there is none left.

        Raises:
            DataError: there is no such run.
        """
        run = self.shelf[run_id]
        return next((run.open(name, "a") for name in run.names()), None)

    def _runs_of(self, message: dict[str, Any]) -> list[Run]:
        """The runs that a visitor may see, without drafts, the oldest first."""
        known = message.get("runs")
        ids = {name for name in known if isinstance(name, str)} if isinstance(known, list) else set()
        return [run for run in self.shelf.all() if run.state != "draft" and (self.terms.everybody or run.id in ids)]

    def _finished(self, run: Run) -> None:
        """Add a run's model to those of the page."""
        grids = sorted((run.out / "training" / "samples").glob("step_*.png"))
        with suppress(OSError):  # on a full disk, the card has no picture
            if grids:
                with Image.open(grids[-1]) as grid:
                    side = grid.width // 3
                    output = grid.convert("RGB").crop((side, 0, 2 * side, side))
                with atomic_path(run.out / studio.PREVIEW) as temporary:
                    output.resize((PREVIEW_SIDE, PREVIEW_SIDE)).save(temporary, quality=88)
        self.models.add(run.id, run.out)

    def _brief(self, run: Run) -> dict[str, Any]:
        """The facts about a run in the list of runs."""
        queued = run.state == "queued"
        offered = run.id in self.models.taught  # its files may be there a moment before
        card, task = None, task_of(run) if offered else {}
        if self.models.is_drawn(task):
            version = (run.out / WEIGHTS_FILE).stat().st_mtime_ns // 1_000_000
            card = {
                **studio.card(run.name, task, run.out),
                "code": texts.TAUGHT,
                "examples": examples(run.pairs / "a", tuple(run.names()[:EXAMPLES])),
                "cost": "",
                "weights": f"taught/{run.id}/{version}/",
            }
        return {
            "run": run.id,
            "name": run.name,
            "state": run.state,
            "minutes": run.minutes,
            "until_stopped": run.minutes >= UNTIL_STOPPED,
            "ahead": self.runner.ahead_of(run) if queued else 0,
            "stopping": run.stopping and run.state == "running",
            "has_model": offered,
            "card": card,
        }

    def _free(self, name: str, visitor: str) -> str:
        """A name that none of the visitor's models has, so that their cards and files can be told apart."""
        own = [run for run in self.shelf.all() if self.terms.everybody or run.owner == visitor]
        return free_name(name, {run.name.casefold() for run in own}, between=" ")

    def _editable(self, message: dict[str, Any]) -> Run:
        run = self.shelf[message.get("run")]
        if run.state != "draft":
            raise DataError("This run has started, so its pairs cannot change: start a new one.")
        return run

    def _new(self, visitor: str) -> Run:
        if not self.terms.everybody:
            drafts = [run for run in self.shelf.all() if run.state == "draft" and run.owner == visitor]
            for run in drafts[: -DRAFTS + 1]:
                self.shelf.remove(run)
        return self.shelf.new(visitor)

    def _minutes(self, message: dict[str, Any]) -> float:
        minutes = message.get("minutes")
        if minutes == "until stopped" and self.terms.minutes >= UNTIL_STOPPED:
            return UNTIL_STOPPED
        if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or not 0 < minutes <= self.terms.minutes:
            raise DataError(f"A run takes from 1 to {self.terms.minutes:g} minutes.")
        return float(minutes)

    def _may_wait(self, visitor: str) -> None:
        active = [run for run in self.shelf.all() if run.state in ("queued", "running")]
        if sum(run.owner == visitor for run in active) >= self.terms.each:
            raise DataError("One of your runs is in progress: wait for its end, or stop it.")
        if len(active) >= self.terms.waiting:
            raise DataError(f"{len(active)} runs are waiting already: try again later.")

    def _drop(self, run: Run) -> None:
        self.runner.cancel(run)
        self.models.remove(run.id)
        self.shelf.remove(run)

    def _tidy(self) -> None:
        """Remove old runs periodically, forever."""
        while True:
            with suppress(OSError):
                self.sweep(time.time())
            time.sleep(HOUR / 4)

    def sweep(self, now: float) -> None:
        """Remove runs whose time is over, and drafts that were not finished within a day."""
        for run in self.shelf.all():
            with suppress(Pix2PixError, OSError), self.shelf.lock:  # it may vanish meanwhile
                run = self.shelf[run.id]  # as it is now
                age = now - max(run.made, run.asked)
                if (run.state == "draft" and age > DAY) or (run.state in ("done", "failed") and age > self.terms.keep):
                    self._drop(run)


def dropped(files: Any, folder: str) -> list[Dropped]:
    """The files in a message.

    Raises:
        DataError: there are none, too many, or one that did not arrive.
    """
    if not isinstance(files, list) or not files or len(files) > MAX_FILES:
        raise DataError(f"Drop from 1 to {MAX_FILES} files at once; a zip may hold more.")
    found = []
    for file in files:
        path = arrived(file.get("path"), folder) if isinstance(file, dict) else None
        name, group = (file.get("name"), file.get("group", "")) if isinstance(file, dict) else ("", "")
        if path is None or not isinstance(name, str) or group not in ("", "a", "b"):
            raise DataError("A file did not arrive: drop it again.")
        clean = "/".join(part for part in PurePosixPath(name[:300]).parts if part not in ("/", "..", "."))
        found.append(Dropped(clean or path.name, path, group))
    return found


def row(run: Run, name: str, shown: str) -> dict[str, str]:
    """A pair in the form that the page shows."""
    pictures = {side: data_url(thumb(run.open(name, side)), lossless=False) for side in "ab"}
    return {"pair": name, "name": PurePosixPath(shown).name, **pictures}


@lru_cache(maxsize=64)
def examples(folder: Path, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Inputs of a run, as example drawings."""
    found = []
    for number, name in enumerate(names, 1):
        with Image.open(folder / name) as image:
            drawing = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        found.append({"name": texts.EXAMPLE.format(number=number), "image": data_url(drawing, lossless=True)})
    return found


def task_of(run: Run) -> dict[str, Any]:
    """What a run's model is for; nothing where there is none, or its files are damaged."""
    try:
        return read_config(run.out)["task"] if run.has_model else {}
    except CheckpointError:
        return {}


def thumb(image: Image.Image) -> Image.Image:
    return image.resize((THUMB, THUMB), Image.Resampling.BICUBIC)
