"""Painted drawings from flat art, whose targets are partly white clay; for `pix2pix.pairs.paint`."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from pix2pix.pairs.recolour import LUMA, WHITE, beside_the_lines, recoloured

DARK = 110  # highest luma of a detail that is drawn as a line
THIN = 3.5  # greatest half-width of such a detail, in pixels
CLAY = 226  # level of clay that is neither lit nor shaded
LIT, SHADED = 22, -80  # greatest deviations from that level
GROOVE = 55  # levels by which an outline between two parts of clay is darker
REACH = 14  # pixels by which a target may extend beyond its flat art
IN_THE_OPEN = 0.5  # share of the added strokes
BESIDE = 60  # pixels between the art and where such a stroke begins
KINDS = {"art": 0.5, "outlined": 0.2, "partly": 0.12, "clay": 0.18}  # shares of the drawings
# Share of the drawings; less than of painted lines, since shade turns yellow into orange, and turned hues hide this.
RECOLOURED = 0.25


def flat_colours(image: Image.Image) -> Image.Image:
    """Flat art without the mixed colours along its edges, whose pixels take the nearest area's colour.

    A colour belongs to the art if it fills a square of 2 x 2 pixels somewhere.
    """
    pixels = np.asarray(image.convert("RGB")).astype(np.int32)
    packed = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    corner = packed[:-1, :-1]
    square = (corner == packed[1:, :-1]) & (corner == packed[:-1, 1:]) & (corner == packed[1:, 1:])
    own = np.isin(packed, np.unique(corner[square]))
    if not own.any():
        return image
    rows, columns = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    return Image.fromarray(pixels[rows, columns].astype(np.uint8))


def paint_art(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The outlines, (S, S), the painted art and the target, (S, S, 3) each."""
    labels = areas_of(x, y)
    white = lowest_channel(y) >= 250
    y = np.where(white[..., None], WHITE, y)  # removes compression artefacts from the white background
    if rng.random() < RECOLOURED:
        x, y = recoloured(x, y, rng)
    how = rng.choice(list(KINDS), p=list(KINDS.values()))
    lines = np.full(labels.shape, WHITE, np.float32)
    if how == "art":
        if rng.random() < 0.7:
            x = ndimage.gaussian_filter(x, (0.5, 0.5, 0))  # soft edges, as in stored art
        return lines, x, y

    details = dark_details(x, labels)
    lines[outlines(labels, details, rng)] = 0
    lines[details] = 0
    count = labels.max() + 1
    keep = {"outlined": 1.0, "partly": rng.uniform(0.2, 0.9), "clay": 0.0}[how]
    coloured = rng.random(count) < keep
    coloured[0] = True  # the background stays white
    if how != "outlined":
        y = clay(y, labels, ~coloured, details)
    if rng.random() < 0.6:
        lines, y = with_strokes(lines, y, labels, rng)
    paper = np.where(coloured[labels][..., None] & ~details[..., None], x, WHITE).astype(np.float32)
    if rng.random() < 0.25:
        paper = beside_the_lines(paper, rng)
    return lines, paper, y


def areas_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The connected areas of one colour in flat art: (S, S) whole numbers, 0 for the white background and its holes."""
    whole = x.astype(np.int32)
    packed = whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]
    labels = np.zeros(packed.shape, np.int32)
    for colour in np.unique(packed):
        parts, _ = ndimage.label(packed == colour)
        labels = np.where(parts > 0, parts + labels.max(), labels)
    white = np.isin(labels, np.unique(labels[lowest_channel(x) >= 250]))
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    levels = lowest_channel(y)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[box] == label
        if white[box][mask][0] and (label in edge or np.median(levels[box][mask]) >= 250):
            labels[box][mask] = 0
    return labels


def lowest_channel(picture: np.ndarray) -> np.ndarray:
    """The lowest channel of each pixel: (S, S, 3) to (S, S). Faster than `min` along the last axis."""
    return np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2])


def dark_details(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The thin dark areas of flat art, which a drawing shows as lines: bool (S, S)."""
    dark = (x @ LUMA < DARK) & (labels > 0)
    depth = ndimage.distance_transform_edt(dark)
    parts, count = ndimage.label(dark)
    if not count:
        return dark
    deepest = np.zeros(count + 1)
    np.maximum.at(deepest, parts[dark], depth[dark])
    return dark & (deepest <= THIN)[parts]


