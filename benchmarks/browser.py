"""What a picture costs a visitor's processor: `python -m benchmarks.browser [--json FILE]`.

The page's engine for browsers, in node and in Chromium, against the server's engine on one thread and against
onnxruntime-web, which npm fetches into a temporary folder. Each has a process of its own and does a few pictures in
turn, so that a slow moment of the machine hits all alike. What is counted is the processor's time of the process, in
Chromium of all its processes; the medians and their ratios are printed. Everything else that the page does, such as
showing the picture, is left out.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from pix2pix.files import write_text

ROOT = Path(__file__).resolve().parent.parent
SERVER = "server's engine, one thread"
ORT = "onnxruntime-web"
SIDE = 256
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
TICKS = os.sysconf("SC_CLK_TCK")
# Does the pictures that the page is asked for.
IN_CHROMIUM = """async ([kind, model, shapes]) => {
    const { ours, theirs } = await import('/benchmarks/browser.mjs');
    const read = async (path) => (await fetch(`/${path}`)).arrayBuffer();
    window.picture = kind === 'onnxruntime-web'
        ? await theirs(await import('/ort/ort.wasm.min.mjs'), new Uint8Array(await read('ort/model.onnx')), shapes)
        : await ours(read, kind, model);
}"""
Contender = Callable[[int], float]  # pictures -> the processor's seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="edges2shoes")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pictures", type=int, default=8, help="in a row (default 8)")
    parser.add_argument("--json", help="write the figures to this file too")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)  # what this starts for itself
    options = parser.parse_args()
    if options.serve:
        serve(options.model)
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contenders = make(stack, folder, options.model)
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for turn in range(options.rounds + 1):
            for name, run in contenders.items():
                seconds = run(options.pictures)
                if turn:  # the first one warms up
                    times[name].append(1000 * seconds / options.pictures)
    medians = {name: statistics.median(found) for name, found in times.items()}
    print("| | ms of one processor | times the server's engine | times faster than onnxruntime-web |")
    print("|---|---|---|---|")
    rows = []
    for name, ms in medians.items():
        place = name.rpartition(", ")[2]
        rival = medians.get(f"{ORT}, {place}")
        row = {"name": name, "ms": ms, "times_server": ms / medians[SERVER], "faster": rival / ms if rival else None}
        rows.append(row)
        faster = f"{row['faster']:.2f}" if row["faster"] else ""
        print(f"| {name} | {ms:.1f} | {row['times_server']:.2f} | {faster} |")
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def make(stack: ExitStack, folder: Path, model: str) -> dict[str, Contender]:
    """What takes part, by name, each warmed up and waiting."""
    npm = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "onnxruntime-web"]
    subprocess.run(npm, check=True, stdout=sys.stderr)
    dist = folder / "node_modules" / "onnxruntime-web" / "dist"
    onnx = dist / "model.onnx"
    subprocess.run([sys.executable, "-m", "pix2pix", "export", model, str(onnx)], cwd=ROOT, check=True)
    shapes = mask_shapes(model)
    node = str(shutil.which("node"))
    script, details = str(ROOT / "benchmarks" / "browser.mjs"), [model, str(onnx), json.dumps(shapes)]
    server = [sys.executable, "-m", "benchmarks.browser", "--serve", "--model", model]
    contenders = {SERVER: stack.enter_context(child(server))}
    for kind in ("relaxed", "plain", ORT):
        flags = ["--experimental-wasm-relaxed-simd"] if kind == "relaxed" else []
        command = [node, *flags, script, kind, *details, (dist / "ort.node.min.mjs").as_uri()]
        contenders[f"{label(kind)}, node"] = stack.enter_context(child(command))
    from playwright.sync_api import sync_playwright

    address = stack.enter_context(files({"/ort/": dist, "/": ROOT}))
    playwright = stack.enter_context(sync_playwright())
    for kind in ("relaxed", "plain", ORT):
        page = chromium(playwright, address, [kind, model, shapes])
        contenders[f"{label(kind)}, Chromium"] = stack.enter_context(page)
    return contenders


def label(kind: str) -> str:
    return kind if kind == ORT else f"the page's engine, {kind} SIMD"


def mask_shapes(model: str) -> list[list[int]]:
    from pix2pix.weights.pretrained import load_weights

    config, _, _ = load_weights(model)
    return [[1, *shape] for shape in config.noise_shapes(SIDE, SIDE)]


@contextmanager
def child(command: list[str]) -> Iterator[Contender]:
    """A process that answers a number of pictures with the seconds that they took."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    source, sink = process.stdout, process.stdin

    def run(pictures: int) -> float:
        print(pictures, file=sink, flush=True)
        return float(source.readline())

    try:
        if source.readline().strip() != "ready":
            raise SystemExit(f"{command[0]} did not start.")
        yield run
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chromium(playwright: Any, address: str, arguments: list[Any]) -> Iterator[Contender]:
    """A page that does the pictures in its own thread; the seconds are those of all of its browser's processes."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=FLAGS)
        page = browser.pages[0]
        page.goto(f"{address}/demo/web/studio.html")
        page.evaluate(IN_CHROMIUM, arguments)
        first = next(pid for pid, (_, words) in processes().items() if profile in words and "--type=" not in words)

        def run(pictures: int) -> float:
            before = seconds_of(first)
            page.evaluate("async (count) => { for (let i = 0; i < count; i++) await window.picture(i); }", pictures)
            return seconds_of(first) - before

        yield run
        browser.close()


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of each process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            found[int(folder.name)] = parent, folder.joinpath("cmdline").read_text()
    return found


def seconds_of(first: int) -> float:
    """The processor's time of a process and of all that came from it."""
    parents = {pid: parent for pid, (parent, _) in processes().items()}

    def belongs(pid: int) -> bool:
        return pid == first or (pid in parents and belongs(parents[pid]))

    ticks = 0
    for pid in filter(belongs, parents):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / TICKS


@contextmanager
def files(folders: dict[str, Path]) -> Iterator[str]:
    """Folders by the beginning of their paths, over HTTP."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            start = next(start for start in folders if path.startswith(start))
            self.directory = str(folders[start])
            return super().translate_path("/" + path.removeprefix(start))

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def serve(model: str) -> None:
    """The server's engine on one processor, asked as `browser.mjs` is in node."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import numpy as np

    from pix2pix.networks.noise import dropout_masks
    from pix2pix.translate.engines import load_engine

    engine, _ = load_engine(model)
    drawing = np.random.default_rng(0).uniform(-1, 1, (3, SIDE, SIDE)).astype(np.float32)
    shapes, rate = engine.config.noise_shapes(SIDE, SIDE), engine.config.dropout
    print("ready", flush=True)
    for line in sys.stdin:
        before = time.process_time()
        for seed in range(int(line)):
            engine.decode(engine.encode(drawing), dropout_masks(shapes, rate, seed))
        print(time.process_time() - before, flush=True)


if __name__ == "__main__":
    main()
