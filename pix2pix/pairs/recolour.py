"""What both kinds of painted drawings share: colours that change alike in both pictures, and paint that slips."""

from __future__ import annotations

import math

import numpy as np

WHITE = 255
LUMA = np.array([0.213, 0.715, 0.072], np.float32)
# The part of the hueRotate filter of SVG 1.1 that goes with the sine: it turns hues and keeps the luma.
HUE_TURN = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])

RECOLOURED = 0.6  # share of the painted pairs
CHROMA = (0.5, 1.5)
GAMMA = 0.5  # the logarithm's limit, of lightness


def recoloured(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Both pictures with their hue turned, their chroma scaled and their lightness bent, alike. Greys keep their hue,
    black and white stay: (S, S, 3) in [0, 255]."""
    turn, chroma = rng.uniform(-math.pi, math.pi), rng.uniform(*CHROMA)
    grey = np.broadcast_to(LUMA, (3, 3))
    matrix = grey + chroma * (math.cos(turn) * (np.eye(3) - grey) + math.sin(turn) * HUE_TURN)
    gamma = math.exp(rng.uniform(-GAMMA, GAMMA)) if rng.random() < 0.5 else 1.0

    def change(picture: np.ndarray) -> np.ndarray:
        return WHITE * (np.clip(picture @ matrix.T.astype(np.float32), 0, WHITE) / WHITE) ** gamma

    return change(x), change(y)


def beside_the_lines(paper: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paper whose paint has slipped by a few pixels."""
    return np.roll(paper, rng.integers(-3, 4, 2), (0, 1))
