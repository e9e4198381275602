"""A look at training data before the first step: what was understood, and which pictures cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pix2pix.errors import DataError
from pix2pix.pairs.folders import HUB, Part
from pix2pix.pairs.layouts import read_layout
from pix2pix.pairs.source import Source

EXAMPLES = 3
SHOWN = 10  # faults in a sentence


def understood(data: str, make: str, train: Source, val: Source | None) -> list[str]:
    """What was made of the data, in a few lines: where A and B are, how many pairs, examples, what was ignored."""
    count = f"{len(train.names):,} pairs to train on"
    if val is None:
        count += ", too few to hold any out"
    else:
        held = isinstance(val, Part)
        count += f", {len(val.names):,} {'held out of the same folder' if held else 'in a split of their own'}"
    lines = [f"{data}: {count}"]
    whole = train.source if isinstance(train, Part) else train
    if words := getattr(getattr(whole, "split", None), "words", ""):
        lines.append(f"  {words}")
    lines.append(f"  for example {', '.join(train.names[:EXAMPLES])}")
    if not data.startswith(HUB) and (ignored := read_layout(Path(data), bool(make)).ignored):
        lines.append(f"  ignored: {', '.join(ignored)}")
    return lines


def unreadable(sources: Sequence[Source]) -> list[str]:
    """Open every pair once, in parallel and with a progress bar; what is wrong with those that cannot be read.

    Pairs that are still arriving are not waited for.
    """
    tasks = [(source, i) for source in sources if not source.arriving for i in range(len(source.names))]

    def fault(task: tuple[Source, int]) -> str:
        source, index = task
        try:
            source.open(index)
        except DataError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = tqdm(pool.map(fault, tasks), "Checking pictures", len(tasks), unit="pair", delay=1, leave=False)
        return [words for words in found if words]


def refuse(faults: Sequence[str]) -> None:
    """
    Raises:
        DataError: there are faults.
    """
    if faults:
        more = f" And {len(faults) - SHOWN:,} more." if len(faults) > SHOWN else ""
        raise DataError(" ".join(faults[:SHOWN]) + more)
