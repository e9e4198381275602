"""What every source of pairs offers, wherever they come from."""

from __future__ import annotations

from typing import Protocol

from PIL import Image

DIRECTIONS = ("AtoB", "BtoA")
Pair = tuple[Image.Image, Image.Image]


class Source(Protocol):
    """The pairs of one split.

    Attributes:
        names: of the pairs, in order.
        arriving: the pairs are still coming in, one after the other. The first epoch then takes them about in order.
    """

    names: list[str]
    arriving: bool

    def open(self, index: int) -> Pair:
        """A and B of a pair, as RGB.

        Raises:
            DataError: a picture cannot be read, or is no pair.
        """

    def keys(self) -> list[tuple[str, str]]:
        """Names of each pair's A and B that every copy of them has too: what `folders.held_out` splits by."""
