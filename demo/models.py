"""The models a page offers, loaded when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from demo import texts
from demo.rules import DRAWN
from demo.server.turns import Turns
from pix2pix import KNOWN_MODELS, CheckpointError, Pix2PixError, download, is_cached, list_models, read_task
from pix2pix.devices import MEMORY
from pix2pix.weights.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from pix2pix.weights.pretrained import BUNDLED

if TYPE_CHECKING:
    from pix2pix import Translator


MAX_LOADED = 8


def titled(name: str, task: dict[str, Any]) -> str:
    """A model's plain name."""
    title = task.get("title")
    return title if isinstance(title, str) and title else texts.TITLES.get(name, Path(name).name)


class Models:
    """The models of a page by name. Reading what they are for is cheap and done at once; PyTorch and the weights
    are loaded when a picture is first asked of them, so that the page is there before.

    Args:
        names: bundled names, checkpoint folders or Hub ids; the visitors can use these and no others.
        device: where they run, as for `--device`.
        max_loaded: models in memory; the one that was used longest ago makes room.
        any_model: visitors may name others too, whatever `Translator.from_pretrained` takes.
        memory: that a translation may take, in gigabytes.

    Attributes:
        turns: who computes next, on all of them.

    Raises:
        CheckpointError: a name cannot be found.
    """

    def __init__(
        self,
        names: Sequence[str],
        device: str = "cpu",
        max_loaded: int = MAX_LOADED,
        any_model: bool = False,
        memory: float = MEMORY,
    ) -> None:
        self.tasks: dict[str, dict[str, Any]] = {name: read_task(name) for name in names}
        self.taught: dict[str, Path] = {}
        self.device, self.max_loaded, self.any_model, self.memory = device, max_loaded, any_model, memory
        self.turns = Turns()
        self._loaded: dict[str, Translator] = {}
        self._downloading: set[str] = set()
        self._lock = Lock()

    def drawn(self, name: str) -> bool:
        """Whether people draw for a model: it takes edges or paint, or labels whose palette is known."""
        return self.is_drawn(self.tasks[name])

    @staticmethod
    def is_drawn(task: dict[str, Any]) -> bool:
        """The same for a model's task."""
        return task.get("input") in DRAWN and (task["input"] != "labels" or "palette" in task)

    def add(self, name: str, folder: Path) -> None:
        """Offer a model that was taught here, to those who know its name. A newer one takes its place."""
        with self._lock:
            self.taught[name] = folder
            self._loaded.pop(name, None)

    def remove(self, name: str) -> None:
        """Offer a model no more that was taught here."""
        with self._lock:
            self.taught.pop(name, None)
            self._loaded.pop(name, None)

    def starts(self) -> list[tuple[str, str]]:
        """(name, title) of the models that training may start from: those of this page that are here."""
        return [(name, titled(name, task)) for name, task in self.tasks.items() if not self.to_download(name)]

    def choices(self, drawn: bool) -> list[tuple[str, str]]:
        """(label, name) of the models that people draw for, or of the others; the label of one that is not here yet
        says what it costs."""
        known = {model.name: model for model in KNOWN_MODELS}
        labels = []
        for name in self.tasks:
            if self.drawn(name) != drawn:
                continue
            label = name
            if self.to_download(name):
                label = f"{name}: {known[name].what}, {texts.COST.format(megabytes=known[name].megabytes)}"
            labels.append((label, name))
        return labels

    def folder(self, name: str) -> Path | None:
        """Where the checkpoint of a model that people draw for lies, if it is one that a browser may read: in our
        format, and on this machine."""
        folder = BUNDLED / name if name in list_models() else Path(name)
        ours = self.drawn(name) and all((folder / file).is_file() for file in (CONFIG_FILE, WEIGHTS_FILE))
        return folder if ours else None

    def to_download(self, name: str) -> bool:
        """Whether a model of this page is a known one of the Hub that is not here yet."""
        return name in self.tasks and name in {model.name for model in KNOWN_MODELS} and not is_cached(name)

    def download(self, name: str, report: Callable[[int, int], None]) -> None:
        """Fetch a model's files, if it is still to be downloaded. Meanwhile the model is refused, so that those who ask
        for it do not keep everybody else waiting.

        Args:
            report: called with the bytes that are here and those that are wanted.

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
        """The model of a name.

        Raises:
            CheckpointError: the page does not offer it, it is being downloaded, or its files are damaged.
        """
        known = isinstance(name, str) and (name in self.tasks or name in self.taught)
        if not known and not (isinstance(name, str) and self.any_model):
            raise CheckpointError(f"This page does not offer that model: choose one of {', '.join(self.tasks)}.")
        if name in self._downloading:
            raise CheckpointError(f"{name} is being downloaded: wait for it, or pick another model.")
        with self._lock:
            if name not in self._loaded:
                from pix2pix import Translator, choose_device

                source, device = self.taught.get(name, name), choose_device(self.device)
                self._loaded[name] = Translator.from_pretrained(source, device=device, memory=self.memory)
                if len(self._loaded) > self.max_loaded:
                    del self._loaded[next(iter(self._loaded))]
            self._loaded[name] = self._loaded.pop(name)  # the latest used stands last
            return self._loaded[name]

    def state(self) -> dict[str, Any]:
        """For a load balancer: how many models are offered, and how many of them are in memory."""
        return {"models": len(self.tasks), "loaded": len(self._loaded)}

    def warm_up(self, name: str) -> None:
        """Load a model and run it once, in the background, so that the first visitor does not wait for it. Nothing is
        downloaded for this, and what is wrong with a model is told to those who pick it."""
        if self.to_download(name):
            return

        def load() -> None:
            from PIL import Image

            with suppress(Pix2PixError):
                self[name](Image.new("RGB", (64, 64), "white"))

        Thread(target=load, daemon=True, name=f"warm-up of {name}").start()
