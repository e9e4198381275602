"""What a picture of training data shows at a look: its shape, its turn, and what its values are."""

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
    """One picture.

    Attributes:
        size: width and height as it is stored.
        turn: by EXIF; see `pix2pix.pictures.turning.turn_of`.
        deep: of a picture with 16 or 32 bits per pixel, the lowest and the highest value, and whether all are whole
            numbers.
        brightest: of another, the highest level of any channel.
        labels: of a label map, what its pixels are.
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
            palette: of label maps.
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
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Look:
        """The reverse of `facts`.

        Raises:
            KeyError, TypeError: these are no such facts.
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
    """The highest level of any channel; a colour table's entries count, not their numbers."""
    if image.mode == "1":
        return 255
    extrema = (image.convert("RGB") if image.mode == "P" else image).getextrema()
    tops = [high for _, high in extrema] if isinstance(extrema[0], tuple) else [extrema[1]]
    return int(max(tops))
