"""The pairs for measuring a model, read as in its training."""

from __future__ import annotations

from pix2pix.pairs.check import look_over, refuse
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.polarity import look_at, says_light
from pix2pix.pairs.source import Readings
from pix2pix.pictures.places import paper
from pix2pix.translate.translator import Translator


def pairs_for(
    translator: Translator,
    data: DataSet,
    split: str = "val",
    direction: str | None = None,
    stretch: bool = False,
    polarity: str = "auto",
    squares: bool = False,
) -> Pairs:
    """One split of data as a model sees it: at its size, in the proportions and with the values of its training.

    Args:
        translator: the model.
        data: data set, read with the task's "make" where it holds photos alone.
        split: name of the split.
        direction: `AtoB` or `BtoA`; None for the direction of training.
        stretch: whether the pictures of a pair may have different shapes.
        polarity: polarity of drawn inputs; with "auto", the majority decides.
        squares: of a model that was trained on squares cut out of larger pictures, the middle square of each picture,
            and not the picture whole.

    Raises:
        DataError: there is no such split, or something is wrong with its pairs.
    """
    source = data.split(split)
    direction = direction or translator.task.get("direction", "AtoB")
    meant = Readings.of(direction, translator.reading, translator.target_reading)
    found = look_over(data, {split: source}, meant, direction, stretch)
    refuse(found.faults)
    make = translator.task.get("make", "") if source.makes_a else ""
    drawn = look_at(source, direction, translator.input_kind, make, found.readings)
    inverted = says_light(polarity, drawn)
    return Pairs(
        source, direction, translator.size, readings=found.readings, inverted=inverted,
        crop=bool(translator.task.get("crop")), whole=not squares,
        stretched=translator.geometry.stretched, paper=paper(translator.input_kind),
    )  # fmt: skip
