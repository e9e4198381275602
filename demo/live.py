"""What the page asks of the server about a drawing: plain functions from what a browser sends to what it shows."""

from __future__ import annotations

import base64
import binascii
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from threading import Thread
from typing import Any

import numpy as np
from PIL import Image

from demo import texts
from demo.models import Models
from pix2pix import MAX_SEED, ImageError, Pix2PixError, mean_distance, open_image, outline

MAX_FRAME = 1_000_000  # characters; a drawing of 256 x 256 takes about 10,000
MAX_FRAME_SIDE = 512
PNG_HEADER = "data:image/png;base64,"
VARIATIONS = 8
MAX_RATE = 0.9
HOTTEST = 0.25  # standard deviation, of the range from 0 to 1, that is shown white
HARDLY = 0.01  # mean distance below which eight samples look like one picture


def translate_frame(models: Models, frame: Any, model: str, seed: Any, rate: Any = None) -> str:
    """One frame of the canvas -> what the result panel shows.

    Args:
        models: those the page offers.
        frame: the canvas's message, JSON: "image" (a PNG data URL) and, to be sent back as they came, "id" (a
            number that grows) and "sent" (the browser's clock). "final" is true at the end of a stroke.
        model: a name from `models`.
        seed: names the dropout noise.
        rate: of the dropout, from 0 to 0.9; None for the training's.

    Returns:
        JSON: "id", "sent", and "image" (a data URL: PNG for a final frame, otherwise JPEG, which travels faster),
        "ms" (the model's time), "model" and "seed"; or "error", a sentence, in place of these.
    """
    answer: dict[str, Any] = {}
    try:
        message = read_frame(frame)
        answer = {key: message.get(key) for key in ("id", "sent") if isinstance(message.get(key), (int, float))}
        drawing = drawing_of(message)
        translator, seed, rate = models[model], whole_seed(seed), dropout_rate(rate)
        start = time.perf_counter()
        with models.turns.drawing():
            result = translator(drawing, seed, rate)
        answer["ms"] = round((time.perf_counter() - start) * 1000, 1)
        answer["image"] = data_url(result, lossless=bool(message.get("final")))
        answer["model"], answer["seed"] = model, seed
    except Pix2PixError as error:
        answer["error"] = str(error)
    return json.dumps(answer)


def outlined(frame: Any) -> str:
    """A photo that was put on the canvas -> its outlines, as a data URL; nothing where the message is none.

    Args:
        frame: JSON: "image" (a PNG data URL) and "threshold", from 0 to 1 (see `pix2pix.pairs.edge_filter`).
    """
    try:
        message = read_frame(frame)
        threshold = message.get("threshold")
        if not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1:
            return ""
        return data_url(outline(drawing_of(message), threshold), lossless=True)
    except Pix2PixError:
        return ""


def variations(
    models: Models, frame: Any, model: str, seed: Any, rate: Any = None
) -> tuple[list[tuple[Image.Image, str]], str, Image.Image]:
    """The drawing under `VARIATIONS` seeds from `seed` on, each with its caption (one for all if they hardly differ);
    a line on how far they differ; and a map of where.

    Raises:
        Pix2PixError: see `translate_frame`.
    """
    drawing = drawing_of(read_frame(frame))
    first = min(whole_seed(seed), MAX_SEED - VARIATIONS + 1)
    seeds = range(first, first + VARIATIONS)
    translator, rate = models[model], dropout_rate(rate)
    with models.turns.drawing():
        results = translator.sample(drawing, seeds, rate)
    distance = mean_distance(results)
    line = texts.SPREAD.format(distance=distance) + (texts.HARDLY if distance < HARDLY else "")
    different = [(result, f"seed {s}") for result, s in zip(results, seeds, strict=True)]
    return different if distance >= HARDLY else different[:1], line, spread_map(results)


