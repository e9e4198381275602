"""Picture in, picture out: any size, any seed, many samples of one drawing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pix2pix.errors import CheckpointError
from pix2pix.networks.noise import dropout_masks
from pix2pix.pictures.color import coloured, lightness_and_colour
from pix2pix.pictures.drawings import DARK, PHOTOGRAPHED, WORDS, Drawing, check_polarity, read_drawing
from pix2pix.pictures.images import check_size, to_array, to_image
from pix2pix.pictures.palettes import snap
from pix2pix.pictures.reading import Reading
from pix2pix.translate.engines import Engine, load_engine
from pix2pix.translate.geometry import Geometry

if TYPE_CHECKING:
    import torch

Noise = list[np.ndarray] | None  # dropout masks; None: dropout off
Report = Callable[[int, int], None]
PIXELS_AT_ONCE = 1 << 20
LOG = logging.getLogger("pix2pix")
DRAWN = ("edges", "paint")  # kinds of input that are drawings
OVERLAP = 4  # neighbouring tiles share at least 1 / OVERLAP of their side


def silent(done: int, count: int) -> None:
    """Tells nobody."""


class Translator:
    """A generator with pictures at both ends.

    The scale decides how a picture enters the network (see `Geometry`). With "whole", the network sees the whole
    picture at its training size, and the result is scaled back. Drawings, label maps and photos to be coloured keep
    their proportions. The pixels of a label map first become the nearest colours of the palette. A photo to be coloured
    keeps its own lightness at full size. With "native", pixels stay as they are: the picture is cut into overlapping
    tiles of the training size, and the translated tiles are blended over the overlap.

    The result depends only on the seed, the picture and the weights. Every picture and every tile runs by itself and is
    normalised by its own statistics.

    Args:
        engine: engine that runs the network.
        task: the checkpoint's task: "input" (edges, labels or photo), "image_size" (pixels), "scale" (whole or native),
            "palette" (of labels), "input_range" (the values of 16- and 32-bit pictures that became black and white in
            training), "make" and "drawings" are read.
        size: of the square that the network sees, in pixels, instead of "image_size". With the scale "whole",
            a larger one gives more detail.
        scale: "whole" or "native", instead of the task's.

    Raises:
        CheckpointError: the network does not translate pictures, or cannot run at this size or scale.
    """

    def __init__(self, engine: Engine, task: dict[str, Any], size: int | None = None, scale: str | None = None) -> None:
        self.engine = engine
        self.task = task
        self.geometry = Geometry.of(engine.config, task, size, scale)
        self.input_kind = task.get("input", "photo")
        self._last: tuple[bytes, Any] | None = None  # the last whole picture and its encoding
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
        """How targets became pictures in training, as `reading` tells of inputs."""
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
    ) -> Translator:
        """Load from a bundled name, a folder, a file or a Hub id.

        Args:
            source: see `pix2pix.weights.pretrained.find_checkpoint`.
            engine: "onnx", "torch" or "auto": ONNX Runtime on a CPU if it can run the network, otherwise PyTorch.
            device: a PyTorch device.
            norm_statistics: "picture" or "running", see `Generator.from_pretrained`.
            size: see `Translator`.
            scale: see `Translator`.

        Raises:
            CheckpointError: see `Generator.from_pretrained` and `Translator`.
            Pix2PixError: there is no such engine, or it cannot run this network here.
        """
        return cls(*load_engine(source, engine, device, norm_statistics), size, scale)

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
            image: any size from 1 x 1 to `MAX_PIXELS` in all, any mode. The pixels of a label map may be colours or the
                numbers of labels (see `Reading`).
            seed: seed of the dropout noise, 0 to 2**63 - 1. None: no dropout.
            rate: dropout rate, from 0 (off) to below 1. None: as in training.
            report: called with the number of finished tiles and of all tiles, for a picture that is cut into tiles.
            polarity: of a drawing, see `read`.

        Returns:
            An RGB picture of the same size (of the upright picture's, where EXIF turns it).

        Raises:
            ImageError: the picture is too large, or there is no such polarity.
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
        image, found = self.read(image, polarity)
        if found != DARK and polarity == "auto":
            LOG.warning("The picture %s.", WORDS[found])
        noises = [self._noise(seed, rate) for seed in seeds]
        if self.colourises:
            return self._sample_colour(image, noises)
        if self.geometry.scale == "native":
            return self._sample_tiled(image, noises, report)
        return self._sample_whole(image, noises)

    def read(self, image: Image.Image, polarity: str = "auto") -> Drawing:
        """The picture that the model should see: of a model of drawings dark lines on white, whatever people bring (see
        `pix2pix.pictures.drawings`); of any other the picture as it is, and RGB (see `Reading`).

        Args:
            image: any size and mode.
            polarity: "auto" looks at the picture, unless the model was trained on photographed drawings. "dark-lines"
                takes it as it is, "light-lines" inverts it.

        Raises:
            ImageError: the picture is too large, or there is no such polarity.
        """
        check_size(image, "The picture")
        check_polarity(polarity)
        image = self.reading(image)
        as_it_is = polarity == "auto" and self.task.get("drawings") == PHOTOGRAPHED
        if self.input_kind not in DRAWN or as_it_is:
            return Drawing(image, DARK)
        return read_drawing(image, polarity, self.size, painted=self.input_kind == "paint")

    def _sample_whole(self, image: Image.Image, noises: list[Noise]) -> list[Image.Image]:
        place = self.geometry.place(image.size)
        paper = "white" if self.input_kind in DRAWN else None
        seen = place.enter(image, fill=paper, hard=self.palette is not None)
        encoding = self._encoding(self._snapped(seen))
        return [place.leave(to_image(self.engine.decode(encoding, noise))) for noise in noises]

    def _snapped(self, image: Image.Image) -> Image.Image:
        """A label map with every pixel in a colour of its palette; any other picture as it is."""
        return Image.fromarray(snap(np.asarray(image), self.palette)) if self.palette else image

    def _encoding(self, seen: Image.Image) -> Any:
        """The encoding of what the network sees. The last one is kept, so that another noise only needs the decoder."""
        pixels = seen.tobytes()
        last = self._last  # read once: another thread may replace it
        if last is None or last[0] != pixels:
            last = self._last = pixels, self.engine.encode(np.ascontiguousarray(to_array(seen)))
        return last[1]

    def _sample_colour(self, image: Image.Image, noises: list[Noise]) -> list[Image.Image]:
        """The picture's own lightness at full size, with colours found at the training size."""
        place = self.geometry.place(image.size)
        small, _ = lightness_and_colour(to_array(place.enter(image)))
        outputs = []
        for colour in self._translate(small, noises):
            large = [place.leave(Image.fromarray(channel)) for channel in colour]
            outputs.append(recoloured(image, large))
        return outputs

    def _sample_tiled(self, image: Image.Image, noises: list[Noise], report: Report) -> list[Image.Image]:
        """Translate tiles row by row. Only the rows of pixels that the next tiles reach are kept as floats, so a
        picture of any height takes little more memory than its bytes."""
        pixels = np.asarray(image)
        pad = [(0, max(0, self.size - image.height)), (0, max(0, self.size - image.width)), (0, 0)]
        pixels = np.pad(pixels, pad, mode="reflect") if np.any(pad) else pixels
        height, width = pixels.shape[:2]
        tops, lefts = tile_starts(height, self.size), tile_starts(width, self.size)
        window = feather(self.size)
        strips = [np.zeros((3, self.size, width), np.float32) for _ in noises]
        weight = np.zeros((self.size, width), np.float32)
        results = [Image.new("RGB", image.size) for _ in noises]
        for row, (top, following) in enumerate(pairwise([*tops, height])):
            for column, left in enumerate(lefts):
                report(row * len(lefts) + column, len(tops) * len(lefts))
                columns = np.s_[left : left + self.size]
                tile = self._snapped(Image.fromarray(pixels[top : top + self.size, columns]))
                weight[:, columns] += window
                for strip, y in zip(strips, self._translate(to_array(tile), noises), strict=True):
                    strip[:, :, columns] += y * window
            done = following - top  # rows that no later tile reaches
            for strip, result in zip(strips, results, strict=True):
                result.paste(to_image((strip / weight)[:, :done]), (0, top))
            strips = [moved_up(strip, done) for strip in strips]
            weight = moved_up(weight, done)
        return results

    def _translate(self, x: np.ndarray, noises: list[Noise]) -> Iterator[np.ndarray]:
        """Translate one (C, size, size) picture in [-1, 1] under each noise, one by one, since a batch rounds
        differently."""
        encoding = self.engine.encode(np.ascontiguousarray(x))
        for noise in noises:
            yield self.engine.decode(encoding, noise)

    def _noise(self, seed: int | None, rate: float | None) -> Noise:
        if seed is None:
            return None
        shapes = self.engine.config.noise_shapes(self.size, self.size)
        return dropout_masks(shapes, self.rate if rate is None else rate, seed)


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


def moved_up(rows: np.ndarray, count: int) -> np.ndarray:
    """(..., H, W) without its first `count` rows, and with as many rows of zeros at the end."""
    moved = np.zeros_like(rows)
    moved[..., : rows.shape[-2] - count, :] = rows[..., count:, :]
    return moved


def tile_starts(length: int, size: int) -> list[int]:
    """The first pixels of evenly spaced tiles of `size` along a side of `length` >= `size`; the last tile ends with
    it."""
    overlap = size // OVERLAP
    count = -(-(length - overlap) // (size - overlap))
    return [round(i * (length - size) / max(1, count - 1)) for i in range(count)]


def feather(size: int) -> np.ndarray:
    """Weights of a tile's pixels, (size, size) float32: 1 inside, falling to nearly 0 over the overlap."""
    distance = np.minimum(np.arange(size), np.arange(size)[::-1]) + 1
    ramp = np.minimum(1, distance / (size // OVERLAP + 1)).astype(np.float32)
    return np.outer(ramp, ramp)
