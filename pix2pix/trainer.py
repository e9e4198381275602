"""The trainer: one step on the discriminator, one on the generator (Isola et al. 2017, section 3.3, appendix 6.2).

Nothing random is left to a hidden state. The order of the pairs follows from (seed, epoch), their jitter from
(seed, epoch, pair) and the dropout noise from (seed, step, place in the batch). So a resumed run needs only the
networks, the optimisers and the number of steps done, and ends with the same weights as one that was never stopped.
"""

from __future__ import annotations

import dataclasses
import json
import pickle
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from pix2pix.data import PairFolder, mixed_seed
from pix2pix.devices import choose_device
from pix2pix.discriminator import Discriminator
from pix2pix.errors import TrainingError
from pix2pix.files import atomic_path, write_text
from pix2pix.generator import Generator
from pix2pix.hub import CONFIG_FILE, WEIGHTS_FILE
from pix2pix.images import to_image
from pix2pix.losses import discriminator_loss, generator_gan_loss, l1_loss
from pix2pix.noise import dropout_masks

STATE_FILE = "state.pt"


@dataclasses.dataclass
class Settings:
    """What a run is. The defaults are the paper's (appendix 6.2).

    `epochs` counts passes over the training pairs: the learning rate stays flat for the first half of them and then
    falls to zero in a straight line. `l1_weight` is the paper's lambda. `discriminator_features` of None means as
    many as the generator's `features`. `edges` draws the inputs as a hand would (see `pix2pix.edges`). `init` names
    what to start from instead of random weights: a checkpoint, or the folder of another run, whose discriminator is
    taken too.
    """

    data: str
    out: str
    direction: str = "AtoB"
    input_kind: str = "photo"
    features: int = 64
    max_features: int = 512
    depth: int = 8
    discriminator_features: int | None = None
    epochs: int = 200
    batch_size: int = 1
    lr: float = 2e-4
    l1_weight: float = 100.0
    edges: bool = False
    init: str = ""
    seed: int = 0
    device: str = "auto"

    # What a resumed run may change: where it runs and where its data lies, not what it computes.
    FREE = ("data", "out", "device")


