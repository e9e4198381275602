"""Painted drawings, made of training pairs: black lines on white, and under them any colours.

A network learns what colours mean from what people do with them: fill areas with the bucket, some or all of them, a
little beside the lines; scribble with a broad brush; dab; leave the paper white. So at each step the input is painted
anew, with colours taken from the target.

Two kinds of pairs are painted. The kind shows in each input:

* **Lines** and a photo. Areas get the median colour of the photo there. What is not painted is the model's to choose.
* **Flat art** and a picture of the same thing with light and shade. Its areas have their colours already. They are
  outlined, and some are left white. There the target becomes white clay: its own shading, without its colours.

All draw from a `numpy` generator, which follows from (seed, epoch, pair).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage
from torch import Tensor

from pix2pix.pairs.hand_drawn import draw_by_hand

WHITE = 255
LUMA = np.array([0.213, 0.715, 0.072], np.float32)
# The part of the hueRotate filter of SVG 1.1 that goes with the sine: it turns hues and keeps the luma.
HUE_TURN = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])

# Colours, of both pictures of a pair
RECOLOURED = 0.6  # share of the painted pairs
CHROMA = (0.5, 1.5)
GAMMA = 0.5  # the logarithm's limit, of lightness

# Lines and a photo
UNPAINTED = 0.35  # share of the drawings
LINELESS = 0.08  # share of the painted ones
SMALLEST_AREA = 60  # pixels
OFF_LIGHTNESS, OFF_CHANNEL = 45, 15  # how far paint may be from the photo's colour, in levels
BACKGROUND = 245  # lightness of a photo's, at least

# Flat art
DARK = 110  # luma of a detail that is drawn as a line, at most
THIN = 3.5  # pixels, half of its width, at most
CLAY = 226  # level of clay that is neither lit nor in shade
LIT, SHADED = 22, -80  # how far its shading may go from there
GROOVE = 55  # levels that an outline between two parts of clay is darker
REACH = 14  # pixels that a target may stand out over its flat art


def painted(pair: Tensor, flat: bool, by_hand: bool, rng: np.random.Generator) -> Tensor:
    """A pair whose input is painted, as people paint drawings.

    Args:
        pair: (2, 3, S, S) in [0, 255]: lines on white, or flat art from `flat_colours`; and the target on white.
        flat: the input is flat art.
        by_hand: draw the lines as a hand does (see `pix2pix.pairs.hand_drawn`).
        rng: decides everything.

    Returns:
        float32, the same shape. The target of flat art may have become clay, or have got lines.
    """
    x, y = (part.permute(1, 2, 0).to(torch.float32).numpy().copy() for part in pair)
    lines, x, y = (paint_art if flat else paint_drawing)(x, y, rng)
    drawn = torch.from_numpy(lines)[None]
    if by_hand:
        drawn = draw_by_hand(drawn)[:1].clamp(0, WHITE)
    x = x * (drawn[0].numpy()[..., None] / WHITE)
    return torch.stack([torch.from_numpy(np.ascontiguousarray(part, np.float32)).permute(2, 0, 1) for part in (x, y)])


def is_flat_art(x: np.ndarray) -> bool:
    """Whether an input has areas of colour or grey, and is not lines alone: (S, S, 3) in [0, 255]."""
    low, high = x.min(-1).astype(np.int16), x.max(-1).astype(np.int16)
    areas = (high - low > 40) | ((low > 90) & (low < 235))
    areas = ndimage.binary_erosion(areas)  # the soft sides of a line are thin
    solid = ndimage.binary_erosion(high < 235, np.ones((9, 9), bool))  # so is a line
    return float((areas | solid).mean()) > 0.004


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


# Lines and a photo


def paint_drawing(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lines, (S, S), the paint under them, and the photo, (S, S, 3)."""
    lines = x.mean(-1)
    paper = np.full_like(y, WHITE)
    if rng.random() < UNPAINTED:
        return lines, paper, y
    if rng.random() < RECOLOURED:
        _, y = recoloured(x, y, rng)
    how = rng.choice(["areas", "whole", "dabs", "areas and dabs"], p=[0.5, 0.15, 0.2, 0.15])
    if "areas" in how:
        share = rng.choice([1.0, 0.7, 0.4], p=[0.5, 0.3, 0.2])
        labels = enclosed_areas(lines, gap=int(rng.integers(1, 4)))
        paper = filled(paper, labels, y, share, off=rng.random() < 0.6, rng=rng)
    elif how == "whole":
        paper = filled(paper, silhouette(y).astype(int), y, 1.0, off=rng.random() < 0.6, rng=rng)
    if "dabs" in how:
        paper = dabbed(paper, y, rng)
    if rng.random() < 0.3:
        paper = beside_the_lines(paper, rng)
    if "dabs" not in how and paper.min() < WHITE and rng.random() < LINELESS:
        lines = np.full_like(lines, WHITE)
    return lines, paper, y


