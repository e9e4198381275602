"""Picture in, picture out: sizes, modes, seeds, tiles."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from pix2pix import Generator, ImageError, Translator, mean_distance
from pix2pix.networks.noise import dropout_masks
from pix2pix.pictures.images import MAX_PIXELS, to_array, to_image
from pix2pix.translate.engines import TorchEngine
from pix2pix.translate.translator import feather, tile_starts


@pytest.fixture(scope="module", params=["edges", "labels", "photo"])
def translator(request: pytest.FixtureRequest, small_generator: Generator) -> Translator:
    return Translator(TorchEngine(small_generator), {"input": request.param, "image_size": 32})


def gradient(width: int, height: int) -> Image.Image:
    return Image.radial_gradient("L").resize((width, height)).convert("RGB")


@given(
    width=st.integers(1, 90), height=st.integers(1, 90), mode=st.sampled_from(["1", "L", "P", "RGBA", "CMYK", "I;16"])
)
@settings(deadline=None, max_examples=25)
def test_any_size_and_mode_gives_rgb_of_the_same_size(translator: Translator, width: int, height: int, mode: str):
    result = translator(Image.new(mode, (width, height)), seed=1)
    assert (result.mode, result.size) == ("RGB", (width, height))


def test_at_the_trained_size_it_is_the_network_itself(translator: Translator, small_generator: Generator):
    image = gradient(32, 32)
    masks = [torch.from_numpy(m)[None] for m in dropout_masks(small_generator.config.noise_shapes(32, 32), 0.5, 9)]
    with torch.no_grad():
        direct = small_generator(torch.from_numpy(to_array(image))[None], masks)[0].numpy()
    assert np.array_equal(np.asarray(translator(image, seed=9)), np.asarray(to_image(direct)))


def test_a_seed_names_a_picture(translator: Translator):
    image = gradient(45, 70)
    first = translator(image, seed=4)
    torch.manual_seed(0)
    np.random.seed(0)
    assert ImageChops.difference(first, translator(image, seed=4)).getbbox() is None
    assert ImageChops.difference(first, translator(image, seed=5)).getbbox() is not None
    assert ImageChops.difference(first, translator(image, seed=None)).getbbox() is not None


def test_samples_are_the_single_pictures_in_order(translator: Translator):
    image = gradient(40, 33)
    for seed, sample in zip((7, 3, None, 7), translator.sample(image, [7, 3, None, 7]), strict=True):
        assert ImageChops.difference(sample, translator(image, seed)).getbbox() is None


def test_drawings_keep_their_proportions(small_generator: Generator):
    """A wide drawing is translated as the square one with white margins that it is cut from."""
    translator = Translator(TorchEngine(small_generator), {"input": "edges", "image_size": 32})
    wide = gradient(32, 20)
    square = Image.new("RGB", (32, 32), "white")
    square.paste(wide, (0, 6))
    expected = translator(square).crop((0, 6, 32, 26))
    assert ImageChops.difference(translator(wide), expected).getbbox() is None


@pytest.mark.parametrize(
    ("length", "size"), [(256, 256), (257, 256), (300, 256), (448, 256), (449, 256), (4096, 256), (33, 32)]
)
def test_tiles_cover_everything_and_overlap_by_a_quarter(length: int, size: int):
    starts = tile_starts(length, size)
    assert starts[0] == 0 and starts[-1] == length - size
    assert all(b - a <= size - size // 4 for a, b in pairwise(starts))


def test_seams_are_feathered():
    window = feather(256)
    assert window.min() > 0 and window.max() == 1
    assert np.abs(np.diff(window, axis=0)).max() < 0.02


def test_a_tiled_photo_is_the_blend_of_its_tiles(small_generator: Generator):
    translator = Translator(TorchEngine(small_generator), {"input": "photo", "image_size": 32})
    image = gradient(50, 32)
    tiles = [to_array(translator(image.crop((x, 0, x + 32, 32)))) for x in (0, 18)]
    window = feather(32)
    left = np.pad(tiles[0] * window, [(0, 0), (0, 0), (0, 18)]) + np.pad(tiles[1] * window, [(0, 0), (0, 0), (18, 0)])
    weight = np.pad(window, [(0, 0), (0, 18)]) + np.pad(window, [(0, 0), (18, 0)])
    expected = np.asarray(to_image(left / weight)).astype(int)
    assert np.abs(np.asarray(translator(image)).astype(int) - expected).max() <= 1  # the tiles here were rounded first


def test_too_many_pixels_are_refused(translator: Translator):
    side = int(MAX_PIXELS**0.5) + 1
    with pytest.raises(ImageError, match=f"{side} x {side}"):
        translator(Image.new("1", (side, side)))


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_out_of_range_are_refused(translator: Translator, seed: int):
    with pytest.raises(ValueError, match="seed"):
        translator(gradient(8, 8), seed)


def test_the_rate_is_the_share_of_units_dropped(small_checkpoint: Path):
    translator = Translator.from_pretrained(small_checkpoint)
    photo = Image.effect_noise((32, 32), 90).convert("RGB")
    assert translator(photo, 3, rate=0.0) == translator(photo, None)
    assert translator(photo, 3, rate=0.5) == translator(photo, 3)
    spread = [mean_distance(translator.sample(photo, range(8), rate)) for rate in (0.0, 0.1, 0.5)]
    assert spread[0] == 0 < spread[1] < spread[2]
    with pytest.raises(ValueError, match="rate"):
        translator(photo, 3, rate=1.0)


def test_a_large_picture_reports_its_tiles(small_generator):
    told: list[tuple[int, int]] = []
    translator = Translator(TorchEngine(small_generator), {"input": "photo", "image_size": 32})
    translator(Image.new("RGB", (80, 32)), report=lambda done, count: told.append((done, count)))
    assert told == [(0, 3), (1, 3), (2, 3)]


def test_another_seed_on_the_same_drawing_costs_no_encoding(small_checkpoint: Path):
    translator = Translator.from_pretrained(small_checkpoint)
    encoded: list[np.ndarray] = []
    encode = translator.engine.encode
    translator.engine.encode = lambda x: (encoded.append(x), encode(x))[1]  # type: ignore[method-assign]
    drawings = [Image.effect_noise((32, 32), 90).convert("RGB") for _ in range(2)]
    fresh = Translator.from_pretrained(small_checkpoint)
    for drawing, seed, count in ((0, 1, 1), (0, 2, 1), (0, 2, 1), (1, 2, 2), (0, 1, 3)):
        assert translator(drawings[drawing], seed) == fresh(drawings[drawing], seed)
        assert len(encoded) == count
