"""Whole pictures or separate tiles: `python -m benchmarks.whole --data data/maps [--json FILE] [--picture FILE]`.

Two pictures that are larger than what sat2map was trained on, each translated whole, and as separate tiles of 256
pixels:

* mosaics of four val pairs: the mean absolute difference to the true map;
* a sea of one blue with a coast: the standard deviation of the water's colour, in levels, beside that within the one
  tile that sees the coast.

The sea is also computed in bands. The mean step of the colours from row to row where two bands meet stands beside that
between the same rows in one pass.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import numpy as np
from PIL import Image

from pix2pix import Translator
from pix2pix.files import write_text
from pix2pix.pairs.folders import find_source
from pix2pix.translate.bands import levels

TILE = 256
SIDE = 1024  # of the sea, pixels
COAST = 300  # of land
WATER = (38, 62, 84)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of the maps pairs")
    parser.add_argument("--mosaics", type=int, default=16, help="of four val pairs each (default %(default)s)")
    parser.add_argument("--json", help="write the figures to this file too")
    parser.add_argument("--picture", help="write the sea, its whole map and its tiles' side by side to this file")
    options = parser.parse_args()
    translator = Translator.from_pretrained("sat2map")
    ways = {"whole": translator, "tiles": lambda picture: in_tiles(translator, picture)}
    distances: dict[str, list[float]] = {way: [] for way in ways}
    for photo, true in mosaics(options.data, options.mosaics):
        for way, translated in ways.items():
            away = np.asarray(translated(photo), float) - np.asarray(true, float)
            distances[way].append(float(np.abs(away).mean() / 255))
    photo = sea(find_source(options.data, "val").open(0)[0])
    maps = {way: translated(photo) for way, translated in ways.items()}
    tile = translator(photo.crop((COAST - 100, 0, COAST - 100 + TILE, TILE)))
    bands = Translator(translator.engine, translator.task, memory=0.27)(photo)
    figures = {
        "l1": {way: round(float(np.mean(values)), 4) for way, values in distances.items()},
        "water": {way: spread(result, COAST + 40) for way, result in maps.items()},
        "water_in_one_tile": spread(tile, 140),
        "bands_differ_by": int(np.abs(np.asarray(bands, int) - np.asarray(maps["whole"], int)).max()),
        "step": {"bands": step(bands, translator), "whole": step(maps["whole"], translator)},
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        write_text(options.json, json.dumps(figures, indent=2) + "\n")
    if options.picture:
        Image.fromarray(np.hstack([np.asarray(each) for each in (photo, *maps.values())])).save(options.picture)


def in_tiles(translator: Translator, picture: Image.Image) -> Image.Image:
    """A picture in tiles that do not overlap, each normalised by itself."""
    result = Image.new("RGB", picture.size)
    for top in range(0, picture.height, TILE):
        for left in range(0, picture.width, TILE):
            box = left, top, min(left + TILE, picture.width), min(top + TILE, picture.height)
            result.paste(translator(picture.crop(box)), (left, top))
    return result


def mosaics(data: str, count: int) -> Iterator[tuple[Image.Image, Image.Image]]:
    """Photo and map of four val pairs in a square."""
    source = find_source(data, "val")
    for first in range(0, 4 * count, 4):
        pairs = [source.open(index) for index in range(first, first + 4)]
        yield tuple(  # type: ignore[misc]
            Image.fromarray(
                np.vstack([np.hstack([np.asarray(pair[part]) for pair in row]) for row in (pairs[:2], pairs[2:])])
            )
            for part in (0, 1)
        )


def sea(land: Image.Image) -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), WATER)
    for top in range(0, SIDE, COAST):
        picture.paste(land.resize((COAST, COAST)), (0, top))
    return picture


def spread(result: Image.Image, left: int) -> list[float]:
    """The standard deviation of red, green and blue from a column to the right, 24 pixels of the border left out."""
    return np.asarray(result, float)[:, left : result.width - 24].std((0, 1)).round(2).tolist()


def step(result: Image.Image, translator: Translator) -> float:
    """The mean absolute step between the rows where two bands of the last level meet, in levels."""
    rows = np.abs(np.diff(np.asarray(result, float), axis=0)).mean((1, 2))
    spans = levels(translator.engine.config, SIDE, SIDE)[1][-1].spans
    return round(float(rows[[2 * first - 1 for first, _ in spans[1:]]].mean()), 2)


if __name__ == "__main__":
    main()
