"""Other projects' checkpoints -> ours: one small function per family.

The families are told apart by the names of their tensors, never by the name of the file:

    recursive   pytorch-CycleGAN-and-pix2pix, `latest_net_G.pth`: U-Net of 5 levels or more, batch or instance norm
    flat        PyTorch-GAN and the Hub's `huggan/pix2pix-*`, `pytorch_model.bin`
    reflect     the tutorial network with reflect padding, `gen.pth.tar`
    TensorFlow  exported for the browser, `*.pict`
    ours        `model.safetensors` without its folder

All become a `GeneratorConfig` and tensors by our names. Two rules of arithmetic serve throughout: a bias in front of a
norm vanishes in it, and an instance norm without scale and shift is one with scale 1 and shift 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.errors import CheckpointError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.weights.tensors import Tensors, read_tensors


def read_file(path: Path) -> tuple[GeneratorConfig, Tensors, dict[str, Any]]:
    """The config, the tensors by our names (float32) and the task of a checkpoint file of any family.

    Nothing in the file is executed, and no more memory is taken than the file has bytes for.

    Raises:
        CheckpointError: it is no checkpoint, damaged, of an unknown family, or holds code.
    """
    tensors, described = read_tensors(path)
    try:
        if described is not None:
            return GeneratorConfig(**described["generator"]), tensors, described.get("task", {})
        for mark, convert in FAMILIES.items():
            if mark in tensors:
                reading = Reading(tensors)
                config, ours = converted(reading, convert)
                if strangers := reading.unread():
                    raise ValueError(f"it has tensors too many ({', '.join(strangers[:5])}).")
                return config, ours, {}
    except KeyError as error:
        raise CheckpointError(f"{path} is not a whole pix2pix generator: {error.args[0]}.") from None
    except (TypeError, ValueError, IndexError) as error:
        raise CheckpointError(f"{path} is not a pix2pix generator that is known here: {error}") from None
    names = ", ".join(list(tensors)[:3]) or "none at all"
    raise CheckpointError(f"{path} is not a pix2pix generator of a known family (its tensors: {names}, ...).")


def converted(reading: Reading, convert: Callable[[Tensors], tuple[GeneratorConfig, Tensors]]):
    """What a family's function makes of a file.

    Raises:
        KeyError: tensors are missing; it names them all.
    """
    try:
        result = convert(reading)
    except (TypeError, ValueError, IndexError):
        if not reading.missing:
            raise
    if reading.missing:
        raise KeyError(f"it has no tensors {', '.join(reading.missing)}")
    return result


class Reading(dict):
    """Tensors that remember which of them were asked for, and which of these are missing; in their place something
    small is given, so that one reading finds all."""

    def __init__(self, tensors: Tensors) -> None:
        super().__init__(tensors)
        self.asked: set[str] = set()
        self.missing: list[str] = []

    def __getitem__(self, name: str) -> np.ndarray:
        self.asked.add(name)
        return super().__getitem__(name)

    def __missing__(self, name: str) -> np.ndarray:
        if name not in self.missing:
            self.missing.append(name)
        return np.zeros((2, 2, 4, 4) if name.endswith(("weight", "kernel")) else 2, np.float32)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def unread(self) -> list[str]:
        """What nobody asked for, but for what may be dropped: biases in front of norms, statistics never used."""
        return [
            name
            for name in self
            if name not in self.asked and not name.endswith(("bias", "running_mean", "running_var"))
        ]


def from_recursive(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    """pytorch-CycleGAN-and-pix2pix. Its skip comes first in the concatenation, and the innermost decoder level has no
    dropout, but the next ones of full width have."""
    prefixes = ["model.model.1.model."]
    while f"{prefixes[-1]}5.weight" in theirs:
        prefixes.append(prefixes[-1] + "3.model.")
    depth = len(prefixes) + 1
    ours: Tensors = {}
    add_conv(ours, "encoder.0.conv", theirs, "model.model.0", biased=True)
    for level, prefix in enumerate(prefixes, start=1):
        innermost = level == depth - 1
        add_conv(ours, f"encoder.{level}.conv", theirs, f"{prefix}1", biased=innermost)
        if not innermost:
            add_norm(ours, f"encoder.{level}", theirs, f"{prefix}2", f"{prefix}1.bias")
        up, norm, decoder = (*((3, 4) if innermost else (5, 6)), f"decoder.{depth - 1 - level}")
        kernel = theirs[f"{prefix}{up}.weight"]
        ours[f"{decoder}.conv.weight"] = kernel if innermost else swapped(kernel)
        add_norm(ours, decoder, theirs, f"{prefix}{norm}", f"{prefix}{up}.bias")
    ours["head.weight"] = swapped(theirs["model.model.3.weight"])
    ours["head.bias"] = theirs["model.model.3.bias"]
    return config_of(ours, dropped_levels=tuple(range(1, depth - 4))), ours


def from_flat(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    """PyTorch-GAN. Activations stand before the concatenation, the encoder has dropout too, and the head scales up by
    repeating pixels."""
    depth = sum(name.startswith("down") for name in theirs)
    ours: Tensors = {}
    for level in range(depth):
        normed = 0 < level < depth - 1
        add_conv(ours, f"encoder.{level}.conv", theirs, f"down{level + 1}.model.0", biased=not normed)
        if normed:
            add_norm(ours, f"encoder.{level}", theirs, "", "")
    for level in range(depth - 1):
        ours[f"decoder.{level}.conv.weight"] = theirs[f"up{level + 1}.model.0.weight"]
        add_norm(ours, f"decoder.{level}", theirs, "", "")
    ours["head.weight"], ours["head.bias"] = theirs["final.2.weight"], theirs["final.2.bias"]
    config = config_of(
        ours,
        dropped_levels=(0, 1, 2, 3),
        encoder_dropped_levels=tuple(range(3, depth)),
        skip_activation="leaky",
        innermost_activation="leaky",
        head="resize",
    )
    return config, ours


def from_reflect(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    """The tutorial network. Public copies of it agree that its bottleneck pads with zeros, unlike the rest."""
    downs = sum(name.startswith("down") and name.endswith(".conv.0.weight") for name in theirs)
    ours: Tensors = {}
    add_conv(ours, "encoder.0.conv", theirs, "initial_down.0", biased=True)
    for level in range(1, downs + 1):
        add_conv(ours, f"encoder.{level}.conv", theirs, f"down{level}.conv.0", biased=False)
        add_norm(ours, f"encoder.{level}", theirs, f"down{level}.conv.1", f"down{level}.conv.0.bias")
    add_conv(ours, f"encoder.{downs + 1}.conv", theirs, "bottleneck.0", biased=True)
    for level in range(downs + 1):
        ours[f"decoder.{level}.conv.weight"] = theirs[f"up{level + 1}.conv.0.weight"]
        add_norm(ours, f"decoder.{level}", theirs, f"up{level + 1}.conv.1", f"up{level + 1}.conv.0.bias")
    ours["head.weight"], ours["head.bias"] = theirs["final_up.0.weight"], theirs["final_up.0.bias"]
    return config_of(ours, skip_activation="leaky", padding="reflect"), ours


def from_tensorflow(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    """The TensorFlow export. Its innermost level is normalised at 1x1, where a norm gives its shift whatever comes in:
    here that is a convolution of zeros with the shift as its bias."""
    depth = sum(name.startswith("generator/encoder_") and name.endswith("/kernel") for name in theirs)
    ours: Tensors = {}
    for level in range(depth):
        scope = f"generator/encoder_{level + 1}"
        kernel = theirs[f"{scope}/conv2d/kernel"].transpose(3, 2, 0, 1)
        if level == 0:
            ours["encoder.0.conv.bias"] = theirs[f"{scope}/conv2d/bias"]
        elif level < depth - 1:
            ours[f"encoder.{level}.norm.weight"] = theirs[f"{scope}/batch_normalization/gamma"]
            ours[f"encoder.{level}.norm.bias"] = theirs[f"{scope}/batch_normalization/beta"]
        else:
            ours[f"encoder.{level}.conv.bias"] = theirs[f"{scope}/batch_normalization/beta"]
            kernel = np.zeros_like(kernel) * theirs[f"{scope}/batch_normalization/gamma"][:, None, None, None]
        ours[f"encoder.{level}.conv.weight"] = kernel
    for level in range(depth - 1):
        scope = f"generator/decoder_{depth - level}"
        ours[f"decoder.{level}.conv.weight"] = theirs[f"{scope}/conv2d_transpose/kernel"].transpose(3, 2, 0, 1)
        ours[f"decoder.{level}.norm.weight"] = theirs[f"{scope}/batch_normalization/gamma"]
        ours[f"decoder.{level}.norm.bias"] = theirs[f"{scope}/batch_normalization/beta"]
    ours["head.weight"] = theirs["generator/decoder_1/conv2d_transpose/kernel"].transpose(3, 2, 0, 1)
    ours["head.bias"] = theirs["generator/decoder_1/conv2d_transpose/bias"]
    return config_of(ours), ours


def from_ours(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    config = config_of(theirs)
    return config, {name: theirs[name] for name in config.tensor_shapes()}


FAMILIES = {
    "model.model.0.weight": from_recursive,
    "down1.model.0.weight": from_flat,
    "initial_down.0.weight": from_reflect,
    "generator/encoder_1/conv2d/kernel": from_tensorflow,
    "encoder.0.conv.weight": from_ours,
}


def to_recursive(config: GeneratorConfig, ours: Mapping[str, np.ndarray]) -> Tensors:
    """Our tensors by the recursive family's names, for programs that read those; see `from_recursive`.

    Raises:
        CheckpointError: its layers are not the paper's and have no such form.
    """
    if not config.papers_own:
        raise CheckpointError("Layers that are not the paper's have no form as latest_net_G.pth: export it otherwise.")
    depth = config.depth
    theirs: Tensors = {}

    def put(name: str, ours_name: str) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            # Where that program's network has no bias, ours of zero is left out.
            if f"{ours_name}.{part}" in ours and (
                part != "bias" or "conv" not in ours_name or ours[f"{ours_name}.bias"].any()
            ):
                theirs[f"{name}.{part}"] = ours[f"{ours_name}.{part}"]

    put("model.model.0", "encoder.0.conv")
    prefix = "model.model.1.model."
    for level in range(1, depth):
        innermost = level == depth - 1
        put(f"{prefix}1", f"encoder.{level}.conv")
        put(f"{prefix}2", f"encoder.{level}.norm")
        up, norm, decoder = (*((3, 4) if innermost else (5, 6)), f"decoder.{depth - 1 - level}")
        kernel = ours[f"{decoder}.conv.weight"]
        theirs[f"{prefix}{up}.weight"] = kernel if innermost else swapped(kernel)
        put(f"{prefix}{norm}", f"{decoder}.norm")
        prefix += "3.model."
    theirs["model.model.3.weight"], theirs["model.model.3.bias"] = swapped(ours["head.weight"]), ours["head.bias"]
    return theirs


def swapped(kernel: np.ndarray) -> np.ndarray:
    """[skip, up] <-> [up, skip] along the input channels of a transposed convolution."""
    half = kernel.shape[0] // 2
    return np.concatenate([kernel[half:], kernel[:half]])


def add_conv(ours: Tensors, name: str, theirs: Tensors, source: str, biased: bool) -> None:
    kernel = ours[f"{name}.weight"] = theirs[f"{source}.weight"]
    if biased:
        ours[f"{name}.bias"] = theirs.get(f"{source}.bias", np.zeros(kernel.shape[0], np.float32))


def add_norm(ours: Tensors, level: str, theirs: Tensors, source: str, bias_before: str) -> None:
    """A norm after the convolution `level`.conv, which stands in `ours` already."""
    kernel = ours[f"{level}.conv.weight"]
    channels = kernel.shape[0 if level.startswith("encoder") else 1]
    if f"{source}.weight" in theirs or f"{source}.bias" in theirs:
        ours[f"{level}.norm.weight"], ours[f"{level}.norm.bias"] = theirs[f"{source}.weight"], theirs[f"{source}.bias"]
    elif bias_before and bias_before not in theirs:
        raise ValueError(
            f"{source}.weight and {bias_before} are both missing, as after training with --norm none: only batch and "
            "instance norm are supported."
        )
    else:
        ours[f"{level}.norm.weight"], ours[f"{level}.norm.bias"] = np.ones(channels, "f4"), np.zeros(channels, "f4")
    # Old files of instance norm without scale carry running statistics that their program never used.
    if f"{source}.running_mean" in theirs and f"{source}.weight" in theirs:
        ours[f"{level}.norm.running_mean"] = theirs[f"{source}.running_mean"] - theirs.get(bias_before, np.float32(0))
        ours[f"{level}.norm.running_var"] = theirs[f"{source}.running_var"]


def config_of(ours: Tensors, **others: Any) -> GeneratorConfig:
    """The config that our tensors speak of, apart from what no shape tells."""
    depth = sum(name.startswith("encoder.") and name.endswith(".conv.weight") for name in ours)
    first, innermost = ours["encoder.0.conv.weight"], ours[f"encoder.{depth - 1}.conv.weight"]
    return GeneratorConfig(
        in_channels=first.shape[1],
        out_channels=len(ours["head.bias"]),
        features=first.shape[0],
        max_features=innermost.shape[0],
        depth=depth,
        running_statistics=any(name.endswith(".running_mean") for name in ours),
        **others,
    )
