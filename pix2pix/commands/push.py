"""`pix2pix push`: a model to the Hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.options import Commands


def add(commands: Commands) -> None:
    command = commands.add_parser("push", help="upload a checkpoint folder to the Hub")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="the checkpoint folder, with its card")
    command.add_argument("name", metavar="OWNER/NAME", help="the model on the Hub, which is made where it is missing")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.weights.checkpoint import read_config
    from pix2pix.weights.hub import push

    read_config(options.folder)  # refuses what is no model before anything is sent
    print(f"The model is at {push(options.folder, options.name)}.")
