"""Synthetic drawings, and how a camera or a dark screen shows them."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 256
INKS = {"blue": (30, 50, 170), "black": (20, 20, 25), "red": (170, 30, 40), "pencil": (105, 105, 110)}


def drawing(seed: int, side: int = SIDE, width: float = 1.2) -> Image.Image:
    """Closed curves, straight strokes and circles: black on white, of mode L, with soft sides."""
    rng = np.random.default_rng(seed)
    large = Image.new("L", (2 * side, 2 * side), 255)
    draw = ImageDraw.Draw(large)
    line = max(1, round(2 * width * side / SIDE))
    t = np.linspace(0, 2 * math.pi, 120)
    for _ in range(3):
        x, y = rng.uniform(0.5, 1.5, 2) * side
        r = rng.uniform(0.15, 0.4) * side * (1 + 0.2 * np.cos(t * rng.integers(2, 5)))
        draw.line(list(zip(x + r * np.cos(t), y + r * np.sin(t), strict=True)), fill=0, width=line, joint="curve")
    for _ in range(4):
        draw.line([tuple(rng.uniform(0.2, 1.8, 2) * side) for _ in range(2)], fill=0, width=line)
    return large.resize((side, side), Image.Resampling.BOX)


def on_paper(lines: Image.Image, seed: int, ink: str, hard_shadow: bool = False) -> Image.Image:
    """A phone's photo of a drawing: cream paper, coloured ink, light that falls off, a shadow, noise, blur and JPEG."""
    rng = np.random.default_rng(seed)
    side = lines.width
    covered = (1 - np.asarray(lines, float) / 255)[..., None]
    paper = np.array([235, 232, 220]) * rng.uniform(0.8, 1)
    pixels = paper * (1 - covered) + np.array(INKS[ink]) * covered
    down, across = np.mgrid[0:side, 0:side] / side
    turn = rng.uniform(0, 2 * math.pi)
    light = 1 - 0.4 * (math.cos(turn) * down + math.sin(turn) * across + 1) / 2.4
    shadow = Image.new("L", lines.size)
    ImageDraw.Draw(shadow).polygon(
        [(side * rng.uniform(0.3, 0.7), 0), (side, 0), (side, side), (side * rng.uniform(0.3, 0.7), side)], fill=255
    )
    blur = side / (300 if hard_shadow else 20)
    light = light * (1 - 0.35 * np.asarray(shadow.filter(ImageFilter.GaussianBlur(blur)), float) / 255)
    pixels = pixels * light[..., None] + rng.normal(0, 4, pixels.shape)
    photo = Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(side / 1000))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=75)
    return Image.open(file).convert("RGB")


def on_dark(lines: Image.Image, ground: tuple[int, int, int], chalk: tuple[int, int, int]) -> Image.Image:
    covered = (1 - np.asarray(lines, float) / 255)[..., None]
    return Image.fromarray(np.rint(np.array(ground) * (1 - covered) + np.array(chalk) * covered).astype(np.uint8))


def ink(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128
