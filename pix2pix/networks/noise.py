"""The noise z: dropout masks from a seed (Isola et al. 2017, section 3).

A seed always gives the same noise. The masks come from Philox-4x64-10, a counter-based generator with a published
definition (Salmon et al., SC 2011), as implemented by NumPy, not from a framework's global state. So the same seed
gives the same masks in any engine, alone or in a batch, today and in ten years.

Mask number `level` of draw `draw` of seed `seed` is the stream with key (seed, 0) and counter (0, level, draw, 0).
Each 64-bit output is split into two 32-bit words, low half first; a unit is kept when its word is at least
rate * 2**32. Units are ordered by channel, row and column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAX_SEED = 2**63 - 1


def dropout_masks(shapes: Sequence[tuple[int, int, int]], rate: float, seed: int, draw: int = 0) -> list[np.ndarray]:
    """One dropout mask for each shape.

    Args:
        shapes: (channels, height, width) of each mask, from `GeneratorConfig.noise_shapes`.
        rate: probability that a unit is dropped, in [0, 1).
        seed: 0 to 2**63 - 1.
        draw: number of the noise among the seed's independent ones, at least 0. Sampling uses 0; training uses a new
            one for each picture.

    Returns:
        float32 arrays: 0 where a unit is dropped, 1 / (1 - rate) where it is kept.

    Raises:
        ValueError: the rate, the seed or the draw is out of range.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"The dropout rate is {rate}: it must be at least 0 and below 1.")
    if seed != int(seed) or not 0 <= seed <= MAX_SEED:
        raise ValueError(f"The seed is {seed}: it must be a whole number from 0 to {MAX_SEED}.")
    if draw < 0:
        raise ValueError(f"The draw is {draw}: it must be at least 0.")
    threshold = np.uint64(round(rate * 2**32))
    keep = np.float32(1 / (1 - rate))
    masks = []
    for level, shape in enumerate(shapes):
        units = int(np.prod(shape))
        stream = np.random.Philox(counter=[0, level, draw, 0], key=[int(seed), 0])
        words = stream.random_raw((units + 1) // 2).astype("<u8").view("<u4")[:units]
        masks.append(np.where(words >= threshold, keep, np.float32(0)).reshape(shape))
    return masks
