"""Engines that run a generator: ONNX Runtime (the default on a CPU) or PyTorch (for GPUs, and as the reference).

Both do the costly part once: `encode` computes all that needs no noise, and `decode` adds the noise. Inputs and outputs
are NumPy arrays, so ONNX Runtime's engine works and starts without PyTorch. Both run a picture in one pass if memory
allows it. A larger picture runs through ONNX Runtime in bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pix2pix.devices import choose_device, import_onnxruntime
from pix2pix.errors import Pix2PixError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.networks.onnx_graph import Graph, add_decoder, add_encoder
from pix2pix.translate.bands import FLOAT, Bands, Rows
from pix2pix.weights.pretrained import load_weights, make_generator

if TYPE_CHECKING:
    import torch

    from pix2pix.networks.generator import Generator

ENGINES = ("auto", "onnx", "torch")
LARGE = 512 * 512  # pixels; of larger pictures, an engine keeps no memory


class Engine(Protocol):
    """A generator, ready to run on one picture at a time."""

    config: GeneratorConfig

    def encode(self, x: np.ndarray) -> Any:
        """The noise-free part: float32 (C, H, W) in [-1, 1] to an encoding for `decode`, under any number of noises."""

    def decode(self, encoding: Any, noise: Sequence[np.ndarray] | None) -> np.ndarray:
        """The picture of an encoding, float32 (C', H, W) in [-1, 1], under dropout masks of
        `config.noise_shapes(H, W)`. None turns dropout off."""

    def bands(self, picture: Rows, height: int, width: int) -> Bands:
        """The same network for a picture that is too large for `encode`, on the CPU."""


def bytes_at_once(config: GeneratorConfig, height: int, width: int) -> int:
    """The most memory that `encode` and `decode` take, in bytes, without the weights.

    The formula is fitted to measurements. Most memory holds inputs and outputs of the outermost levels, in several
    orders; the rest depends on their number of channels.
    """
    return FLOAT * height * width * (44 + 4 * config.features // 3)


def load_engine(
    source: str | Path, engine: str = "auto", device: str | torch.device = "cpu", norm_statistics: str = "picture"
) -> tuple[Engine, dict[str, Any]]:
    """The engine for a source's generator, and the source's task.

    Args:
        source: see `pix2pix.weights.pretrained.find_checkpoint`.
        engine: "onnx", "torch" or "auto": ONNX Runtime on a CPU if it can run the network, otherwise PyTorch.
        device: a PyTorch device, or "auto" (see `choose_device`); ONNX Runtime's engine runs on "cpu" only.
        norm_statistics: "picture" or "running", see `Generator.from_pretrained`.

    Raises:
        CheckpointError: the source cannot be loaded.
        Pix2PixError: there is no such engine or device, or it cannot run this network here.
    """
    if engine not in ENGINES:
        raise Pix2PixError(f"There is no engine {engine!r}: choose one of {', '.join(ENGINES)}.")
    device = choose_device("auto") if device == "auto" else device
    config, weights, task = load_weights(source)
    fits = str(device) == "cpu" and not config.encoder_dropped_levels and norm_statistics == "picture"
    if engine == "onnx" and not fits:
        raise Pix2PixError(
            "The engine onnx runs only on the CPU, with each picture's own statistics and without dropout in the "
            f"encoder: use --engine torch for {source}."
        )
    if fits and engine != "torch":
        return OnnxEngine(config, weights), task

    device = choose_device(device) if isinstance(device, str) else device
    return TorchEngine(make_generator(source, config, weights, norm_statistics), device), task


class TorchEngine:
    """A `Generator` on a PyTorch device."""

    def __init__(self, generator: Generator, device: str | torch.device = "cpu") -> None:
        self.generator = generator.to(device).eval()
        self.config = generator.config
        self.device = device

    def encode(self, x: np.ndarray) -> tuple[torch.Tensor, list[torch.Tensor] | None]:
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(x)[None].to(self.device)
            # With dropout in the encoder, no part is free of noise.
            return batch, None if self.config.encoder_dropped_levels else self.generator.encode(batch)

    def decode(
        self, encoding: tuple[torch.Tensor, list[torch.Tensor] | None], noise: Sequence[np.ndarray] | None
    ) -> np.ndarray:
        import torch

        batch, skips = encoding
        with torch.inference_mode():
            masks = None if noise is None else [torch.from_numpy(mask)[None].to(self.device) for mask in noise]
            y = self.generator(batch, masks) if skips is None else self.generator.decode(skips, masks)
            return y[0].cpu().numpy()

    def bands(self, picture: Rows, height: int, width: int) -> Bands:
        from pix2pix.networks.generator import PictureNorm

        weights = {name: tensor.cpu().numpy() for name, tensor in self.generator.state_dict().items()}
        norms = [module for module in self.generator.modules() if isinstance(module, PictureNorm)]
        return Bands(self.config, weights, picture, height, width, any(norm.by_running for norm in norms))


class OnnxEngine:
    """ONNX Runtime on the CPU.

    Two graphs are made from the weights each time, in a fraction of a second, so that none can be stale. A transposed
    convolution of [up, skip] is the sum of one of `up` and one of `skip`. The latter needs no noise and is part of the
    encoder's graph, which halves the decoder's arithmetic.
    """

    def __init__(self, config: GeneratorConfig, weights: Mapping[str, np.ndarray]) -> None:
        onnxruntime = import_onnxruntime()
        self.config, self.weights = config, weights
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Its threads wait busily for the next layer, but only briefly, since others need the processor too.
        options.add_session_config_entry("session.intra_op.spin_duration_us", "30")
        encoder, decoder = Graph(weights), Graph(weights)
        shares = add_encoder(encoder, config)
        masks = add_decoder(decoder, config, shares)
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            for model in (encoder.model(["x"], shares), decoder.model([*shares, *masks], ["y"]))
        )

        self._give_back = onnxruntime.RunOptions()
        self._give_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def encode(self, x: np.ndarray) -> dict[str, np.ndarray]:
        names = [output.name for output in self._encoder.get_outputs()]
        return dict(zip(names, self._encoder.run(names, {"x": x[None]}, self._after(*x.shape[1:])), strict=True))

    def decode(self, encoding: dict[str, np.ndarray], noise: Sequence[np.ndarray] | None) -> np.ndarray:
        if noise is None:
            noise = [np.ones((1, 1, 1), np.float32)] * len(self.config.masked_levels)
        masks = {f"mask{i}": mask[None] for i, mask in enumerate(noise)}
        smaller = self.config.multiple // 2  # the encoding's innermost level has twice the smallest size
        height, width = (smaller * side for side in encoding["up"].shape[2:])
        return self._decoder.run(["y"], {**encoding, **masks}, self._after(height, width))[0][0]

    def bands(self, picture: Rows, height: int, width: int) -> Bands:
        return Bands(self.config, self.weights, picture, height, width)

    def _after(self, height: int, width: int) -> Any:
        """Options of a run: ONNX Runtime keeps its memory for the next picture, except after a large one."""
        return self._give_back if height * width > LARGE else None
