"""The start-up time of the page: `python -m benchmarks.startup [--json FILE]`.

Starts `python app.py` and waits for its first page, then for the answer to a drawing. In turn with this, it times the
import of Gradio alone. The figures are medians of a few rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time

import httpx

from benchmarks.load import ROOT, Drawer, live_function, running_page
from pix2pix.files import write_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    rounds = [one_round() for _ in range(options.rounds)]
    figures = {name: round(statistics.median(each[name] for each in rounds), 2) for name in rounds[0]}
    allowed = 1.25 * figures["import_gradio_s"] + 1.5
    print(f"import gradio            {figures['import_gradio_s']:.2f} s")
    print(f"first page               {figures['first_page_s']:.2f} s (1.25 times that and 1.5 s: {allowed:.2f} s)")
    print(f"first translation after  {figures['first_translation_after_s']:.2f} s")
    if options.json:
        write_text(options.json, json.dumps(figures, indent=2) + "\n")


def one_round() -> dict[str, float]:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True, cwd=ROOT)
    imported = time.perf_counter() - start
    start = time.perf_counter()
    with running_page("--models", "paint2emoji", until="/") as (address, _):
        page = time.perf_counter() - start
        asyncio.run(first_translation(address))
        translated = time.perf_counter() - start - page
    return {"import_gradio_s": imported, "first_page_s": page, "first_translation_after_s": translated}


async def first_translation(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        drawer = Drawer(0, client, await live_function(client))
        drawer.stroke()
        if await drawer.translate(final=True) is None:
            raise SystemExit(f"The drawing was not translated: {drawer.errors}")


if __name__ == "__main__":
    main()
