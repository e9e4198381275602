"""What a large picture costs in memory: `python -m benchmarks.tiles [--side 4096] [--json FILE]`.

Translates one small picture with a bundled model and then a large one, in tiles, in this fresh process; prints the
resident memory after the first and its peak after the second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time

from PIL import Image

from benchmarks.load import resident
from pix2pix import Translator
from pix2pix.files import write_text

KILOBYTE = 1024  # the unit of the peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4096, help="of the large picture, pixels (default %(default)s)")
    parser.add_argument("--model", default="sat2map")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    translator = Translator.from_pretrained(options.model)
    picture = Image.effect_noise((options.side, options.side), 90).convert("RGB")
    translator(picture.crop((0, 0, 256, 256)))
    before, start = resident(os.getpid()), time.monotonic()
    translator(picture)
    figures = {
        "side": options.side,
        "before_mb": round(before),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE / 1e6),
        "seconds": round(time.monotonic() - start, 1),
    }
    print("; ".join(f"{name} {value}" for name, value in figures.items()))
    if options.json:
        write_text(options.json, json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
