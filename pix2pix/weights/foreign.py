"""Converting other projects' checkpoints: one small function per family.

The families are recognised by the names of their tensors, never by the name of the file:

    recursive   pytorch-CycleGAN-and-pix2pix, `latest_net_G.pth`: U-Net of 5 levels or more, batch or instance norm
    flat        PyTorch-GAN and the Hub's `huggan/pix2pix-*`, `pytorch_model.bin`
    reflect     the tutorial network with reflect padding, `gen.pth.tar`
    TensorFlow  exported for the browser, `*.pict`
    ours        `model.safetensors` without its folder

All become a `GeneratorConfig` and tensors with our names. Two facts are used throughout: a norm cancels a bias before
it, and an instance norm without scale and shift equals one with scale 1 and shift 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.errors import CheckpointError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.weights.checkpoint import checked_description
from pix2pix.weights.tensors import Tensors, read_tensors


def read_file(path: Path) -> tuple[GeneratorConfig, Tensors, dict[str, Any]]:
    """The config, the tensors with our names (float32) and the task of a checkpoint file of any family.

    Nothing in the file is executed, and memory is limited by the size of the file.

    Raises:
        CheckpointError: the file is not a checkpoint, is damaged, holds code, or is of an unknown family.
    """
    tensors, described = read_tensors(path)
    try:
        if described is not None:
            config = checked_description(described, path)
            return GeneratorConfig(**config["generator"]), tensors, config["task"]
        if found := generator_in(tensors):
            mark, tensors = found
            recorded = RecordedTensors(tensors)
            shape, ours = converted(recorded, FAMILIES[mark])
            if strangers := recorded.unread():
                raise ValueError(f"it has unexpected tensors ({', '.join(strangers[:5])}).")
            return shape, ours, {}
        if kind := other_network(tensors):
            raise ValueError(f"it is {kind}; use a U-Net, such as unet_256 (latest_net_G.pth).")
    except KeyError as error:
        raise CheckpointError(f"{path} is not a whole pix2pix generator: {error.args[0]}.") from None
    except (TypeError, ValueError, IndexError) as error:
        raise CheckpointError(f"{path} is not a supported pix2pix generator: {error}") from None
    names = ", ".join(list(tensors)[:3]) or "none at all"
    raise CheckpointError(f"{path} is not a pix2pix generator of a known family (its tensors: {names}, ...).")


def generator_in(tensors: Tensors) -> tuple[str, Tensors] | None:
    """The mark of a generator's family, and the generator's tensors.

    A file may hold other networks too, and programs put prefixes before the names (`module.`, `_orig_mod.`, `netG.`,
    `state_dict.generator.`).

    Raises:
        ValueError: there are several generators, and none is the moving average of another.
    """
    prefixes = {
        name.removesuffix(mark): mark for mark in FAMILIES for name in tensors if f".{name}".endswith(f".{mark}")
    }
    if "" in prefixes:
        return prefixes[""], tensors
    if len(prefixes) > 1:
        averages = {prefix: mark for prefix, mark in prefixes.items() if "ema" in prefix.lower()}
        if len(averages) != 1:
            names = ", ".join(sorted(prefix.rstrip(".") for prefix in prefixes))
            raise ValueError(f"it holds several generators ({names}): save the state_dict of one.")
        prefixes = averages
    for prefix, mark in prefixes.items():
        return mark, {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
    return None


def other_network(tensors: Tensors) -> str:
    """The network in a file without a U-Net, in words; "" where it is unknown."""
    names = {name[name.index("model.") :] for name in tensors if "model." in name}
    blocks = len({name.split(".conv_block")[0] for name in names if ".conv_block." in name})
    if blocks:
        return f"a ResNet generator of {blocks} blocks (resnet_{blocks}blocks), which is not supported"
    if "model.0.weight" in names and {"model.2.weight", "model.11.weight"} & names:
        return "a PatchGAN discriminator, not a generator"
    return ""


def converted(recorded: RecordedTensors, convert: Callable[[Tensors], tuple[GeneratorConfig, Tensors]]):
    """Convert a file by a family's function.

    Raises:
        KeyError: tensors are missing; the message names them all.
    """
    try:
        result = convert(recorded)
    except (TypeError, ValueError, IndexError):
        if not recorded.missing:
            raise
    if recorded.missing:
        raise KeyError(f"it has no tensors {', '.join(recorded.missing)}")
    return result


class RecordedTensors(dict):
    """Tensors that record which of them were read and which were missing. A missing one is replaced by a small array,
    so that one pass finds all."""

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
        """Tensors that were not read, apart from those without effect: biases before norms, and unused statistics."""
        return [
            name
            for name in self
            if name not in self.asked and not name.endswith(("bias", "running_mean", "running_var"))
        ]


def from_recursive(theirs: Tensors) -> tuple[GeneratorConfig, Tensors]:
    """pytorch-CycleGAN-and-pix2pix. Its skip comes first in the concatenation. Its innermost decoder level has no
    dropout; the next levels of full width have it."""
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
    """PyTorch-GAN. Activations come before the concatenation, the encoder has dropout too, and the head upscales by
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
    """The tutorial network. In its public copies, the bottleneck pads with zeros, unlike the rest."""
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
    """The TensorFlow export. Its innermost level is normalised at 1x1, where a norm always gives its shift. Here this
    is a convolution of zeros with the shift as its bias."""
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
    if "decoder.0.conv.bias" in theirs:
        raise ValueError("a generator without norms does not tell how it pads: name the folder with its config.json.")
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
    """Our tensors in the form that the recursive family's own classes load strictly; see `from_recursive`.

    With batch norm, that family has running statistics and no biases in the convolutions before it. With instance norm,
    it has biases, but neither scales nor shifts. Biases that we lack are zero, since the norm cancels them. Running
    statistics that we lack are mean 0 and variance 1, which that program does not use without --eval.

    Raises:
        CheckpointError: its classes cannot hold this network; the message names the option that trains a fitting one.
    """
    if faults := recursive_faults(config, ours):
        raise CheckpointError(f"pytorch-CycleGAN-and-pix2pix cannot hold this network: {'; '.join(faults)}.")
    depth, batch = config.depth, recursive_norm(config, ours) == "batch"
    theirs: Tensors = {}

    def put(name: str, kernel: np.ndarray, bias: np.ndarray | None, outputs: int) -> None:
        theirs[f"{name}.weight"] = kernel
        if not batch:
            theirs[f"{name}.bias"] = np.zeros(outputs, np.float32) if bias is None else bias

    def put_norm(name: str, ours_name: str) -> None:
        if batch:
            width = len(ours[f"{ours_name}.weight"])
            theirs[f"{name}.weight"], theirs[f"{name}.bias"] = ours[f"{ours_name}.weight"], ours[f"{ours_name}.bias"]
            theirs[f"{name}.running_mean"] = ours.get(f"{ours_name}.running_mean", np.zeros(width, np.float32))
            theirs[f"{name}.running_var"] = ours.get(f"{ours_name}.running_var", np.ones(width, np.float32))
            theirs[f"{name}.num_batches_tracked"] = np.array(0, np.int64)

    def put_encoder(name: str, level: int) -> None:
        kernel = ours[f"encoder.{level}.conv.weight"]
        put(name, kernel, ours.get(f"encoder.{level}.conv.bias"), len(kernel))

    put_encoder("model.model.0", 0)
    prefix = "model.model.1.model."
    for level in range(1, depth):
        innermost = level == depth - 1
        put_encoder(f"{prefix}1", level)
        if not innermost:
            put_norm(f"{prefix}2", f"encoder.{level}.norm")
        up, norm, decoder = (*((3, 4) if innermost else (5, 6)), f"decoder.{depth - 1 - level}")
        kernel = ours[f"{decoder}.conv.weight"]
        put(f"{prefix}{up}", kernel if innermost else swapped(kernel), None, kernel.shape[1])
        put_norm(f"{prefix}{norm}", f"{decoder}.norm")
        prefix += "3.model."
    theirs["model.model.3.weight"], theirs["model.model.3.bias"] = swapped(ours["head.weight"]), ours["head.bias"]
    return theirs