def enclosed_areas(lines: np.ndarray, gap: int = 1) -> np.ndarray:
    """The areas that lines enclose, as the page's bucket finds them.

    Args:
        lines: (S, S) in [0, 255], dark on white.
        gap: pixels by which the lines are thickened first, so that areas with gaps of twice as many count as closed.

    Returns:
        (S, S) whole numbers: 0 outside, and 1 and up for each area, which reaches under its lines.
    """
    walls = ndimage.binary_dilation(lines < 160, iterations=gap)
    parts, count = ndimage.label(~walls)
    keep = np.bincount(parts.ravel(), minlength=count + 1) >= SMALLEST_AREA
    outside = np.zeros(count + 1, bool)
    outside[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    keep[outside] = keep[0] = outside[0] = False
    labels = (np.cumsum(keep) * keep)[parts]
    # Each area grows back under its lines. Open paper stays outside.
    distance, (rows, columns) = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    return np.where((distance <= gap + 2) & ~outside[parts], labels[rows, columns], 0)


def silhouette(y: np.ndarray) -> np.ndarray:
    """Where a photo on white is not background: bool (S, S)."""
    return ndimage.binary_fill_holes(y.mean(-1) < BACKGROUND)


def filled(
    paper: np.ndarray, labels: np.ndarray, y: np.ndarray, share: float, off: bool = False,
    rng: np.random.Generator | None = None,
) -> np.ndarray:  # fmt: skip
    """Paper with a share of the areas in the median colour that the target has there.

    Args:
        paper: (S, S, 3).
        labels: (S, S), from `enclosed_areas`.
        y: (S, S, 3), the target.
        share: of the areas that are filled; 1 for all.
        off: choose colours that are a little off: paint that is copied is then punished.
        rng: needed for a share below 1, and for colours that are off.
    """
    paper = paper.copy()
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or (rng is not None and rng.random() > share):
            continue
        mask = labels[box] == label
        colour = np.median(y[box][mask], axis=0)
        if off and rng is not None:
            colour = colour + rng.uniform(-OFF_LIGHTNESS, OFF_LIGHTNESS) + rng.uniform(-OFF_CHANNEL, OFF_CHANNEL, 3)
        paper[box][mask] = np.clip(colour, 0, WHITE)
    return paper


def dabbed(paper: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paper with 1 to 10 blobs and broad strokes of the target's local colours."""
    places = np.argwhere(y.mean(-1) < BACKGROUND)
    if not len(places):
        return paper
    image = Image.fromarray(paper.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 11))):
        row, column = places[rng.integers(len(places))]
        radius = int(rng.integers(4, 19))
        near = y[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1].reshape(-1, 3)
        near = near[near.mean(-1) < BACKGROUND]
        colour = tuple(int(v) for v in np.median(near, axis=0))
        if rng.random() < 0.5:
            draw.ellipse((column - radius, row - radius, column + radius, row + radius), fill=colour)
        else:
            turn, length = rng.uniform(0, math.pi), rng.uniform(10, 50)
            dx, dy = length * math.cos(turn), length * math.sin(turn)
            draw.line((column - dx, row - dy, column + dx, row + dy), fill=colour, width=radius)
    return np.asarray(image, np.float32)


