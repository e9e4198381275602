"""`pix2pix translate | evaluate | export | tone | push | pairs | daylight | models`, or `python -m pix2pix ...`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix import __version__
from pix2pix.devices import MEMORY, gigabytes
from pix2pix.errors import ImageError, Pix2PixError, missing

if TYPE_CHECKING:
    from pix2pix.pairs.pairs import Pairs
    from pix2pix.translate.translator import Translator

SHOWN = 5  # names listed in a sentence


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    code = 0
    try:
        code = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        forget_stdout()
    except KeyboardInterrupt:
        warn("Stopped.")
        return 128 + signal.SIGINT
    except ModuleNotFoundError as error:
        warn(missing(error))
        return 2
    except Pix2PixError as error:
        warn(str(error))
        return 2
    except OSError as error:  # a full disk, say
        name = error.filename2 or error.filename or "A file"  # the second is where a finished file was to go
        warn(f"{name} cannot be used ({error.strerror or error}): choose another place.")
        return 2
    return code


def say(line: str) -> None:
    """Print a line about work that goes on, also when nobody reads any more."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        forget_stdout()


def forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="pix2pix", description="Use a pix2pix model from the command line.")
    p.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = p.add_subparsers(required=True, metavar="COMMAND")

    translate = commands.add_parser("translate", help="translate a picture, or a folder of them")
    translate.add_argument("input", metavar="IN", type=Path, help="a picture of any size and kind, or a folder")
    translate.add_argument(
        "output", metavar="OUT", type=Path,
        help="file to write, whose suffix gives the format; for a folder, the folder of the PNG files to write",
    )  # fmt: skip
    translate.add_argument("--model", required=True, help="bundled name, checkpoint folder or file, or Hub id")
    translate.add_argument("--seed", type=seed, default=0, help="seed of the dropout noise (default 0)")
    translate.add_argument(
        "--samples", type=count, default=1,
        help="number of samples, with seeds from --seed upwards; several are written as OUT-SEED.suffix (default 1)",
    )  # fmt: skip
    translate.add_argument(
        "--scale", choices=["whole", "native"],
        help="whole: scale the picture to the size of the network; native: keep its pixels (default: as trained)",
    )  # fmt: skip
    translate.add_argument("--no-dropout", action="store_true", help="leave the noise out: one result, no seeds")
    add_polarity(translate, "the picture")
    add_running(translate)
    translate.set_defaults(run=run_translate)

    evaluate = commands.add_parser("evaluate", help="measure a model on a split of pairs")
    evaluate.add_argument("--model", required=True, help="bundled name, checkpoint folder or file, or Hub id")
    add_data(evaluate, "val")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    evaluate.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with the first, the worst and the best pairs"
    )
    evaluate.add_argument("--perturb", action="store_true", help="redraw the input edges as a hand would")
    evaluate.add_argument(
        "--perceptual", action="store_true", help="also FID, KID and LPIPS, where their weights are installed"
    )
    evaluate.add_argument("--seed", type=seed, default=0, help="seed of the first sample; each pair has 8 (default 0)")
    add_running(evaluate)
    evaluate.set_defaults(run=run_evaluate)

    export = commands.add_parser("export", help="write a model in another form")
    export.add_argument("source", metavar="SOURCE", help="bundled name, checkpoint folder or file, or Hub id")
    export.add_argument(
        "output", metavar="OUT", type=Path,
        help="a checkpoint folder; NAME.safetensors; NAME.onnx; or NAME.pth for pytorch-CycleGAN-and-pix2pix",
    )  # fmt: skip
    export.set_defaults(run=run_export)

    tone = commands.add_parser("tone", help="restore the colours that L1 or weight averaging has faded")
    tone.add_argument("source", metavar="SOURCE", help="bundled name, checkpoint folder or file, or Hub id")
    tone.add_argument("output", metavar="OUT", type=Path, help="the checkpoint folder to write")
    add_data(tone, "train")
    tone.add_argument(
        "--sample-distance-weight", type=weight, default=0.5, metavar="W",
        help="weight of the distance between samples against L1, from 0 to 2 (default 0.5, as in the CRPS)",
    )  # fmt: skip
    tone.add_argument(
        "--strength", type=fraction, default=1.0, metavar="S",
        help="how much of the tone to take, from 0 to 1 (default 1)",
    )  # fmt: skip
    tone.add_argument("--diversity", dest="sample_distance_weight", type=weight, help=argparse.SUPPRESS)  # its old name
    tone.set_defaults(run=run_tone)

    push = commands.add_parser("push", help="upload a checkpoint folder to the Hub")
    push.add_argument("folder", metavar="FOLDER", type=Path, help="the checkpoint folder, with its card")
    push.add_argument("name", metavar="OWNER/NAME", help="the model on the Hub, which is made where it is missing")
    push.set_defaults(run=run_push)

    pairs = commands.add_parser("pairs", help="make pairs of photos, as side-by-side files to train on")
    pairs.add_argument("photos", metavar="PHOTOS", type=Path, help="folder of photos")
    pairs.add_argument("output", metavar="OUT", type=Path, help="folder to make, with train/ and val/ in it")
    pairs.add_argument(
        "--make", choices=["edges", "lightness"], default="edges",
        help="what stands on the left: the photo's outlines or its lightness (default edges)",
    )  # fmt: skip
    pairs.add_argument("--size", type=side, default=256, help="side of each half in pixels (default 256)")
    pairs.set_defaults(run=run_pairs)

    daylight = commands.add_parser("daylight", help="brighten the dark aerial photos in pairs of photos and maps")
    daylight.add_argument("pairs", metavar="PAIRS", type=Path, help="folder of pairs: aerial photos (A) and maps (B)")
    daylight.add_argument("output", metavar="OUT", type=Path, help="folder to make, with train/ and val/ in it")
    daylight.set_defaults(run=run_daylight)

    models = commands.add_parser("models", help="list the bundled, cached and known models")
    models.set_defaults(run=run_models)
    return p


