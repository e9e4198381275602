"""The page: a canvas and its translation, a grid of variations, a tab for tiles. Events are wired at the end of each
part; every word is in `texts.py`."""

from __future__ import annotations

import json
import random
import tempfile
from base64 import b64encode
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo import texts
from demo.files import Report, translate_file, translate_files, translate_picture
from demo.live import MAX_RATE, VARIATIONS, fetch, outlined, shown, translate_frame, variations
from demo.models import Models
from demo.server.service import Service
from demo.server.uploads import arrived
from pix2pix import MAX_SEED, PALETTES, Pix2PixError

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "examples"
TRAINED_RATE = 0.5
LINE_PEN, AREA_PEN = 2, 12
# Whose drawings a model without any of its own starts from, by its palette.
STAND_INS = {None: "edges2shoes", tuple(PALETTES["facades"].values()): "labels2facade"}


def build(models: Models, service: Service) -> gr.Blocks:
    """The page for these models: a drawing tab for those that people draw for, a tab for pictures for the others.

    Args:
        service: keeps the accounts of what it computes for whom.
    """
    with gr.Blocks(title=texts.TITLE, analytics_enabled=False, delete_cache=(600, 1200)) as page:
        gr.Markdown(texts.INTRODUCTION)
        drawing, pictures = models.choices(drawn=True), models.choices(drawn=False)
        if drawing:
            with gr.Tab(texts.DRAW_TAB):
                model, seed = draw_tab(models, drawing, service)

            def follow(request: gr.Request) -> tuple[Any, Any]:
                return from_link(drawing, dict(request.query_params))

            page.load(follow, outputs=[model, seed], api_visibility="private")
        if pictures:
            with gr.Tab(texts.TILE_TAB):
                tile_tab(models, pictures, service)
        public_endpoint(models, service)
    return page


def draw_tab(models: Models, names: list[tuple[str, str]], service: Service) -> tuple[gr.Dropdown, gr.Number]:
    """The canvas and what belongs to it; returns the boxes of the model and the seed."""
    model = gr.Dropdown(names, value=names[0][1], label=texts.MODEL, interactive=True, visible=len(names) > 1)
    fetching = gr.Markdown(visible=len(names) > 1)
    with gr.Row():
        with gr.Column(min_width=320):
            canvas = web_component("canvas", texts.CANVAS, models=studio(models), model=names[0][1])
        with gr.Column(min_width=320):
            result = web_component("result", texts.RESULT)
            with gr.Row(elem_id="sampling"):
                first = wish(models.tasks[names[0][1]], "seed", 0, MAX_SEED, otherwise=0)
                seed = gr.Number(first, label=texts.SEED, precision=0, minimum=0, min_width=100)
                dice = gr.Button(texts.DICE, min_width=100)
                many = gr.Button(texts.VARIATIONS.format(count=VARIATIONS), variant="primary", min_width=100)
            rate = gr.Slider(
                0, MAX_RATE, TRAINED_RATE, step=0.05, label=texts.RATE, info=texts.RATE_INFO.format(rate=TRAINED_RATE)
            )
    with gr.Column(visible=False) as sheet:
        spread = gr.Markdown()
        grid = gr.Gallery(label=texts.VARIATIONS_LABEL, show_label=False, columns=4, height="auto", format="png")
        unsure = gr.Image(label=texts.UNSURE, format="png", height=320, interactive=False)

    def live(frame: Any, name: Any, seed: Any, rate: Any, request: gr.Request) -> Any:
        with service.drawing(request):
            if service.outdated(request, frame):
                return gr.skip()
            return translate_frame(models, frame, name, seed, rate)

    def vary(frame: Any, name: Any, seed: Any, rate: Any, request: gr.Request) -> tuple[Any, ...]:
        with service.drawing(request):
            return (*variations(models, frame, name, seed, rate), gr.Column(visible=True))

    def trace(message: Any, request: gr.Request) -> Any:
        with service.drawing(request):
            return gr.HTML(outline=outlined(message))

    translate: dict[str, Any] = {
        "fn": live,
        "inputs": [canvas, model, seed, rate],
        "outputs": result,
        "show_progress": "hidden",
        "trigger_mode": "always_last",  # overload drops frames, never the last one
        "preprocess": False,  # what was sent comes as it is, and is checked by our own code, in words
        "concurrency_id": "drawing",
        "concurrency_limit": 1,
        "api_visibility": "private",
    }
    # The listeners of the canvas are made from the events' names in canvas.js.
    canvas.draw(**translate)  # type: ignore[attr-defined]
    seed.change(**translate)
    rate.change(**translate)
    quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    canvas.seed(seed_of, canvas, seed, **quietly)  # type: ignore[attr-defined]
    canvas.photo(  # type: ignore[attr-defined]
        trace, canvas, canvas, trigger_mode="always_last", preprocess=False, concurrency_id="drawing", **quietly
    )
    # The canvas is told of the model when that is there, and sends the drawing that it has for it.
    model.change(partial(fetch, models), model, fetching, preprocess=False, api_visibility="private").then(
        partial(opened, models), model, [canvas, rate], **quietly
    )
    dice.click(lambda: random.randrange(1_000_000), outputs=seed, api_visibility="private")
    many.click(
        shown(vary),
        inputs=[canvas, model, seed, rate],
        outputs=[grid, spread, unsure, sheet],
        preprocess=False,
        concurrency_id="drawing",
        api_visibility="private",
    )
    grid.select(chosen_seed, outputs=seed, api_visibility="private")
    return model, seed


