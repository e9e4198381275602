"""Train pix2pix on your own pairs: `python train.py --data DIR --direction AtoB --out checkpoints/NAME`."""

from __future__ import annotations

import argparse
import math
import sys
import warnings


def main(arguments: list[str] | None = None) -> int:
    options = vars(parser().parse_args(arguments))
    resume = options.pop("resume")

    from pix2pix.errors import Pix2PixError
    from pix2pix.trainer import Settings, Trainer

    try:
        trainer = Trainer(Settings(**options), resume=resume)
        print(
            f"{len(trainer.pairs)} pairs, {trainer.total_steps - trainer.step} steps to go on {trainer.device}; "
            f"pictures of every epoch in {trainer.folder / 'samples'}",
            file=sys.stderr,
        )
        trainer.train()
    except Pix2PixError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    print(f"The model is in {trainer.out}.", file=sys.stderr)
    return 0


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="train.py",
        description="Train a pix2pix generator on pairs of pictures. The defaults are the paper's.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    what = p.add_argument_group("what to learn")
    what.add_argument("--data", required=True, help="folder of side-by-side pictures, or one with train/ and val/")
    what.add_argument("--direction", choices=["AtoB", "BtoA"], default="AtoB", help="A is the left half")
    what.add_argument("--out", required=True, help="checkpoint folder to make")
    what.add_argument("--input-kind", choices=["edges", "labels", "photo"], default="photo", help="kind of input")
    size = p.add_argument_group("size of the networks")
    size.add_argument("--features", type=positive, default=64, help="channels of the generator's first level")
    size.add_argument("--max-features", type=positive, default=512, help="channels of its widest level")
    size.add_argument("--depth", type=positive, default=8, help="its levels; pictures are 2**depth pixels square")
    size.add_argument("--discriminator-features", type=positive, help="channels of D's first level (as --features)")
    how = p.add_argument_group("how to train")
    how.add_argument(
        "--epochs",
        type=positive,
        default=200,
        help="passes over the pairs; the learning rate falls over the second half",
    )
    how.add_argument("--batch-size", type=positive, default=1, help="pairs in a step")
    how.add_argument("--lr", type=positive_number, default=2e-4, help="Adam's learning rate")
    how.add_argument(
        "--l1-weight", type=positive_number, default=100.0, help="lambda, the weight of L1 beside the cGAN loss"
    )
    how.add_argument(
        "--edges", action="store_true", help="draw edge inputs as a hand would: width, wobble, gaps, place"
    )
    how.add_argument("--init", default="", metavar="MODEL", help="start from this checkpoint's or run's weights")
    how.add_argument("--seed", type=seed, default=0, help="of weights, order, jitter and dropout")
    how.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    how.add_argument("--resume", action="store_true", help="continue the unfinished run in --out")
    return p


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def positive_number(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError("must be from 0 to 2**63 - 1")
    return value


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    sys.exit(main())