def add_data(command: argparse.ArgumentParser, split: str) -> None:
    """Add the options about the pairs."""
    command.add_argument("--data", required=True, help="folder of pairs, or hub:owner/name, as train.py takes it")
    command.add_argument("--split", default=split, help=f"split of the data (default {split})")
    command.add_argument(
        "--columns", nargs=2, default=("imageA", "imageB"), metavar=("A", "B"), help="columns of a Hub data set"
    )
    command.add_argument("--config", default="", metavar="NAME", help="configuration of a Hub data set")
    command.add_argument(
        "--stretch", action="store_true", help="accept pairs whose pictures have different shapes, as train.py does"
    )
    command.add_argument(
        "--direction", choices=["AtoB", "BtoA"], help="what to translate into what (default: as trained)"
    )
    add_polarity(command, "most of the files")


def add_polarity(command: argparse.ArgumentParser, judged: str) -> None:
    from pix2pix.pictures.drawings import POLARITIES

    command.add_argument(
        "--polarity", choices=POLARITIES, default="auto",
        help=f"lines of a drawing; light lines are inverted (default auto: decided by {judged})",
    )  # fmt: skip


def add_running(command: argparse.ArgumentParser) -> None:
    """Add the options about running a model."""
    command.add_argument("--device", default="cpu", help="cpu, cuda, mps or auto (default cpu)")
    command.add_argument("--engine", default="auto", help="onnx, torch or auto (default auto: onnx on a CPU)")
    command.add_argument(
        "--size", type=int, metavar="PIXELS",
        help="side of the square that the network sees (default: the model's own); a larger one gives more detail",
    )  # fmt: skip
    command.add_argument(
        "--memory", type=gigabytes, default=MEMORY, metavar="GB",
        help="most memory for a translation; a picture that needs more is computed in bands (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--norm-statistics", choices=["picture", "running"], default="picture",
        help="normalise by the picture's own statistics (default), or by those of training if the checkpoint has them",
    )  # fmt: skip


def run_translate(options: argparse.Namespace) -> int:
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


def warn(sentence: str) -> None:
    print(f"pix2pix: {sentence}", file=sys.stderr)


def seeds_from(first: int, count: int) -> range:
    from pix2pix.networks.noise import MAX_SEED

    if first + count - 1 > MAX_SEED:
        raise Pix2PixError(f"--seed {first} leaves no room for {count} samples: use a smaller seed.")
    return range(first, first + count)


