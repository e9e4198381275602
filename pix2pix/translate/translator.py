"""The translator: picture in, picture out, for any size and seed, with many samples of one drawing."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pix2pix.devices import MEMORY
from pix2pix.errors import CheckpointError, ImageError, Pix2PixError
from pix2pix.networks.noise import dropout_masks
from pix2pix.pictures.color import coloured, lightness_and_colour
from pix2pix.pictures.drawings import DARK, PHOTOGRAPHED, WORDS, Drawing, check_polarity, read_drawing
from pix2pix.pictures.images import Size, check_size, to_array, to_image
from pix2pix.pictures.palettes import snap
from pix2pix.pictures.places import LINE_KINDS, Place, paper
from pix2pix.pictures.reading import Reading
from pix2pix.translate.bands import bytes_in_bands
from pix2pix.translate.engines import LARGE, Engine, bytes_at_once, load_engine
from pix2pix.translate.geometry import Geometry

if TYPE_CHECKING:
    import torch

Noise = list[np.ndarray] | None  # dropout masks; None: dropout off
Report = Callable[[int, int], None]
PIXELS_AT_ONCE = 1 << 20
LOG = logging.getLogger("pix2pix")


def silent(done: int, count: int) -> None:
    """Tells nobody."""


class Translator:
    """A generator with pictures at both ends.

    The scale decides how a picture enters the network (see `Geometry`). With "whole", the network sees the whole
    picture at its training size, and the result is scaled back. Drawings, label maps and photos to be coloured keep
    their proportions. The pixels of a label map first become the nearest colours of the palette. A photo to be coloured
    keeps its own lightness at full size. With "native", pixels stay as they are, and the network runs over the whole
    picture (convolutionally; section 3.2 of the paper). The picture is extended by mirroring to the next multiples that
    fit, and the result is cut again.

    The result depends only on the seed, the picture and the weights. Every picture runs by itself and is normalised by
    its own statistics. A picture whose translation would take more than `memory` is computed in bands, with the same
    result (see `pix2pix.translate.bands`).

    Args:
        engine: engine that runs the network.
        task: task of the checkpoint. "input" (edges, paint, labels or photo), "image_size" (pixels), "scale" (whole or
            native), "palette" (of labels), "input_range" (values of 16- and 32-bit pictures that became black and white
            in training), "make" and "drawings" are read.
        size: side of the square that the network sees, in pixels, instead of "image_size". With the scale "whole", a
            larger one gives more detail.
        scale: "whole" or "native", instead of the task's.
        memory: most memory that a translation may take, in gigabytes, beside the program, the weights and the picture.

    Raises:
        CheckpointError: the network does not translate pictures, or cannot run at this size or scale.
        Pix2PixError: the memory is no number above 0.
    """

    def __init__(
        self,
        engine: Engine,
        task: dict[str, Any],
        size: int | None = None,
        scale: str | None = None,
        memory: float = MEMORY,
    ) -> None:
        self.engine = engine
        self.task = task
        self.geometry = Geometry.of(engine.config, task, size, scale)
        if not isinstance(memory, (int, float)) or not memory > 0:
            raise Pix2PixError(f"The memory is {memory!r}: it must be a number of gigabytes above 0.")
        self.memory = memory
        self.input_kind = task.get("input", "photo")
        self._last: tuple[Any, Any] | None = None  # the last picture that was not large, with its encoding
        self.palette: dict[str, str] | None = task.get("palette") if self.input_kind == "labels" else None
        self.reading = Reading(task.get("input_range"), self.palette)
        channels = engine.config.in_channels, engine.config.out_channels
        self.colourises = channels == (1, 2) and task.get("make") == "lightness"
        if channels != (3, 3) and not self.colourises:
            raise CheckpointError(
                f"This model has {channels[0]} channels in and {channels[1]} out: only one with 3 and 3 translates "
                "pictures, or one with 1 and 2 that was trained on lightness."
            )

    @property
    def size(self) -> int:
        """Side of the square that the network sees, in pixels."""
        return self.geometry.size

    @property
    def target_reading(self) -> Reading:
        """The reading of targets in training, as `reading` is that of inputs."""
        return Reading(self.task.get("output_range"), self.task.get("output_palette"))

    @property
    def rate(self) -> float:
        """The dropout rate in training, from 0 to below 1."""
        return self.engine.config.dropout

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path,
        engine: str = "auto",
        device: str | torch.device = "cpu",
        norm_statistics: str = "picture",
        size: int | None = None,
        scale: str | None = None,
        memory: float = MEMORY,
    ) -> Translator:
        """Load from a bundled name, a folder, a file or a Hub id.

        Args:
            source: see `pix2pix.weights.pretrained.find_checkpoint`.
            engine: "onnx", "torch" or "auto": ONNX Runtime on a CPU if it can run the network, otherwise PyTorch.
            device: a PyTorch device, or "auto" (see `choose_device`).
            norm_statistics: "picture" or "running", see `Generator.from_pretrained`.
            size: see `Translator`.
            scale: see `Translator`.
            memory: see `Translator`.

        Raises:
            CheckpointError: see `Generator.from_pretrained` and `Translator`.
            Pix2PixError: there is no such engine, or it cannot run this network here.
        """
        return cls(*load_engine(source, engine, device, norm_statistics), size, scale, memory)

    def __call__(
        self,
        image: Image.Image,
        seed: int | None = 0,
        rate: float | None = None,
        report: Report = silent,
        polarity: str = "auto",
    ) -> Image.Image:
        """Translate a picture.

        Args:
            image: picture of any mode, from 1 x 1 to `MAX_PIXELS` pixels in all. The pixels of a label map may be
                colours or label numbers (see `Reading`).
            seed: seed of the dropout noise, 0 to 2**63 - 1. None: no dropout.
            rate: dropout rate, from 0 (off) to below 1. None: as in training.
            report: called before each band of a picture that is computed in bands, with the numbers of finished and of
                all bands.
            polarity: polarity of a drawing; see `read`.

        Returns:
            An RGB picture of the same size (of the upright picture's, where EXIF turns it).

        Raises:
            ImageError: the picture is too large, its translation would take more than `memory`, or the polarity is
                unknown.
            ValueError: the seed or the rate is out of range.
        """
        return self.sample(image, [seed], rate, report, polarity)[0]

    def sample(
        self,
        image: Image.Image,
        seeds: Iterable[int | None] = range(8),
        rate: float | None = None,
        report: Report = silent,
        polarity: str = "auto",
    ) -> list[Image.Image]:
        """Translate a picture once for each seed. The encoder runs once for all of them.

        Args and errors are those of a call; returns one RGB picture for each seed, in order.
        """
        return list(self.samples(image, seeds, rate, report, polarity))

    def samples(
        self,
        image: Image.Image,
        seeds: Iterable[int | None] = range(8),
        rate: float | None = None,
        report: Report = silent,
        polarity: str = "auto",
    ) -> Iterator[Image.Image]:
        """`sample`, one picture after the other, so that only one is in memory."""
        image, found = self.read(image, polarity)
        if found != DARK and polarity == "auto":
            LOG.warning("The picture %s.", WORDS[found])
        place = self.geometry.place(image.size)
        seen = place.enter(image, paper(self.input_kind), hard=self.palette is not None)
        for bands in self._outputs(seen, list(seeds), rate, report):
            if self.colourises:
                yield recoloured(image, colours(bands, place))
            else:
                yield place.leave(joined(bands, seen.size))

    def read(self, image: Image.Image, polarity: str = "auto") -> Drawing:
        """The picture that the model should see, as RGB.

        A model of drawings gets dark lines on white, whatever the picture is (see `pix2pix.pictures.drawings`). Any
        other model gets the picture as it is (see `Reading`).

        Args:
            image: picture of any size and mode.
            polarity: "auto" looks at the picture, unless the model was trained on photographed drawings. "dark-lines"
                takes it as it is, "light-lines" inverts it.

        Raises:
            ImageError: it is no picture, damaged, empty or too large, or the polarity is unknown.
        """
        if not isinstance(image, Image.Image):
            raise ImageError(f"A {type(image).__name__} is no picture: give a PIL.Image, as `open_image` opens it.")
        check_size(image, "The picture")
        check_polarity(polarity)
        try:
            image = self.reading(image)
        except OSError as error:  # an opened file is decoded only here
            raise ImageError(f"The picture is damaged ({error}): open it in a viewer and save it again.") from None
        as_it_is = polarity == "auto" and self.task.get("drawings") == PHOTOGRAPHED
        if self.input_kind not in LINE_KINDS or as_it_is:
            return Drawing(image, DARK)
        return read_drawing(image, polarity, self.size, painted=self.input_kind == "paint")

    def _outputs(
        self, seen: Image.Image, seeds: list[int | None], rate: float | None, report: Report
    ) -> Iterator[Iterator[np.ndarray]]:
        """The network's output for each seed, as pieces of (C', rows, W) in [-1, 1] from the top: in one piece where
        `memory` allows it, otherwise in bands."""
        width, height = seen.size
        if self._check_memory(width, height, len(seeds)):
            encoding = self._encoding(seen)
            for seed in seeds:
                yield iter([self.engine.decode(encoding, self._noise(seed, rate, seen.size))])
            return
        bands = self.engine.bands(partial(self._rows, np.asarray(seen)), height, width)
        count, numbers = bands.count(len(seeds)), itertools.count()
        for index, seed in enumerate(seeds):
            noise = self._noise(seed, rate, seen.size)
            yield bands.translate(noise, lambda: report(next(numbers), count), last=index == len(seeds) - 1)

    def _check_memory(self, width: int, height: int, noises: int) -> bool:
        """Whether a picture can be computed in one pass within `memory`, rather than in bands.

        Raises:
            ImageError: neither fits into `memory`.
        """
        allowed, config = self.memory * 1e9, self.engine.config
        if bytes_at_once(config, height, width) <= allowed:
            return True
        if (needed := bytes_in_bands(config, height, width, noises)) <= allowed:
            return False
        remedy = "make it smaller" if self.geometry.scale == "native" else "choose a smaller --size"
        raise ImageError(
            f"At {width} x {height} pixels this model takes {needed / 1e9:.1f} GB of memory, and {self.memory:g} are "
            f"allowed: {remedy}, or allow more with --memory."
        )

    def _encoding(self, seen: Image.Image) -> Any:
        """The encoding of what the network sees. The last one is kept unless it is large, so that another noise needs
        only the decoder."""
        pixels = np.asarray(seen)
        if pixels.shape[0] * pixels.shape[1] > LARGE:
            return self.engine.encode(self._rows(pixels))
        key = seen.size, pixels.tobytes()
        last = self._last  # read once: another thread may replace it
        if last is None or last[0] != key:
            last = self._last = key, self.engine.encode(self._rows(pixels))
        return last[1]

    def _rows(self, pixels: np.ndarray, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Rows of a uint8 (H, W, 3) picture as the network's input, float32 (C, stop - start, W). Labels become the
        nearest colours of the palette, and photos to be coloured their lightness."""
        rows = pixels[start:stop]
        x = to_array(Image.fromarray(snap(rows, self.palette) if self.palette else rows))
        return np.ascontiguousarray(lightness_and_colour(x)[0] if self.colourises else x)

    def _noise(self, seed: int | None, rate: float | None, size: Size) -> Noise:
        if seed is None:
            return None
        shapes = self.engine.config.noise_shapes(size[1], size[0])
        return dropout_masks(shapes, self.rate if rate is None else rate, seed)


