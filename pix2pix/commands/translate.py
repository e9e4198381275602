"""`pix2pix translate`: pictures from pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.inputs import load, seeds_from
from pix2pix.commands.options import Commands, add_polarity, add_running, count, seed
from pix2pix.commands.output import say, warn
from pix2pix.errors import ImageError, Pix2PixError

SHOWN = 5  # names listed in a sentence


def add(commands: Commands) -> None:
    command = commands.add_parser("translate", help="translate a picture, or a folder of them")
    command.add_argument("input", metavar="IN", type=Path, help="a picture of any size and kind, or a folder")
    command.add_argument(
        "output", metavar="OUT", type=Path,
        help="file to write, whose suffix gives the format; for a folder, the folder of the PNG files to write",
    )  # fmt: skip
    command.add_argument("--model", required=True, help="bundled name, checkpoint folder or file, or Hub id")
    command.add_argument("--seed", type=seed, default=0, help="seed of the dropout noise (default 0)")
    command.add_argument(
        "--samples", type=count, default=1,
        help="number of samples, with seeds from --seed upwards; several are written as OUT-SEED.suffix (default 1)",
    )  # fmt: skip
    command.add_argument(
        "--scale", choices=["whole", "native"],
        help="whole: scale the picture to the size of the network; native: keep its pixels (default: as trained)",
    )  # fmt: skip
    command.add_argument("--no-dropout", action="store_true", help="leave the noise out: one result, no seeds")
    add_polarity(command, "the picture")
    add_running(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from PIL import Image

    from pix2pix.pictures.drawings import WORDS
    from pix2pix.pictures.places import LINE_KINDS
    from pix2pix.translate.files import translate_file, translate_folder

    folder, output = options.input.is_dir(), options.output
    if not folder and output.suffix.lower() not in Image.registered_extensions():
        raise ImageError(
            f"{output} has no suffix of a picture format: name it {output.stem or 'out'}.png, for example."
        )
    if not options.input.exists():
        raise ImageError(f"There is no picture at {options.input}: check the path.")
    if options.no_dropout and options.samples > 1:
        raise Pix2PixError("--no-dropout leaves the noise out, so all samples are alike: leave --samples out.")
    seeds = [None] if options.no_dropout else seeds_from(options.seed, options.samples)
    translator = load(options, options.scale)
    if options.polarity != "auto" and translator.input_kind not in LINE_KINDS:
        raise Pix2PixError(f"--polarity is about drawings, and {options.model} takes {translator.input_kind}.")
    if not folder:
        found = translate_file(translator, options.input, output, seeds, options.polarity, say)
        if options.polarity == "auto" and WORDS[found]:
            warn(f"{options.input} {WORDS[found]}. --polarity dark-lines takes it as it is.")
        return 0
    outcome = translate_folder(translator, options.input, output, seeds, options.polarity, say, warn)
    for found, times in outcome.found.items():
        if options.polarity == "auto" and WORDS[found]:
            warn(f"{times} of the pictures: each {WORDS[found]}. --polarity dark-lines takes them as they are.")
    if skipped := outcome.skipped:
        names = ", ".join(path.name for path in skipped[:SHOWN])
        more = f" and {len(skipped) - SHOWN} more" if len(skipped) > SHOWN else ""
        warn(f"Skipped, since these are not pictures: {names}{more}.")
    if outcome.faults:
        warn(f"{outcome.written} files are in {output}. Not translated: {len(outcome.faults)}.")
    return 1 if outcome.faults else 0
