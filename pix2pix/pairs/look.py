"""A look at a picture of training data: its shape, its EXIF turn and its values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image

from pix2pix.pictures.images import DEEP, value_range
from pix2pix.pictures.palettes import Palette
from pix2pix.pictures.reading import LabelUse, label_use
from pix2pix.pictures.turning import turn_of


@dataclass(frozen=True)
class Look:
    """What one picture shows.

    Attributes:
        size: width and height as stored.
        turn: EXIF turn; see `pix2pix.pictures.turning.turn_of`.
        deep: for 16 or 32 bits per pixel: lowest and highest value, and whether all are whole numbers.
        brightest: for 8 bits: highest level of any channel.
        labels: for label maps: what the pixels are.
    """

    size: tuple[int, int]
    turn: int
    deep: tuple[float, float, bool] | None
    brightest: int
    labels: LabelUse | None

    @classmethod
    def at(cls, image: Image.Image, palette: Palette | None) -> Look:
        """Look at a picture as it is stored.

        Args:
            palette: palette of label maps.
        """
        deep = value_range(image) if image.mode in DEEP else None
        return cls(
            size=image.size,
            turn=turn_of(image),
            deep=deep,
            brightest=0 if deep else brightest(image),
            labels=label_use(image, palette) if palette else None,
        )

    def facts(self) -> dict[str, Any]:
        """The look in a form that JSON can hold."""
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Look:
        """The reverse of `facts`.

        Raises:
            KeyError, TypeError: these facts describe no look.
        """
        labels = facts["labels"]
        return cls(
            size=(int(facts["size"][0]), int(facts["size"][1])),
            turn=int(facts["turn"]),
            deep=None if facts["deep"] is None else tuple(facts["deep"]),
            brightest=int(facts["brightest"]),
            labels=None if labels is None else LabelUse(**{**labels, "labels": tuple(labels["labels"])}),
        )


def brightest(image: Image.Image) -> int:
    """The highest level of any channel. For a colour table, its entries count, not their numbers."""
    if image.mode == "1":
        return 255
    extrema = (image.convert("RGB") if image.mode == "P" else image).getextrema()
    tops = [high for _, high in extrema] if isinstance(extrema[0], tuple) else [extrema[1]]
    return int(max(tops))
