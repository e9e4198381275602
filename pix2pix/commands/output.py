"""What commands print."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def say(line: str) -> None:
    """Print a line about work that goes on, also when nobody reads any more."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        forget_stdout()


def warn(sentence: str) -> None:
    print(f"pix2pix: {sentence}", file=sys.stderr)


def print_written(out: Path, counts: dict[str, int]) -> None:
    print(f"{out}: {', '.join(f'{count} pairs in {split}' for split, count in counts.items())}")


def forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