def spread_map(samples: Sequence[Image.Image]) -> Image.Image:
    """Where samples of one drawing differ: their mean, darkened and grey, under the standard deviation of each pixel in
    warm colours, dark red to white; `HOTTEST` of the range and more is white."""
    stack = np.stack([np.asarray(sample, np.float32) for sample in samples]) / 255
    heat = np.clip(stack.std(0).mean(-1) / HOTTEST, 0, 1)[..., None]
    warm = np.clip(3 * heat - np.array([0.0, 1.0, 2.0], np.float32), 0, 1)  # black, red, yellow, white
    grey = 0.35 * stack.mean((0, -1))[..., None]
    return Image.fromarray(np.rint(255 * np.maximum(warm, grey * (1 - heat))).astype(np.uint8))


def fetch(models: Models, name: Any) -> Iterator[str]:
    """Load a model that was picked; lines on how its download goes, if there is one, and at last an empty one or what
    is wrong."""
    here, wanted, fault = 0, 0, ""
    name = name if isinstance(name, str) else ""

    def report(done: int, total: int) -> None:
        nonlocal here, wanted
        here, wanted = done, total

    def work() -> None:
        nonlocal fault
        try:
            models.download(name, report)
            models[name]
        except Pix2PixError as error:
            fault = str(error)

    worker = Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive():
        if wanted:
            yield texts.DOWNLOADING.format(name=name, here=here / 1e6, wanted=wanted / 1e6)
        worker.join(0.3)
    yield fault


def shown(function: Callable) -> Callable:
    """`function`, with its errors as messages on the page instead of a stack trace in the log."""
    import gradio as gr

    @wraps(function)  # Gradio reads its signature
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Pix2PixError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped


def read_frame(frame: Any) -> dict[str, Any]:
    """The canvas's message, checked in size and shape.

    Raises:
        ImageError: it is not such a message.
    """
    if isinstance(frame, str) and len(frame) > MAX_FRAME:
        raise ImageError(f"The drawing takes more than {MAX_FRAME:,} bytes: make it simpler.")
    try:
        message = json.loads(frame)
        if isinstance(message, dict) and isinstance(message.get("image"), str):
            return message
    except (TypeError, ValueError, RecursionError):
        pass
    raise ImageError("There is no drawing yet: draw something first.")


def drawing_of(message: dict[str, Any]) -> Image.Image:
    """The picture in a canvas's message, RGB.

    Raises:
        ImageError: it is no PNG, damaged, or larger than the canvas can be.
    """
    url = message["image"]
    try:
        if not url.startswith(PNG_HEADER):
            raise ValueError
        data = base64.b64decode(url[len(PNG_HEADER) :], validate=True)
    except (ValueError, binascii.Error):
        raise ImageError("The drawing did not arrive as a PNG: reload the page.") from None
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            too_large = max(image.size) > MAX_FRAME_SIDE
    except Exception:  # Pillow raises many kinds for a damaged header; open_image below names it
        too_large = False
    if too_large:
        raise ImageError(f"The drawing is larger than {MAX_FRAME_SIDE} pixels a side: reload the page.")
    return open_image(io.BytesIO(data), "The drawing")


def whole_seed(seed: Any) -> int:
    """A seed from the seed box, which may be empty or hold anything.

    Raises:
        Pix2PixError: it is not a whole number from 0 to `MAX_SEED`.
    """
    try:
        if seed is not None and seed == int(seed) and 0 <= seed <= MAX_SEED:
            return int(seed)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Pix2PixError(f"The seed must be a whole number from 0 to {MAX_SEED}.")


def dropout_rate(rate: Any) -> float | None:
    """A rate from the slider.

    Raises:
        Pix2PixError: it is not a number from 0 to `MAX_RATE`.
    """
    if rate is None:
        return None
    if isinstance(rate, (int, float)) and 0 <= rate <= MAX_RATE:
        return float(rate)
    raise Pix2PixError(f"The dropout must be from 0 to {MAX_RATE}.")


def data_url(image: Image.Image, lossless: bool) -> str:
    """A picture as a data URL."""
    buffer = io.BytesIO()
    if lossless:
        image.save(buffer, "PNG", compress_level=1)
    else:
        image.save(buffer, "JPEG", quality=90)
    kind = "png" if lossless else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
