"""The page's functions for drawings: plain functions from the browser's messages to the answers that it shows."""

from __future__ import annotations

import base64
import binascii
import io
import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demo import texts
from demo.models import Models
from demo.rules import ALIKE_BELOW, LARGEST_RATE, LOOKS, SPREAD_SHOWN_WHITE
from pix2pix import MAX_SEED, ImageError, Pix2PixError, mean_distance, open_image
from pix2pix.pictures.drawings import KINDS, LOOK, as_lines, fitted, kind_of
from pix2pix.pictures.images import data_url, resized

if TYPE_CHECKING:
    from pix2pix import Translator

MAX_FRAME = 1_000_000  # characters; a 256 x 256 drawing takes about 10,000
MAX_FRAME_SIDE = 512
MAX_SMALL = 200_000  # characters of a message without a picture; one that names 400 files takes about 100,000
PNG_HEADER = "data:image/png;base64,"


def translate_frame(models: Models, frame: Any) -> str:
    """Translate one frame of the sheet.

    Args:
        models: models that the page offers.
        frame: the page's message, JSON: "image" (a PNG data URL), "model" (a name from `models`), "seed" (of
            the dropout noise), "rate" (of dropout, from 0 to 0.9; none for that of training), "final" (true at the end
            of a stroke) and "id", a number that is sent back.

    Returns:
        JSON: "id" and "image" (a data URL: PNG for a final frame, otherwise JPEG, which travels faster), "ms" (the
        model's time), "model" and "seed"; or "error", a sentence, in place of these.
    """

    def answer(message: dict[str, Any]) -> dict[str, Any]:
        translator, seed, rate = asked(models, message)
        drawing = drawing_of(message)
        start = time.perf_counter()
        with models.turns.drawing():
            result = translator(drawing, seed, rate, polarity="dark-lines")
        return {
            "ms": round((time.perf_counter() - start) * 1000, 1),
            "image": data_url(result, lossless=bool(message.get("final"))),
            "model": message["model"],
            "seed": seed,
        }

    return answered(frame, answer)


def lines_of(frame: Any) -> str:
    """A picture that was put on the sheet as dark lines on white, `LOOK` pixels on its longer side or less.

    Args:
        frame: JSON: "id", "image" (a PNG data URL), "threshold" of the outlines, from 0 to 1 (see
            `pix2pix.pictures.edge_filter`), and "kind": what to take the picture as, one of `KINDS` (see
            `pix2pix.pictures.drawings`), or "auto".

    Returns:
        JSON: "id", "image", a data URL, and "kind", what it was taken as; or "error", a sentence.
    """

    def answer(message: dict[str, Any]) -> dict[str, Any]:
        threshold, kind = message.get("threshold"), message.get("kind", "auto")
        if not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1:
            raise ImageError("The threshold must be from 0 to 1.")
        if kind not in ("auto", *KINDS):
            raise ImageError(f"The kind must be auto or one of {', '.join(KINDS)}.")
        picture = drawing_of(message)
        kind = kind_of(picture) if kind == "auto" else kind
        lines = as_lines(picture, kind, LOOK, threshold)
        return {"image": data_url(resized(lines, fitted(lines.size, LOOK)), lossless=True), "kind": kind}

    return answered(frame, answer)


def variations(models: Models, frame: Any) -> str:
    """Translate a drawing under several seeds, starting with its own.

    Args:
        frame: as for `translate_frame`; also "count", the number of seeds (from 1 to `LOOKS`, the default).

    Returns:
        JSON: "id", "pictures" (each an "image", a data URL, and its "seed"; only one if they hardly differ), "alike"
        (whether they hardly differ) and "unsure" (a map of their differences, a data URL); or "error", a sentence.
    """

    def answer(message: dict[str, Any]) -> dict[str, Any]:
        translator, seed, rate = asked(models, message)
        drawing = drawing_of(message)
        count = message.get("count", LOOKS)
        if type(count) is not int or not 1 <= count <= LOOKS:
            raise Pix2PixError(f"The count must be a whole number from 1 to {LOOKS}.")
        first = min(seed, MAX_SEED - count + 1)
        seeds = range(first, first + count)
        with models.turns.drawing():
            results = translator.sample(drawing, seeds, rate, polarity="dark-lines")
        alike = count > 1 and mean_distance(results) < ALIKE_BELOW
        pictures = [
            {"image": data_url(result, lossless=True), "seed": s} for result, s in zip(results, seeds, strict=True)
        ]
        return {
            "pictures": pictures[:1] if alike else pictures,
            "alike": alike,
            "unsure": data_url(spread_map(results), lossless=True),
        }

    return answered(frame, answer)


