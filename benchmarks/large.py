"""Time and memory of large pictures: `python -m benchmarks.large [--json FILE]`.

Translates pictures of several shapes by `pix2pix translate`, each in its own process, and prints the seconds and the
peak of resident memory, or the message of the refusal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from pix2pix.files import write_text

SHAPES = ((4096, 4096), (16384, 1024), (30000, 300), (167000, 100))
RUNS = ("sat2map", "edges2shoes", "edges2shoes --scale native", "edges2shoes --size 4096")
# The child's own peak, since that of getrusage is inherited from the parent process.
PROGRAM = """
import sys
from pix2pix.__main__ import main
code = main(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(code)
"""
KILOBYTE = 1024  # the unit of the peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    rows = []
    print("| picture | model | seconds | peak, GB | |\n|---|---|---|---|---|")
    for shape in SHAPES:
        for model in RUNS:
            row = translated(shape, model.split())
            rows.append(row)
            print("| {picture} | {model} | {seconds} | {peak_gb} | {said} |".format(**row), flush=True)
    if options.json:
        write_text(options.json, json.dumps(rows, indent=2) + "\n")


def translated(shape: tuple[int, int], model: list[str]) -> dict:
    """Translate a picture of noise by a model, given with its options, and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        picture, result = Path(folder) / "in.png", Path(folder) / "out.png"
        Image.effect_noise(shape, 90).convert("RGB").save(picture, compress_level=1)
        start = time.monotonic()
        arguments = ["translate", str(picture), str(result), "--model", *model]
        child = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True)
        return {
            "picture": f"{shape[0]} × {shape[1]}",
            "model": " ".join(model),
            "seconds": round(time.monotonic() - start, 1),
            "peak_gb": round(int(child.stdout.split()[-1]) * KILOBYTE / 1e9, 2),
            "said": child.stderr.strip().removeprefix(f"pix2pix: {picture} "),
        }


if __name__ == "__main__":
    main()
