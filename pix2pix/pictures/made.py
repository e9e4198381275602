"""Inputs that are made from photos, for data sets of photos alone."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from pix2pix.pictures.color import grey
from pix2pix.pictures.edge_filter import outline

# The names of `--make`, and the functions from a photo, RGB, to the input.
MADE: dict[str, Callable[[Image.Image], Image.Image]] = {"edges": outline, "lightness": grey}
