"""The visible progress of a training run: a line of JSON per interval, pictures of fixed pairs, TensorBoard, and a
timelapse at the end."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pix2pix.errors import TrainingError
from pix2pix.files import atomic_path, write_text
from pix2pix.pictures.color import coloured
from pix2pix.pictures.images import to_image

FRAMES = 60  # most frames of the timelapse
FRAME_SECONDS = 0.2
LAST_FRAME_SECONDS = 2.0
FRAME_PIXELS = 640  # greatest width of the timelapse


class Watcher:
    """Writes to `folder`: `log.jsonl`, `samples/*.png`, named by their epoch or step, `timelapse.gif`, `tensorboard/`.

    Args:
        folder: folder of the run.
        tensorboard: write for TensorBoard too.

    Raises:
        TrainingError: the tensorboard package is missing.
    """

    def __init__(self, folder: Path, tensorboard: bool = False) -> None:
        self.folder = folder
        self._log = folder / "log.jsonl"
        self.board: Any = None  # created with the first line, so that a run that cannot start leaves nothing
        self._board_class: Any = None
        if tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise TrainingError("--tensorboard needs the tensorboard package: pip install tensorboard.") from None
            self._board_class = SummaryWriter

    def log(self, line: dict[str, Any]) -> None:
        """Append a line. All its numbers except "step" and "epoch" become TensorBoard scalars of that step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self._log, "a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # a full disk cut off the last line
                    file.write(b"\n")
            file.write(json.dumps(line).encode() + b"\n")
        if board := self._open_board():
            for name, value in line.items():
                if name not in ("step", "epoch"):
                    board.add_scalar(name, value, line["step"])

    def _open_board(self) -> Any:
        if self._board_class is not None:
            self.board = self.board or self._board_class(str(self.folder / "tensorboard"))
        return self.board

    def forget_after(self, step: int) -> None:
        """Remove the log lines of steps that will be repeated after a kill."""
        if self._log.exists():
            kept = [line for line in self.lines() if line["step"] <= step]
            write_text(self._log, "".join(json.dumps(line) + "\n" for line in kept))
        for grid in self.grids():
            if grid.stem.startswith("step_") and int(grid.stem[5:]) > step:
                grid.unlink()

    def samples(self, rows: list[list[Tensor]], name: str, step: int) -> None:
        """Write a grid: `rows` of (3, H, W) pictures in [-1, 1]."""
        image = to_image(torch.cat([torch.cat(row, dim=2) for row in rows], dim=1).numpy())
        with atomic_path(self.folder / "samples" / name) as temporary:
            image.save(temporary)
        if board := self._open_board():
            board.add_image("samples", np.asarray(image), step, dataformats="HWC")

    def grids(self) -> list[Path]:
        """The grids that were written, in their order."""
        return sorted((self.folder / "samples").glob("*_*.png"))

    def chosen(self, most: int) -> list[Path]:
        """At most so many of the grids, evenly spread, with the first and the last."""
        grids = self.grids()
        return [grids[round(i)] for i in np.linspace(0, len(grids) - 1, min(most, len(grids)))]

    def lines(self) -> list[dict[str, Any]]:
        """The log, without lines that a full disk or a kill cut off."""
        found = []
        for text in self._log.read_bytes().splitlines() if self._log.exists() else ():
            with suppress(ValueError):
                found.append(json.loads(text))
        return found

    def finish(self) -> None:
        """Close TensorBoard's files and write a timelapse of the grids."""
        if self.board is not None:
            self.board.close()
        chosen = self.chosen(FRAMES)
        if len(chosen) < 2:
            return
        frames = []
        for path in chosen:
            with Image.open(path) as grid:
                frame = grid.convert("RGB")
            frame.thumbnail((FRAME_PIXELS, 2 * FRAME_PIXELS))
            frames.append(frame.quantize(128))
        seconds = [FRAME_SECONDS] * (len(frames) - 1) + [LAST_FRAME_SECONDS]
        with atomic_path(self.folder / "timelapse.gif") as temporary:
            frames[0].save(
                temporary, save_all=True, append_images=frames[1:], duration=[1000 * s for s in seconds], loop=0
            )


class Means:
    """What a line of the log tells of the steps since the line before.

    Attributes:
        last: losses of the last step, by name.
    """

    def __init__(self) -> None:
        self.last: dict[str, float] = {}
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._waited, self._begun = 0.0, time.monotonic()

    def add(self, losses: dict[str, float], waited: float) -> None:
        """A step: its losses, and the seconds that it waited for its pairs."""
        self.last = losses
        self._sums = {name: self._sums.get(name, 0.0) + loss for name, loss in losses.items()}
        self._steps += 1
        self._waited += waited

    @property
    def losses(self) -> dict[str, float]:
        """Means of the losses, by name."""
        return {name: round(total / self._steps, 5) for name, total in self._sums.items()}

    @property
    def waiting(self) -> float:
        """Share of the time spent waiting for pairs, from 0 to 1."""
        return self._waited / (time.monotonic() - self._begun)


def viewable(x: Tensor, y: Tensor) -> Tensor:
    """An output or a target `y` for the input `x` as a picture, (3, H, W) in [-1, 1]. Colours get their lightness."""
    if len(y) == 3:
        return y
    return torch.from_numpy(coloured(x.numpy(), y.numpy()).copy())
