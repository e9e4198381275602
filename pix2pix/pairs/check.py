"""The check of training data before the first step: what was understood, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tqdm import tqdm

from pix2pix.devices import cores
from pix2pix.errors import DataError, reason
from pix2pix.pairs.folders import DataSet, Part
from pix2pix.pairs.layouts import listed
from pix2pix.pairs.look import Look
from pix2pix.pairs.memory import Memory
from pix2pix.pairs.source import AS_SEEN, Readings, Source
from pix2pix.pictures.images import Size, Span, usual_span
from pix2pix.pictures.palettes import Palette
from pix2pix.pictures.reading import PLAIN, Reading
from pix2pix.pictures.turning import alike, drawn_raw, turned

EXAMPLES = 3
SHOWN = 10  # faults listed in an error
OF_A_STREAM = 32  # pairs that are checked while others are still arriving
DARK = 31  # highest level of nearly black pictures
Looks = list[tuple[str, Look, Look]]  # a pair's name, A and B


@dataclass
class Findings:
    """The result of a check of training data.

    Attributes:
        readings: meaning of the pictures on each side.
        notes: other findings, one line each.
        faults: faults, one sentence each.
    """

    readings: Readings = field(default_factory=Readings)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def look_over(
    data: DataSet,
    splits: Mapping[str, Source],
    meant: Readings = AS_SEEN,
    direction: str = "AtoB",
    stretch: bool = False,
) -> Findings:
    """Open every pair once, in parallel and with a progress bar, and find one meaning for the values of each side.

    Pairs that are unchanged since an earlier check are not opened. Of pairs that are still arriving, only the first
    are.

    Args:
        data: data set.
        splits: some of its splits, by name.
        meant: what the options state already: palettes and spans.
        direction: `AtoB` or `BtoA`; it decides which options are about which side.
        stretch: whether the pictures of a pair may have different shapes.
    """
    found = Findings()
    palettes = meant.a.palette, meant.b.palette
    looks: Looks = []
    for name, source in splits.items():
        looks += looked_at(source, palettes, Memory(f"{data.identity}|{name}|{palettes}"), found)
    if any(source.arriving and len(source.names) > OF_A_STREAM for source in splits.values()):
        found.notes.append(f"the pairs are still arriving: only the first {OF_A_STREAM} of a split are checked")
    raw = settle_turns(looks, found)
    if not stretch:
        name_shapes(looks, raw, found)
    made = any(source.makes_a for source in splits.values())
    forward = direction == "AtoB"
    a = PLAIN if made else settle("A", [(name, look) for name, look, _ in looks], meant.a, forward, found)
    b = settle("B", [(name, look) for name, _, look in looks], meant.b, not forward, found)
    found.readings = Readings(a, b, raw)
    return found


def understood(data: DataSet, found: Findings) -> list[str]:
    """A summary of the data in a few lines: where A and B are, the number of pairs, the meaning of their pictures, and
    the files that were ignored."""
    train, val = data.split("train"), data.val()
    count = f"{len(train.names):,} pairs to train on"
    if val is None:
        count += ", too few to hold any out"
    else:
        held = isinstance(val, Part)
        count += f", {len(val.names):,} {'held out of the same data' if held else 'in a split of their own'}"
    lines = [f"{data.name}: {count}", f"  {train.words}", f"  for example {', '.join(train.names[:EXAMPLES])}"]
    lines += [f"  {note}" for note in found.notes]
    return lines + ([f"  ignored: {', '.join(data.ignored)}"] if data.ignored else [])


def refuse(faults: Sequence[str]) -> None:
    """
    Raises:
        DataError: there are faults.
    """
    if faults:
        more = f" And {len(faults) - SHOWN:,} more." if len(faults) > SHOWN else ""
        raise DataError(" ".join(faults[:SHOWN]) + more)


def looked_at(
    source: Source, palettes: tuple[Palette | None, Palette | None], memory: Memory, found: Findings
) -> Looks:
    """The looks of all pairs that can be read; the others become faults. Several pairs are opened at a time, those of a
    stream in order."""

    def look(index: int) -> tuple[str, tuple[Look, Look] | str]:
        stamp = source.stamp(index)
        if known := memory.recall(stamp):
            try:
                return stamp, (Look.of(known[0]), Look.of(known[1]))
            except (KeyError, IndexError, TypeError, ValueError):  # an entry that another program wrote
                pass
        try:
            a, b = (Look.at(image, p) for image, p in zip(source.stored(index), palettes, strict=True))
            return stamp, (a, b)
        except DataError as error:
            return stamp, str(error)
        except (OSError, ValueError) as error:
            return stamp, f"{source.names[index]} cannot be used: {reason(error)}."

    looks: Looks = []
    count = min(OF_A_STREAM, len(source.names)) if source.arriving else len(source.names)
    with ThreadPoolExecutor(1 if source.arriving else cores()) as pool:
        seen = tqdm(pool.map(look, range(count)), "Checking pictures", count, unit="pair", delay=1, leave=False)
        for name, (stamp, result) in zip(source.names, seen, strict=False):  # a stream has more names
            if isinstance(result, str):
                found.faults.append(result)
            else:
                looks.append((name, *result))
                memory.keep(stamp, [side.facts() for side in result])
    memory.save()
    return looks


def settle_turns(looks: Looks, found: Findings) -> bool:
    """Whether the partners of photos that EXIF turns were drawn on the stored pixels. Where shapes do not tell, the
    majority of the others decides."""
    turns = [((a.size, b.size), (a.turn, b.turn)) for _, a, b in looks]
    decided = [drawn_raw(*facts) for facts in turns]
    raw, seen = decided.count(True), decided.count(False)
    unsure = sum(
        decision is None and (facts[1][0] == 1) != (facts[1][1] == 1)
        for decision, facts in zip(decided, turns, strict=True)
    )
    if raw:
        found.notes.append(
            f"in {raw:,} pairs one picture is turned upright by EXIF, and the other, which was drawn on the stored "
            "pixels, is turned with it"
        )
    if unsure:
        how = "is turned with it" if raw > seen else "is not"
        found.notes.append(
            f"in {unsure:,} pairs EXIF turns one picture, and the shapes do not show whether the other was drawn on "
            f"the upright photo or on the stored pixels: the other {how}"
        )
    return raw > seen


def name_shapes(looks: Looks, raw: bool, found: Findings) -> None:
    """Find pairs whose pictures have different shapes once they are upright."""
    different = []
    for name, a, b in looks:
        sizes, turns = (a.size, b.size), (a.turn, b.turn)
        decision = drawn_raw(sizes, turns)
        if 1 in turns and (raw if decision is None else decision):
            turns = (max(turns),) * 2
        one, other = (turned(size, turn) for size, turn in zip(sizes, turns, strict=True))
        if not alike(one, other):
            different.append(f"{name} ({words_of(one)} with {words_of(other)})")
    if different:
        found.faults.append(
            f"A and B have different shapes in {len(different):,} pairs: {listed(different, 3)}. Crop them alike, or "
            "add --stretch to scale one onto the other."
        )


def settle(side: str, looks: list[tuple[str, Look]], meant: Reading, inputs: bool, found: Findings) -> Reading:
    """The meaning of the values on one side.

    Args:
        side: "A" or "B".
        meant: what the options state already.
        inputs: whether this side holds the inputs.
    """
    if not looks:
        return meant
    if meant.palette:
        return replace(meant, numbers=settle_numbers(side, looks, meant.palette, found))
    deep = [look.deep for _, look in looks if look.deep]
    span = meant.span
    if deep:
        low, high = min(d[0] for d in deep), max(d[1] for d in deep)
        others = [d for d in deep if d[1] != 1] if high > 1 else deep  # 0 and 1 may be fractions or whole numbers
        whole = all(d[2] for d in others)
        span = span or usual_span(low, high, whole)
        option = "--input-range" if inputs else "--output-range"
        found.notes.append(
            f"{side} has values from {low:,g} to {high:,g}: {span[0]:,g} becomes black and {span[1]:,g} white, in all "
            f"pictures alike ({option} for others)"
        )
        if len(deep) < len(looks):
            found.notes.append(f"{len(looks) - len(deep):,} pictures of {side} have 8 bits and stay as they are")
    top = max(max(look.brightest, level(look, span)) for _, look in looks)
    if top <= DARK:
        option = "--input-kind labels --palette" if inputs else "--output-palette"
        found.notes.append(
            f"{side} is nearly black, no more than {top} of 255: if these are class numbers, name the classes with "
            f"{option}"
        )
    return replace(meant, span=span)


def settle_numbers(side: str, looks: list[tuple[str, Look]], palette: Palette, found: Findings) -> bool:
    """Whether the label maps of one side hold label numbers rather than colours."""
    uses = [(name, look.labels) for name, look in looks if look.labels]
    names, last = list(palette), len(palette) - 1
    only_numbers = [name for name, use in uses if (use.numbered or use.void) and not use.coloured]
    others = [(name, use) for name, use in uses if not use.numbered]
    if len(only_numbers) > sum(not use.void or use.coloured for _, use in others):
        found.notes.append(f"{side} holds class numbers: 0 is {names[0]}, {last} is {names[-1]}")
        if others:
            found.faults.append(
                f"{side} holds class numbers from 0 to {last}, as the palette has {last + 1} labels, but "
                f"{listed([f'{name} holds {use.words}' for name, use in others], 3)}: change those, or the palette."
            )
        return True
    far = [(name, use) for name, use in uses if use.far]
    labels = sorted({label for _, use in uses for label in use.labels})
    found.notes.append(f"{side} holds the palette's colours: {len(labels)} of its {last + 1} labels are seen")
    if len(labels) == 1 < len(palette) and not all(use.coloured for _, use in uses):
        found.faults.append(
            f"All of {side} would become one label, {names[labels[0]]}: {uses[0][0]} holds {uses[0][1].words}, which "
            f"are neither the palette's colours nor numbers from 0 to {last}. Write one or the other, as PNG."
        )
    elif 2 * len(far) > len(uses):
        found.faults.append(
            f"{side} holds neither the palette's colours nor numbers from 0 to {last}: {far[0][0]} holds "
            f"{far[0][1].words}. Write one or the other, as PNG."
        )
    elif only_numbers:
        found.notes.append(
            f"{listed(only_numbers)} could hold class numbers, but is taken by its colours as the others are"
        )
    return False


def level(look: Look, span: Span | None) -> int:
    """The highest level of a picture with more than 8 bits once it is read; 0 for others."""
    if not look.deep or not span:
        return 0
    return round(255 * (look.deep[1] - span[0]) / (span[1] - span[0]))


def words_of(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
