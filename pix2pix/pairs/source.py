"""What every source of pairs offers, wherever they come from."""

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
Pair = tuple[Image.Image, Image.Image]


@dataclass(frozen=True)
class Readings:
    """What the pictures of a data set mean.

    Attributes:
        a, b: how those of each side become RGB.
        drawn_raw: where one picture of a pair is turned by EXIF and shapes do not tell whether the other was drawn on
            what viewers show, it was drawn on the pixels as they are stored.
    """

    a: Reading = PLAIN
    b: Reading = PLAIN
    drawn_raw: bool = False

    @classmethod
    def of(cls, direction: str, source: Reading, target: Reading) -> Readings:
        """From what the inputs and the targets of a direction mean."""
        return cls(source, target) if direction == "AtoB" else cls(target, source)

    def facing(self, direction: str) -> tuple[Reading, Reading]:
        """Of the inputs and of the targets of a direction."""
        return (self.a, self.b) if direction == "AtoB" else (self.b, self.a)


AS_SEEN = Readings()  # as viewers show them


class Source(ABC):
    """The pairs of one split.

    Attributes:
        names: of the pairs, in order.
        words: what A and B are, for people.
        arriving: the pairs are still coming in, one after the other. The first epoch then takes them about in order.
        makes_a: A is made of B.
    """

    names: list[str]
    words = ""
    arriving = False
    makes_a = False

    @abstractmethod
    def stored(self, index: int) -> Pair:
        """A and B of a pair as they are stored, in modes of their own and not turned by EXIF.

        Raises:
            DataError: a picture cannot be read.
        """

    @abstractmethod
    def keys(self) -> list[tuple[str, str]]:
        """Names of each pair's A and B that every copy of them has too: what `folders.held_out` splits by."""

    def stamp(self, index: int) -> str:
        """What changes when a pair's files do; "" where nothing tells."""
        return ""

    def open(self, index: int, readings: Readings = AS_SEEN) -> Pair:
        """A and B of a pair, upright and as RGB.

        Raises:
            DataError: a picture cannot be read, or does not hold what it should.
        """
        a, b = self.stored(index)
        try:
            a, b = upright(a, b, readings.drawn_raw)
            return readings.a(a), readings.b(b)
        except (ImageError, ValueError, OSError) as error:
            raise DataError(f"{self.names[index]} cannot be used: {reason(error)}.") from None


def shared_names(contents: Iterable[bytes | None], names: Sequence[str]) -> list[str]:
    """A name for each picture that all its copies have too: the first one's.

    Args:
        contents: the bytes of each; None where it is known to have no copy.
        names: of each.
    """
    firsts: dict[str, str] = {}
    digests = (
        f"only {name}" if content is None else hashlib.sha256(content).hexdigest()
        for content, name in zip(contents, names, strict=True)
    )
    return [firsts.setdefault(digest, name) for digest, name in zip(digests, names, strict=True)]
