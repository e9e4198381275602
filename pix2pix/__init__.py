"""pix2pix: image-to-image translation with conditional adversarial networks (Isola et al., CVPR 2017).

Names are imported on first use, so that `import pix2pix` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.devices import choose_device
    from pix2pix.discriminator import Discriminator
    from pix2pix.errors import CheckpointError, DataError, ImageError, Pix2PixError, TrainingError
    from pix2pix.generator import Generator
    from pix2pix.hub import download, is_cached
    from pix2pix.images import MAX_PIXELS, mean_distance, open_image
    from pix2pix.known import KNOWN_MODELS
    from pix2pix.noise import MAX_SEED
    from pix2pix.outlines import outline
    from pix2pix.palettes import PALETTES
    from pix2pix.pretrained import list_models, read_task
    from pix2pix.recipes import RECIPES
    from pix2pix.settings import Settings
    from pix2pix.trainer import Trainer
    from pix2pix.translator import Translator

_HOME = {
    "choose_device": "devices",
    "Discriminator": "discriminator",
    "CheckpointError": "errors",
    "DataError": "errors",
    "ImageError": "errors",
    "Pix2PixError": "errors",
    "TrainingError": "errors",
    "Generator": "generator",
    "download": "hub",
    "is_cached": "hub",
    "KNOWN_MODELS": "known",
    "MAX_PIXELS": "images",
    "mean_distance": "images",
    "open_image": "images",
    "MAX_SEED": "noise",
    "PALETTES": "palettes",
    "outline": "outlines",
    "list_models": "pretrained",
    "read_task": "pretrained",
    "RECIPES": "recipes",
    "Settings": "settings",
    "Trainer": "trainer",
    "Translator": "translator",
}

__all__ = [
    "KNOWN_MODELS",
    "MAX_PIXELS",
    "MAX_SEED",
    "PALETTES",
    "RECIPES",
    "CheckpointError",
    "DataError",
    "Discriminator",
    "Generator",
    "ImageError",
    "Pix2PixError",
    "Settings",
    "Trainer",
    "TrainingError",
    "Translator",
    "choose_device",
    "download",
    "is_cached",
    "list_models",
    "mean_distance",
    "open_image",
    "outline",
    "read_task",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
