"""The pairs that a model is measured on, as it saw them in training."""

from __future__ import annotations

from pix2pix.pairs.check import look_over, refuse
from pix2pix.pairs.folders import DataSet
from pix2pix.pairs.pairs import Pairs
from pix2pix.pairs.polarity import look_at, says_light
from pix2pix.pairs.source import Readings
from pix2pix.translate.translator import Translator


def pairs_for(
    translator: Translator,
    data: DataSet,
    split: str = "val",
    direction: str | None = None,
    stretch: bool = False,
    polarity: str = "auto",
) -> Pairs:
    """One split of data at a model's size, its values read as in the model's training.

    Args:
        translator: of the model.
        data: read with the task's "make".
        split: of the data.
        direction: None: the one trained in.
        stretch: pairs whose pictures have different shapes are welcome.
        polarity: of drawn inputs; "auto" goes by most of them.

    Raises:
        DataError: there is no such split, or something is wrong with its pairs.
    """
    source = data.split(split)
    direction = direction or translator.task.get("direction", "AtoB")
    meant = Readings.of(direction, translator.reading, translator.target_reading)
    found = look_over(data, [source], meant, direction, stretch)
    refuse(found.faults)
    drawn = look_at(source, direction, translator.input_kind, translator.task.get("make", ""), found.readings)
    inverted = says_light(polarity, drawn)
    return Pairs(source, direction, translator.size, readings=found.readings, inverted=inverted)
