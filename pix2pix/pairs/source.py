"""The interface of all sources of pairs."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image

from pix2pix.errors import DataError, ImageError, reason
from pix2pix.pictures.reading import PLAIN, Reading
from pix2pix.pictures.turning import upright

DIRECTIONS = ("AtoB", "BtoA")
# Shares of the line drawings, unless others are asked for.
UNPAINTED = 0.35  # that paint leaves bare
OUTLINES = 0.3  # that hand-drawn ones reduce to their outlines
Pair = tuple[Image.Image, Image.Image]


@dataclass(frozen=True)
class Readings:
    """The meaning of a data set's pictures.

    Attributes:
        a, b: readings of each side, which make RGB of its pictures.
        drawn_raw: whether a picture whose partner is turned by EXIF was drawn on the partner's pixels as they are
            stored. It decides where the shapes do not tell.
    """

    a: Reading = PLAIN
    b: Reading = PLAIN
    drawn_raw: bool = False

    @classmethod
    def of(cls, direction: str, source: Reading, target: Reading) -> Readings:
        """The readings of both sides, from those of a direction's inputs and targets."""
        return cls(source, target) if direction == "AtoB" else cls(target, source)

    def facing(self, direction: str) -> tuple[Reading, Reading]:
        """The readings of a direction's inputs and targets."""
        return (self.a, self.b) if direction == "AtoB" else (self.b, self.a)


AS_SEEN = Readings()  # as viewers show them


class Source(ABC):
    """The pairs of one split.

    Attributes:
        names: names of the pairs, in order.
        words: description of A and B, for people.
        arriving: whether the pairs are still being downloaded, in order. The first epoch then takes them about in
            order.
        makes_a: whether A is made from B.
    """

    names: list[str]
    words = ""
    arriving = False
    makes_a = False

    @abstractmethod
    def stored(self, index: int) -> Pair:
        """A and B of a pair as they are stored, in their own modes and not turned by EXIF.

        Raises:
            DataError: a picture cannot be read.
        """

    @abstractmethod
    def keys(self) -> list[tuple[str, str]]:
        """Names of each pair's A and B, shared by all their copies. `folders.held_out` splits by them."""

    def stamp(self, index: int) -> str:
        """A text that changes when a pair's files change; "" where there is no way to tell."""
        return ""

    def open(self, index: int, readings: Readings = AS_SEEN) -> Pair:
        """A and B of a pair, upright and as RGB.

        Raises:
            DataError: a picture cannot be read, or holds unexpected values.
        """
        a, b = self.stored(index)
        try:
            a, b = upright(a, b, readings.drawn_raw)
            return readings.a(a), readings.b(b)
        except (ImageError, ValueError, OSError) as error:
            raise DataError(f"{self.names[index]} cannot be used: {reason(error)}.") from None


def shared_names(contents: Iterable[bytes | None], names: Sequence[str]) -> list[str]:
    """A name for each picture, shared by all its copies: the name of the first.

    Args:
        contents: bytes of each picture; None where it is known to have no copy.
        names: name of each picture.
    """
    firsts: dict[str, str] = {}
    digests = (
        f"only {name}" if content is None else hashlib.sha256(content).hexdigest()
        for content, name in zip(contents, names, strict=True)
    )
    return [firsts.setdefault(digest, name) for digest, name in zip(digests, names, strict=True)]