def beside_the_lines(paper: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paper whose paint has slipped by a few pixels."""
    return np.roll(paper, rng.integers(-3, 4, 2), (0, 1))


# Flat art


def flat_colours(image: Image.Image) -> Image.Image:
    """Flat art without the mixed colours along its edges: each of their pixels takes the nearest area's colour.

    A colour is the art's own where it fills a square of 2 x 2 pixels somewhere.
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
    y = np.where((y.min(-1) >= 250)[..., None], WHITE, y)  # what compression did to the white around it
    if rng.random() < RECOLOURED:
        x, y = recoloured(x, y, rng)
    how = rng.choice(["art", "outlined", "partly", "clay"], p=[0.3, 0.3, 0.25, 0.15])
    lines = np.full(labels.shape, WHITE, np.float32)
    if how == "art":
        if rng.random() < 0.7:
            x = ndimage.gaussian_filter(x, (0.5, 0.5, 0))  # with soft edges, as art is stored
        return lines, x, y

    details = dark_details(x, labels)
    lines[outlines(labels, details, rng)] = 0
    lines[details] = 0
    count = labels.max() + 1
    keep = {"outlined": 1.0, "partly": rng.uniform(0.2, 0.9), "clay": 0.0}[how]
    coloured = rng.random(count) < keep
    coloured[0] = True  # what is around the art stays white
    if how != "outlined":
        y = clay(y, labels, ~coloured, details)
    if rng.random() < 0.6:
        lines, y = with_strokes(lines, y, labels, rng)
    paper = np.where(coloured[labels][..., None] & ~details[..., None], x, WHITE).astype(np.float32)
    if rng.random() < 0.25:
        paper = beside_the_lines(paper, rng)
    return lines, paper, y


def areas_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The connected areas of one colour of flat art: (S, S) whole numbers, 0 for the white around and its holes."""
    whole = x.astype(np.int32)
    packed = whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]
    labels = np.zeros(packed.shape, np.int32)
    for colour in np.unique(packed):
        parts, _ = ndimage.label(packed == colour)
        labels = np.where(parts > 0, parts + labels.max(), labels)
    white = np.isin(labels, np.unique(labels[x.min(-1) >= 250]))
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    levels = y.min(-1)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[box] == label
        if white[box][mask][0] and (label in edge or np.median(levels[box][mask]) >= 250):
            labels[box][mask] = 0
    return labels


def dark_details(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The thin dark areas of flat art, which a drawing has as lines: bool (S, S)."""
    dark = (x @ LUMA < DARK) & (labels > 0)
    depth = ndimage.distance_transform_edt(dark)
    parts, count = ndimage.label(dark)
    if not count:
        return dark
    deepest = ndimage.maximum(depth, parts, np.arange(count + 1))
    return dark & (np.asarray(deepest) <= THIN)[parts]


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
        bare: (areas + 1,) bool, which areas are clay.
        details: (S, S) bool, which stay dark.
    """
    light = y @ LUMA
    # A target stands out a little over its flat art: what does so belongs to the nearest area.
    solid = labels > 0
    distance, (rows, columns) = ndimage.distance_transform_edt(~solid, return_indices=True)
    over = ~solid & (y.min(-1) < 248) & (distance <= REACH)
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
    """Drawing and target with 1 to 4 curves inside one area each: in the target they are dark grooves."""
    side = len(labels)
    places = np.argwhere(labels > 0)
    for _ in range(int(rng.integers(1, 5)) if len(places) else 0):
        row, column = places[rng.integers(len(places))]
        area = labels == labels[row, column]
        if area.sum() < 400:
            continue
        reach = rng.uniform(10, 60)
        points = np.array([column, row]) + np.cumsum(rng.normal(0, reach / 2, (4, 2)), axis=0)
        points[0] = column, row
        t = np.linspace(0, 1, 24)[:, None]
        curve = (1 - t) ** 3 * points[0] + 3 * t * (1 - t) ** 2 * points[1] + 3 * t**2 * (1 - t) * points[2]
        curve = curve + t**3 * points[3]
        width = rng.uniform(1.5, 4.5)
        image = Image.new("L", (2 * side, 2 * side))
        ImageDraw.Draw(image).line([tuple(2 * p) for p in curve], fill=255, width=round(2 * width), joint="curve")
        ink = np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32) / 255
        ink = ink * ndimage.binary_erosion(area, iterations=3)
        lines = np.where(ink > 0.5, 0, lines)
        groove = np.asarray(Image.fromarray((ink * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))) / 255
        lit = np.roll(groove, 2, 0) * (1 - groove)
        y = np.clip(y * (1 - 0.78 * groove[..., None]) + 28 * lit[..., None], 0, WHITE)
    return lines, y
