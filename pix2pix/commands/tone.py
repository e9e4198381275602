"""`pix2pix tone`: the colours that L1 has faded."""

from __future__ import annotations

import argparse
from pathlib import Path

from pix2pix.commands.inputs import find_pairs
from pix2pix.commands.options import Commands, add_data, fraction, weight


def add(commands: Commands) -> None:
    command = commands.add_parser("tone", help="restore the colours that L1 or weight averaging has faded")
    command.add_argument("source", metavar="SOURCE", help="bundled name, checkpoint folder or file, or Hub id")
    command.add_argument("output", metavar="OUT", type=Path, help="the checkpoint folder to write")
    add_data(command, "train")
    command.add_argument(
        "--sample-distance-weight", type=weight, default=0.5, metavar="W",
        help="weight of the distance between samples against L1, from 0 to 2 (default 0.5, as in the CRPS)",
    )  # fmt: skip
    command.add_argument(
        "--strength", type=fraction, default=1.0, metavar="S",
        help="how much of the tone to take, from 0 to 1 (default 1)",
    )  # fmt: skip
    old_name = "--diversity"
    command.add_argument(old_name, dest="sample_distance_weight", type=weight, help=argparse.SUPPRESS)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.evaluation.tone import fit_tone
    from pix2pix.files import write_text
    from pix2pix.translate.engines import TorchEngine
    from pix2pix.translate.translator import Translator
    from pix2pix.weights.checkpoint import CARD_FILE
    from pix2pix.weights.export import check_free
    from pix2pix.weights.pretrained import find_checkpoint, load_generator

    check_free(options.output)
    generator, task = load_generator(options.source)
    pairs = find_pairs(options, Translator(TorchEngine(generator), task), squares=True)
    tone, before, after = fit_tone(generator, pairs, options.sample_distance_weight, strength=options.strength)
    tone.fold_into(generator)
    card = find_checkpoint(options.source) / CARD_FILE
    if card.is_file():
        note = f"\nAfter these figures, `pix2pix tone --strength {options.strength:g}` changed its colours.\n"
        write_text(options.output / CARD_FILE, card.read_text(encoding="utf-8") + note)
    generator.save_pretrained(options.output, task, half=True)
    print(f"{options.output}: {options.source} in another tone. On {options.data}, {options.split}, before and after:")
    words = {"lab": "Lab histograms in common", "l1": "L1", "sample_distance": "distance of two samples"}
    for name, what in words.items():
        print(f"  {what:25} {before[name]:.4f}  {after[name]:.4f}")
