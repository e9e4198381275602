"""The page as a public service: refusals and their messages, and the order of visitors."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import gradio
import httpx
import pytest
import starlette.requests
from gradio.route_utils import delete_files_created_by_app
from PIL import Image
from places import ROOT
from serving import running_app
from strangers import PICTURE, Stranger

from benchmarks.load import run
from demo.files import translate_files
from demo.models import Models
from demo.page import build
from demo.server.jobs import Jobs
from demo.server.journal import Journal
from demo.server.limits import Limits
from demo.server.refused import Busy
from demo.server.service import Service
from demo.server.turns import Turns
from demo.server.visitors import Visitors
from pix2pix import Translator
from pix2pix.pictures.images import data_url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def name(small_checkpoint: Path) -> str:
    return str(small_checkpoint)


@pytest.fixture(scope="module")
def url(folder: Path, name: str) -> Iterator[str]:
    with running_app(folder, "--models", name, "sat2map", "--log", "--max-pixels", "9000000") as url:
        yield url


@pytest.fixture
def stranger(url: str) -> Iterator[Stranger]:
    stranger = Stranger(url)
    yield stranger
    stranger.http.close()


def refusal(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    sentence = answer.json()["detail"]
    assert sentence.endswith(".") and "Traceback" not in sentence
    return sentence


# --- doors ----------------------------------------------------------------------------------------------------------


def test_addresses_that_the_page_does_not_need_are_closed(stranger: Stranger):
    for path in (
        "/monitoring",
        "/gradio_api/runs",
        "/gradio_api/proxy=https://hf.co/x",
        "/docs",
        "/gradio_api/deep_link",
    ):
        assert "nothing here" in refusal(stranger.http.get(path), 404)
    assert "nothing here" in refusal(stranger.http.get("/gradio_api/file=http://127.0.0.1:9/x"), 404)
    assert stranger.http.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)
    for path in ("/gradio_api/process_recording", "/gradio_api/component_server", "/gradio_api/vibe-edit"):
        assert "nothing here" in refusal(stranger.http.post(path), 404)
    assert stranger.http.delete("/").status_code == 404


@pytest.mark.parametrize("path", ["call/translate/nothing", "queue/data?session_hash=nobody"])
def test_an_answer_that_nobody_waits_for_ends_with_a_word(stranger: Stranger, folder: Path, path: str):
    answer = stranger.http.get(f"/gradio_api/{path}")
    assert answer.status_code == 200 and "404" in answer.text
    assert "Traceback" not in (folder / "log").read_text()


def test_a_long_message_is_refused_without_being_read(stranger: Stranger):
    before = stranger.http.get("/health").json()
    huge = json.dumps({"data": ["x" * 20_000_000], "fn_index": 0, "session_hash": "a"})
    assert "longer than 2,000,000 bytes" in refusal(
        stranger.http.post("/gradio_api/queue/join", content=huge.encode()), 413
    )

    def without_length() -> Iterator[bytes]:
        for _ in range(300):
            yield b"x" * 10_000

    sentence = refusal(stranger.http.post("/gradio_api/queue/join", content=without_length()), 413)
    assert "longer than 2,000,000 bytes" in sentence
    assert "Content-Length" in refusal(stranger.http.post("/gradio_api/upload", content=without_length()), 411)
    assert stranger.http.get("/health").json()["status"] == before["status"] == "ok"


def test_no_address_that_a_visitor_sends_is_fetched(stranger: Stranger, name: str):
    asked = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    trap = HTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=trap.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{trap.server_port}/picture.png"
    function = stranger.functions["translate"]
    for path in (there, there.upper(), f" {there}", there.removeprefix("http:"), "file:///etc/passwd"):
        file = {"path": path, "url": there, "meta": {"_type": "gradio.FileData"}}
        assert "not fetched" in refusal(stranger.join([file, name, 0], function), 400)
        assert "not fetched" in refusal(
            stranger.http.post("/gradio_api/call/translate", json={"data": [file, name, 0]}), 400
        )
    # Beside a path of this machine, the address is ignored, and the path must be that of an upload.
    for path in ("/etc/passwd", "../../etc/passwd", str(ROOT / "docs" / "page.png"), "", "\0"):
        file = {"path": path, "url": there, "meta": {"_type": "gradio.FileData"}}
        assert "not here" in refusal(stranger.join([file, name, 0], function), 400)
    trap.shutdown()
    assert asked == []


@pytest.mark.parametrize(
    "model", ["../checkpoints/sat2map", "/etc", "owner/name", "edges2shoes", "", None, 3, ["x"], {}]
)
def test_a_request_names_only_what_the_page_offers(stranger: Stranger, model: Any):
    assert stranger.draw(model).status_code == 200
    (output,) = stranger.answers()
    assert "does not offer that model" in json.loads(output["data"][0])["error"]
    file = stranger.upload(PICTURE)
    assert stranger.join([file, model, 0], stranger.functions["translate"]).status_code == 200
    (output,) = stranger.answers()
    assert "does not offer that model" in output["error"]


@pytest.mark.slow
def test_the_owner_may_let_visitors_name_any_model(name: str, tmp_path: Path):
    with running_app(tmp_path, "--models", name, "--allow-any-model") as url:
        stranger = Stranger(url)
        assert stranger.draw("edges2shoes").status_code == 200
        (output,) = stranger.answers()
        assert "image" in json.loads(output["data"][0])


def test_a_picture_over_the_owners_limit_is_refused_by_it(stranger: Stranger):
    file = stranger.upload(Image.new("L", (3001, 3000)))
    stranger.join([file, "sat2map", 0], stranger.functions["translate"])
    (output,) = stranger.answers()
    assert "3001 x 3000 pixels: make it smaller, to at most 9,000,000" in output["error"]


# --- fairness -------------------------------------------------------------------------------------------------------


def test_a_fast_visitor_is_told_when_to_retry_and_others_are_served(url: str, stranger: Stranger, name: str):
    answers = [stranger.http.post("/gradio_api/cancel", json={}) for _ in range(400)]
    busy = next(answer for answer in answers if answer.status_code == 429)
    assert re.fullmatch(r"You are sending more than 50 requests a second: try again in \d+ s\.", busy.json()["detail"])
    assert int(busy.headers["retry-after"]) >= 1
    other = Stranger(url)
    assert other.draw(name).status_code == 200
    assert len(list(other.answers())) == 1


def test_the_newest_drawing_of_a_page_is_the_one_that_is_translated(stranger: Stranger):
    """Ten drawings arrive while the first one is computed, which takes a while. Of the others, only the last is."""
    drawings = [Image.new("RGB", (512, 512), (8 * i, 0, 0)) for i in range(10)]
    for number, drawing in enumerate(drawings):
        assert stranger.draw("sat2map", drawing, id=number).status_code == 200
    values = [output["data"][0] for output in stranger.answers()]
    translated = [json.loads(value) for value in values if isinstance(value, str)]
    assert len(values) == 10 and len(translated) <= 3
    expected = data_url(Translator.from_pretrained("sat2map")(drawings[-1], 0), lossless=True)
    assert translated[-1]["image"] == expected


def test_a_closed_page_costs_nothing_more(stranger: Stranger, folder: Path, url: str):
    tile = stranger.upload(Image.new("RGB", (3000, 3000), "green"))

    def stopped() -> int:
        lines = [json.loads(line) for line in (folder / "log").read_text().splitlines() if line.startswith("{")]
        return sum(line["what"] == "file" and not line["done"] for line in lines)

    before = stopped()
    for _ in range(3):
        stranger.join([tile, "sat2map", 0], stranger.functions["translate"])
    with stranger.http.stream("GET", f"/gradio_api/queue/data?session_hash={stranger.session}") as stream:
        for line in stream.iter_lines():
            if "process_starts" in line:
                break
    with httpx.Client(base_url=url, trust_env=False) as client:
        wait_until(lambda: client.get("/health").json()["waiting"] == 0, 5)
    wait_until(lambda: stopped() > before, 5)  # at its next band; the others never run, or stop at their start


def test_a_finished_job_no_longer_counts_even_if_nobody_fetches_its_answer(stranger: Stranger, name: str):
    assert stranger.draw(name).status_code == 200
    file = stranger.upload(PICTURE)
    assert stranger.join([file, name, 0], stranger.functions["translate"]).status_code == 200
    wait_until(lambda: stranger.http.get("/health").json()["waiting"] == 0, 10)


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_many_drawers_at_once_are_all_served_and_each_gets_the_last_drawing(tmp_path: Path):
    from benchmarks import load

    load.MODELS[load.MODEL] = Translator.from_pretrained(load.MODEL)
    with load.running_page("--models", load.MODEL) as (address, process):
        figures = asyncio.run(run(address, process, drawers=12, rate=5, seconds=6, translations=0))
    assert figures["errors"] == [] and figures["last_drawings_right"] == 12
    assert figures["fewest_served_to_one"] >= 2 and figures["growth_in_second_half"] < 0.1


def test_files_made_for_a_visitor_are_removed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    service = Service(Limits())
    page = build(Models(["sat2map"]), service)
    several = next(f.fn for f in page.fns.values() if getattr(f.fn, "__name__", "") == "several")
    PICTURE.save(tmp_path / "tile.png")
    request = gradio.Request(starlette.requests.Request({"type": "http", "client": ("1.2.3.4", 5)}), session_hash="s")
    made = Path(several([{"path": str(tmp_path / "tile.png")}], "sat2map", 0, request, lambda *_: None))
    assert made.name == "pix2pix.zip" and made.is_relative_to(tmp_path)
    delete_files_created_by_app(page, age=None)
    assert not made.exists()


def test_names_in_a_zip_are_unique(tmp_path: Path):
    files = ["a.jpg", "a.png", "a-2.png", "A.bmp"]
    for file in files:
        PICTURE.save(tmp_path / file)
    made = translate_files(
        Models(["sat2map"]), [tmp_path / file for file in files], "sat2map", 0, lambda *_: None, tmp_path
    )
    assert zipfile.ZipFile(made).namelist() == ["a.png", "a-2.png", "a-2-2.png", "A-3.png"]


# --- what the owner sees ---------------------------------------------------------------------------------------------


def test_the_log_tells_what_happened_but_not_to_whom_or_what(stranger: Stranger, folder: Path, name: str):
    secret = "c0ffee" * 8
    stranger.http.get(f"/gradio_api/nothing/{secret}")
    stranger.draw(name, note=secret)
    list(stranger.answers())
    text = (folder / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert {"refused"} <= {line["what"] for line in lines}
    assert secret not in text and "base64" not in text and "10.2." not in text and "tile.png" not in text


@pytest.mark.slow
def test_it_finishes_running_work_when_it_is_stopped(name: str, tmp_path: Path):
    with running_app(tmp_path, "--models", name, "sat2map") as url:
        stranger = Stranger(url)
        tile = stranger.upload(Image.new("RGB", (1500, 1500), "green"))
        stranger.join([tile, "sat2map", 0], stranger.functions["translate"])
        server = int((tmp_path / "pid").read_text())
        outputs: list[dict] = []
        listening = threading.Thread(target=lambda: outputs.extend(stranger.answers()))
        listening.start()
        time.sleep(0.5)
        os.kill(server, signal.SIGTERM)
        time.sleep(0.2)
        other = httpx.Client(base_url=url, trust_env=False)
        assert other.get("/health").json()["status"] == "stopping"
        listening.join(30)
        assert outputs and outputs[0]["data"][0]["path"].endswith(".png")


# --- the parts, by themselves ----------------------------------------------------------------------------------------


def door(limits: Limits, only_here: bool = False) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    service = Service(limits, only_here=only_here)
    service.functions.inputs, service.functions.kinds = {0: 1}, {0: "drawing"}
    for middleware in reversed(service.middleware()):
        app = middleware.cls(app, **middleware.kwargs)
    return app


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:7860", "", 200),
        ("localhost:7860", "http://localhost:7860", 200),
        ("[::1]:7860", "http://[::1]:7860", 200),
        ("127.0.0.1:7860", "http://127.0.0.1:3000", 200),  # another program of this machine
        ("", "", 200),  # HTTP/1.0; no browser sends this
        ("rebound.example:7860", "", 403),
        ("rebound.example:7860", "http://rebound.example:7860", 403),
        ("127.0.0.1:7860", "https://other.example", 403),
        ("127.0.0.1:7860", "null", 403),
        ("127.0.0.1.other.example", "", 403),
        ("localhost.other.example", "", 403),
        ("[::1", "", 403),
    ],
)
def test_web_pages_of_other_sites_reach_no_page_at_home(host: str, origin: str, status: int):
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b""}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(name, value.encode()) for name, value in ((b"host", host), (b"origin", origin)) if value]
    scope = {
        "type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b"",
        "client": ("127.0.0.1", 5),
    }  # fmt: skip
    for only_here, expected in ((True, status), (False, 200)):
        sent.clear()
        asyncio.run(door(Limits(), only_here)(scope, receive, send))  # type: ignore[arg-type]
        assert sent[0]["status"] == expected


def test_a_page_at_home_is_closed_to_other_sites(url: str):
    assert httpx.get(url, headers={"Host": "rebound.example"}, trust_env=False).status_code == 403
    assert httpx.get(url, trust_env=False).status_code == 200


def test_slow_senders_are_cut_off():
    sent: list[dict] = []

    async def receive() -> dict:
        await asyncio.sleep(5)
        return {}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [], "query_string": b"",
        "client": ("1.2.3.4", 5),
    }  # fmt: skip
    start = time.monotonic()
    asyncio.run(door(Limits(silence=0.1))(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408 and b"0.1 seconds" in sent[1]["body"] and time.monotonic() - start < 2


def test_limits_by_hand(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("demo.server.visitors.time.monotonic", lambda: now)
    visitors = Visitors(Limits(rate=2, burst=4, upload_rate=10, upload_burst=100, streams=1))
    for _ in range(4):
        visitors.visit("a")
    with pytest.raises(Busy, match=r"more than 2 requests a second: try again in 1 s"):
        visitors.visit("a")
    visitors.may_upload("d", 90)
    with pytest.raises(Busy, match="uploads a minute: try again in 2 s"):
        visitors.may_upload("d", 30)
    now += 2
    visitors.may_upload("d", 30)
    with visitors.listening("e"), pytest.raises(Busy, match="1 answers"), visitors.listening("e"):
        pass
    for name in range(100):
        visitors.visit(str(name))
    now += 10_000
    visitors.visit("z")
    assert set(visitors._visitors) == {"z"}  # nobody else is limited by this


def test_jobs_by_hand(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("demo.server.jobs.time.monotonic", lambda: now)
    jobs = Jobs(Limits(users=6, job=300))
    first, *_ = [jobs.open("a", "s", f"drawing {i}") for i in range(3)]
    assert [jobs.is_outdated("s", f"drawing {i}") for i in range(3)] == [True, True, False]
    with pytest.raises(Busy, match="3 of your requests are still waiting"):
        jobs.open("a", "s")
    for name in "bbb":
        jobs.open(name, name)
    with pytest.raises(Busy, match=r"busy, with 6 requests waiting: try again in 2 s"):
        jobs.open("c", "s")
    jobs.close(first, 2.0)
    jobs.close(first)  # closing twice counts once
    assert jobs.waiting == 5
    jobs.open("c", "t")
    with pytest.raises(Busy, match=r"try again in 3 s"):  # 6 x (0.2 + 0.1 x (2 - 0.2)) = 2.28
        jobs.open("d", "s")
    jobs.leave("b", closed=True)
    assert jobs.waiting == 3 and jobs.is_gone("b")
    jobs.leave("t", closed=False)
    assert jobs.waiting == 2 and not jobs.is_gone("t")
    now += 601  # these were silent for twice a job's time limit
    jobs.open("z", "z")
    assert jobs.waiting == 1
    jobs.stopping = True
    with pytest.raises(Busy, match="restarted: try again in 10 s"):
        jobs.open("y", "y")


def test_drawings_are_logged_once_a_minute(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("demo.server.journal.time.monotonic", lambda: now)
    journal = Journal(io.StringIO())
    for ms in (30, 10, 20):
        journal.drawing(ms)
    assert journal.file.getvalue() == ""
    now += 61
    journal.drawing(40)
    journal.drawing(50)
    line = json.loads(journal.file.getvalue())
    assert (line["what"], line["count"], line["p50_ms"], line["p95_ms"]) == ("drawings", 3, 20, 30)


def test_a_file_gives_way_to_drawings():
    turns, order = Turns(), []
    started, go = threading.Event(), threading.Event()

    def file() -> None:
        with turns.file():
            for tile in range(3):
                order.append(f"tile {tile}")
                started.set()
                assert go.wait(10)
                turns.give_way()

    def drawing(number: int) -> None:
        with turns.drawing():
            order.append(f"drawing {number}")

    threads = [threading.Thread(target=file)]
    threads[0].start()
    assert started.wait(10)
    for number in range(2):
        threads.append(threading.Thread(target=drawing, args=(number,)))
        threads[-1].start()
    while turns._drawings < 2:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join(10)
    assert order[0] == "tile 0" and set(order[1:3]) == {"drawing 0", "drawing 1"} and order[3:] == ["tile 1", "tile 2"]
