"""The models a page offers, loaded when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from demo import texts
from demo.rules import DRAWN
from demo.server.turns import Turns
from pix2pix import CheckpointError, Pix2PixError, download, is_cached, list_models, read_task
from pix2pix.devices import MEMORY
from pix2pix.errors import missing
from pix2pix.files import free_name
from pix2pix.weights.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from pix2pix.weights.known import known_model
from pix2pix.weights.pretrained import BUNDLED

if TYPE_CHECKING:
    from pix2pix import Translator


MAX_LOADED = 8


def public_names(sources: Sequence[str]) -> dict[str, str]:
    """The names under which visitors know models: the sources themselves, but of a path on this machine only its last
    part, which is numbered where the name is taken. Returns name -> source."""
    paths = [source for source in sources if source not in list_models() and Path(source).exists()]
    taken = {source.casefold() for source in sources if source not in paths}
    return {
        free_name(Path(source).resolve().name, taken) if source in paths else source: source
        for source in dict.fromkeys(sources)
    }


def titled(name: str, task: dict[str, Any]) -> str:
    """A model's plain name."""
    title = task.get("title")
    return title if isinstance(title, str) and title else texts.TITLES.get(name, Path(name).name)


class Models:
    """The models of a page, by name. Their tasks are read at once, which is cheap. A model's weights are loaded
    when its first picture is asked for, so that the page opens earlier.

    Args:
        sources: bundled names, checkpoint folders or files, or Hub ids; visitors can use no others.
        device: device to run on, as for `--device`.
        max_loaded: most models in memory; the least recently used one makes room.
        any_model: whether visitors may name any other source that `Translator.from_pretrained` takes.
        memory: most memory that a translation may take, in gigabytes.

    Attributes:
        sources: name -> source of each model, see `public_names`.
        tasks: name -> task.
        turns: the order in which requests compute, across all models.

    Raises:
        CheckpointError: a source cannot be found.
    """

    def __init__(
        self,
        sources: Sequence[str],
        device: str = "cpu",
        max_loaded: int = MAX_LOADED,
        any_model: bool = False,
        memory: float = MEMORY,
    ) -> None:
        self.sources = public_names(sources)
        self.tasks: dict[str, dict[str, Any]] = {name: read_task(source) for name, source in self.sources.items()}
        self.taught: dict[str, Path] = {}
        self.device, self.max_loaded, self.any_model, self.memory = device, max_loaded, any_model, memory
        self.turns = Turns()
        self._loaded: dict[str, Translator] = {}
        self._downloading: set[str] = set()
        self._lock = Lock()
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()  # of the models being loaded

    def drawn(self, name: str) -> bool:
        """Whether a model translates drawings: it takes edges, paint, or labels with a known palette."""
        return self.is_drawn(self.tasks[name])

    @staticmethod
    def is_drawn(task: dict[str, Any]) -> bool:
        """The same for a model's task."""
        return task.get("input") in DRAWN and (task["input"] != "labels" or "palette" in task)

    def add(self, name: str, folder: Path) -> None:
        """Offer a model that was taught here, to those who know its name. A newer one takes its place."""
        with self._lock_of(name), self._lock:
            self.taught[name] = folder
            self._loaded.pop(name, None)

    def remove(self, name: str) -> None:
        """Offer a model no more that was taught here."""
        with self._lock_of(name), self._lock:
            self.taught.pop(name, None)
            self._loaded.pop(name, None)

    def starts(self) -> list[tuple[str, str]]:
        """(name, title) of the models that training may start from: those of this page that are here."""
        return [(name, titled(name, task)) for name, task in self.tasks.items() if not self.to_download(name)]

    def choices(self, drawn: bool) -> list[tuple[str, str]]:
        """(label, name) of the models that translate drawings, or of the others. A label is the plain name, and the
        size of the download where there is one to do."""
        return [(self._label(name), name) for name in self.tasks if self.drawn(name) == drawn]

    def _label(self, name: str) -> str:
        title, cost = titled(name, self.tasks[name]), self.cost(name)
        return f"{title} ({cost})" if cost else title

    def cost(self, name: str) -> str:
        """What it costs to fetch a model, in words; "" for one that is here."""
        model = known_model(name)
        return texts.COST.format(megabytes=model.megabytes) if model and self.to_download(name) else ""

    def folder(self, name: str) -> Path | None:
        """Where the checkpoint of a model that people draw for lies, if it is one that a browser may read: in our
        format, and on this machine."""
        folder = self.place(name)
        ours = self.drawn(name) and all((folder / file).is_file() for file in (CONFIG_FILE, WEIGHTS_FILE))
        return folder if ours else None

    def place(self, name: str) -> Path:
        """Where the checkpoint of a model of this page would lie on this machine."""
        source = self.sources[name]
        return BUNDLED / source if source in list_models() else Path(source)

    def to_download(self, name: str) -> bool:
        """Whether a model of this page is a known one of the Hub that is not downloaded yet."""
        return name in self.tasks and known_model(name) is not None and not is_cached(name)

    def download(self, name: str, report: Callable[[int, int], None]) -> None:
        """Download a model if needed. Meanwhile, requests for it are refused, so that they do not block everybody else.

        Args:
            report: called with the numbers of downloaded and of all bytes.

        Raises:
            CheckpointError: see `pix2pix.download`.
        """
        if not self.to_download(name):
            return
        self._downloading.add(name)
        try:
            download(name, report=report)
        finally:
            self._downloading.discard(name)

    def __getitem__(self, name: str) -> Translator:
        """The model with this name.

        Raises:
            CheckpointError: the model is not offered, is being downloaded, or has damaged files.
        """
        if isinstance(name, str) and name not in self.tasks:  # a script of the owner's may name the source
            name = next((known for known, source in self.sources.items() if source == name), name)
        known = isinstance(name, str) and (name in self.tasks or name in self.taught)
        if not known and not (isinstance(name, str) and self.any_model):
            raise CheckpointError(f"This page does not offer that model: choose one of {', '.join(self.tasks)}.")
        if name in self._downloading:
            raise CheckpointError(f"{name} is being downloaded: wait for it, or pick another model.")
        with self._lock_of(name):  # a model that is downloaded or loaded keeps nobody from the others
            with self._lock:
                translator = self._loaded.pop(name, None)
            if translator is None:
                from pix2pix import Translator, choose_device

                source = self.taught.get(name) or self.sources.get(name, name)
                device = choose_device(self.device)
                try:
                    translator = Translator.from_pretrained(source, device=device, memory=self.memory)
                except ModuleNotFoundError as error:  # another project's file, where PyTorch is not installed
                    raise CheckpointError(missing(error)) from None
            with self._lock:
                self._loaded[name] = translator  # the most recently used is last
                if len(self._loaded) > self.max_loaded:
                    del self._loaded[next(iter(self._loaded))]
            return translator

    def _lock_of(self, name: str) -> Lock:
        with self._lock:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = Lock()
            return lock

    def state(self) -> dict[str, Any]:
        """The numbers of offered models and of models in memory, for a load balancer."""
        return {"models": len(self.tasks), "loaded": len(self._loaded)}

    def warm_up(self, name: str) -> None:
        """Load a model and run it once in the background, so that the first visitor does not wait for it. Nothing is
        downloaded for this. A faulty model is reported to those who pick it."""
        if self.to_download(name):
            return

        def load() -> None:
            from PIL import Image

            with suppress(Pix2PixError):
                self[name](Image.new("RGB", (64, 64), "white"))

        Thread(target=load, daemon=True, name=f"warm-up of {name}").start()
