"""The state of a training run on disk, from which `--resume` continues.

The last two states are kept. A state is a PyTorch file, a zip archive whose records have checksums (CRC-32). If a
checksum does not match, the state before is used.
"""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pix2pix.errors import TrainingError
from pix2pix.files import atomic_path, sync

if TYPE_CHECKING:
    import torch

STATE_FILE = "state.pt"
BEFORE_FILE = "state.before.pt"


def has_state(folder: Path) -> bool:
    return any((folder / name).exists() for name in (STATE_FILE, BEFORE_FILE))


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write a state in one atomic step. The last state becomes the one before.

    Raises:
        TrainingError: the state cannot be written, for example on a full disk. The existing states are untouched.
    """
    import torch  # not above: the page asks `has_state`, and does without PyTorch

    path = folder / STATE_FILE
    try:
        with atomic_path(path) as temporary:
            torch.save(state, temporary)
            sync(temporary)
            if path.exists():
                os.replace(path, folder / BEFORE_FILE)
    except (OSError, RuntimeError) as error:  # PyTorch raises a RuntimeError on a full disk
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no space left, most likely"
        raise TrainingError(f"{path} cannot be written ({reason}): make room, then continue with --resume.") from None


def read_state(folder: Path, device: torch.device) -> dict[str, Any]:
    """The newest intact state.

    Raises:
        TrainingError: there is none.
    """
    import torch

    damaged = None
    for name in (STATE_FILE, BEFORE_FILE):
        path = folder / name
        if not path.exists():
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                if archive.testzip() is not None:
                    raise zipfile.BadZipFile
            state = torch.load(path, map_location=device, weights_only=True)
        except Exception:  # a damaged pickle may raise anything
            damaged = damaged or path
            continue
        if damaged:
            print(f"{damaged} is damaged: continuing from {path}, step {state['step']:,}.", file=sys.stderr)
        return state
    if damaged:
        raise TrainingError(f"{damaged} is damaged: start again with another --out.")
    raise TrainingError(f"There is nothing to resume at {folder / STATE_FILE}: start without --resume.")
