"""`pix2pix evaluate`: how good a model is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pix2pix.commands.inputs import find_pairs, load, seeds_from
from pix2pix.commands.options import Commands, add_data, add_running, seed
from pix2pix.errors import Pix2PixError


def add(commands: Commands) -> None:
    command = commands.add_parser("evaluate", help="measure a model on a split of pairs")
    command.add_argument("--model", required=True, help="bundled name, checkpoint folder or file, or Hub id")
    add_data(command, "val")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    command.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with the first, the worst and the best pairs"
    )
    command.add_argument("--perturb", action="store_true", help="redraw the input edges as a hand would")
    command.add_argument(
        "--perceptual", action="store_true", help="also FID, KID and LPIPS, where their weights are installed"
    )
    command.add_argument("--seed", type=seed, default=0, help="seed of the first sample; each pair has 8 (default 0)")
    add_running(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.evaluation.metrics import SAMPLES, evaluate
    from pix2pix.evaluation.report import metrics_text, pairs_words
    from pix2pix.evaluation.sheet import Sheet
    from pix2pix.files import check_place, write_text
    from pix2pix.pictures.places import LINE_KINDS

    translator = load(options)
    if options.perturb and translator.input_kind not in LINE_KINDS:
        raise Pix2PixError(f"--perturb draws edges by hand, and {options.model} takes {translator.input_kind}.")
    for path in filter(None, (options.json, options.html)):
        check_place(path)
    pairs = find_pairs(options, translator)
    seeds = seeds_from(options.seed, SAMPLES * len(pairs))
    sheet = Sheet()
    shown = options.html or options.perceptual
    metrics = evaluate(translator, pairs, seeds[0], options.perturb, sheet.keep if shown else None)
    of = f"the {options.split} split of {options.data}, {pairs.direction}"
    print(f"{options.model}: {pairs_words(metrics['count'])} of {of}\n")
    print(metrics_text(metrics))
    if options.perceptual:
        from pix2pix.evaluation.perceptual import perceptual

        metrics["perceptual"], absent = perceptual(sheet.rows)
        print("\n" + "\n".join([f"{name}: {value:.4f}" for name, value in metrics["perceptual"].items()] + absent))
    if options.json:
        facts = {"model": options.model, "split": options.split, "direction": pairs.direction, "seed": options.seed}
        write_text(options.json, json.dumps({**facts, "perturbed": options.perturb, **metrics}, indent=2) + "\n")
    if options.html:
        write_text(options.html, sheet.html(f"{options.model} on {options.data}, {options.split}", metrics))