def outlines(labels: np.ndarray, details: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lines of 1 to 5 pixels between the areas, but not around the details: bool (S, S)."""
    joined = np.where(details, -1, labels)
    lines = np.zeros(labels.shape, bool)
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        lines[here] |= (joined[here] != joined[there]) & (joined[here] >= 0) & (joined[there] >= 0)
    width = int(rng.choice([1, 2, 3, 4, 5], p=[0.2, 0.25, 0.3, 0.15, 0.1]))
    return lines if width == 1 else ndimage.maximum_filter(lines, width)


def clay(y: np.ndarray, labels: np.ndarray, bare: np.ndarray, details: np.ndarray) -> np.ndarray:
    """The target with its bare areas in white clay: its own shading, light and without colour.

    Args:
        y: (S, S, 3).
        labels: (S, S), from `areas_of`.
        bare: (areas + 1,) bool, true for areas that become clay.
        details: (S, S) bool, true for pixels that stay dark.
    """
    light = y @ LUMA
    # Where a target extends beyond its flat art, it belongs to the nearest area.
    solid = labels > 0
    distance, (rows, columns) = ndimage.distance_transform_edt(~solid, return_indices=True)
    over = ~solid & (lowest_channel(y) < 248) & (distance <= REACH)
    near = np.where(over, labels[rows, columns], labels)

    medians = np.asarray(ndimage.median(light, labels, np.arange(len(bare))))
    medians[np.isnan(medians)] = WHITE
    shade = CLAY + np.clip(0.9 * (light - medians[near]), SHADED, LIT)
    between = np.zeros(labels.shape, np.float32)
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = labels[here], labels[there]
        between[here] += (a != b) & (a > 0) & (b > 0) & bare[a] & bare[b]
    shade = shade - GROOVE * np.clip(2.5 * ndimage.gaussian_filter(between, 1.2), 0, 1)
    shade = np.where(ndimage.binary_dilation(details), np.minimum(light, shade), shade)
    made_bare = bare[near] & (near > 0)
    soft = ndimage.gaussian_filter(made_bare.astype(np.float32), 0.7)[..., None]
    soft = np.where(solid[..., None] | over[..., None], soft, 0)
    return y * (1 - soft) + shade[..., None] * soft


def with_strokes(
    lines: np.ndarray, y: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Add 1 to 4 strokes to the drawing. In the target they are dark too: grooves in the art, and lines beside it."""
    inside, places = np.argwhere(labels > 0), open_places(labels)
    for _ in range(int(rng.integers(1, 5)) if len(inside) else 0):
        if rng.random() < IN_THE_OPEN and len(places):
            row, column = places[rng.integers(len(places))]
            ink = stroke(row, column, len(labels), rng.uniform(0, 0.4), rng)
            if rng.random() < 0.6:  # the others may cross the art
                ink = ink * (labels == 0)
        else:
            row, column = inside[rng.integers(len(inside))]
            area = labels == labels[row, column]
            if area.sum() < 400:
                continue
            ink = stroke(row, column, len(labels), 1, rng) * ndimage.binary_erosion(area, iterations=3)
        lines = np.where(ink > 0.5, 0, lines)
        groove = ndimage.gaussian_filter(ink, 0.7)
        lit = np.roll(groove, 2, 0) * (1 - groove) * (labels > 0)
        y = np.clip(y * (1 - 0.78 * groove[..., None]) + 28 * lit[..., None], 0, WHITE)
    return lines, y


def open_places(labels: np.ndarray) -> np.ndarray:
    """The rows and columns of the background's pixels that are near the art: (N, 2)."""
    distance = ndimage.distance_transform_edt(labels == 0)
    return np.argwhere((distance > 0) & (distance <= BESIDE))


def stroke(row: int, column: int, side: int, bend: float, rng: np.random.Generator) -> np.ndarray:
    """How much ink a stroke leaves on each pixel: (S, S) in [0, 1].

    Args:
        row, column: where it begins.
        side: S.
        bend: 0 for a straight line, 1 for a curve that may turn back.
    """
    reach = rng.uniform(10, 60)
    steps = rng.normal(0, reach / 2, (3, 2)) * bend + rng.normal(0, reach / 2, 2) * (1 - bend)
    points = np.array([column, row]) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    t = np.linspace(0, 1, 24)[:, None]
    curve = (1 - t) ** 3 * points[0] + 3 * t * (1 - t) ** 2 * points[1] + 3 * t**2 * (1 - t) * points[2]
    curve = curve + t**3 * points[3]
    width = rng.uniform(1.5, 4.5)
    image = Image.new("L", (2 * side, 2 * side))
    ImageDraw.Draw(image).line([tuple(2 * p) for p in curve], fill=255, width=round(2 * width), joint="curve")
    return np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32) / 255