def recursive_norm(config: GeneratorConfig, ours: Mapping[str, np.ndarray]) -> str:
    """The recursive family's norm for a network: instance norm where scales and shifts do nothing."""
    scales = [t for name, t in ours.items() if name.endswith("norm.weight")]
    shifts = [t for name, t in ours.items() if name.endswith("norm.bias")]
    plain = all((t == 1).all() for t in scales) and not any(t.any() for t in shifts) and not config.running_statistics
    return "instance" if config.norm == "instance" or plain else "batch"


def recursive_faults(config: GeneratorConfig, ours: Mapping[str, np.ndarray]) -> list[str]:
    """The parts of a network that the recursive family's classes cannot hold, with the options that avoid them."""
    wide, faults = 8 * config.features, []
    if config.depth not in (7, 8):
        faults.append(f"it has {config.depth} levels and theirs 7 or 8 (train with --depth 8)")
    if config.max_features != wide:
        faults.append(f"its widest level has {config.max_features} channels and theirs {wide} (--max-features {wide})")
    if not config.skips:
        faults.append("it has no skips (--generator unet)")
    if config.dropout_kind == "channel":
        faults.append("it drops whole channels (--dropout-kind element)")
    if config.grain_levels:
        faults.append("it has grain (--grain-levels 0)")
    if not config.papers_own:
        faults.append("its layers are not the paper's (leave --activation, --padding and --head out)")
    biases = (f"encoder.{level}.conv.bias" for level in (0, config.depth - 1))
    if config.norm == "none":
        faults.append("it has biases in place of norms (--norm instance)")
    elif recursive_norm(config, ours) == "batch" and any(name in ours and ours[name].any() for name in biases):
        faults.append("its first and innermost convolutions have biases, which theirs lack with batch norm "
                      "(--norm instance)")  # fmt: skip
    return faults


def swapped(kernel: np.ndarray) -> np.ndarray:
    """Swap [skip, up] and [up, skip] along the input channels of a transposed convolution."""
    half = kernel.shape[0] // 2
    return np.concatenate([kernel[half:], kernel[:half]])


def add_conv(ours: Tensors, name: str, theirs: Tensors, source: str, biased: bool) -> None:
    kernel = ours[f"{name}.weight"] = theirs[f"{source}.weight"]
    if biased:
        ours[f"{name}.bias"] = theirs.get(f"{source}.bias", np.zeros(kernel.shape[0], np.float32))


def add_norm(ours: Tensors, level: str, theirs: Tensors, source: str, bias_before: str) -> None:
    """Add a norm after the convolution `level`.conv, which is in `ours` already."""
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
    # Old files with instance norm hold running statistics that their program never used.
    if f"{source}.running_mean" in theirs and f"{source}.weight" in theirs:
        ours[f"{level}.norm.running_mean"] = theirs[f"{source}.running_mean"] - theirs.get(bias_before, np.float32(0))
        ours[f"{level}.norm.running_var"] = theirs[f"{source}.running_var"]


def config_of(ours: Tensors, **others: Any) -> GeneratorConfig:
    """The config that follows from the shapes of our tensors; `others` gives the rest."""
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