class Trainer:
    """A training run: `settings` -> a checkpoint folder at `settings.out`.

    While it runs, `settings.out/training` holds `state.pt` (what `resume` continues from), `log.jsonl` and
    `samples/epoch_NNNN.png` (rows of input | output | truth for fixed pairs of the val split).

    Raises:
        DataError: see `PairFolder`.
        TrainingError: the folder holds a finished model or an unfinished run that `resume` was not asked to
            continue, or there is nothing to resume, or it was another kind of run.
    """

    def __init__(self, settings: Settings, resume: bool = False) -> None:
        self.settings = settings
        self.out = Path(settings.out)
        self.folder = self.out / "training"
        self._check_folder(resume)
        self.device = torch.device(choose_device(settings.device))
        if settings.depth < 5:
            raise TrainingError(
                f"--depth is {settings.depth}: the discriminator's patches need at least 5 (32 pixels)."
            )
        size = 2**settings.depth
        self.pairs = PairFolder(
            settings.data, "train", settings.direction, size, jitter=True, edges=settings.edges, seed=settings.seed
        )
        self.fixed = fixed_pairs(settings, size)
        self.steps_per_epoch = -(-len(self.pairs) // settings.batch_size)
        self.total_steps = settings.epochs * self.steps_per_epoch
        self.step = 0
        self.seconds = 0.0

        torch.manual_seed(mixed_seed(settings.seed))
        self.generator = Generator(
            features=settings.features, max_features=settings.max_features, depth=settings.depth
        ).to(self.device)
        discriminator_features = settings.discriminator_features or settings.features
        self.discriminator = Discriminator(features=discriminator_features).to(self.device)
        betas = (0.5, 0.999)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), settings.lr, betas, fused=True)
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), settings.lr, betas, fused=True)
        if resume:
            self._load_state()
        elif settings.init:
            self._start_from(settings.init)

    def train(self) -> None:
        """Run to the end and write the checkpoint folder. SIGTERM and Ctrl+C save the state first, then leave."""
        self._stop: int | None = None
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._run()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _run(self) -> None:
        progress = tqdm(total=self.total_steps, initial=self.step, unit="step", smoothing=0.05, dynamic_ncols=True)
        begun, saved = time.monotonic() - self.seconds, time.monotonic()
        sums: dict[str, float] = {}
        with progress:
            for x, y in self._batches():
                losses = self.train_step(x.to(self.device), y.to(self.device))
                sums = {name: sums.get(name, 0.0) + float(value) for name, value in losses.items()}
                progress.update()
                epoch, in_epoch = divmod(self.step, self.steps_per_epoch)
                if self.step % 10 == 0:
                    shown = {name: f"{float(value):.3f}" for name, value in losses.items()}
                    progress.set_postfix(epoch=f"{epoch}/{self.settings.epochs}", **shown)
                self.seconds = time.monotonic() - begun
                if in_epoch == 0:
                    count = self.steps_per_epoch
                    self._log({"epoch": epoch, "step": self.step, **{k: round(v / count, 5) for k, v in sums.items()}})
                    sums = {}
                    self.save_samples(epoch)
                if in_epoch == 0 or self._stop is not None or time.monotonic() - saved > 300:
                    self.save_state()
                    saved = time.monotonic()
                if self._stop is not None:
                    raise SystemExit(128 + self._stop)
        self._finish()

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches that are still to come."""
        size = self.settings.batch_size
        keys: list[list[tuple[int, int]]] = []
        for step in range(self.step, self.total_steps):
            epoch, in_epoch = divmod(step, self.steps_per_epoch)
            if not keys or in_epoch == 0:
                order = epoch_order(self.settings.seed, epoch, len(self.pairs))
            keys.append([(epoch, index) for index in order[in_epoch * size : (in_epoch + 1) * size]])
        return iter(DataLoader(self.pairs, batch_sampler=keys))

    def train_step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """One gradient step on D, then one on G (section 3.3).

        Args:
            x: (N, 3, H, W) inputs in [-1, 1].
            y: (N, 3, H, W) truths in [-1, 1].

        Returns:
            The losses, scalars without gradient: "D" (halved), "GAN" and "L1" (before lambda).
        """
        self._set_learning_rate()
        fake = self.generator(x, self._noise(x))

        self.discriminator.requires_grad_(True)
        loss_d = discriminator_loss(self.discriminator(x, y), self.discriminator(x, fake.detach()))
        self.discriminator_optimizer.zero_grad()
        loss_d.backward()
        self.discriminator_optimizer.step()

        self.discriminator.requires_grad_(False)  # the generator's step needs no gradients of D's weights
        loss_gan = generator_gan_loss(self.discriminator(x, fake))
        loss_l1 = l1_loss(fake, y)
        self.generator_optimizer.zero_grad()
        (loss_gan + self.settings.l1_weight * loss_l1).backward()
        self.generator_optimizer.step()

        self.step += 1
        return {"D": loss_d.detach(), "GAN": loss_gan.detach(), "L1": loss_l1.detach()}

    def _noise(self, x: Tensor) -> list[Tensor]:
        """Dropout masks of this step: draw 1 + the number of pictures seen before, so that none comes twice."""
        first = 1 + self.step * self.settings.batch_size
        shapes = self.generator.config.noise_shapes(x.shape[-2], x.shape[-1])
        rate = self.generator.config.dropout
        draws = [dropout_masks(shapes, rate, self.settings.seed, first + i) for i in range(len(x))]
        return [torch.from_numpy(np.stack(level)).to(self.device) for level in zip(*draws, strict=True)]

    def _set_learning_rate(self) -> None:
        left = 1 - self.step / self.total_steps
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = self.settings.lr * min(1.0, 2 * left)

    @torch.no_grad()
    def save_samples(self, epoch: int) -> None:
        """Write the grid of the fixed val pairs: rows of input | output | truth."""
        shapes = self.generator.config.noise_shapes(*self.fixed[0][0].shape[-2:])
        masks = dropout_masks(shapes, self.generator.config.dropout, self.settings.seed)
        noise = [torch.from_numpy(mask)[None].to(self.device) for mask in masks]
        rows = []
        for x, y in self.fixed:
            output = self.generator(x[None].to(self.device), noise)[0].cpu()
            rows.append(torch.cat([x, output, y], dim=2))
        image = to_image(torch.cat(rows, dim=1).numpy())
        with atomic_path(self.folder / "samples" / f"epoch_{epoch:04d}.png") as temporary:
            image.save(temporary)

    def save_state(self) -> None:
        """Write `training/state.pt` in one atomic step."""
        state = {
            "settings": dataclasses.asdict(self.settings),
            "pairs": len(self.pairs),
            "step": self.step,
            "seconds": self.seconds,
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "generator_optimizer": self.generator_optimizer.state_dict(),
            "discriminator_optimizer": self.discriminator_optimizer.state_dict(),
        }
        with atomic_path(self.folder / STATE_FILE) as temporary:
            torch.save(state, temporary)

    def _load_state(self) -> None:
        path = self.folder / STATE_FILE
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            # A state from before a setting existed was trained with that setting's default.
            was, now = {**dataclasses.asdict(Settings("", "")), **state["settings"]}, dataclasses.asdict(self.settings)
            changed = [name for name in now if name not in Settings.FREE and was[name] != now[name]]
            if changed:
                options = ", ".join(f"{name} was {was[name]} and is {now[name]}" for name in changed)
                raise TrainingError(f"{path} is of another run ({options}): resume with the options it began with.")
            if state["pairs"] != len(self.pairs):
                raise TrainingError(
                    f"{path} was trained on {state['pairs']} pairs and {self.settings.data} holds {len(self.pairs)}: "
                    "resume with the same pairs."
                )
            self.generator.load_state_dict(state["generator"])
            self.discriminator.load_state_dict(state["discriminator"])
            self.generator_optimizer.load_state_dict(state["generator_optimizer"])
            self.discriminator_optimizer.load_state_dict(state["discriminator_optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]
        except FileNotFoundError:
            raise TrainingError(f"There is nothing to resume at {path}: start without --resume.") from None
        except TrainingError:
            raise
        except Exception as error:  # a damaged pickle can raise nearly anything
            name = type(error).__name__
            raise TrainingError(f"{path} is damaged ({name}): start again with another --out.") from None

    def _start_from(self, source: str) -> None:
        """Take the weights of a checkpoint, or of both networks of another run."""
        state_file = Path(source) / "training" / STATE_FILE
        try:
            if state_file.exists():
                state = torch.load(state_file, map_location=self.device, weights_only=True)
                self.generator.load_state_dict(state["generator"])
                self.discriminator.load_state_dict(state["discriminator"])
            else:
                self.generator.load_state_dict(Generator.from_pretrained(source).state_dict())
        except (RuntimeError, KeyError, pickle.UnpicklingError, EOFError):
            raise TrainingError(
                f"The weights of {source} do not fit this run: use the --features, --max-features, --depth and "
                "--discriminator-features that they were trained with."
            ) from None

    def _check_folder(self, resume: bool) -> None:
        finished = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if (self.out / name).exists()]
        if finished:
            raise TrainingError(f"{self.out} already holds a model ({finished[0]}): choose another --out.")
        if not resume and (self.folder / STATE_FILE).exists():
            raise TrainingError(f"{self.out} holds an unfinished run: add --resume, or choose another --out.")

    def _finish(self) -> None:
        """Write the checkpoint folder: the card first, the weights last, so that a model is there when all is."""
        from pix2pix.card import training_card
        from pix2pix.engines import TorchEngine
        from pix2pix.metrics import evaluate
        from pix2pix.translator import Translator

        task: dict[str, Any] = {
            "direction": self.settings.direction,
            "input": self.settings.input_kind,
            "image_size": self.pairs.size,
        }
        metrics = None
        if (Path(self.settings.data) / "val").is_dir():
            pairs = PairFolder(self.settings.data, "val", self.settings.direction, self.pairs.size)
            metrics = evaluate(Translator(TorchEngine(self.generator, self.device), task), pairs)
        write_text(self.out / "README.md", training_card(self, metrics))
        self.generator.save_pretrained(self.out, task, half=True)

    def _log(self, line: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "seconds": round(self.seconds, 1)}) + "\n")

    def _ask_to_stop(self, number: int, frame: Any) -> None:
        self._stop = number


def epoch_order(seed: int, epoch: int, count: int) -> list[int]:
    """The order in which an epoch visits the pairs."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(mixed_seed(seed, epoch))).tolist()


def fixed_pairs(settings: Settings, size: int, count: int = 6) -> list[tuple[Tensor, Tensor]]:
    """The first `count` pairs of the val split, or of the training pairs where there is no such split."""
    split = "val" if (Path(settings.data) / "val").is_dir() else "train"
    pairs: Dataset = PairFolder(settings.data, split, settings.direction, size)
    return [pairs[i] for i in range(min(count, len(pairs)))]  # type: ignore[arg-type]
