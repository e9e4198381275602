"""The networks of a training run, their optimisers, and the step: one on the discriminator, one on the generator
(Isola et al. 2017, section 3.3, appendix 6.2)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pix2pix.errors import TrainingError
from pix2pix.networks.discriminator import Discriminator
from pix2pix.networks.folding import fold_norms
from pix2pix.networks.generator import Generator
from pix2pix.networks.losses import discriminator_loss, distances, generator_gan_loss, mode_seeking_loss
from pix2pix.networks.noise import dropout_masks
from pix2pix.networks.upsampling import fitting_weights, ordinary_weights, tie_kernels
from pix2pix.pairs.pairs import mixed_seed
from pix2pix.pictures.places import LINE_KINDS
from pix2pix.training.augmentation import augmented
from pix2pix.training.larger import is_narrower, one_level_inward, widened
from pix2pix.training.processes import Processes
from pix2pix.training.settings import Settings
from pix2pix.training.state import has_state, read_state

BETAS = (0.5, 0.999)  # Adam's
LINE = 9  # pixels; narrower areas are lines, not paint
NEARLY_WHITE = 0.9  # of [-1, 1]


class Learner:
    """The networks and optimisers of a run, on one device.

    Args:
        settings: settings of the networks, the objective and the step.
        processes: this process and those that train with it.
        total_steps: length of the run, which the learning rate depends on; `math.inf` while it is unknown.

    Attributes:
        generator, discriminator: the networks; `discriminator` is None where the objective has none.
        model: the network to keep: the generator, or the moving average of its weights.
        batch: number of pairs per step in all processes together.
        step: number of steps done.
    """

    def __init__(self, settings: Settings, processes: Processes, total_steps: float) -> None:
        self.settings, self.processes, self.total_steps = settings, processes, total_steps
        self.device = processes.device
        self.batch = settings.batch_size * processes.count
        self.step = 0

        torch.manual_seed(mixed_seed(settings.seed))
        channels_in, channels_out = settings.channels
        self.generator = self._placed(Generator(
            channels_in, channels_out, settings.features, settings.max_features, settings.depth,
            dropped_levels=range(settings.dropout_levels), dropout_kind=settings.dropout_kind,
            skips=settings.generator == "unet", norm=settings.norm, activation=settings.activation,
            padding=settings.padding, head=settings.head,
            grain_levels=tuple(range(settings.dropout_levels, settings.dropout_levels + settings.grain_levels)),
        ))  # fmt: skip
        if settings.upsampling == "nearest":
            tie_kernels(self.generator)
        self.generator_optimizer = self._adam(self.generator)
        self.discriminator: Discriminator | None = None
        if settings.target.adversarial:
            judged = channels_out + (channels_in if settings.target.conditional else 0)
            features = settings.discriminator_features or settings.features
            norm = settings.discriminator_norm or ("batch" if settings.norm == "none" else settings.norm)
            self.discriminator = self._placed(Discriminator(judged, features, settings.patch, norm))
            self.discriminator_optimizer = self._adam(self.discriminator)
        self.model = copy.deepcopy(self.generator).requires_grad_(False) if settings.ema else self.generator

    def train_step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """One gradient step on D, then one on G (section 3.3).

        Args:
            x: (N, C, H, W) inputs in [-1, 1].
            y: (N, C', H, W) targets in [-1, 1].

        Returns:
            The losses of this process's pictures, scalars without gradient: "D" (halved) and "GAN" where there is a
            discriminator, the distance (before lambda) as "L1" or "L2", and "mode_seeking" where that loss is used.
        """
        settings, target, d = self.settings, self.settings.target, self.discriminator
        self._set_learning_rate()
        losses: dict[str, Tensor] = {}

        with self._autocast():
            # With the mode-seeking loss, every picture has two outputs. D and the GAN loss see only the first. Its
            # noise is not selected, so they see samples of the generator's whole distribution.
            encoding = self.generator.encode(x)
            first, *others = self._noises(x)
            noises = [first, self._nearest(others, encoding, y)] if others else [first]
            fakes = [self.generator.decode(encoding, noise).to(x.dtype) for noise in noises]
        if d is not None:
            d.requires_grad_(True)
            draws = self._draws(len(x))  # used in turn by a target, its output, and the output again
            # One pass serves both, since every picture is normalised by itself.
            seen = self._seen(torch.cat([x, x]), torch.cat([y, fakes[0].detach()]), draws * 2)
            with self._autocast():
                real, fake = d(*seen).chunk(2)
            losses["D"] = discriminator_loss(real.to(x.dtype), fake.to(x.dtype), settings.gan)
            self._descend(self.discriminator_optimizer, d, losses["D"])
            d.requires_grad_(False)  # the generator's step needs no gradients of D's weights
            seen = self._seen(x, fakes[0], draws)
            with self._autocast():
                judged = d(*seen)
            losses["GAN"] = generator_gan_loss(judged.to(x.dtype), settings.gan)

        total = losses.get("GAN", torch.zeros((), device=x.device))
        if target.distance:
            of_each = torch.stack([distances(output, y, target.distance) for output in fakes])
            # If only the nearest is compared, the other is free to be another plausible answer.
            distance = (of_each if settings.nearest_of == 1 else of_each.amin(0)).mean()
            losses[target.distance.upper()] = distance
            total = total + settings.l1_weight * distance
        if settings.mode_seeking_weight:
            # Drawn things stand on white, and smudges on it would be the cheapest way to differ.
            things = y.amin(1, keepdim=True) < NEARLY_WHITE if settings.input_kind in LINE_KINDS else None
            alike = mode_seeking_loss(fakes[0], fakes[1], settings.chroma_weight, things)
            losses["mode_seeking"] = (alike * unpainted(x) if settings.paint else alike).mean()
            total = total + settings.mode_seeking_weight * losses["mode_seeking"]
        self._descend(self.generator_optimizer, self.generator, total)

        self.step += 1
        self._average_weights()
        return {name: loss.detach() for name, loss in losses.items()}

    def _seen(self, x: Tensor, y: Tensor, draws: list[torch.Generator]) -> tuple[Tensor | None, Tensor]:
        """The discriminator's view of inputs and of targets or outputs."""
        condition = x if self.settings.target.conditional else None
        if not self.settings.augment:
            return condition, y
        return augmented(condition, y, draws, self.settings.augment_colours)

    def _draws(self, count: int) -> list[torch.Generator]:
        """A random generator for each picture of this step, by its place in the batch of all processes."""
        first = self.step * self.batch + self.processes.rank * self.settings.batch_size
        seeds = [mixed_seed(self.settings.seed, 0, 0, first + i) for i in range(count)]
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    def _descend(self, optimizer: torch.optim.Optimizer, network: torch.nn.Module, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        self.processes.average_gradients(network.parameters())
        optimizer.step()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.mixed_precision == "bf16")

    def _noises(self, x: Tensor) -> list[list[Tensor]]:
        """The dropout masks of this step, with as many sets for each picture as it has samples. Draws are numbered over
        all samples of all processes, from 1, so that no noise is used twice.

        The samples of a picture share their grain. Otherwise, the mode-seeking loss would reward blotches."""
        samples = max(2, self.settings.nearest_of) if self.settings.mode_seeking_weight else 1
        first = 1 + (self.step * self.batch + self.processes.rank * self.settings.batch_size) * samples
        shapes = self.generator.config.noise_shapes(x.shape[-2], x.shape[-1])
        rate = self.generator.config.dropout
        draws = [dropout_masks(shapes, rate, self.settings.seed, first + i) for i in range(len(x) * samples)]
        first_noise, *others = [
            [torch.from_numpy(np.stack(level)).to(x) for level in zip(*draws[sample::samples], strict=True)]
            for sample in range(samples)
        ]
        grain = len(self.generator.config.dropped_levels)  # where its masks begin
        return [first_noise, *([*noise[:grain], *first_noise[grain:]] for noise in others)]

    @torch.no_grad()
    def _nearest(self, noises: list[list[Tensor]], encoding: list[Tensor], y: Tensor) -> list[Tensor]:
        """For each picture, the noise whose output is nearest to the target."""
        if len(noises) == 1:
            return noises[0]
        outputs = [self.generator.decode(encoding, noise).to(y.dtype) for noise in noises]
        torch.clear_autocast_cache()  # torch 2.6 would take the weights without gradients from it
        nearest = torch.stack([distances(output, y, self.settings.target.distance) for output in outputs]).argmin(0)
        everyone = torch.arange(len(y), device=y.device)
        return [torch.stack(level)[nearest, everyone] for level in zip(*noises, strict=True)]

    @torch.no_grad()
    def _average_weights(self) -> None:
        """Move the averaged model towards the generator, faster in the first steps, while weights change quickly."""
        if self.model is not self.generator:
            decay = min(self.settings.ema, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(list(self.model.parameters()), list(self.generator.parameters()), 1 - decay)

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        return [self.generator_optimizer, *([self.discriminator_optimizer] if self.discriminator else [])]

    def _set_learning_rate(self) -> None:
        """Set the learning rate: constant for the first half of the run, then linear to zero."""
        left = 1 - self.step / self.total_steps
        for optimizer in self._optimizers():
            for group in optimizer.param_groups:
                group["lr"] = self.settings.lr * min(1.0, 2 * left)

    def is_sound(self) -> bool:
        """Whether every weight is finite, also in float16, in which the finished model is stored."""
        most = torch.finfo(torch.float16).max
        networks = [self.generator, self.model, *([self.discriminator] if self.discriminator else [])]
        return all(bool((p.detach().abs() <= most).all()) for n in networks for p in n.parameters())

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on; see `load`."""
        return {
            "step": self.step,
            "generator": self.generator.state_dict(),
            "model": self.model.state_dict(),
            "discriminator": self.discriminator.state_dict() if self.discriminator else None,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers()],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state of the same networks."""
        self.generator.load_state_dict(state["generator"])
        self.model.load_state_dict(state["model"])
        if self.discriminator:
            self.discriminator.load_state_dict(state["discriminator"])
        for optimizer, values in zip(self._optimizers(), state["optimizers"], strict=True):
            optimizer.load_state_dict(values)
        self.step = state["step"]

    def trained_model(self, weights: dict[str, Tensor] | None = None) -> Generator:
        """A copy of the model as an ordinary generator, for use and storage.

        Args:
            weights: earlier weights of the model, instead of the current ones.
        """
        model = Generator(**asdict(self.model.config))
        model.load_state_dict(ordinary_weights(self.model.state_dict() if weights is None else weights))
        return model.to(self.device).requires_grad_(False)

    def start_from(self, source: str, inputs: Iterable[Tensor] = ()) -> None:
        """Take the weights of a checkpoint, or of both networks of another run: of its generator those that it kept,
        where it kept the best.

        Args:
            source: the checkpoint or the run.
            inputs: training inputs, (C, H, W) each in [-1, 1]. Where this generator has no norms and the source's has,
                the norms are folded by their statistics on these.
        """
        folder = Path(source) / "training"
        if has_state(folder):
            state = read_state(folder, self.device)
            weights = ordinary_weights(state.get("kept", {}).get("weights") or state["model"])
            if self.discriminator and state["discriminator"]:
                take_weights(self.discriminator, state["discriminator"], source)
        else:
            weights = Generator.from_pretrained(source).state_dict()
        begun = ordinary_weights(self.generator.state_dict())
        if f"encoder.{self.settings.depth - 1}.conv.weight" not in weights:
            if self.settings.norm == "none":
                raise TrainingError(f"--norm none needs a model of the full size: {source} has fewer levels.")
            weights = {**begun, **one_level_inward(weights)}
        if is_narrower(weights, begun):
            weights = widened(weights, begun, self.generator.config.skips)
        if self.settings.norm == "none" and "decoder.0.conv.bias" not in weights:
            weights = self._without_norms(weights, inputs, source)
        for network in (self.generator, self.model):
            take_weights(network, weights, source)
            self.processes.share(network.parameters())  # each folds by itself, and sums may differ in their last bits

    def _without_norms(self, weights: dict[str, Tensor], inputs: Iterable[Tensor], source: str) -> dict[str, Tensor]:
        """The weights of a generator of this shape, but with norms, after its norms are folded."""
        norm = "batch" if "decoder.0.norm.weight" in weights else "instance"
        running = "decoder.0.norm.running_mean" in weights
        normed = Generator(**asdict(replace(self.generator.config, norm=norm, running_statistics=running)))
        take_weights(normed, weights, source)
        normed.to(self.device)
        return fold_norms(normed, (x.to(self.device) for x in inputs), self.settings.seed).state_dict()

    def _placed(self, network: Any) -> Any:
        # Channels last suit a GPU's tensor cores. On a CPU, oneDNN is faster with them for D, and for G only in bf16.
        fast = isinstance(network, Discriminator) or self.settings.mixed_precision == "bf16"
        last = self.device.type == "cuda" or (self.device.type == "cpu" and fast)
        layout = torch.channels_last if last else torch.contiguous_format
        return network.to(self.device, memory_format=layout)

    def _adam(self, network: torch.nn.Module) -> torch.optim.Adam:
        fused = self.device.type in ("cpu", "cuda")
        return torch.optim.Adam(network.parameters(), self.settings.lr, BETAS, fused=fused)


def take_weights(network: torch.nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Load the weights of `source`.

    Raises:
        TrainingError: they are of another network.
    """
    try:
        network.load_state_dict(fitting_weights(network, weights))
    except (RuntimeError, KeyError):
        half, options = (
            ("discriminator", "--discriminator-features, --discriminator-norm and --patch")
            if isinstance(network, Discriminator)
            else ("generator", "--features, --max-features, --depth, --norm and --head")
        )
        raise TrainingError(
            f"The {half} of {source} does not fit this run: use the {options} that it was trained with."
        ) from None


def unpainted(x: Tensor) -> Tensor:
    """Which drawings are bare lines. Paint decides the colours of the others, so that their samples should be alike.

    Args:
        x: (N, C, H, W) in [-1, 1], black lines and any colours on white.

    Returns:
        (N,) bool, true for drawings without paint: all that is dark or coloured is narrower than `LINE`.
    """
    without_lines = torch.nn.functional.max_pool2d(x.amin(1, keepdim=True), LINE, 1, LINE // 2)
    return (without_lines < NEARLY_WHITE).float().mean((1, 2, 3)) < 0.001
