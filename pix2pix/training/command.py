"""The command line of the trainer: `pix2pix-train` or `python train.py`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.training.settings import Settings

DESCRIPTION = """\
Train a pix2pix generator on pairs of pictures (Isola et al., CVPR 2017).
Every default is the paper's. --resume continues a run that was stopped."""
EXAMPLES = """\
examples:
  python train.py --data pairs --out checkpoints/mine
      pairs/ holds pictures with A and B side by side, or two folders whose files have the same names
  python train.py --data facades --recipe facades compact --out checkpoints/facade
  python train.py --data photos --make edges --init edges2shoes --minutes 5 --out checkpoints/mine
      ten photos and five minutes are enough to begin with
  python train.py --data photos --make edges --input-kind edges --hand-drawn --out checkpoints/from-drawings
  torchrun --nproc-per-node 2 train.py --data pairs --out checkpoints/mine      (or accelerate launch)"""
SLOW_BF16 = (
    "This processor cannot multiply in bfloat16 itself, so a step may take many times as long: "
    "leave out --mixed-precision bf16."
)


def main(arguments: list[str] | None = None) -> int:
    from pix2pix.errors import Pix2PixError, missing

    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    try:
        options = vars(parse(arguments))
        resume, check = options.pop("resume"), options.pop("check")

        from pix2pix.devices import has_fast_bf16
        from pix2pix.training.settings import Settings
        from pix2pix.training.trainer import Trainer

        if check:
            return check_data(Settings(**options))
        trainer = Trainer(Settings(**options), resume=resume)
        learner = trainer.learner
        if trainer.processes.is_first:
            plan, minutes = trainer.plan, trainer.settings.minutes
            togo = f"{plan.steps - learner.step} steps" if plan else f"{minutes:g} minutes"
            print(*trainer.data.description(), sep="\n", file=sys.stderr)
            print(
                f"{len(trainer.pairs)} pairs, {togo} to go on {learner.device}; "
                f"follow the run in {trainer.folder / 'report.html'}",
                file=sys.stderr,
            )
            in_bf16 = trainer.settings.mixed_precision == "bf16"
            if in_bf16 and learner.device.type == "cpu" and not has_fast_bf16(learner.device):
                print(SLOW_BF16, file=sys.stderr)
        trainer.train()
    except Pix2PixError as error:
        print(f"{parser().prog}: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"{parser().prog}: {missing(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before the first step; later, the trainer saves its state
        print(f"{parser().prog}: Stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    if trainer.processes.is_first:
        print(f"The model is in {trainer.out}.", file=sys.stderr)
    return 0


def check_data(settings: Settings) -> int:
    """Print how the data is understood and what is wrong with it. Returns the exit code."""
    from pix2pix.training.data import TrainingData

    data = TrainingData(settings)
    print(*data.description(), sep="\n")
    print(*(data.faults or ["Every picture can be read."]), sep="\n")
    return 2 if data.faults else 0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The parsed options. What the command line gives comes first, then what a run by minutes takes from its earlier
    part or from its model, then recipes, then the defaults."""
    from pix2pix.training.recipes import RECIPES

    p = parser()
    defaults = vars(p.parse_args(arguments))
    nothing = argparse.Namespace(**dict.fromkeys(defaults))  # argparse puts no defaults over it
    given = {name: value for name, value in vars(p.parse_args(arguments, nothing)).items() if value is not None}
    chosen: dict[str, Any] = {}
    for name in given.get("recipe") or (["minutes"] if given.get("minutes") else []):
        chosen |= RECIPES[name]
    if given.get("minutes"):
        begun = begun_with(given.get("out", "")) if given.get("resume") else {}
        chosen |= begun or fitting(given.get("init", ""), given.get("make", ""), given.get("input_kind", ""))
        if not (begun or "mixed_precision" in given or os.environ.get("ACCELERATE_MIXED_PRECISION")):
            chosen["mixed_precision"] = fastest_precision(defaults["device"])
    options = argparse.Namespace(**{**defaults, **chosen, **given})
    if not options.out and not options.check:
        p.error("the following arguments are required: --out")
    del options.recipe
    return options


def fitting(init: str, make: str, kind: str) -> dict[str, Any]:
    """Settings of a short run that follow from the model that it starts from, and from its inputs.

    Args:
        init: the model, or "".
        make: what the inputs are made of, or "".
        kind: of the inputs, where it was asked for.

    Raises:
        CheckpointError: there is no such model.
    """
    from pix2pix.pictures.palettes import PALETTES
    from pix2pix.training.recipes import DRAWING_SETTINGS, SHAPE

    found: dict[str, Any] = {}
    if init and not has_unfinished(init):
        from pix2pix.weights.pretrained import load_weights

        config, _, task = load_weights(init)
        found = {name: getattr(config, name) for name in SHAPE}
        found["generator"] = "unet" if config.skips else "encoder-decoder"
        if config.dropped_levels == tuple(range(len(config.dropped_levels))):
            found["dropout_levels"] = len(config.dropped_levels)
        palette = next((name for name, labels in PALETTES.items() if labels == task.get("palette")), "")
        if not kind and not make and (task.get("input") != "labels" or palette):
            kind = task.get("input", "")
        if kind == "labels" and palette:
            found["palette"] = palette
    if make and not kind:
        kind = "edges" if make == "edges" else "photo"
    if kind:
        found.update(input_kind=kind, **DRAWING_SETTINGS.get(kind, {}))
    return found


def begun_with(out: str) -> dict[str, Any]:
    """The settings that a run in OUT began with and has to keep, or nothing where there is no such run.

    Those of a run by minutes follow from the machine, from the model that it starts from, and from what is known to
    learn best, all of which may be different by now.
    """
    import torch

    from pix2pix.errors import TrainingError
    from pix2pix.training.settings import kept
    from pix2pix.training.state import read_state

    try:
        return kept(read_state(Path(out) / "training", torch.device("cpu"))["settings"])
    except (TrainingError, KeyError):
        return {}  # the trainer tells what is wrong


def fastest_precision(device: str) -> str:
    """The precision, "no" or "bf16", in which a device should take most steps per minute.

    Raises:
        Pix2PixError: this machine has no such device.
    """
    from pix2pix.devices import choose_device, has_fast_bf16

    return "bf16" if has_fast_bf16(choose_device(device)) else "no"


def has_unfinished(run: str) -> bool:
    """Whether a folder is of a run that has no model yet."""
    return (Path(run) / "training").is_dir() and not (Path(run) / "config.json").exists()


def parser() -> argparse.ArgumentParser:
    """A parser with an option for each field of `Settings`, and `--recipe`, `--resume` and `--check`."""
    from pix2pix.training.recipes import RECIPES
    from pix2pix.training.settings import Settings

    p = argparse.ArgumentParser(
        usage="%(prog)s --data DATA --out OUT [options]",
        description=DESCRIPTION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    groups: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        heading = field.metadata["group"]
        if heading not in groups:
            groups[heading] = p.add_argument_group(heading)
        add_option(groups[heading], field)
    groups["what to learn"].add_argument(
        "--recipe", nargs="+", default=[], choices=sorted(RECIPES), metavar="NAME",
        help=f"settings of the paper's data sets; compact combines with any ({', '.join(sorted(RECIPES))})",
    )  # fmt: skip
    groups["running"].add_argument(
        "--check", action="store_true", help="print how the data is understood and what is wrong with it; train nothing"
    )
    groups["running"].add_argument(
        "--resume", action="store_true", help="continue the run in --out, or make a finished one longer"
    )
    return p


def add_option(group: Any, field: dataclasses.Field) -> None:
    """Add the option of one setting. Its help ends with its choices and its default."""
    from pix2pix.training.settings import flag

    facts, default = field.metadata, field.default
    notes = [facts["also"]]
    options: dict[str, Any] = {}
    if default is dataclasses.MISSING:
        options["required"] = field.name != "out"  # `parse` requires it, except with --check
        options["default"] = ""
    else:
        options["default"] = default = os.environ.get(facts["environment"], default)
    if isinstance(default, bool):
        options["action"] = argparse.BooleanOptionalAction  # so that what a recipe turns on can be turned off
    elif isinstance(default, tuple):
        options["nargs"] = len(default)
    elif "tuple[float, float]" in str(field.type):
        options["nargs"], options["type"] = 2, float
    else:
        options["type"] = {"str": str, "int": int, "float": float}[str(field.type).removesuffix(" | None")]
        if default not in (dataclasses.MISSING, None, ""):
            notes.append(f"default {default:g}" if isinstance(default, float) else f"default {default}")
    if facts["choices"]:
        options["choices"] = facts["choices"]
        options["metavar"] = field.name.upper()
        notes.insert(0, "|".join(map(str, facts["choices"])))
    if facts["metavar"]:
        options["metavar"] = facts["metavar"]
    also = ", ".join(filter(None, notes))
    group.add_argument(flag(field.name), help=f"{facts['words']} ({also})" if also else facts["words"], **options)
    if facts["formerly"]:
        group.add_argument(flag(facts["formerly"]), dest=field.name, help=argparse.SUPPRESS, **options)
