"""A generator as ONNX graphs, made from its config and weights without PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from pix2pix.networks.config import GeneratorConfig

OPSET = 17

# The transposed convolutions that can get a 2x2 picture. Where a kernel is as large as the picture, ONNX Runtime's
# WebGPU computes a matrix product and ignores padding at the end, unless there is padding at the start (`same_size` in
# its conv.cc). One of the four 2x2 phases has none there, so zeros make its kernel 3x3.
SMALLEST = ("decoder.0.conv", "decoder.1.conv")


def onnx_model(config: GeneratorConfig, weights: Mapping[str, np.ndarray], task: Mapping[str, Any]) -> bytes:
    """The whole generator as one ONNX model, from "x", (N, C, H, W), and "mask0", ... to "y", (N, C', H, W).

    N is any number; H and W are multiples of `config.multiple`. The metadata holds everything else that a program needs
    to use the model; see `describe`.
    """
    graph = Graph(weights)
    encoder_masks = {
        level: f"mask{len(config.masked_levels) + i}" for i, level in enumerate(config.encoder_dropped_levels)
    }
    masks = [*add_decoder(graph, config, add_encoder(graph, config, encoder_masks)), *encoder_masks.values()]
    channels = {"x": config.in_channels, "y": config.out_channels}
    return graph.model(["x", *masks], ["y"], channels, describe(config, masks, task))


def describe(config: GeneratorConfig, masks: list[str], task: Mapping[str, Any]) -> dict[str, str]:
    """An exported model's metadata: text under each key, JSON where it is more than a word or a number.

    multiple: H and W must be multiples of it. inputs: the shape and the values of each input. rate: of the dropout in
    training. input, direction, image_size, scale, palette, output_palette, input_range, output_range, make: from the
    task, where it has them.
    """
    inputs: dict[str, Any] = {"x": {"shape": ["N", config.in_channels, "H", "W"], "values": "from -1 to 1"}}
    # At twice the smallest size, a side that follows the picture's differs from one that is always 1.
    side = 2 * config.multiple
    for mask, (channels, height, _) in zip(masks, config.noise_shapes(side, side), strict=True):
        sides = [1, 1] if height == 1 else [f"H/{side // height}", f"W/{side // height}"]
        inputs[mask] = {"shape": ["N", channels, *sides], "values": "0 or 1/(1-rate)", "off": "ones of (1, 1, 1, 1)"}
    known = (
        "input", "direction", "image_size", "scale", "palette", "output_palette", "input_range", "output_range", "make",
    )  # fmt: skip
    facts = {"multiple": config.multiple, "inputs": inputs, "rate": config.dropout}
    facts |= {key: task[key] for key in known if task.get(key) is not None}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in facts.items()}


def add_encoder(graph: Graph, config: GeneratorConfig, masks: Mapping[int, str] | None = None) -> list[str]:
    """Add the noise-free part: from "x", (N, C, H, W), to all that the decoder needs.

    Args:
        masks: names of the encoder's own masks, by level.

    Returns:
        The names of the outputs: "up", the innermost decoder level before any mask, and "skip1", ..., the skips' shares
        of the levels after it, innermost first.
    """
    x, skips = "x", []
    for level in range(config.depth):
        if level > 0:
            x = graph.activation("leaky", x)
        reflect = config.padding == "reflect" and level < config.depth - 1
        if reflect:
            x = graph.pad(x, [0, 0, 1, 1, 0, 0, 1, 1], mode="reflect")
        x = graph.conv(x, f"encoder.{level}.conv", padding=0 if reflect else 1)
        if config.norm != "none" and 0 < level < config.depth - 1:
            x = graph.norm(x, f"encoder.{level}.norm")
        if masks and level in masks:
            x = graph.add("Mul", [x, masks[level]])
        skips.append(x)
    phases = graph.transposed_phases(graph.activation(config.innermost_activation, skips.pop()), "decoder.0.conv")
    shares = [graph.after_up(graph.interleave(phases, "decoder.0.conv"), 0, config, output="up")]
    for level, name in enumerate(after_the_first(config) if config.skips else [], start=1):
        share, skip = f"skip{level}", graph.activation(config.skip_activation, skips.pop())
        shares.append(graph.half(name, skip, True, config, output=share))
    return shares


def add_decoder(graph: Graph, config: GeneratorConfig, shares: list[str]) -> list[str]:
    """Add the decoder, from the encoder's outputs and the masks, "mask0", ..., to "y", (N, C', H, W). Returns the
    masks' names."""
    masks = {level: f"mask{i}" for i, level in enumerate(config.masked_levels)}
    x = graph.masked(shares[0], masks[0], 0, config) if 0 in masks else shares[0]
    for level, name in enumerate(after_the_first(config), start=1):
        x = graph.half(name, graph.activation(config.activation, x), False, config)
        if config.skips:
            x = graph.add("Add", [x, shares[level]])
        if name != "head":
            x = graph.interleave(x, name)
        elif config.head == "transposed":
            x = graph.trim(graph.interleave(x, name))
        if level < config.depth - 1:
            x = graph.after_up(x, level, config)
        if level in masks:
            x = graph.masked(x, masks[level], level, config)
    graph.finish(x)
    return list(masks.values())


