"""Shared by both kinds of painted drawings: recolouring both pictures alike, and paint that misses the lines."""

from __future__ import annotations

import math

import numpy as np

WHITE = 255
LUMA = np.array([0.213, 0.715, 0.072], np.float32)
# The sine part of the hueRotate filter of SVG 1.1, which turns hues and keeps the luma.
HUE_TURN = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])

CHROMA = (0.5, 1.5)
GAMMA = 0.5  # limit of the logarithm of the exponent of lightness


def recoloured(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Turn the hue, scale the chroma and bend the lightness of both pictures alike: (S, S, 3) in [0, 255]. Greys stay
    grey, and black and white stay as they are."""
    turn, chroma = rng.uniform(-math.pi, math.pi), rng.uniform(*CHROMA)
    grey = np.broadcast_to(LUMA, (3, 3))
    matrix = grey + chroma * (math.cos(turn) * (np.eye(3) - grey) + math.sin(turn) * HUE_TURN)
    gamma = math.exp(rng.uniform(-GAMMA, GAMMA)) if rng.random() < 0.5 else 1.0

    def change(picture: np.ndarray) -> np.ndarray:
        return WHITE * (np.clip(picture @ matrix.T.astype(np.float32), 0, WHITE) / WHITE) ** gamma

    return change(x), change(y)


def beside_the_lines(paper: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift the paint by a few pixels."""
    return np.roll(paper, rng.integers(-3, 4, 2), (0, 1))
