"""The tab Teach in Gradio: a component (its script is web/teach/teach.js), two channels, and addresses of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from demo import texts
from demo.live import answered
from demo.server.service import Service
from demo.studio import html, icons, scripts
from demo.teach.desk import Desk
from demo.teach.results import Results
from pix2pix.errors import Pix2PixError

START = (
    "import(new URL('{scripts}teach/teach.js', document.baseURI).href).then(({{ start }}) => start(element, props));"
)


def teach_tab() -> None:
    """The tab's component. Its channels are elsewhere, since an unopened tab does not exist on the page yet."""
    gr.HTML(
        html_template=html("teach/teach.html", texts.TEACH),
        js_on_load=START.format(scripts=scripts()),
        elem_id="teach",
        apply_default_css=False,
        padding=False,
        texts=texts.TEACH,
        icons=icons(),
    )


def teach_channels(desk: Desk, service: Service, channel: Callable[..., None]) -> None:
    """The channels to the desk.

    Args:
        channel: see `demo.page.channel`.
    """

    def teach(message: Any, request: gr.Request) -> str:
        return answered(message, lambda asked: desk.answer(asked, visitor(request)), small=True)

    def add(message: Any, request: gr.Request) -> str:
        with service.file(request) as deadline:
            folder = get_upload_folder()
            return answered(message, lambda asked: desk.add(asked, visitor(request), folder, deadline), small=True)

    channel("teach", teach, trigger_mode="multiple")
    channel("teach-add", add, concurrency_id="file", trigger_mode="multiple")


def visitor(request: gr.Request) -> str:
    return request.client.host if request.client else ""


def routes(results: Results) -> list[Route]:
    """The addresses of a run's results, which are open to everyone who knows its id."""

    async def look(request: Request) -> Response:
        data = await run_in_threadpool(results.look, request.path_params["run"], request.path_params["step"])
        # A restarted run may draw another picture at the same step, so browsers ask again after a minute.
        return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=60"})

    async def report(request: Request) -> Response:
        path: Path = await run_in_threadpool(results.report, request.path_params["run"])
        return FileResponse(path, headers={"Cache-Control": "no-store"})

    async def packed(request: Request) -> Response:
        data, name = await run_in_threadpool(results.packed, request.path_params["run"])
        return attachment(data, name, "application/zip")

    async def onnx(request: Request) -> Response:
        data, name = await run_in_threadpool(results.onnx, request.path_params["run"])
        return attachment(data, name, "application/octet-stream")

    async def weights(request: Request) -> Response:
        path: Path = await run_in_threadpool(results.weights, request.path_params["run"], request.path_params["file"])
        return FileResponse(path, headers={"Cache-Control": "private, max-age=31536000, immutable"})

    found = {
        "look/{step}.jpg": look,
        "report.html": report,
        "model.zip": packed,
        "model.onnx": onnx,
        "{version:int}/{file}": weights,
    }
    return [Route(f"/taught/{{run}}/{path}", in_words(answer)) for path, answer in found.items()]


def in_words(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """An answer, or its error as a sentence."""

    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except Pix2PixError as error:
            return PlainTextResponse(str(error), 404)

    return told


def attachment(data: bytes, name: str, kind: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
