"""Colour profiles (ICC): a picture in Display P3, Adobe RGB or a press's CMYK, in the colours of sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def to_srgb(image: Image.Image) -> Image.Image:
    """A picture whose file carries a colour profile, in sRGB: RGB or RGBA. Others, and what carries a profile that
    cannot be used, come back as they are."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        transform = transform_from(profile, image.mode)
        return image if transform is None else ImageCms.applyTransform(image, transform)  # type: ignore[return-value]
    except (ImageCms.PyCMSError, OSError, ValueError):  # no profile, or of another kind of picture
        return image


@lru_cache(8)
def transform_from(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform to sRGB; None where the profile is that of sRGB already."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "srgb" in ImageCms.getProfileDescription(source).lower():
        return None
    return ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGBA" if mode == "RGBA" else "RGB", INTENT
    )