def tile_tab(models: Models, names: list[tuple[str, str]], service: Service) -> None:
    model = gr.Dropdown(names, value=names[0][1], label=texts.MODEL, interactive=True, visible=len(names) > 1)
    with gr.Row():
        with gr.Column(min_width=320):
            picture = gr.Image(label=texts.PICTURE, sources=["upload", "webcam", "clipboard"])
            crop = gr.Checkbox(False, label=texts.CROP)
            seed = gr.Number(0, label=texts.SEED, precision=0, minimum=0)
            gr.Examples(
                [[str(path)] for path in tiles()],
                inputs=picture,
                label=texts.TILE_EXAMPLES,
                example_labels=[path.stem.split("-", 1)[-1].replace("-", " ") for path in tiles()],
            )
        with gr.Column(min_width=320):
            # Not there before it has something to show: an empty one has a name that screen readers may not read.
            slider = gr.ImageSlider(label=texts.SLIDER, interactive=False, format="png", visible=False)
            timing = gr.Markdown()
    with gr.Accordion(texts.SEVERAL, open=False):
        files = gr.File(file_count="multiple", file_types=["image"], label=texts.SEVERAL)
        start = gr.Button(texts.SEVERAL_START)
        archive = gr.File(label=texts.SEVERAL_RESULT, interactive=False)

    def one(file: Any, name: Any, seed: Any, crop: Any, request: gr.Request, progress=gr.Progress()):  # noqa: B008
        with service.file(request) as deadline:
            path = upload(file)
            pictures, line = translate_file(models, path, name, seed, crop, tell(progress), deadline)
        return gr.ImageSlider(pictures, visible=pictures is not None), line

    def several(files: Any, name: Any, seed: Any, request: gr.Request, progress=gr.Progress()):  # noqa: B008
        folder = Path(tempfile.mkdtemp(dir=get_upload_folder()))
        with service.file(request) as deadline:
            paths = [upload(file) for file in files or []]
            found = translate_files(models, paths, name, seed, tell(progress), folder, deadline)
        if found is None:
            return None
        archive.temp_files.add(str(found))  # Gradio removes it by and by, as it does uploads and results
        return str(found)

    translate: dict[str, Any] = {
        "fn": shown(one),
        "inputs": [picture, model, seed, crop],
        "outputs": [slider, timing],
        "trigger_mode": "always_last",
        "preprocess": False,
        "concurrency_id": "file",
        "api_visibility": "private",
    }
    gr.on([picture.change, seed.change, crop.change], **translate)
    model.change(partial(fetch, models), model, timing, preprocess=False, api_visibility="private").then(**translate)
    start.click(
        shown(several), [files, model, seed], archive, preprocess=False, concurrency_id="file", api_visibility="private"
    )


def tell(progress: gr.Progress) -> Report:
    """What shows the tiles or pictures done as Gradio's progress bar; one needs none."""

    def report(done: int, count: int) -> None:
        if count > 1:
            progress((done, count), texts.TILES_DONE.format(done=done, count=count))

    return report


def upload(file: dict[str, Any] | None) -> Path | None:
    """The path of a file in a message that the door let in."""
    return arrived(file["path"], get_upload_folder()) if file else None


