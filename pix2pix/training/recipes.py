"""Settings by data set, as plain data: what `train.py --recipe NAME ...` stands for.

Epochs, batches, jitter and mirroring are those of the paper's appendix 6.2, where it gives them; where it does not
(marked), those of the scripts published with it, from memory. Several names may follow each other: a later one
wins, and an option of the command line wins over both.
"""

from __future__ import annotations

from typing import Any

RECIPES: dict[str, dict[str, Any]] = {
    "facades": {"direction": "BtoA", "input_kind": "labels", "palette": "facades", "epochs": 200, "batch_size": 1},
    "maps": {"epochs": 200, "batch_size": 1},
    "edges2shoes": {"input_kind": "edges", "epochs": 15, "batch_size": 4, "jitter": False, "mirror": False},  # jitter *
    "edges2handbags": {"input_kind": "edges", "epochs": 15, "batch_size": 4, "jitter": False, "mirror": False},  # *
    "day2night": {"epochs": 17, "batch_size": 4},
    "cityscapes": {"direction": "BtoA", "input_kind": "labels", "epochs": 200, "batch_size": 1},
    "colorization": {"make": "lightness", "epochs": 6, "batch_size": 4, "jitter": False},  # *
    # Not in the paper: a blog's sketches of anime, trained as maps are.
    "sketch2anime": {"input_kind": "edges", "epochs": 75, "batch_size": 1},
    # A network of 4.1 million parameters instead of 54, live on two CPU cores; goes with any of the others.
    "compact": {
        "features": 32,
        "max_features": 128,
        "discriminator_features": 24,
        "upsampling": "nearest",
        "augment": True,
    },
    # Not in the paper either: few pairs, few minutes, from a bundled model. Stands under --minutes by itself.
    "minutes": {
        "features": 32,
        "max_features": 128,
        "discriminator_features": 24,
        "upsampling": "nearest",
        "augment": True,
        "ema": 0.995,
        "keep_best": True,
        "save_every": 30.0,
    },
}
