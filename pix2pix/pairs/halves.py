"""Telling pictures with A and B side by side from single photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

LOOKED_AT = 24  # pictures
WIDE = 1.9  # ratio of width to height: that of two squares side by side, and of few photos
SEAM = 1.3  # the change between A and B, over that at any other place across the picture
PLAIN = 6.0  # greatest deviation of a column of plain background, in grey levels
SIDE = 256  # height in pixels to which pictures are scaled first
PLACES = 32  # places compared across a picture


def hold_two_halves(files: Sequence[Path]) -> bool:
    """Whether pictures are pairs side by side, judged by their shape or by their middle.

    A pair of squares is twice as wide as high. Pictures of other shapes are pairs if their halves meet in plain
    background or in a seam that is stronger than the change at any other place.
    """
    count = min(LOOKED_AT, len(files))
    ratios, looks = [], []
    for path in (files[i * len(files) // count] for i in range(count)):
        try:
            with Image.open(path) as image:
                ratios.append(image.width / image.height)
                if ratios[-1] < WIDE:
                    looks.append(look(image.convert("L")))
        except Exception:  # unreadable pictures are reported by the check of the data
            continue
    if not looks or median(ratios) >= WIDE:
        return True
    seams, elsewhere, plain = zip(*looks, strict=True)
    return bool(np.mean(plain) > 0.5 or np.mean(seams) > SEAM * np.mean(elsewhere, axis=0).max())


def look(image: Image.Image) -> tuple[float, np.ndarray, bool]:
    """The change of a grey picture across its middle, the changes at `PLACES` others, and whether its middle is plain
    background."""
    columns = np.asarray(image.resize((image.width, min(image.height, SIDE))), np.float32)
    middle = image.width // 2
    if image.width % 2 or middle < 4:
        return 0.0, np.full(PLACES, 255.0), False
    steps = np.abs(np.diff(columns, axis=1)).mean(0)
    others = np.delete(steps, [middle - 2, middle - 1, middle])
    places = np.array([part.max(initial=0.0) for part in np.array_split(others, PLACES)])
    return float(steps[middle - 1]), places, bool(columns[:, middle - 1 : middle + 1].std(0).max() < PLAIN)