def from_link(names: list[tuple[str, str]], query: dict[str, str]) -> tuple[Any, Any]:
    """The model and the seed that the page's address asks for, `?model=NAME&seed=N`, where it does."""
    model, seed = query.get("model"), query.get("seed", "")
    return (
        model if model in {name for _, name in names} else gr.skip(),
        int(seed) if seed.isdecimal() and int(seed) <= MAX_SEED else gr.skip(),
    )


def seed_of(message: Any) -> Any:
    """The seed in a message of the canvas, for the seed box."""
    try:
        seed = json.loads(message)["seed"]
        return seed if isinstance(seed, int) and 0 <= seed <= MAX_SEED else gr.skip()
    except (TypeError, ValueError, KeyError):
        return gr.skip()


def public_endpoint(models: Models, service: Service) -> None:
    """`/translate`, for `gradio_client` and curl; it has no face on the page."""
    with gr.Row(visible=False):
        image = gr.File(label="image", type="filepath")
        model = gr.Textbox(next(iter(models.tasks)), label="model")
        seed = gr.Number(0, label="seed", precision=0)
        result = gr.Image(label="translation", format="png")
        door = gr.Button()

    def translate(file: Any, name: Any, seed: Any, request: gr.Request) -> Any:
        with service.file(request) as deadline:
            return translate_picture(models, upload(file), name, seed, deadline)

    door.click(
        shown(translate),
        [image, model, seed],
        result,
        preprocess=False,
        api_name="translate",
        api_description=texts.API,
        concurrency_id="file",
    )


def web_component(name: str, label: str, **props: Any) -> gr.HTML:
    """A `gr.HTML` from the files `web/NAME.html`, `.css` and `.js`, with the words of `texts.WEB`."""
    html, css, js = (
        (HERE / "web" / f"{name}.{suffix}").read_text(encoding="utf-8") for suffix in ("html", "css", "js")
    )
    for word, text in texts.WEB.items():
        html = html.replace(f"{{{{{word}}}}}", text)
    props = {"texts": texts.WEB, **props}
    return gr.HTML(label=label, html_template=html, css_template=css, js_on_load=js, elem_id=name, value="", **props)


def studio(models: Models) -> dict[str, dict[str, Any]]:
    """What the canvas needs to know of each model that people draw for: its palette and drawings to start from."""
    known = {}
    for _, name in models.choices(drawn=True):
        palette = models.tasks[name].get("palette")
        known[name] = {
            "palette": [[label, colour.lower()] for label, colour in palette.items()] if palette else None,
            "pen": wish(models.tasks[name], "pen", 1, 24, otherwise=AREA_PEN if palette else LINE_PEN),
            "examples": drawings(name, palette),
        }
    return known


def wish(task: dict[str, Any], name: str, least: int, most: int, otherwise: int) -> int:
    """A whole number that a model's config wishes the page to begin with, its "pen" in pixels or its "seed"."""
    value = task.get(name)
    return value if type(value) is int and least <= value <= most else otherwise


def drawings(name: str, palette: dict[str, str] | None) -> list[dict[str, str]]:
    """A model's drawings, as name and data URL: its own, or another's that is drawn with the same colours."""
    own = EXAMPLES / Path(name).name
    folder = own if own.is_dir() else EXAMPLES / STAND_INS.get(tuple(palette.values()) if palette else None, "none")
    return [
        {
            "name": path.stem.split("-", 1)[-1].replace("-", " "),
            "image": "data:image/png;base64," + b64encode(path.read_bytes()).decode(),
        }
        for path in sorted(folder.glob("*.png"))
    ]


def tiles() -> list[Path]:
    return sorted((EXAMPLES / "sat2map").glob("*.png"))


def opened(models: Models, name: str) -> tuple[Any, Any]:
    """A model that was picked, for the canvas, and its own rate of dropout for the slider."""
    try:
        rate = min(models[name].rate, MAX_RATE)
    except Pix2PixError:
        return gr.HTML(model=name), gr.skip()
    return gr.HTML(model=name), gr.Slider(value=rate, info=texts.RATE_INFO.format(rate=rate))


def chosen_seed(choice: gr.SelectData) -> Any:
    """The seed in the caption of a clicked variation."""
    try:
        return int(choice.value["caption"].removeprefix("seed "))
    except (AttributeError, TypeError, KeyError, ValueError):
        return gr.skip()
