"""`pix2pix pairs`: pairs of photos and their outlines or lightness."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.options import Commands, side
from pix2pix.commands.output import print_written


def add(commands: Commands) -> None:
    command = commands.add_parser("pairs", help="make pairs of photos, as side-by-side files to train on")
    command.add_argument("photos", metavar="PHOTOS", type=Path, help="folder of photos")
    command.add_argument("output", metavar="OUT", type=Path, help="folder to make, with train/ and val/ in it")
    command.add_argument(
        "--make", choices=["edges", "lightness"], default="edges",
        help="what stands on the left: the photo's outlines or its lightness (default edges)",
    )  # fmt: skip
    command.add_argument("--size", type=side, default=256, help="side of each half in pixels (default 256)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.pairs.written import write_pairs

    print_written(options.output, write_pairs(options.photos, options.output, options.make, options.size))
