"""Colour profiles (ICC): pictures in Display P3, Adobe RGB or CMYK are converted to sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert a picture with a colour profile to sRGB, as RGB or RGBA. A picture without a profile, or with one that
    cannot be used, is returned as it is."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        transform = transform_from(profile, image.mode)
        return image if transform is None else ImageCms.applyTransform(image, transform)  # type: ignore[return-value]
    except (ImageCms.PyCMSError, OSError, ValueError):  # not a profile, or one for another kind of picture
        return image


@lru_cache(8)
def transform_from(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform to sRGB, or None where the profile is sRGB already."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "srgb" in ImageCms.getProfileDescription(source).lower():
        return None
    return ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGBA" if mode == "RGBA" else "RGB", INTENT
    )
