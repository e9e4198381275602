"""The translator: sizes, modes, seeds, large pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from places import ROOT

from pix2pix import PALETTES, CheckpointError, Generator, ImageError, Pix2PixError, Translator, mean_distance
from pix2pix.networks.noise import dropout_masks
from pix2pix.pairs.pairs import to_bytes
from pix2pix.pictures.images import MAX_PIXELS, to_array, to_image
from pix2pix.pictures.places import scaled_whole
from pix2pix.translate import bands
from pix2pix.translate.engines import TorchEngine
from pix2pix.translate.geometry import Geometry

KINDS = [("edges", "whole"), ("labels", "whole"), ("photo", "whole"), ("photo", "native")]


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def translator(request: pytest.FixtureRequest, small_generator: Generator) -> Translator:
    kind, scale = request.param
    return Translator(TorchEngine(small_generator), {"input": kind, "image_size": 32, "scale": scale})


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


def test_the_same_seed_gives_the_same_picture(translator: Translator):
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
    """A wide drawing is translated like the square drawing with white margins that contains it."""
    translator = Translator(TorchEngine(small_generator), {"input": "edges", "image_size": 32})
    wide = gradient(32, 20)
    square = Image.new("RGB", (32, 32), "white")
    square.paste(wide, (0, 6))
    expected = translator(square).crop((0, 6, 32, 26))
    assert ImageChops.difference(translator(wide), expected).getbbox() is None


@pytest.mark.parametrize("size", [(50, 32), (20, 70), (1, 1), (64, 64)])
def test_native_pixels_are_mirrored_to_the_next_multiple(small_generator: Generator, size: tuple[int, int]):
    translator = Translator(TorchEngine(small_generator), {"image_size": 32}, scale="native")
    image = Image.effect_noise(size, 80).convert("RGB")
    width, height = (-(-side // 32) * 32 for side in size)
    mirrored = np.pad(np.asarray(image), [(0, height - size[1]), (0, width - size[0]), (0, 0)], mode="reflect")
    masks = dropout_masks(small_generator.config.noise_shapes(height, width), 0.5, 3)
    with torch.no_grad():
        x = torch.from_numpy(to_array(Image.fromarray(mirrored)))[None]
        direct = to_image(small_generator(x, [torch.from_numpy(m)[None] for m in masks])[0].numpy())
    assert translator(image, 3) == direct.crop((0, 0, *size))


def test_a_sea_has_one_blue_and_no_seams(monkeypatch: pytest.MonkeyPatch):
    """Also where it is computed in bands: water far from the coast gets no other colour than water near it, and the
    colours step no more from row to row where two bands meet than elsewhere."""
    monkeypatch.setattr(bands, "BAND", 1_220_000)  # 37 rows: a network has steps of its own at multiples of 2**k
    translator = Translator.from_pretrained("sat2map", memory=0.27)
    town = Image.open(ROOT / "demo" / "examples" / "sat2map" / "01-town.png").convert("RGB").resize((300, 300))
    sea = Image.new("RGB", (1024, 1024), (38, 62, 84))
    for top in range(0, 1024, 300):
        sea.paste(town, (0, top))
    told: list[tuple[int, int]] = []
    large = np.asarray(translator(sea, report=lambda *done: told.append(done))).astype(float)
    tile = np.asarray(translator(sea.crop((200, 0, 456, 256))))[:, 140:].astype(float)
    assert len(told) > 20  # bands
    assert (large[:, 340:1000].std((0, 1)) <= tile.std((0, 1))).all()
    steps = np.abs(np.diff(large, axis=0)).mean((1, 2))
    spans = bands.levels(translator.engine.config, 1024, 1024)[1][-1].spans
    borders = [2 * first - 1 for first, _ in spans[1:]]
    assert len(borders) > 10 and spans[1][0] == 37
    elsewhere = np.delete(steps, borders)
    assert abs(steps[borders].mean() - elsewhere.mean()) < 2 * elsewhere.std() / len(borders) ** 0.5


def test_too_many_pixels_are_refused(translator: Translator):
    side = int(MAX_PIXELS**0.5) + 1
    with pytest.raises(ImageError, match=f"{side} x {side}"):
        translator(Image.new("1", (side, side)))


def test_too_long_a_side_is_refused(translator: Translator):
    with pytest.raises(ImageError, match="32769 x 1 pixels"):
        translator(Image.new("1", (32769, 1)))


@pytest.mark.parametrize("size", [(30000, 300), (1, 32768)])
def test_a_long_thin_drawing_needs_no_large_square(small_checkpoint: Path, size: tuple[int, int]):
    """A square of its longer side would take 2.7 GB in bytes alone."""
    script = (
        "from PIL import Image; from pix2pix import Translator; "
        f"print(Translator.from_pretrained({str(small_checkpoint)!r})(Image.new('RGB', {size}, 'white')).size); "
        # Not getrusage, whose peak is inherited from the parent process.
        "print(next(int(line.split()[1]) // 1000 for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shape, megabytes = told.rsplit(maxsplit=1)
    assert shape == str(size) and int(megabytes) < 500


@given(width=st.integers(1, 90), height=st.integers(1, 90), kind=st.sampled_from(["edges", "labels", "photo"]))
@settings(deadline=None)
def test_what_the_network_sees_is_scaled_once(small_generator: Generator, width: int, height: int, kind: str):
    geometry = Geometry.of(small_generator.config, {"input": kind, "image_size": 32})
    picture = gradient(width, height)
    place = geometry.place(picture.size)
    seen = place.enter(picture, fill="white")
    assert seen.size == (32, 32)
    assert geometry.place(seen.size).enter(seen) == seen == geometry.place(seen.size).leave(seen)
    assert place.leave(seen).size == picture.size
    middle = place.corner[0] + place.inner[0] / 2, place.corner[1] + place.inner[1] / 2
    assert all(abs(half - 16) <= 0.5 for half in middle)
    if kind == "photo":
        assert place.inner == (32, 32)
    else:
        longer, shorter = max(picture.size), min(picture.size)
        assert max(place.inner) == 32 and abs(min(place.inner) - 32 * shorter / longer) <= 1


@pytest.mark.parametrize("kind", ["edges", "labels", "photo"])
def test_a_model_sees_the_pictures_that_it_was_trained_on(small_generator: Generator, kind: str):
    """The translator scales files of any size as the trainer does, by `to_bytes`."""
    task = {"input": kind, "image_size": 32, "palette": PALETTES["maps"] if kind == "labels" else None}
    translator = Translator(TorchEngine(small_generator), task)
    picture = Image.effect_noise((90, 90), 90).convert("RGB")
    place = scaled_whole(picture.size, 32, stretched=kind == "photo")
    small = Image.fromarray(to_bytes(picture, place, translator.palette).permute(1, 2, 0).numpy())
    results = (translator(image, 3, polarity="dark-lines") for image in (picture, small))
    assert next(results) == next(results).resize((90, 90), Image.Resampling.BICUBIC)


def test_the_size_and_the_scale_can_be_set(small_generator: Generator):
    engine = TorchEngine(small_generator)
    picture = gradient(64, 64)
    larger = Translator(engine, {"image_size": 32}, size=64)
    assert larger(picture) != Translator(engine, {"image_size": 32})(picture)
    assert larger(picture) == Translator(engine, {"image_size": 64, "scale": "native"})(picture)
    assert Translator(engine, {"image_size": 64}).geometry == Geometry("whole", 64, 32, True, stated=False)
    assert Translator(engine, {}, 64, "native").geometry == Geometry("native", 64, 32, True, stated=True)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"image_size": 33}, "size is 33: this network takes multiples of 32"),
        ({"image_size": "large"}, "size is 'large'"),
        ({"image_size": -32}, "size is -32"),
        ({"image_size": 1 << 20}, "up to 4,096"),
        ({"scale": "tiny"}, "scale is 'tiny': choose one of whole, native"),
        ({"image_size": 0}, "size is 0"),
    ],
)
def test_impossible_geometries_are_refused(small_generator: Generator, task: dict, words: str):
    with pytest.raises(CheckpointError, match=words):
        Translator(TorchEngine(small_generator), task)


def test_what_is_no_picture_or_no_memory_is_refused(translator: Translator, small_generator: Generator):
    with pytest.raises(ImageError, match=r"A str is no picture: give a PIL\.Image"):
        translator("sketch.png")
    for memory in (0, -1, "4", float("nan")):
        with pytest.raises(Pix2PixError, match="number of gigabytes above 0"):
            Translator(TorchEngine(small_generator), {}, memory=memory)


def test_the_device_may_be_left_to_the_machine(small_checkpoint: Path):
    assert Translator.from_pretrained(small_checkpoint, device="auto").size
    with pytest.raises(Pix2PixError, match="no device 'abacus'"):
        Translator.from_pretrained(small_checkpoint, device="abacus")


@pytest.mark.parametrize("seed", [-1, 2**63, 3.5])
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


def test_another_seed_on_the_same_drawing_needs_no_new_encoding(small_checkpoint: Path):
    translator = Translator.from_pretrained(small_checkpoint)
    encoded: list[np.ndarray] = []
    encode = translator.engine.encode
    translator.engine.encode = lambda x: (encoded.append(x), encode(x))[1]  # type: ignore[method-assign]
    drawings = [Image.effect_noise((32, 32), 90).convert("RGB") for _ in range(2)]
    fresh = Translator.from_pretrained(small_checkpoint)
    for drawing, seed, count in ((0, 1, 1), (0, 2, 1), (0, 2, 1), (1, 2, 2), (0, 1, 3)):
        assert translator(drawings[drawing], seed) == fresh(drawings[drawing], seed)
        assert len(encoded) == count
