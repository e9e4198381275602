"""Public models on the Hub in a supported layout, as plain data, so that listing them needs no network connection.

All have the same network of 54,404,099 float32 weights. Directions follow from the script that trained them (imageA ->
imageB of their data sets).
"""

from __future__ import annotations

from typing import Any, NamedTuple


class KnownModel(NamedTuple):
    """A model that `from_pretrained` downloads on first use."""

    name: str
    what: str
    input_kind: str
    megabytes: int
    licence: str
    scale: str = "whole"  # the way pictures enter it, see `pix2pix.translate.geometry`

    @property
    def task(self) -> dict[str, Any]:
        """The task, as in a checkpoint's config."""
        return {"direction": "AtoB", "input": self.input_kind, "image_size": 256, "scale": self.scale}


KNOWN_MODELS = (
    KnownModel("huggan/pix2pix-maps", "satellite tiles to maps", "photo", 218, "MIT", "native"),
    KnownModel("huggan/pix2pix-edge2shoes", "edges to shoes", "edges", 218, "MIT"),
    KnownModel("huggan/pix2pix-night2day", "night photos to day", "photo", 218, "MIT"),
    KnownModel("nielsr/pix2pix-cityscapes", "street photos to labels", "photo", 218, "MIT"),
)


def known_model(name: str) -> KnownModel | None:
    """The known model with this name."""
    return next((model for model in KNOWN_MODELS if model.name == name), None)
