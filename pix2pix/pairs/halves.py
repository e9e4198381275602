"""Whether pictures hold A and B side by side, or are single photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

LOOKED_AT = 24  # pictures
WIDE = 1.9  # times as wide as high: two squares side by side; few photos are
SEAM = 1.3  # times the change at any other place across the pictures, that parts A from B
PLAIN = 6.0  # grey levels that a column of plain background varies by
SIDE = 256  # pixels of height, to which pictures are scaled before a look
PLACES = 32  # across a picture


def hold_two_halves(files: Sequence[Path]) -> bool:
    """Whether pictures are pairs side by side, by their shape or by what is in their middle.

    A pair of squares is twice as wide as high. Of other shapes, they are pairs when their halves meet in a seam, more
    of one than there is at any other place, or in plain background.
    """
    count = min(LOOKED_AT, len(files))
    ratios, looks = [], []
    for path in (files[i * len(files) // count] for i in range(count)):
        try:
            with Image.open(path) as image:
                ratios.append(image.width / image.height)
                if ratios[-1] < WIDE:
                    looks.append(look(image.convert("L")))
        except Exception:  # what cannot be read is told by those who read all pictures
            continue
    if not ratios or median(ratios) >= WIDE:
        return True
    seams, elsewhere, plain = zip(*looks, strict=True)
    return bool(np.mean(plain) > 0.5 or np.mean(seams) > SEAM * np.mean(elsewhere, axis=0).max())


def look(image: Image.Image) -> tuple[float, np.ndarray, bool]:
    """How much a grey picture changes across its middle; how much at most at each of `PLACES` others; and whether its
    middle is plain background."""
    columns = np.asarray(image.resize((image.width, min(image.height, SIDE))), np.float32)
    middle = image.width // 2
    if image.width % 2 or middle < 4:
        return 0.0, np.full(PLACES, 255.0), False
    steps = np.abs(np.diff(columns, axis=1)).mean(0)
    others = np.delete(steps, [middle - 2, middle - 1, middle])
    places = np.array([part.max(initial=0.0) for part in np.array_split(others, PLACES)])
    return float(steps[middle - 1]), places, bool(columns[:, middle - 1 : middle + 1].std(0).max() < PLAIN)
