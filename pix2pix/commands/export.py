"""`pix2pix export`: a model in another form."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.options import Commands


def add(commands: Commands) -> None:
    command = commands.add_parser("export", help="write a model in another form")
    command.add_argument("source", metavar="SOURCE", help="bundled name, checkpoint folder or file, or Hub id")
    command.add_argument(
        "output", metavar="OUT", type=Path,
        help="a checkpoint folder; NAME.safetensors; NAME.onnx; or NAME.pth for pytorch-CycleGAN-and-pix2pix",
    )  # fmt: skip
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.weights.export import export

    print(export(options.source, options.output))
