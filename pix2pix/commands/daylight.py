"""`pix2pix daylight`: brighter aerial photos."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.options import Commands
from pix2pix.commands.output import print_written


def add(commands: Commands) -> None:
    command = commands.add_parser("daylight", help="brighten the dark aerial photos in pairs of photos and maps")
    command.add_argument("pairs", metavar="PAIRS", type=Path, help="folder of pairs: aerial photos (A) and maps (B)")
    command.add_argument("output", metavar="OUT", type=Path, help="folder to make, with train/ and val/ in it")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.pairs.daylight import write_daylight

    print_written(options.output, write_daylight(options.pairs, options.output))