def after_the_first(config: GeneratorConfig) -> list[str]:
    """The transposed convolutions that read [up, skip], innermost first."""
    return [*(f"decoder.{level}.conv" for level in range(1, config.depth - 1)), "head"]


class Graph:
    """An ONNX graph under construction, over a checkpoint's weights."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.tensors: dict[str, Any] = {}

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """One node; returns the name of its output."""
        from onnx import helper

        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def activation(self, kind: str, x: str) -> str:
        if kind == "relu6":
            ends = (self.tensor(f"clip_{end}", np.array(end, np.float32)) for end in (0, 6))
            return self.add("Clip", [x, *ends])
        return self.add("Relu", [x]) if kind == "relu" else self.add("LeakyRelu", [x], alpha=0.2)

    def conv(self, x: str, name: str, padding: int, output: str | None = None) -> str:
        """A 4x4, stride-2 convolution by a checkpoint's weights, with so many zeros on each side."""
        inputs = [x, self.tensor(f"{name}.weight", self.weights[f"{name}.weight"])]
        if f"{name}.bias" in self.weights:
            inputs.append(self.tensor(f"{name}.bias", self.weights[f"{name}.bias"]))
        return self.add("Conv", inputs, output, kernel_shape=[4, 4], strides=[2, 2], pads=[padding] * 4)

    def half(self, name: str, x: str, skip: bool, config: GeneratorConfig, output: str | None = None) -> str:
        """The share of `x`, one half of [up, skip], in a decoder level or in the head, before `interleave`."""
        parts = 2 if config.skips else 1
        if name != "head" or config.head == "transposed":
            middle = self.weights[f"{name}.weight"].shape[0] // parts
            rows = np.s_[middle:] if skip else np.s_[:middle]
            phases = self.narrow_phases if name == "head" else self.transposed_phases
            return phases(x, name, rows, output)
        kernel = self.weights["head.weight"]
        middle = kernel.shape[1] // parts
        part = self.tensor(f"head.{int(skip)}", kernel[:, middle:] if skip else kernel[:, :middle])
        scales = self.tensor("twice", np.array([1, 1, 2, 2], np.float32))
        larger = self.add("Resize", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric",
                          nearest_mode="floor")  # fmt: skip
        padded = self.pad(larger, [0, 0, 1, 1, 0, 0, 0, 0])
        return self.add("Conv", [padded, part], output, kernel_shape=[4, 4], pads=[1, 1, 1, 1])

    def pad(self, x: str, pads: list[int], mode: str = "constant") -> str:
        sizes = self.tensor("pads_" + "".join(map(str, pads)), np.array(pads, np.int64))
        return self.add("Pad", [x, sizes], mode=mode)

    def transposed_phases(self, x: str, name: str, rows: slice = np.s_[:], output: str | None = None) -> str:
        """A 4x4, stride-2 transposed convolution without bias, before `interleave`: (N, H, W, 4 C').

        Output row 2r reads input rows r - 1 and r through the kernel's rows 3 and 1. Row 2r + 1 reads r and r + 1
        through rows 2 and 0. Columns work likewise. So each of the output's four phases is a 2x2 convolution of stride
        1, which ONNX Runtime computes about twice as fast, with the same arithmetic.

        Args:
            rows: slice of the weights' input channels.
        """
        kernel = self.weights[f"{name}.weight"][rows].transpose(1, 0, 2, 3)
        phases = []
        for a in (0, 1):
            for b in (0, 1):
                part, pads = kernel[:, :, [3 - a, 1 - a]][:, :, :, [3 - b, 1 - b]], [1 - a, 1 - b, a, b]
                grown = int(a == b == 1 and name in SMALLEST)
                if grown:
                    part, pads = np.pad(part, [(0, 0), (0, 0), (1, 0), (1, 0)]), [1, 1, 1, 1]
                weight = self.tensor(f"{name}.{a}{b}{rows.start or 0}", part)
                phases.append(self.add("Conv", [x, weight], kernel_shape=[2 + grown] * 2, pads=pads))
        return self.add("Transpose", [self.add("Concat", phases, axis=1)], output, perm=[0, 2, 3, 1])

    def narrow_phases(
        self, x: str, name: str, rows: slice = np.s_[:], output: str | None = None, padding: int = 1
    ) -> str:
        """The same for few output channels, as one convolution: (N, H + 1, W + 1, 4 C'); see `trim`. With `padding` 0,
        `x` has its border of zeros already.

        ONNX Runtime computes 16 channels even where there are 3, so that the four phases together cost no more than
        one of them. All four read the same window of 2 x 2, which for output row 2r + 1 is one row late, and so with
        the columns. After `interleave`, the picture therefore has one extra row and column at each end, which `trim`
        removes.
        """
        kernel = self.weights[f"{name}.weight"][rows].transpose(1, 0, 2, 3)
        parts = [kernel[:, :, [2 + a, a]][:, :, :, [2 + b, b]] for a in (0, 1) for b in (0, 1)]
        weight = self.tensor(f"{name}.{rows.start or 0}", np.concatenate(parts))
        x = self.add("Conv", [x, weight], kernel_shape=[2, 2], pads=[padding] * 4)
        return self.add("Transpose", [x], output, perm=[0, 2, 3, 1])

    def interleave(self, phases: str, name: str) -> str:
        """(N, H, W, 4 C') -> (N, C', 2H, 2W).

        ONNX Runtime's own DepthToSpace moves single numbers. With the channels last, runs of 2 C' numbers are moved, in
        a third of the time.
        """
        width = self.weights[f"{name}.weight"].shape[1]
        x = self.reshape(phases, [0, 0, 0, 2, 2 * width])  # N, H, W, row of the two, column of the two and C'
        x = self.add("Transpose", [x], perm=[0, 1, 3, 2, 4])
        x = self.reshape(x, [0, 0, 0, -1, width])  # N, H, 2, 2W, C'
        x = self.reshape(x, [0, -1, 1, 0, width])  # N, 2H, 1, 2W, C'
        x = self.add("Transpose", [x], perm=[0, 4, 1, 2, 3])
        return self.add("Squeeze", [x, self.tensor("axis_3", np.array([3], np.int64))])

    def reshape(self, x: str, shape: list[int]) -> str:
        """In `shape`, 0 keeps a dimension and -1 takes the rest."""
        sizes = self.tensor("shape_" + "_".join(map(str, shape)), np.array(shape, np.int64))
        return self.add("Reshape", [x, sizes])

    def trim(self, x: str, output: str | None = None, start: int = 1) -> str:
        """(N, C, H + 2, W + 2) -> (N, C, H, W), without the border; with `start` 0, without its end alone."""
        bounds = {"starts": [start, start], "ends": [-1, -1], "axes": [2, 3]}
        inputs = [x, *(self.tensor(key, np.array(value, np.int64)) for key, value in bounds.items())]
        return self.add("Slice", inputs, output)

    def after_up(self, x: str, level: int, config: GeneratorConfig, output: str | None = None) -> str:
        """What follows a decoder level's transposed convolution: its norm, or its bias where there are no norms."""
        if config.norm == "none":
            return self.add_bias(x, f"decoder.{level}.conv", output)
        return self.norm(x, f"decoder.{level}.norm", output)

    def masked(self, x: str, mask: str, level: int, config: GeneratorConfig) -> str:
        """A decoder level times its dropout mask, which grain has for the first channels alone."""
        width = config.widths[config.depth - 2 - level]
        channels = config.grain_channels(level)
        if level not in config.grain_levels or channels == width:
            return self.add("Mul", [x, mask])
        first, others = self.channels(x, 0, channels), self.channels(x, channels, width)
        return self.add("Concat", [self.add("Mul", [first, mask]), others], axis=1)

    def channels(self, x: str, first: int, last: int) -> str:
        """The channels of `x` from `first` up to, and without, `last`."""
        bounds = {f"channel_{first}": first, f"channel_{last}": last, "axis_1": 1}
        return self.add("Slice", [x, *(self.tensor(key, np.array([at], np.int64)) for key, at in bounds.items())])

    def add_bias(self, x: str, name: str, output: str | None = None) -> str:
        bias = self.tensor(f"{name}.bias", self.weights[f"{name}.bias"][:, None, None])
        return self.add("Add", [x, bias], output)

    def norm(self, x: str, name: str, output: str | None = None) -> str:
        return self.add("InstanceNormalization", [x, *self.scale_and_shift(name)], output, epsilon=1e-5)

    def scale_and_shift(self, name: str) -> list[str]:
        """What a norm puts on its channels after normalising: ones and zeros where nothing was learned."""
        width = self.weights[f"{name.removesuffix('.norm')}.conv.weight"].shape[int(name.startswith("decoder"))]
        plain = {"weight": np.ones(width, np.float32), "bias": np.zeros(width, np.float32)}
        return [
            self.tensor(f"{name}.{part}", self.weights.get(f"{name}.{part}", values)) for part, values in plain.items()
        ]

    def finish(self, x: str) -> None:
        """From what the head's convolution gives to the picture, "y"."""
        self.add("Tanh", [self.add_bias(x, "head")], output="y")

    def tensor(self, name: str, values: np.ndarray) -> str:
        """A constant; returns its name."""
        from onnx import numpy_helper

        self.tensors[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)  # a number stays one
        return name

    def model(
        self,
        inputs: list[str],
        outputs: list[str],
        channels: Mapping[str, int] | None = None,
        metadata: Mapping[str, str] | None = None,
        vectors: Mapping[str, type] | None = None,
    ) -> bytes:
        """The finished model. The number and sides of pictures stay open, and so do the channels of names that are not
        in `channels`. Inputs and outputs in `vectors` are not pictures, but have one dimension, with numbers of this
        type.
        """
        from onnx import TensorProto, helper

        def values(names: list[str]) -> list[Any]:
            found = []
            for name in names:
                if name in (vectors or {}):
                    kind = helper.np_dtype_to_tensor_dtype(np.dtype((vectors or {})[name]))
                    found.append(helper.make_tensor_value_info(name, kind, [name]))
                    continue
                shape: list[Any] = [f"{name}_{axis}" for axis in "nchw"]
                shape[1] = (channels or {}).get(name, shape[1])
                found.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            return found

        graph = helper.make_graph(
            self.nodes, "pix2pix", values(inputs), values(outputs), initializer=list(self.tensors.values())
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
        helper.set_model_props(model, dict(metadata or {}))
        return model.SerializeToString()
