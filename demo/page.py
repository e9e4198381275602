"""The page: a canvas and its translation, a grid of variations, a tab for tiles. Events are wired at the end."""

from __future__ import annotations

import random
from base64 import b64encode
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from demo.components import PictureFile
from demo.live import VARIATIONS, fetch, outlined, shown, translate_file, translate_frame, translate_picture, variations
from demo.models import Models
from pix2pix import PALETTES

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "examples"
# Whose drawings a model without any of its own starts from, by its palette.
STAND_INS = {None: "edges2shoes", tuple(PALETTES["facades"].values()): "labels2facade"}
INTRODUCTION = """\
# pix2pix
Draw, and watch the picture follow your pen. Everything runs on this machine, on models that come with it.
"""


def build(models: Models) -> gr.Blocks:
    """The page for these models: a drawing tab for those that people draw for, a tab for pictures for the others."""
    with gr.Blocks(title="pix2pix", analytics_enabled=False, delete_cache=(600, 1200)) as page:
        gr.Markdown(INTRODUCTION)
        drawing, pictures = models.choices(drawn=True), models.choices(drawn=False)
        if drawing:
            with gr.Tab("Draw"):
                draw_tab(models, drawing)
        if pictures:
            with gr.Tab("Tiles"):
                tile_tab(models, pictures)
        public_endpoint(models)
    return page


def draw_tab(models: Models, names: list[tuple[str, str]]) -> None:
    model = gr.Dropdown(names, value=names[0][1], label="Model", interactive=True, visible=len(names) > 1)
    fetching = gr.Markdown(visible=len(names) > 1)
    with gr.Row():
        with gr.Column(min_width=320):
            canvas = web_component("canvas", "Your drawing", models=studio(models), model=names[0][1])
        with gr.Column(min_width=320):
            result = web_component("result", "Its translation")
            with gr.Row(elem_id="sampling"):
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, min_width=100)
                dice = gr.Button("Roll the dice", min_width=100)
                many = gr.Button(f"{VARIATIONS} variations", variant="primary", min_width=100)
    with gr.Column(visible=False) as sheet:
        spread = gr.Markdown()
        grid = gr.Gallery(label="Variations", show_label=False, columns=4, height="auto", format="png")

    translate: dict[str, Any] = {
        "fn": partial(translate_frame, models),
        "inputs": [canvas, model, seed],
        "outputs": result,
        "show_progress": "hidden",
        "trigger_mode": "always_last",  # overload drops frames, never the last one
        "concurrency_id": "model",
        "concurrency_limit": 1,
        "api_visibility": "private",
    }
    canvas.draw(**translate)  # type: ignore[attr-defined]  # the listener is made from the event's name in canvas.js
    seed.change(**translate)
    canvas.photo(  # type: ignore[attr-defined]
        lambda message: gr.HTML(outline=outlined(message)),
        canvas,
        canvas,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )
    # The canvas is told of the model when that is there, and sends the drawing that it has for it.
    model.change(partial(fetch, models), model, fetching, api_visibility="private").then(
        lambda name: gr.HTML(model=name), model, canvas, api_visibility="private", show_progress="hidden"
    )
    dice.click(lambda: random.randrange(1_000_000), outputs=seed, api_visibility="private")
    many.click(
        shown(lambda *inputs: (*variations(models, *inputs), gr.Column(visible=True))),
        inputs=[canvas, model, seed],
        outputs=[grid, spread, sheet],
        concurrency_id="model",
        api_visibility="private",
    )
    grid.select(chosen_seed, outputs=seed, api_visibility="private")


def tile_tab(models: Models, names: list[tuple[str, str]]) -> None:
    model = gr.Dropdown(names, value=names[0][1], label="Model", interactive=True, visible=len(names) > 1)
    with gr.Row():
        with gr.Column(min_width=320):
            picture = PictureFile(label="A picture of any size", sources=["upload", "clipboard"])
            seed = gr.Number(0, label="Seed", precision=0, minimum=0)
            gr.Examples([[str(path)] for path in tiles()], inputs=picture, label="Painted by a script")
        with gr.Column(min_width=320):
            slider = gr.ImageSlider(label="Before | after", interactive=False, format="png")
            timing = gr.Markdown()

    translate: dict[str, Any] = {
        "fn": shown(partial(translate_file, models)),
        "inputs": [picture, model, seed],
        "outputs": [slider, timing],
        "trigger_mode": "always_last",
        "concurrency_id": "model",
        "api_visibility": "private",
    }
    gr.on([picture.change, seed.change], **translate)
    model.change(partial(fetch, models), model, timing, api_visibility="private").then(**translate)


def public_endpoint(models: Models) -> None:
    """`/translate`, for `gradio_client` and curl; it has no face on the page."""
    names = list(models.tasks)
    with gr.Row(visible=False):
        image = gr.File(label="image", type="filepath")
        model = gr.Textbox(names[0], label="model")
        seed = gr.Number(0, label="seed", precision=0)
        result = gr.Image(label="translation", format="png")
        door = gr.Button()
    door.click(
        shown(partial(translate_picture, models)),
        [image, model, seed],
        result,
        api_name="translate",
        api_description="Translate a picture of any size and kind by a model of this page, under a seed.",
        concurrency_id="model",
    )


def web_component(name: str, label: str, **props: Any) -> gr.HTML:
    """A `gr.HTML` from the files `web/NAME.html`, `.css` and `.js`."""
    html, css, js = (
        (HERE / "web" / f"{name}.{suffix}").read_text(encoding="utf-8") for suffix in ("html", "css", "js")
    )
    return gr.HTML(label=label, html_template=html, css_template=css, js_on_load=js, elem_id=name, value="", **props)


def studio(models: Models) -> dict[str, dict[str, Any]]:
    """What the canvas needs to know of each model that people draw for: its palette and drawings to start from."""
    known = {}
    for _, name in models.choices(drawn=True):
        palette = models.tasks[name].get("palette")
        known[name] = {
            "palette": [[label, colour.lower()] for label, colour in palette.items()] if palette else None,
            "examples": drawings(name, palette),
        }
    return known


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


def chosen_seed(choice: gr.SelectData) -> int:
    """The seed in the caption of a clicked variation."""
    return int(choice.value["caption"].removeprefix("seed "))
