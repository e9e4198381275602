"""Recipes: settings for `train.py --recipe NAME ...`, as plain data.

Epochs, batches, jitter and mirroring follow the paper's appendix 6.2. Where it does not state them (marked by *), they
follow the published scripts, from memory. Of several recipes, later ones take precedence, and options of the command
line take precedence over all.
"""

from __future__ import annotations

from typing import Any

# A network of 4.2 million parameters instead of 54, which runs live on two CPU cores.
COMPACT: dict[str, Any] = {
    "features": 32,
    "max_features": 128,
    "discriminator_features": 24,
    "upsampling": "nearest",
    "augment": True,
}
RECIPES: dict[str, dict[str, Any]] = {
    "facades": {"direction": "BtoA", "input_kind": "labels", "palette": "facades", "epochs": 200, "batch_size": 1},
    "maps": {"epochs": 200, "batch_size": 1},
    "edges2shoes": {"input_kind": "edges", "epochs": 15, "batch_size": 4, "jitter": False, "mirror": False},  # jitter *
    "edges2handbags": {"input_kind": "edges", "epochs": 15, "batch_size": 4, "jitter": False, "mirror": False},  # *
    "day2night": {"epochs": 17, "batch_size": 4},
    "cityscapes": {"direction": "BtoA", "input_kind": "labels", "epochs": 200, "batch_size": 1},
    "colorization": {"make": "lightness", "epochs": 6, "batch_size": 4, "jitter": False},  # *
    # Not in the paper: sketches of anime from a blog, trained like maps.
    "sketch2anime": {"input_kind": "edges", "epochs": 75, "batch_size": 1},
    "compact": COMPACT,  # combines with any other
    # Not in the paper either: few pairs, few minutes, from a bundled model. --minutes uses it unless another is given.
    "minutes": {**COMPACT, "ema": 0.995, "keep_best": True, "save_every": 30.0},
}

# Settings that `--minutes` takes from the model that a run starts from; see `pix2pix.training.command.fitting`.
SHAPE = ("features", "max_features", "depth", "norm", "activation", "padding", "head")  # also the names in its config
INHERITED = {*SHAPE, "generator", "dropout_levels", "input_kind", "palette"}
# What --minutes turns on beside its recipe, by the kind of the inputs.
DRAWING_SETTINGS: dict[str, dict[str, Any]] = {
    "edges": {"hand_drawn": True},
    "paint": {"hand_drawn": True, "paint": True},
}
