"""The latency of the page: `python -m benchmarks.live [--json FILE]`, in headless Chromium on this machine.

One, three and ten pages are drawn on at once, with the server's engine and with the browser's, stroke by stroke in
turns. For every picture, it measures the time from the pen's movement to the picture, while the pen is down and after
it is lifted, and the model's own time in it; and how busy the server's process is. The browser, with all its pages,
uses the same cores as the server.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.load import running_page
from pix2pix.files import write_text

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
STROKE_SECONDS = 1.5
LISTEN = """() => {
    window.trips = [];
    document.addEventListener('pix2pix:translated', ({ detail }) => {
        window.trips.push({ final: detail.final, trip: performance.now() - detail.sent, model: detail.ms });
    });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="edges2shoes")
    parser.add_argument("--engines", nargs="+", choices=["server", "browser"], default=["server", "browser"])
    parser.add_argument("--drawers", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument(
        "--strokes", type=int, default=15, help="strokes of a single drawer; several draw fewer each (default 15)"
    )
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    rows = []
    with running_page("--models", options.model) as (address, server), sync_playwright() as p:
        for count in options.drawers:
            browsers = {engine: p.chromium.launch(executable_path=chromium, args=FLAGS) for engine in options.engines}
            pages = {
                engine: [open_page(browser, address, engine) for _ in range(count)]
                for engine, browser in browsers.items()
            }
            busy, wall = dict.fromkeys(options.engines, 0.0), dict.fromkeys(options.engines, 0.0)
            for stroke in range(max(3, options.strokes // count)):
                for engine in options.engines:
                    start, used = time.monotonic(), processor_seconds(server)
                    draw(pages[engine], stroke)
                    busy[engine] += processor_seconds(server) - used
                    wall[engine] += time.monotonic() - start
            for engine, browser in browsers.items():
                trips = [trip for page in pages[engine] for trip in page.evaluate("window.trips")]
                browser.close()
                rows.append(
                    {"engine": engine, "drawers": count, **figures(trips), "server_share": busy[engine] / wall[engine]}
                )
    print(
        "| engine | drawers | pictures | model, ms | pen down: p50, p95, ms | lifted: p50, p95, ms "
        "| 2.5 models + 60 | server, % of a core |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for row in rows:
        print(
            f"| {row['engine']} | {row['drawers']} | {row['pictures']} | {row['model_ms']:.0f} "
            f"| {row['down_p50_ms']:.0f}, {row['down_p95_ms']:.0f} "
            f"| {row['lifted_p50_ms']:.0f}, {row['lifted_p95_ms']:.0f} | {2.5 * row['model_ms'] + 60:.0f} "
            f"| {100 * row['server_share']:.0f} |"
        )
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def open_page(browser: Any, address: str, engine: str) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}?engine={engine}")
    page.wait_for_selector(".studio[data-state=ready]", timeout=120_000)
    page.locator(".examples button").first.click()  # also ends the drawing that a first visitor is shown
    page.wait_for_selector("#picture[data-final=true]", timeout=120_000)
    page.wait_for_timeout(500)
    page.evaluate(LISTEN)
    return page


def draw(pages: list[Any], stroke: int) -> None:
    """Draw a stroke on all pages at once, and wait for the last pictures."""
    boxes = [page.locator("#sheet").bounding_box() for page in pages]
    left, top = 20 + 13 * (stroke % 6), 20 + 14 * (stroke % 15)
    for page, box in zip(pages, boxes, strict=True):
        page.mouse.move(box["x"] + left, box["y"] + top)
        page.mouse.down()
    until = time.monotonic() + STROKE_SECONDS
    step = 0
    while time.monotonic() < until:
        step += 1
        for page, box in zip(pages, boxes, strict=True):
            page.mouse.move(box["x"] + left + 5 * step % 150, box["y"] + top + 2 * step % 100)
        pages[0].wait_for_timeout(16)
    for page in pages:
        page.mouse.up()
    pages[0].wait_for_timeout(400 + 200 * len(pages))


def processor_seconds(process: int) -> float:
    """What a process has used of all cores so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(trips: list[dict]) -> dict[str, float]:
    down = sorted(trip["trip"] for trip in trips if not trip["final"])
    lifted = sorted(trip["trip"] for trip in trips if trip["final"])
    return {
        "pictures": len(trips),
        "model_ms": statistics.median(trip["model"] for trip in trips),
        **{
            f"{name}_p{share}_ms": times[min(len(times) - 1, share * len(times) // 100)]
            for name, times in (("down", down), ("lifted", lifted))
            for share in (50, 95)
        },
    }


if __name__ == "__main__":
    main()
