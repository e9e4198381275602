"""Training runs as folders, so that a restarted server finds them.

taught/ID/run.json      the request and its result
taught/ID/pairs/a, b    the pairs, inputs and targets of the same names
taught/ID/NAME          the checkpoint folder, with `training` in it
taught/ID/console.log   the trainer's output
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock

import numpy as np
from PIL import Image

from demo.rules import LONGEST_NAME
from demo.teach.intake import Made
from pix2pix.errors import DataError, Pix2PixError
from pix2pix.files import atomic_path, write_text
from pix2pix.training.progress import Progress, read_progress
from pix2pix.weights.checkpoint import CONFIG_FILE, WEIGHTS_FILE

ID = re.compile(r"[0-9a-f]{32}")
PAIR = re.compile(r"[0-9]{5,}-[a-z0-9-]+\.png")  # the file of a pair's picture
LOOKED_AT = 8  # inputs, to tell what they are
STATES = ("draft", "queued", "running", "done", "failed")


@dataclass
class Run:
    """A run, from its first pair to its model.

    Attributes:
        folder: folder, whose name is the run's id. Ids cannot be guessed.
        owner: address of the visitor.
        state: one of `STATES`.
        name, minutes: as requested; the minutes are those of the whole run.
        init: source of the model that it starts from, or "".
        input_kind: kind of the inputs, or "" to leave it to the model that it starts from.
        pid: process number of its trainer, while it runs.
        trouble: the error, in a sentence.
        made, asked, started: times of creating the folder, of the last request to train and of the trainer's start, on
            `time.time`'s clock.
        stopping: whether it was told to end and keep the model so far.
    """

    folder: Path
    owner: str = ""
    state: str = "draft"
    name: str = ""
    init: str = ""
    minutes: float = 3.0
    input_kind: str = "edges"
    pid: int = 0
    trouble: str = ""
    made: float = 0.0
    started: float = 0.0
    asked: float = 0.0
    stopping: bool = False

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def pairs(self) -> Path:
        return self.folder / "pairs"

    @property
    def out(self) -> Path:
        name = slug(self.name)
        return self.folder / (f"{name}-model" if name == self.pairs.name else name)

    @property
    def has_model(self) -> bool:
        return (self.out / CONFIG_FILE).is_file() and (self.out / WEIGHTS_FILE).is_file()

    @property
    def progress(self) -> Progress | None:
        return read_progress(self.out / "training") if self.name else None

    def save(self) -> None:
        """
        Raises:
            Pix2PixError: the disk is full.
        """
        facts = {name: value for name, value in asdict(self).items() if name != "folder"}
        try:
            write_text(self.folder / "run.json", json.dumps(facts, indent=2) + "\n")
        except OSError as error:
            raise no_room(error) from None

    # --- its pairs ---------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The files of its pairs, in the order of their arrival."""
        return sorted(path.name for path in (self.pairs / "b").glob("[0-9]*.png"))

    def add(self, pairs: list[Made]) -> list[str]:
        """Store pairs. Returns the names of their files.

        Raises:
            Pix2PixError: the disk is full. Pairs that are stored already stay.
        """
        last = max((int(name.partition("-")[0]) for name in self.names()), default=0)
        kept = []
        for number, pair in enumerate(pairs, last + 1):
            name = f"{number:05d}-{slug(Path(pair.name).stem)}.png"
            for side, image in (("a", pair.a), ("b", pair.b)):
                try:
                    with atomic_path(self.pairs / side / name) as temporary:
                        image.save(temporary)
                except OSError as error:
                    (self.pairs / "a" / name).unlink(missing_ok=True)
                    raise no_room(error) from None
            kept.append(name)
        return kept

    def remove(self, name: str) -> None:
        for side in "ab":
            self.pair(name, side).unlink(missing_ok=True)

    def flip(self, name: str) -> None:
        """Swap input and target."""
        a, b = (self.pair(name, side) for side in "ab")
        between = a.with_suffix(".flip")
        os.replace(a, between)
        os.replace(b, a)
        os.replace(between, b)

    def mend(self) -> None:
        """Finish the work of a killed server: a flip, or a pair with only one picture."""
        for between in (self.pairs / "a").glob("*.flip"):
            name = between.with_suffix(".png").name
            if not (self.pairs / "a" / name).exists():
                os.replace(self.pairs / "b" / name, self.pairs / "a" / name)
            os.replace(between, self.pairs / "b" / name)
        whole = set(self.names())
        for path in (self.pairs / "a").glob("*.png"):
            if path.name not in whole:
                path.unlink()

    def pair(self, name: str, side: str) -> Path:
        """The path of a picture of a pair.

        Raises:
            DataError: the run has no such pair.
        """
        if not PAIR.fullmatch(name) or not (self.pairs / "b" / name).is_file():
            raise DataError("This pair is not here any more: reload the page.")
        return self.pairs / side / name

    def open(self, name: str, side: str) -> Image.Image:
        with Image.open(self.pair(name, side)) as image:
            return image.convert("RGB")

    def some_inputs(self) -> list[np.ndarray]:
        """The first inputs, (height, width, 3), uint8 each."""
        return [np.asarray(self.open(name, "a")) for name in self.names()[:LOOKED_AT]]


class Shelf:
    """The runs of a folder.

    Raises:
        Pix2PixError: the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = RLock()  # held while a run is read, changed and saved
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Pix2PixError(f"{folder} cannot be made ({error.strerror}): choose another --taught.") from None

    def new(self, owner: str) -> Run:
        """A run without pairs."""
        run = Run(self.folder / secrets.token_hex(16), owner, made=time.time())
        try:
            run.folder.mkdir()
        except OSError as error:
            raise no_room(error) from None
        run.save()
        return run

    def __contains__(self, name: object) -> bool:
        return self._find(name) is not None

    def __getitem__(self, name: object) -> Run:
        """
        Raises:
            DataError: there is no such run.
        """
        run = self._find(name)
        if run is None:
            raise DataError("There is no such run any more: begin a new one.")
        return run

    def _find(self, name: object) -> Run | None:
        return self._read(self.folder / name) if isinstance(name, str) and ID.fullmatch(name) else None

    def all(self) -> list[Run]:
        """Every run, the oldest first."""
        found = [self._read(path) for path in self.folder.iterdir() if ID.fullmatch(path.name)]
        return sorted((run for run in found if run), key=lambda run: run.asked or run.made)

    def remove(self, run: Run) -> None:
        shutil.rmtree(run.folder, ignore_errors=True)

    def bytes(self) -> int:
        """The bytes of all runs on disk."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):  # a trainer may rename or remove it meanwhile
                facts = path.lstat()
                total += facts.st_size if stat.S_ISREG(facts.st_mode) else 0
        return total

    @staticmethod
    def _read(folder: Path) -> Run | None:
        try:
            facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            return Run(folder, **{name: value for name, value in facts.items() if name in Run.__dataclass_fields__})
        except (OSError, ValueError, TypeError):
            return None


def slug(name: str) -> str:
    """A name as the name of a folder or file: letters, digits and dashes."""
    words = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    return words[:LONGEST_NAME] or "model"


def no_room(error: OSError) -> Pix2PixError:
    return Pix2PixError(f"The server could not save this ({error.strerror}): nothing was lost; try again later.")
