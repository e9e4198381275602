"""pix2pix: image-to-image translation with conditional adversarial networks (Isola et al., CVPR 2017).

Names are imported on first use, so that `import pix2pix` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.devices import choose_device
    from pix2pix.errors import CheckpointError, DataError, ImageError, Pix2PixError, TrainingError
    from pix2pix.networks.discriminator import Discriminator
    from pix2pix.networks.generator import Generator
    from pix2pix.networks.noise import MAX_SEED
    from pix2pix.pictures.edge_filter import outline
    from pix2pix.pictures.images import MAX_PIXELS, mean_distance, open_image
    from pix2pix.pictures.palettes import PALETTES
    from pix2pix.training.recipes import RECIPES
    from pix2pix.training.settings import Settings
    from pix2pix.training.trainer import Trainer
    from pix2pix.translate.translator import Translator
    from pix2pix.weights.hub import download, is_cached
    from pix2pix.weights.known import KNOWN_MODELS
    from pix2pix.weights.pretrained import list_models, read_task

__version__ = "0.2.0"

_HOME = {
    "choose_device": "devices",
    "Discriminator": "networks.discriminator",
    "CheckpointError": "errors",
    "DataError": "errors",
    "ImageError": "errors",
    "Pix2PixError": "errors",
    "TrainingError": "errors",
    "Generator": "networks.generator",
    "download": "weights.hub",
    "is_cached": "weights.hub",
    "KNOWN_MODELS": "weights.known",
    "MAX_PIXELS": "pictures.images",
    "mean_distance": "pictures.images",
    "open_image": "pictures.images",
    "MAX_SEED": "networks.noise",
    "PALETTES": "pictures.palettes",
    "outline": "pictures.edge_filter",
    "list_models": "weights.pretrained",
    "read_task": "weights.pretrained",
    "RECIPES": "training.recipes",
    "Settings": "training.settings",
    "Trainer": "training.trainer",
    "Translator": "translate.translator",
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


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # a type checker finds the names above, and so finds typos too

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