def joined(bands: Iterator[np.ndarray], size: Size) -> Image.Image:
    """Join bands of (3, rows, W) in [-1, 1] into an RGB picture of this size."""
    result, top = Image.new("RGB", size), 0
    for band in bands:
        result.paste(to_image(band), (0, top))
        top += band.shape[1]
    return result


def colours(bands: Iterator[np.ndarray], place: Place) -> list[Image.Image]:
    """Join bands of (2, rows, W) into the network's a and b, each of the picture's own size, in mode F."""
    return [place.leave(Image.fromarray(channel)) for channel in np.concatenate(list(bands), axis=1)]


def recoloured(image: Image.Image, colour: list[Image.Image]) -> Image.Image:
    """A picture's own lightness with other colours, some rows at a time, since floats take twelve times the memory.

    Args:
        image: RGB.
        colour: the network's a and b (see `pix2pix.pictures.color`), of the picture's size, in mode F.
    """
    result = Image.new("RGB", image.size)
    rows = max(1, PIXELS_AT_ONCE // image.width)
    for top in range(0, image.height, rows):
        part = (0, top, image.width, min(top + rows, image.height))
        lightness, _ = lightness_and_colour(to_array(image.crop(part)))
        found = np.stack([np.asarray(channel.crop(part)) for channel in colour])
        result.paste(to_image(coloured(lightness, found)), part)
    return result