def run_evaluate(options: argparse.Namespace) -> None:
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


def find_pairs(options: argparse.Namespace, translator: Translator, squares: bool = False) -> Pairs:
    """The pairs for the options of `add_data`, read as this model takes them."""
    from pix2pix.errors import DataError
    from pix2pix.evaluation.data import pairs_for
    from pix2pix.pairs.folders import DataSet

    make = translator.task.get("make", "")
    if make and Path(options.data).is_dir():  # inputs were made of photos in training; here they may be there already
        with suppress(DataError):
            DataSet(options.data)
            make = ""
    data = DataSet(options.data, make, tuple(options.columns), config=options.config)
    pairs = pairs_for(translator, data, options.split, options.direction, options.stretch, options.polarity, squares)
    if pairs.inverted and options.polarity == "auto":
        warn(f"{options.data} has light lines on dark: they are inverted. --polarity dark-lines keeps them.")
    return pairs


def run_export(options: argparse.Namespace) -> None:
    from pix2pix.weights.export import export

    print(export(options.source, options.output))


def run_tone(options: argparse.Namespace) -> None:
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


def run_push(options: argparse.Namespace) -> None:
    from pix2pix.weights.checkpoint import read_config
    from pix2pix.weights.hub import push

    read_config(options.folder)  # refuses what is no model before anything is sent
    print(f"The model is at {push(options.folder, options.name)}.")


def run_pairs(options: argparse.Namespace) -> None:
    from pix2pix.pairs.written import write_pairs

    print_written(options.output, write_pairs(options.photos, options.output, options.make, options.size))


def run_daylight(options: argparse.Namespace) -> None:
    from pix2pix.pairs.daylight import write_daylight

    print_written(options.output, write_daylight(options.pairs, options.output))


def print_written(out: Path, counts: dict[str, int]) -> None:
    print(f"{out}: {', '.join(f'{count} pairs in {split}' for split, count in counts.items())}")


def run_models(options: argparse.Namespace) -> None:
    from pix2pix.weights.hub import cached_models, is_cached
    from pix2pix.weights.known import KNOWN_MODELS
    from pix2pix.weights.pretrained import list_models, read_task

    print("Bundled:")
    for name in list_models():
        print(f"  {name:28} from {read_task(name).get('input', '?')}")
    if cached := cached_models():
        print("In the Hub's cache:")
        for name in cached:
            print(f"  {name:28} from {read_task(name).get('input', '?')}")
    print("Known on the Hub, downloaded on first use:")
    for model in KNOWN_MODELS:
        state = "in the cache" if is_cached(model.name) else f"{model.megabytes} MB to download"
        kind = f"from {model.input_kind}, {model.task['direction']}"
        print(f"  {model.name:28} {model.what} ({kind}); {model.licence}; {state}")


def load(options: argparse.Namespace, scale: str | None = None) -> Translator:
    from pix2pix.devices import choose_device
    from pix2pix.translate.translator import Translator

    translator = Translator.from_pretrained(
        options.model,
        options.engine,
        choose_device(options.device),
        options.norm_statistics,
        options.size,
        scale,
        options.memory,
    )
    if not translator.geometry.stated:
        warn(
            f"{options.model} does not state its scale: it gets {translator.geometry}. "
            "Set --size and --scale if it was trained otherwise."
        )
    return translator


def seed(text: str) -> int:
    from pix2pix.networks.noise import MAX_SEED

    value = int(text)
    if not 0 <= value <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"must be from 0 to {MAX_SEED}")
    return value


def side(text: str) -> int:
    value = int(text)
    if not 32 <= value <= 4096:
        raise argparse.ArgumentTypeError("must be from 32 to 4096")
    return value


def count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError("must be from 1 to 1000")
    return value


def weight(text: str) -> float:
    return number_up_to(2, text)


def fraction(text: str) -> float:
    return number_up_to(1, text)


def number_up_to(most: int, text: str) -> float:
    value = float(text)
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"must be from 0 to {most}")
    return value


if __name__ == "__main__":
    sys.exit(main())
