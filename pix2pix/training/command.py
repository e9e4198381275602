"""The command line of the trainer: `pix2pix-train` or `python train.py`."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any

DESCRIPTION = """\
Train a pix2pix generator on pairs of pictures (Isola et al., CVPR 2017).
Every default is the paper's. A run that was stopped goes on with --resume."""
EXAMPLES = """\
examples:
  python train.py --data pairs --out checkpoints/mine
      pairs/ holds pictures with A and B side by side, or two folders whose files have the same names
  python train.py --data facades --recipe facades compact --out checkpoints/facade
  python train.py --data photos --make edges --input-kind edges --edges --out checkpoints/from-drawings
  torchrun --nproc-per-node 2 train.py --data pairs --out checkpoints/mine      (or accelerate launch)"""


def main(arguments: list[str] | None = None) -> int:
    from pix2pix.errors import Pix2PixError

    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    try:
        options = vars(parse(arguments))
        resume = options.pop("resume")

        from pix2pix.training.settings import Settings
        from pix2pix.training.trainer import Trainer

        trainer = Trainer(Settings(**options), resume=resume)
        learner = trainer.learner
        if trainer.processes.is_first:
            print(
                f"{len(trainer.pairs)} pairs, {learner.total_steps - learner.step} steps to go on {learner.device}; "
                f"pictures of every epoch in {trainer.folder / 'samples'}",
                file=sys.stderr,
            )
        trainer.train()
    except Pix2PixError as error:
        print(f"{parser().prog}: {error}", file=sys.stderr)
        return 2
    if trainer.processes.is_first:
        print(f"The model is in {trainer.out}.", file=sys.stderr)
    return 0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options, with those of the recipes beneath them."""
    from pix2pix.training.recipes import RECIPES

    p = parser()
    recipes = p.parse_args(arguments).recipe
    for name in recipes:
        p.set_defaults(**RECIPES[name])
    options = p.parse_args(arguments)
    del options.recipe
    return options


def parser() -> argparse.ArgumentParser:
    from pix2pix.training.recipes import RECIPES

    p = argparse.ArgumentParser(
        usage="%(prog)s --data DATA --out OUT [options]",
        description=DESCRIPTION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip

    what = p.add_argument_group("what to learn")
    add(what, "--data", "folder of pairs, in any of the README's layouts, or hub:owner/name", required=True)
    add(what, "--out", "checkpoint folder to make", required=True)
    add(what, "--recipe", "settings of the paper's data sets; compact goes with any", nargs="+", default=[],
        choices=sorted(RECIPES), metavar="NAME", also=", ".join(sorted(RECIPES)))  # fmt: skip
    add(what, "--direction", "A is the left half, or the first folder", default="AtoB", choices=["AtoB", "BtoA"])
    add(what, "--input-kind", "what people will put in", default="photo", choices=["edges", "paint", "labels", "photo"])
    add(what, "--make", "make A from photos alone: edges, or their lightness for colourisation", default="",
        choices=["edges", "lightness"])  # fmt: skip
    add(what, "--columns", "of a Hub data set", nargs=2, default=("imageA", "imageB"), metavar=("A", "B"))
    add(what, "--streaming", "begin before all of a Hub data set is here", default=False)
    add(what, "--palette", "the input's labels: facades, maps, or a JSON file", default="", metavar="NAME")
    add(what, "--output-palette", "the output's labels, for evaluation", default="", metavar="NAME")

    networks = p.add_argument_group("networks")
    add(networks, "--generator", "G: with the U-Net's skips or without", default="unet",
        choices=["unet", "encoder-decoder"])  # fmt: skip
    add(networks, "--features", "channels of G's first level", default=64)
    add(networks, "--max-features", "channels of its widest level", default=512)
    add(networks, "--depth", "its levels; it works on 2**DEPTH pixels square", default=8)
    add(networks, "--norm", "both normalise each picture by itself; batch has a scale and shift", default="batch",
        choices=["batch", "instance"])  # fmt: skip
    add(networks, "--activation", "of G's decoder; relu6 keeps bright spots from growing", default="relu",
        choices=["relu", "relu6"])  # fmt: skip
    add(networks, "--padding", "of G's encoder", default="zeros", choices=["zeros", "reflect"])
    add(networks, "--head", "G's last layer; resize leaves no checkerboard", default="transposed",
        choices=["transposed", "resize"])  # fmt: skip
    add(networks, "--upsampling", "what G's transposed convolutions may be; nearest leaves no lattice",
        default="transposed", choices=["transposed", "nearest"])  # fmt: skip
    add(networks, "--dropout-kind", "the noise z: single units or whole channels", default="element",
        choices=["element", "channel"])  # fmt: skip
    add(networks, "--patch", "receptive field of D in pixels", default=70, choices=[1, 16, 34, 70, 142, 286])
    add(networks, "--discriminator-features", "channels of D's first level", type=int, also="default as --features")
    add(networks, "--discriminator-norm", "layer lets D judge the tone of the whole", default="",
        choices=["batch", "instance", "layer"], also="default as --norm")  # fmt: skip

    objective = p.add_argument_group("objective")
    add(objective, "--objective", "what G minimises", default="cgan+l1",
        choices=["l1", "l2", "gan", "cgan", "gan+l1", "cgan+l1"])  # fmt: skip
    add(objective, "--gan", "the GAN loss", default="vanilla", choices=["vanilla", "least-squares"])
    add(objective, "--l1-weight", "lambda, the weight of L1 (or L2)", default=100.0)
    add(objective, "--diversity", "weight of a term that makes samples of z differ; try 0.2", default=0.0, metavar="W")
    add(objective, "--hue", "in it, how many times as much as another lightness another hue counts", default=2.0)
    add(objective, "--nearest-of", "of how many samples the nearest is held to the truth; 1 holds both", default=2)

    how = p.add_argument_group("training")
    add(how, "--epochs", "passes over the pairs; the rate falls over the second half", default=200)
    add(how, "--batch-size", "pairs in a step of each process", default=1)
    add(how, "--lr", "Adam's learning rate; its momenta are 0.5 and 0.999", default=2e-4)
    add(how, "--jitter", "scale to 286/256 and crop", default=True, action=argparse.BooleanOptionalAction)
    add(how, "--mirror", "mirror half of the pairs", default=True, action=argparse.BooleanOptionalAction)
    add(how, "--edges", "draw the edges as a hand would: width, wobble, gaps, few inner lines, place", default=False)
    add(how, "--paint", "paint the inputs with colours of the target, as people paint drawings", default=False)
    add(how, "--augment", "shift, cut and recolour what D sees, for data sets of few pairs", default=False)
    add(how, "--ema", "keep G's moving average with this decay, say 0.999", default=0.0, metavar="DECAY")
    add(how, "--init", "start from this checkpoint or run, or from one of half the size", default="", metavar="MODEL")
    add(how, "--seed", "of weights, order, jitter and z", default=0)
    add(how, "--mixed-precision", "bf16 is for GPUs, and CPUs with AMX", choices=["no", "bf16"],
        default=os.environ.get("ACCELERATE_MIXED_PRECISION", "no"))  # fmt: skip

    run = p.add_argument_group("running")
    add(run, "--device", "auto, cpu, cuda, cuda:1, mps", default="auto")
    add(run, "--workers", "processes that read pictures", type=int, also="default 0 on a CPU, 4 on a GPU")
    add(run, "--resume", "continue the unfinished run in --out", default=False)
    add(run, "--tensorboard", "write for TensorBoard into OUT/training/tensorboard", default=False)
    add(run, "--license", "of the model, for its card", default="other", metavar="ID")
    add(run, "--push-to-hub", "upload the finished model; needs HF_TOKEN", default="", metavar="OWNER/NAME")
    return p


def add(group: Any, name: str, words: str, also: str = "", **options: Any) -> None:
    """An option; its type is its default's, and its help ends with its choices and default."""
    default = options.get("default")
    if default is False and "action" not in options:
        options["action"] = "store_true"
    elif "action" not in options and "type" not in options and not isinstance(default, (tuple, list, type(None))):
        options["type"] = type(default)
    if "choices" in options and "metavar" not in options:
        options["metavar"] = name[2:].upper().replace("-", "_")
        also = ", ".join(filter(None, ["|".join(map(str, options["choices"])), also]))
    if type(default) in (str, int, float) and (default or name == "--seed"):  # 0 or "" is an option left out
        also += (", " if also else "") + (f"default {default:g}" if type(default) is float else f"default {default}")
    group.add_argument(name, help=f"{words} ({also})" if also else words, **options)
