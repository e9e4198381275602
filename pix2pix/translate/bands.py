"""Pictures that are too large for one pass, normalised by the statistics of the whole picture all the same.

A norm needs the mean and the variance of a whole channel before it gives its first row. So the network runs level by
level, and each level in bands of rows: convolve a band of the level before, keep the result, and accumulate the moments
of its channels. The next level normalises these results as it reads them. A 4x4 convolution of stride 2 reads one row
beyond its band on either side. So no row is computed twice, bands meet without a seam, and the result equals that of
one pass up to the rounding of float32.

The outermost encoder level is cheap to compute but takes much memory. It is recomputed from the picture when it is
read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pix2pix.devices import import_onnxruntime
from pix2pix.networks.config import GeneratorConfig
from pix2pix.networks.onnx_graph import Graph

BAND = 1 << 20  # numbers in a band's input or output, unless a single row has more
BAND_BYTES = 128 << 20  # memory that ONNX Runtime takes for one band
FLOAT = 4  # bytes

Rows = Callable[[int, int], np.ndarray]
Masks = Sequence[np.ndarray]


class Bands:
    """A generator and a picture, on the CPU.

    Args:
        config: config of the generator.
        weights: weights of the generator, float32 by name.
        picture: function that gives rows `start` to `stop` of the picture as float32 (C, stop - start, W) in [-1, 1].
        height, width: size of the picture, multiples of `config.multiple`.
        by_running: normalise by the running statistics among the weights instead of the picture's.
    """

    def __init__(
        self,
        config: GeneratorConfig,
        weights: Mapping[str, np.ndarray],
        picture: Rows,
        height: int,
        width: int,
        by_running: bool = False,
    ) -> None:
        self.config, self.weights, self.by_running = config, weights, by_running
        self.picture, self.height = picture, height
        self.encoder, self.decoder = levels(config, height, width)
        self._kept: dict[str, np.ndarray] = {}  # levels before their norms, their statistics, and the masks

    def count(self, noises: int) -> int:
        """The number of bands of all levels, under this many noises."""
        once, again = (sum(len(level.spans) for level in part) for part in (self.encoder, self.decoder))
        return noises * (once + again) if self.config.encoder_dropped_levels else once + noises * again

    def translate(self, noise: Masks | None, tell: Callable[[], None], last: bool = True) -> Iterator[np.ndarray]:
        """The translation, as pieces of float32 (C', rows, W) in [-1, 1] from the top.

        Args:
            noise: dropout masks of `config.noise_shapes(height, width)`; None turns dropout off.
            tell: called before each band.
            last: whether no other noise follows, so that the encoder's levels can be dropped once they are read.
        """
        sites = len(self.config.masked_levels) + len(self.config.encoder_dropped_levels)
        for i, mask in enumerate(noise or [np.ones((1, 1, 1), np.float32)] * sites):
            self._kept[f"mask{i}"] = mask
        if self.encoder[-1].name not in self._kept or self.config.encoder_dropped_levels:
            for level in self.encoder:
                self._keep(level, tell)
        for level in self.decoder[:-1]:
            self._keep(level, tell)
            self._forget(level, last)
        for _, _, (y,) in self._bands(self.decoder[-1], tell):
            yield y
        self._forget(self.decoder[-1], last)

    def _keep(self, level: Level, tell: Callable[[], None]) -> None:
        """Compute a level before its norm, with its statistics."""
        values, moments = np.empty(level.shape, np.float32), Moments()
        for top, bottom, (y, *found) in self._bands(level, tell):
            values[:, top:bottom] = y
            if found:
                moments.add(y[0].size, *found)
        self._kept[level.name] = values
        if moments.count:
            self._kept |= {f"{level.name}.mean": moments.mean, f"{level.name}.variance": moments.variance}

    def _forget(self, level: Level, last: bool) -> None:
        """Drop levels that a decoder level has read and no other will read."""
        self._kept.pop(f"decoder.{level.number - 1}", None)
        if last:
            self._kept.pop(f"encoder.{self.config.depth - 1 - level.number}", None)

    def _bands(self, level: Level, tell: Callable[[], None]) -> Iterator[tuple[int, int, list[np.ndarray]]]:
        """The bands of a level: first row, row after the last, and the values from the level's graph."""
        graph = Levels(self.config, self.weights, self.by_running)
        session = start_session(graph.encoder(level) if level.down else graph.decoder(level))
        names = {each.name for each in session.get_inputs()}
        for first, last in level.spans:
            tell()
            y, *found = session.run(None, self._inputs(level, names, first, last))
            grown = 1 if level.down else 2
            yield grown * first, grown * last, [y[0], *found]

    def _inputs(self, level: Level, names: set[str], first: int, last: int) -> dict[str, np.ndarray]:
        start, stop, pads = reach(first, last, 2 if level.down else 1, level.height_in)
        inputs = {"pads": pads}
        if "picture" in names:
            upper, lower, inputs["picture_pads"] = reach(start, stop, 2, self.height)
            inputs["picture"] = np.ascontiguousarray(self.picture(upper, lower)[None])
        for name in names - inputs.keys():
            values = self._kept[name]
            if values.ndim == 3:
                values = np.ascontiguousarray(values if values.shape[1] == 1 else values[:, start:stop])[None]
            inputs[name] = values
        return inputs


class Level(NamedTuple):
    """One level of a generator.

    Attributes:
        name: "encoder.1", ..., "decoder.0", ..., "head".
        number: the level's place in its half. The encoder's start at 1, since the outermost is computed anew; the
            decoder's start at 0, and the head is `depth - 1`.
        down: whether it halves the sides; its bands are then counted in its own rows. Otherwise it doubles them, and
            its bands are counted in rows of the level before.
        shape: (C, H, W) of its output.
        height_in: rows of its input.
        spans: first row of each band, and the row after its last.
    """

    name: str
    number: int
    down: bool
    shape: tuple[int, int, int]
    height_in: int
    spans: list[tuple[int, int]]


def levels(config: GeneratorConfig, height: int, width: int) -> tuple[list[Level], list[Level]]:
    """The encoder's levels without the outermost, from the outside in; and the decoder's with the head, from the inside
    out."""

    def level(name: str, number: int, channels: int, before: int, halvings: int, down: bool) -> Level:
        shape = channels, height >> halvings, width >> halvings
        inner = halvings - 1 if down else halvings + 1
        read = before * (width >> inner) * (2 if down else 1)
        given = channels * shape[2] * (1 if down else 2)
        rows, step = (height >> halvings if down else height >> inner), max(1, BAND // max(read, given))
        spans = [(first, min(first + step, rows)) for first in range(0, rows, step)]
        return Level(name, number, down, shape, height >> inner, spans)

    widths, depth = config.widths, config.depth
    encoder = [level(f"encoder.{n}", n, widths[n], widths[n - 1], n + 1, True) for n in range(1, depth)]
    decoder = [
        level(f"decoder.{n}", n, widths[-2 - n], widths[-1 - n] * 2, depth - 1 - n, False) for n in range(depth - 1)
    ]
    head = level("head", depth - 1, config.out_channels, widths[0] * 2, 0, False)
    return encoder, [*decoder, head]


def bytes_in_bands(config: GeneratorConfig, height: int, width: int, noises: int = 1) -> int:
    """The most memory that `Bands` takes for this many noises, in bytes, without the weights and the picture."""
    encoder, decoder = levels(config, height, width)
    skips = [math.prod(level.shape) for level in encoder]
    ups = [math.prod(level.shape) for level in decoder[:-1]]
    most = sum(skips)
    for number, up in enumerate(ups):
        there = sum(skips if noises > 1 else skips[: len(skips) - number])
        most = max(most, there + (ups[number - 1] if number else 0) + up)
    masks = sum(math.prod(shape) for shape in config.noise_shapes(height, width))
    return FLOAT * (most + 2 * masks) + BAND_BYTES


def reach(first: int, last: int, stride: int, height: int) -> tuple[int, int, np.ndarray]:
    """The rows, from start to stop, that a convolution reads for rows `first` to `last` of its output; and the padding
    at the picture's border, for ONNX's Pad: one row or none, and a column on either side."""
    upper, lower = stride * first - 1, stride * last + 1
    start, stop = max(upper, 0), min(lower, height)
    return start, stop, np.array([0, 0, start - upper, 1, 0, 0, lower - stop, 1])


class Moments:
    """Mean and variance of each channel over bands (Chan et al., "Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances", 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self._mean: Any = 0.0
        self._squares: Any = 0.0  # sum of the squared deviations from the mean

    def add(self, count: int, mean: np.ndarray, squares: np.ndarray) -> None:
        """Add a band with `count` numbers in each channel."""
        total, away = self.count + count, mean.astype(np.float64) - self._mean
        self._mean = self._mean + away * count / total
        self._squares = self._squares + squares + away**2 * self.count * count / total
        self.count = total

    @property
    def mean(self) -> np.ndarray:
        return self._mean.astype(np.float32)

    @property
    def variance(self) -> np.ndarray:
        return (self._squares / self.count).astype(np.float32)


class Levels:
    """The graphs of single levels, as ONNX models. They read a band and give "y", and also "mean" and "squares" (see
    `Moments`) where a norm by the picture's statistics follows.

    Inputs are named after the levels that they come from; with ".mean" and ".variance", they are those levels'
    statistics. "mask0", ... are rows of the masks, and "picture" rows of the picture. "pads" and "picture_pads" come
    from `reach`.
    """

    def __init__(self, config: GeneratorConfig, weights: Mapping[str, np.ndarray], by_running: bool) -> None:
        self.config, self.weights, self.by_running = config, weights, by_running
        self.graph = Graph(weights)
        sites = [f"decoder.{n}" for n in config.masked_levels] + [f"encoder.{n}" for n in config.encoder_dropped_levels]
        self.masks = {site: f"mask{i}" for i, site in enumerate(sites)}

    def encoder(self, level: Level) -> bytes:
        x = self.graph.activation("leaky", self._value(f"encoder.{level.number - 1}"))
        self._convolved(x, level.number, "pads", output="y")
        return self._model(level)

    def decoder(self, level: Level) -> bytes:
        graph, config = self.graph, self.config
        innermost = config.depth - 1
        if level.number == 0:
            x = graph.activation(config.innermost_activation, self._value(f"encoder.{innermost}"))
        else:
            x = graph.activation(config.activation, self._value(f"decoder.{level.number - 1}"))
            if config.skips:
                skip = graph.activation(config.skip_activation, self._value(f"encoder.{innermost - level.number}"))
                x = graph.add("Concat", [x, skip], axis=1)
        x = graph.add("Pad", [x, "pads"])
        if level.name != "head":
            self._up(x, f"{level.name}.conv")
        elif config.head == "transposed":
            graph.finish(self._transposed(x, "head"))
        else:
            graph.finish(self._resized(x))
        return self._model(level)

    def _value(self, name: str) -> str:
        """A level as other levels read it: after its norm and its mask."""
        outermost, innermost = "encoder.0", f"encoder.{self.config.depth - 1}"
        x = self._convolved("picture", 0, "picture_pads") if name == outermost else name
        if self.config.norm != "none" and name not in (outermost, innermost):
            statistics = [f"{name}.mean", f"{name}.variance"]
            if self.by_running:
                running = f"{name}.norm.running_mean", f"{name}.norm.running_var"
                statistics = [self.graph.tensor(part, self.weights[part]) for part in running]
            inputs = [x, *self.graph.scale_and_shift(f"{name}.norm"), *statistics]
            x = self.graph.add("BatchNormalization", inputs, epsilon=1e-5)
        if name not in self.masks:
            return x
        half, number = name.split(".")
        if half == "encoder":
            return self.graph.add("Mul", [x, self.masks[name]])
        return self.graph.masked(x, self.masks[name], int(number), self.config)

    def _convolved(self, x: str, number: int, pads: str, output: str | None = None) -> str:
        reflect = self.config.padding == "reflect" and number < self.config.depth - 1
        x = self.graph.add("Pad", [x, pads], mode="reflect" if reflect else "constant")
        return self.graph.conv(x, f"encoder.{number}.conv", padding=0, output=output)

    def _up(self, x: str, name: str) -> None:
        if self.config.norm == "none":
            self.graph.add_bias(self._transposed(x, name), name, output="y")
        else:
            self._transposed(x, name, output="y")

    def _transposed(self, x: str, name: str, output: str | None = None) -> str:
        """A transposed convolution of a band with its border: (1, C, H + 2, W + 2) -> (1, C', 2H, 2W)."""
        return self.graph.trim(self.graph.interleave(self.graph.narrow_phases(x, name, padding=0), name), output)

    def _resized(self, x: str) -> str:
        """The head that scales and then convolves, for a band with its border; shapes as in `_transposed`."""
        graph = self.graph
        kernel, scales = graph.tensor("head", self.weights["head.weight"]), np.array([1, 1, 2, 2], np.float32)
        x = graph.add("Resize", [x, "", graph.tensor("twice", scales)], mode="nearest",
                      coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
        return graph.trim(graph.add("Conv", [x, kernel], kernel_shape=[4, 4]), start=0)

    def _model(self, level: Level) -> bytes:
        graph, given = self.graph, ["y"]
        measured = self.config.norm != "none" and not self.by_running
        if measured and level.name not in ("head", f"encoder.{self.config.depth - 1}"):
            mean = graph.add("ReduceMean", ["y"], axes=[0, 2, 3], keepdims=1)
            graph.add("ReduceSumSquare", [graph.add("Sub", ["y", mean])], "squares", axes=[0, 2, 3], keepdims=0)
            graph.add("Reshape", [mean, graph.tensor("flat", np.array([-1], np.int64))], "mean")
            given += ["mean", "squares"]
        made = {name for node in graph.nodes for name in node.output} | graph.tensors.keys()
        read = sorted({name for node in graph.nodes for name in node.input if name} - made)
        vectors = {name: np.float32 for name in [*read, *given] if name.endswith(("mean", "variance", "squares"))}
        return graph.model(read, given, vectors=vectors | {name: np.int64 for name in read if name.endswith("pads")})


def start_session(model: bytes) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
