"""The polarity of a data set's drawings. The majority decides, since a data set is of one kind."""

from __future__ import annotations

from collections import Counter

from pix2pix.errors import DataError
from pix2pix.pairs.source import AS_SEEN, Readings, Source
from pix2pix.pictures.drawings import DARK, LIGHT, PAPER, PHOTOGRAPHED, SCENE, has_no_colour, kind_of
from pix2pix.pictures.places import LINE_KINDS

LOOKED_AT = 24  # inputs of a complete data set
OF_A_STREAM = 4  # first inputs of a stream, whose others have not arrived


def look_at(source: Source, direction: str, input_kind: str, make: str = "", readings: Readings = AS_SEEN) -> str:
    """The kind of most inputs: `DARK` lines on light, `LIGHT` lines on dark, or `PHOTOGRAPHED`.

    Inputs that are not drawings, or are made from photos, count as `DARK`. So do painted ones with any colour.

    Args:
        source: source of the pairs.
        direction: `AtoB` or `BtoA`.
        input_kind: the model's kind of input: edges, paint, labels or photo.
        make: how inputs are made from photos; see `find_source`.
        readings: meaning of the values of A and B.
    """
    if input_kind not in LINE_KINDS or make:
        return DARK
    count = len(source.names)
    indices = range(min(OF_A_STREAM, count)) if source.arriving else range(0, count, -(-count // LOOKED_AT) or 1)
    found: Counter[str] = Counter()
    for index in indices:
        try:
            image = source.open(index, readings)[direction == "BtoA"]
        except DataError:
            continue  # training reports it
        kind = kind_of(image)
        if input_kind == "paint" and not (kind == LIGHT and has_no_colour(image)):
            kind = DARK
        found[PHOTOGRAPHED if kind in (PAPER, SCENE) else kind] += 1
    most, times = found.most_common(1)[0] if found else (DARK, 0)
    return most if 2 * times > found.total() else DARK


def says_light(polarity: str, found: str) -> bool:
    """Whether inputs are inverted: as `polarity` says, or as found for "auto"."""
    return polarity == "light-lines" or (polarity == "auto" and found == LIGHT)
