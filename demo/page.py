"""The page: the studio, where people draw, and a tab for tiles. Its words are in `texts.py`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from demo import texts
from demo.files import Report, translate_file, translate_files, translate_picture
from demo.live import fetch, lines_of, shown, small_message, translate_frame, variations
from demo.models import Models
from demo.server.service import Service
from demo.server.uploads import arrived
from demo.studio import EXAMPLES, example_name, properties, scripts, template
from demo.teach.desk import Desk
from demo.teach.tab import teach_channels, teach_tab
from pix2pix.pictures.images import data_url

# The page's address may end in a folder of a proxy: all addresses in it are relative to <base>.
START = "import(new URL('{scripts}main.js', document.baseURI).href).then(({{ start }}) => start(element, props));"
ASK = (
    "document.addEventListener('pix2pix:ask:{name}', ({{ detail }}) => {{ props.value = detail; trigger('submit'); }});"
)
CHOOSE = """element.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-tile]');
    if (!button) return;
    props.value = button.dataset.tile;
    trigger('submit');
    if (matchMedia('(max-width: 820px)').matches) document.querySelector('#tile-result').scrollIntoView();
});"""
# What the tab of pictures tells when it opens; see `forPictures` in web/teach/cards.js.
WISH = """async (_, model) => {{
    const {{ forPictures }} = await import(new URL('{scripts}teach/cards.js', document.baseURI).href);
    return [forPictures(), model];
}}"""
TILE_SIDE = 112  # pixels of an example's picture
TALKS = 16  # answers at a time on a channel whose answers need no processor, so that a download keeps nobody waiting
ANSWER = "watch('value', () => document.dispatchEvent(new CustomEvent('pix2pix:answer', { detail: props.value })));"


def build(models: Models, service: Service, desk: Desk | None = None) -> gr.Blocks:
    """Build the page for these models: the studio for models of drawings, and a tab for pictures for the others.

    Args:
        service: accounts of what is computed for whom.
        desk: takes in what people teach with; without it, there is no such tab.
    """
    with gr.Blocks(title=texts.TITLE, analytics_enabled=False, delete_cache=(600, 1200)) as page:
        gr.HTML(f"<h1>{texts.TITLE}</h1>", elem_id="brand")
        drawing, pictures = models.choices(drawn=True), models.choices(drawn=False)
        with gr.Tabs(elem_id="rooms", overflow_behavior="wrap"):
            if drawing:
                with gr.Tab(texts.DRAW_TAB):
                    draw_tab(models, service, teaches=desk is not None)
                    if desk:  # their cards are on the first tab, so it asks for them
                        teach_channels(desk, service, channel)
            if pictures:
                with gr.Tab(texts.TILE_TAB) as tab, gr.Column(elem_id="tiles"):
                    tile_tab(tab, models, pictures, service, desk)
            if drawing and desk:
                with gr.Tab(texts.TEACH_TAB):
                    teach_tab()
        public_endpoint(models, service)
    return page


def draw_tab(models: Models, service: Service, teaches: bool) -> None:
    """The studio: one component, whose scripts are the modules in web/. It asks the server through channels.

    Args:
        teaches: the page has models that were taught on it.
    """

    def live(frame: Any, request: gr.Request) -> Any:
        with service.drawing(request):
            return gr.skip() if service.outdated(request, frame) else translate_frame(models, frame)

    def vary(frame: Any, request: gr.Request) -> str:
        with service.drawing(request):
            return variations(models, frame)

    def trace(frame: Any, request: gr.Request) -> str:
        with service.drawing(request):
            return lines_of(frame)

    gr.HTML(
        html_template=template(),
        js_on_load=START.format(scripts=scripts()),
        elem_id="studio",
        apply_default_css=False,
        padding=False,
        **properties(models),
        teaches=teaches,
    )
    # Under overload, outdated drawings are dropped, but never the last one.
    channel("draw", live, concurrency_id="drawing", trigger_mode="always_last")
    channel("vary", vary, concurrency_id="aside", trigger_mode="multiple")
    channel("trace", trace, concurrency_id="aside", trigger_mode="always_last")
    channel("open", partial(fetch, models), trigger_mode="multiple")


def channel(name: str, answer: Callable[..., Any], **options: Any) -> None:
    """A channel by which the scripts ask the server; see web/channels.js. Both sides send text, which our code checks.

    Args:
        answer: function from a JSON message to a JSON answer.
    """
    question = gr.HTML(value="", html_template="", js_on_load=ASK.format(name=name), elem_classes="channel")
    reply = gr.HTML(value="", html_template="", js_on_load=ANSWER, elem_classes="channel")
    limit = 1 if "concurrency_id" in options else TALKS
    question.submit(
        answer,
        question,
        reply,
        preprocess=False,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=limit,
        **options,
    )


def tile_tab(tab: gr.Tab, models: Models, names: list[tuple[str, str]], service: Service, desk: Desk | None) -> None:
    with gr.Row():
        with gr.Column(min_width=320):
            model = gr.Dropdown(names, value=names[0][1], label=texts.MODEL, interactive=True, visible=len(names) > 1)
            picture = gr.Image(
                label=texts.PICTURE,
                placeholder=texts.DROP_PICTURE,
                sources=["upload", "webcam", "clipboard"],
                height=300,
            )
            gr.Markdown(texts.TILE_EXAMPLES)
            # Not buttons of Gradio: it keeps their pictures in a folder that another page on this machine may empty.
            examples = gr.HTML(
                value="",
                html_template="".join(map(tile_button, tiles())),
                js_on_load=CHOOSE,
                elem_id="tile-examples",
                apply_default_css=False,
                padding=False,
            )
            with gr.Accordion(texts.SETTINGS, open=False):
                crop = gr.Checkbox(False, label=texts.CROP)
                seed = gr.Number(0, label=texts.SEED, info=texts.SEED_INFO, precision=0, minimum=0)
        with gr.Column(min_width=320, elem_id="tile-result"):
            # Hidden until it has something to show, since screen readers cannot name an empty one.
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

    def example(file: Any, name: Any, request: gr.Request):
        if file or models.to_download(name):
            return gr.skip(), gr.skip()
        with service.file(request) as deadline:
            pictures, line = translate_file(models, tiles()[0], name, 0, deadline=deadline)
        return gr.ImageSlider(pictures, visible=True), texts.TILE_EXAMPLE.format(line=line)

    def offered(wish: Any, name: Any):
        """The models to choose from, with those that were taught; and a picture to try the wanted one on."""
        assert desk
        message = small_message(wish)
        taught, wanted = desk.for_pictures(message), message.get("wanted")
        here = [each for _, each in (*names, *taught)]
        choices: dict[str, Any] = {"choices": [*names, *taught], "visible": len(here) > 1}
        if wanted in here:
            return gr.Dropdown(value=wanted, **choices), desk.an_input(wanted) or gr.skip()
        if name not in here:  # it was removed
            choices["value"] = here[0]
        return gr.Dropdown(**choices), gr.skip()

    def several(files: Any, name: Any, seed: Any, request: gr.Request, progress=gr.Progress()):  # noqa: B008
        if not files:
            gr.Info(texts.NO_FILES)
            return gr.skip()
        folder = Path(tempfile.mkdtemp(dir=get_upload_folder()))
        try:
            with service.file(request) as deadline:
                paths = [upload(file) for file in files]
                found = translate_files(models, paths, name, seed, tell(progress), folder, deadline)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        archive.temp_files.add(str(found))  # Gradio removes it later, with the uploads and results
        return str(found)

    def choose(name: Any) -> Any:
        return next((str(path) for path in tiles() if path.stem == name), gr.skip())

    private: dict[str, Any] = {"preprocess": False, "concurrency_id": "file", "api_visibility": "private"}
    translate: dict[str, Any] = {
        "fn": shown(one),
        "inputs": [picture, model, seed, crop],
        "outputs": [slider, timing],
        "trigger_mode": "always_last",
        **private,
    }
    gr.on([picture.change, seed.change, crop.change], **translate)
    model.change(partial(fetched, models), model, timing, preprocess=False, api_visibility="private").then(**translate)
    examples.submit(choose, examples, picture, preprocess=False, show_progress="hidden", api_visibility="private")
    start.click(shown(several), [files, model, seed], archive, **private)
    opened = tab.select
    if desk:
        wish = gr.Textbox(visible=False)
        opened = opened(
            shown(offered), [wish, model], [model, picture], js=WISH.format(scripts=scripts()), show_progress="hidden",
            preprocess=False, api_visibility="private", concurrency_limit=TALKS,
        ).then  # fmt: skip
    opened(shown(example), [picture, model], [slider, timing], show_progress="hidden", **private)


def fetched(models: Models, name: Any) -> Iterator[str]:
    """Load the picked model. Yields lines about its download, and finally an empty line or an error."""
    for answer in fetch(models, json.dumps({"model": name})):
        message = json.loads(answer)
        yield message.get("line") or message.get("error", "")


def tell(progress: gr.Progress) -> Report:
    """A function that shows finished bands or pictures in Gradio's progress bar, unless there is only one."""

    def report(done: int, count: int) -> None:
        if count > 1:
            progress((done, count), texts.TILES_DONE.format(done=done, count=count))

    return report


def upload(file: dict[str, Any] | None) -> Path | None:
    """The path of a file in a message that the door has checked."""
    return arrived(file["path"], get_upload_folder()) if file else None


def public_endpoint(models: Models, service: Service) -> None:
    """Add `/translate` for `gradio_client` and curl. It does not show on the page."""
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


def tile_button(path: Path) -> str:
    """HTML of a button for an example tile: a small picture above its name."""
    with Image.open(path) as tile:
        picture = data_url(tile.convert("RGB").resize((TILE_SIDE, TILE_SIDE)), lossless=False)
    return f'<button type="button" data-tile="{path.stem}"><img src="{picture}" alt="">{example_name(path)}</button>'


def tiles() -> list[Path]:
    return sorted((EXAMPLES / "sat2map").glob("*.png"))
