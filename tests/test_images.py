"""Reading pictures: any file becomes plain RGB or gets a message."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pix2pix import ImageError, Translator, open_image
from pix2pix.pictures.images import MAX_PIXELS, to_array, to_image, to_rgb


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]
)
def test_every_mode_becomes_rgb_of_the_same_size(mode: str):
    image = to_rgb(Image.new(mode, (5, 3)))
    assert (image.mode, image.size) == ("RGB", (5, 3))


def test_transparency_is_put_on_white():
    assert to_rgb(Image.new("RGBA", (1, 1), (255, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)
    assert to_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 128))).getpixel((0, 0)) == (127, 127, 127)
    palette = Image.new("P", (1, 1), 0)
    palette.putpalette([10, 20, 30])
    palette.info["transparency"] = 0
    assert to_rgb(palette).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path):
    values = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    assert np.asarray(open_image(tmp_path / "deep.png"))[0, :, 0].tolist() == [0, 100, 255]


def test_a_photo_is_turned_upright(tmp_path: Path):
    image = Image.new("RGB", (40, 20), "black")
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was held sideways
    image.save(tmp_path / "photo.jpg", exif=exif)
    assert open_image(tmp_path / "photo.jpg").size == (20, 40)


def test_eight_bits_survive_the_round_trip():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(np.asarray(to_image(to_array(Image.fromarray(levels)))), levels)


def test_missing_and_foreign_files_are_named(tmp_path: Path):
    with pytest.raises(ImageError, match=r"no picture at .*gone\.png"):
        open_image(tmp_path / "gone.png")
    with pytest.raises(ImageError, match="folder"):
        open_image(tmp_path)
    (tmp_path / "letter.png").write_text("Dear Sir")
    with pytest.raises(ImageError, match=r"letter\.png is not a picture"):
        open_image(tmp_path / "letter.png")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path):
    side = int(MAX_PIXELS**0.5) + 1
    Image.new("1", (side, side)).save(tmp_path / "huge.png")
    with pytest.raises(ImageError, match=f"{side} x {side} pixels"):
        open_image(tmp_path / "huge.png")


@pytest.mark.parametrize("size", [(100, 167_000), (32_769, 1)])
def test_too_long_a_side_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch, size: tuple[int, int]):
    Image.new("1", size).save(tmp_path / "long.png")
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match="32,768 on each side"):
        open_image(tmp_path / "long.png")


FILES = {}
for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((24, 24)).convert("RGB").save(buffer, kind)
    FILES[kind] = buffer.getvalue()


@given(kind=st.sampled_from(sorted(FILES)), cut=st.integers(0, 2000), at=st.integers(0, 2000), byte=st.integers(0, 255))
def test_damaged_files_give_a_picture_or_a_sentence(kind: str, cut: int, at: int, byte: int):
    data = bytearray(FILES[kind])
    data[at % len(data)] = byte
    data = data[: max(0, len(data) - cut % len(data))]
    try:
        assert open_image(io.BytesIO(data), "It").mode == "RGB"
    except ImageError as error:
        assert str(error).startswith("It ")


def test_a_wider_colour_space_is_converted_to_srgb(tmp_path: Path):
    """Display P3's primaries by its definition (SMPTE EG 432-1, D65, sRGB's curve), with a profile built from them."""
    from wide_profile import display_p3

    Image.new("RGB", (2, 2), (200, 100, 50)).save(tmp_path / "p3.png", icc_profile=display_p3())
    Image.new("RGB", (2, 2), (200, 100, 50)).save(tmp_path / "bad.png", icc_profile=b"no profile")
    linear = ((np.array([200, 100, 50]) / 255 + 0.055) / 1.055) ** 2.4
    to_srgb = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
    # linear P3 to linear sRGB
    mixed = to_srgb @ linear
    expected = 255 * (1.055 * mixed ** (1 / 2.4) - 0.055)
    assert np.abs(np.array(open_image(tmp_path / "p3.png").getpixel((0, 0))) - expected).max() <= 2
    assert open_image(tmp_path / "bad.png").getpixel((0, 0)) == (200, 100, 50)


def test_an_empty_picture_is_refused(small_checkpoint: Path):
    with pytest.raises(ImageError, match="0 x 5 pixels"):
        Translator.from_pretrained(small_checkpoint)(Image.new("RGB", (0, 5)))


def test_a_truncated_file_is_refused_where_it_is_decoded(small_checkpoint: Path, tmp_path: Path):
    Image.effect_noise((64, 64), 80).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with Image.open(tmp_path / "cut.png") as image, pytest.raises(ImageError, match="The picture is damaged"):
        Translator.from_pretrained(small_checkpoint)(image)
