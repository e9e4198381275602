"""CIE L*a*b* under D65, the white of sRGB, and the scales for colourisation.

Formulas: IEC 61966-2-1 (sRGB) and CIE 15:2004 (L*a*b*). L runs from 0 to 100, a and b from about -110 to 110.
Scaled for the networks: L / 50 - 1, and a and b / 110.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

XYZ_OF_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], np.float32
)
RGB_OF_XYZ = np.linalg.inv(XYZ_OF_RGB.astype(np.float64)).astype(np.float32)
WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] to L*a*b*, both (..., 3), float32."""
    rgb = np.asarray(rgb, np.float32)
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    t = linear @ XYZ_OF_RGB.T / WHITE
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """L*a*b* to sRGB in [0, 1], both (..., 3), float32; colours outside sRGB are clipped."""
    lab = np.asarray(lab, np.float32)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    t = np.where(f > 0.2068966, f**3, (f - 16 / 116) / 7.787) * WHITE
    linear = np.clip(t @ RGB_OF_XYZ.T, 0, 1)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear).astype(np.float32)


def lightness_and_colour(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, H, W) RGB in [-1, 1] -> the networks' lightness, (1, H, W), and colour, (2, H, W), in about [-1, 1]."""
    lab = rgb_to_lab((picture.transpose(1, 2, 0) + 1) / 2).transpose(2, 0, 1)
    return lab[:1] / 50 - 1, lab[1:] / 110


def coloured(lightness: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The networks' lightness, (1, H, W), and colour, (2, H, W), back to (3, H, W) RGB in [-1, 1]."""
    lab = np.concatenate([(lightness + 1) * 50, colour * 110]).transpose(1, 2, 0)
    return lab_to_rgb(lab).transpose(2, 0, 1) * 2 - 1


def grey(photo: Image.Image) -> Image.Image:
    """The photo's lightness alone, as an RGB picture."""
    lab = rgb_to_lab(np.asarray(photo.convert("RGB"), np.float32) / 255)
    lab[..., 1:] = 0
    return Image.fromarray(np.rint(lab_to_rgb(lab) * 255).astype(np.uint8))
