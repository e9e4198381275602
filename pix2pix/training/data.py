"""The data of a training run, checked once before the first step."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pix2pix.pairs.check import look_over, understood
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.polarity import look_at, says_light
from pix2pix.pairs.source import Readings, Source
from pix2pix.pictures.drawings import PHOTOGRAPHED
from pix2pix.pictures.palettes import Palette, read_palette
from pix2pix.pictures.places import is_stretched, paper
from pix2pix.pictures.reading import Reading
from pix2pix.training.settings import Settings


class TrainingData:
    """The pairs of a run's train and val splits, and the meaning of their pictures.

    Attributes:
        train, val: the splits; `val` is None where the data is too small for one.
        inverted: whether the inputs have light lines on dark, and are inverted.
        faults: faults of the data, one sentence each.

    Raises:
        DataError: see `DataSet`; or there is no such palette.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data = DataSet(settings.data, settings.make, settings.columns, settings.streaming, settings.config)
        self.train, self.val = self.data.split("train"), self.data.val()
        inputs = Reading(settings.input_range, palette_of(settings.palette))
        targets = Reading(settings.output_range, palette_of(settings.output_palette))
        meant = Readings.of(settings.direction, inputs, targets)
        splits = {"train": self.train, **({"val": self.val} if self.val else {})}
        self._found = look_over(self.data, splits, meant, settings.direction, settings.stretch)
        self.faults = self._found.faults
        self._drawn = look_at(self.train, settings.direction, settings.input_kind, settings.make, self._found.readings)
        self.inverted = says_light(settings.polarity, self._drawn)

    @property
    def readings(self) -> Readings:
        """What the values of the pictures mean."""
        return self._found.readings

    def description(self) -> list[str]:
        """A summary of the data, in lines."""
        light = "  the inputs have light lines on dark: they are inverted (--polarity dark-lines keeps them)"
        return [*understood(self.data, self._found), *[light] * self.inverted, f"  {self._scale()}"]

    def _scale(self) -> str:
        """How the pictures meet the network, in words."""
        square = f"{self.settings.size} x {self.settings.size} pixels"
        if self.settings.crop:
            return f"squares of {square} are cut out of the pictures, whose pixels stay as they are"
        kept = "" if self._shape()["stretched"] else ", in its proportions"
        return f"each picture is scaled as a whole to {square}{kept}"

    def _shape(self) -> dict[str, Any]:
        """The arguments of `Pairs` about shapes and sizes."""
        settings = self.settings
        return {
            "crop": settings.crop,
            "stretched": is_stretched(settings.input_kind, settings.make),
            "paper": paper(settings.input_kind),
        }

    def digest(self) -> str:
        """Tells data sets apart: a hash of the names in both splits and of the palettes."""
        names = [list(map(str, split.names)) if split else [] for split in (self.train, self.val)]
        palettes = [self.readings.a.palette, self.readings.b.palette]
        return hashlib.sha256(json.dumps([names, palettes]).encode()).hexdigest()

    def pairs(self) -> Pairs:
        """The pairs to train on."""
        settings = self.settings
        return Pairs(
            self.train, settings.direction, settings.size,
            settings.jitter, settings.mirror, settings.hand_drawn, self.readings, settings.lightness,
            settings.seed, settings.paint, self.inverted, unpainted=settings.unpainted,
            outlines=settings.outlines, warp=settings.warp, **self._shape(),
        )  # fmt: skip

    def plain(self, source: Source, lightness: bool, whole: bool = False) -> Pairs:
        """The pairs of a split as they are looked at: without jitter, paint and hand.

        Args:
            lightness: for colourisation, as the network sees them.
            whole: with --crop, the pictures whole and not their middle squares.
        """
        settings, readings = self.settings, self.readings
        return Pairs(
            source, settings.direction, settings.size,
            readings=readings, lightness=lightness, inverted=self.inverted, whole=whole, **self._shape(),
        )  # fmt: skip

    def task(self) -> dict[str, Any]:
        """The task of the checkpoint: what people put in, how it meets the network, and what the values of the pictures
        mean."""
        settings = self.settings
        source, target = self.readings.facing(settings.direction)
        always = {
            "direction": settings.direction,
            "input": settings.input_kind,
            "image_size": settings.size,
            "scale": "native" if settings.crop else "whole",
        }
        facts = {
            "crop": settings.crop,
            "palette": source.palette,
            "output_palette": target.palette,
            "input_range": source.span and list(source.span),
            "output_range": target.span and list(target.span),
            "drawings": PHOTOGRAPHED if self._drawn == PHOTOGRAPHED else None,
            "title": settings.title,
            "make": settings.make,
        }
        return always | {name: value for name, value in facts.items() if value}


def palette_of(name: str) -> Palette | None:
    return read_palette(name) if name else None