def spread_map(samples: Sequence[Image.Image]) -> Image.Image:
    """A map of the differences between samples of one drawing: their mean in dark grey, under each pixel's standard
    deviation in warm colours, from dark red to white. `SPREAD_SHOWN_WHITE` of the range and more is white."""
    stack = np.stack([np.asarray(sample, np.float32) for sample in samples]) / 255
    heat = np.clip(stack.std(0).mean(-1) / SPREAD_SHOWN_WHITE, 0, 1)[..., None]
    warm = np.clip(3 * heat - np.array([0.0, 1.0, 2.0], np.float32), 0, 1)  # black, red, yellow, white
    grey = 0.35 * stack.mean((0, -1))[..., None]
    return Image.fromarray(np.rint(255 * np.maximum(warm, grey * (1 - heat))).astype(np.uint8))


def fetch(models: Models, message: Any) -> Iterator[str]:
    """Load the model that a visitor picked.

    Args:
        message: JSON: "id" and "model", a name.

    Yields:
        JSON with "id": during a download "more" and "line", a sentence about its progress; finally "rate", the model's
        own dropout rate, or "error".
    """
    here, wanted = 0, 0
    last: dict[str, Any] = {}
    question = small_message(message)
    name = question["model"] if isinstance(question.get("model"), str) else ""
    number = {"id": question.get("id") if isinstance(question.get("id"), int) else 0}

    def report(done: int, total: int) -> None:
        nonlocal here, wanted
        here, wanted = done, total

    def work() -> None:
        nonlocal last
        try:
            models.download(name, report)
            last = {"rate": min(models[name].rate, LARGEST_RATE)}
        except Pix2PixError as error:
            last = {"error": str(error)}
        except Exception:  # the thread's own end, so nobody else would tell
            traceback.print_exc()
            last = {"error": texts.MISTAKE}

    worker = Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive():
        if wanted:
            line = texts.DOWNLOADING.format(name=name, here=here / 1e6, wanted=wanted / 1e6)
            yield json.dumps({**number, "more": True, "line": line})
        worker.join(0.3)
    yield json.dumps({**number, **last})


def shown(function: Callable) -> Callable:
    """Wrap `function` so that its errors become messages on the page instead of stack traces in the log."""
    import gradio as gr

    @wraps(function)  # Gradio reads its signature
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Pix2PixError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped


def answered(frame: Any, answer: Callable[[dict[str, Any]], dict[str, Any]], small: bool = False) -> str:
    """The JSON that answers a message of the page: the number of the message, and what `answer` finds, or its error.

    Args:
        small: the message has no picture.
    """
    number = {}
    try:
        message = small_message(frame) if small else read_frame(frame)
        number = {"id": message["id"]} if isinstance(message.get("id"), int) else {}
        return json.dumps({**number, **answer(message)})
    except Pix2PixError as error:
        return json.dumps({**number, "error": str(error)})


def asked(models: Models, message: dict[str, Any]) -> tuple[Translator, int, float | None]:
    """The model, the seed and the dropout rate in a message.

    Raises:
        Pix2PixError: the model is not offered, or a value is out of range.
    """
    return models[message.get("model", "")], whole_seed(message.get("seed")), dropout_rate(message.get("rate"))


def small_message(message: Any) -> dict[str, Any]:
    """A message without a picture, or an empty one if it is malformed."""
    try:
        found = json.loads(message) if len(message) < MAX_SMALL else {}
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_frame(frame: Any) -> dict[str, Any]:
    """The page's message, with its size and shape checked.

    Raises:
        ImageError: the message is malformed or too long.
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
    """The picture in a message of the page, RGB.

    Raises:
        ImageError: the picture is not a PNG, is damaged, or is larger than a sheet.
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
    except Exception:  # Pillow raises many kinds of errors for damaged headers; open_image below reports them
        too_large = False
    if too_large:
        raise ImageError(f"The drawing is larger than {MAX_FRAME_SIDE} pixels a side: reload the page.")
    return open_image(io.BytesIO(data), "The drawing")


def whole_seed(seed: Any) -> int:
    """The seed in the seed box, which may be empty or hold anything.

    Raises:
        Pix2PixError: the seed is not a whole number from 0 to `MAX_SEED`.
    """
    try:
        if seed is not None and seed == int(seed) and 0 <= seed <= MAX_SEED:
            return int(seed)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Pix2PixError(f"The seed must be a whole number from 0 to {MAX_SEED}.")


def dropout_rate(rate: Any) -> float | None:
    """The dropout rate on the slider.

    Raises:
        Pix2PixError: the rate is not a number from 0 to `LARGEST_RATE`.
    """
    if rate is None:
        return None
    if isinstance(rate, (int, float)) and 0 <= rate <= LARGEST_RATE:
        return float(rate)
    raise Pix2PixError(f"The dropout must be from 0 to {LARGEST_RATE}.")
