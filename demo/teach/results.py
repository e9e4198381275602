"""What a run gives, by address: its pictures, its report, and its model in several forms."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

from PIL import Image

from demo import studio
from demo.teach.runner import PACKAGE
from demo.teach.runs import Run, Shelf
from pix2pix.errors import DataError, Pix2PixError
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE

EXPORT_SECONDS = 180


class Results:
    """The results of the runs of a shelf, open to everyone who knows a run's id."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._exporting = Lock()

    def look(self, run_id: str, step: str) -> bytes:
        """The grid of a look, as JPEG: rows of input, output and target.

        Raises:
            DataError: there is no such look.
        """
        run = self.shelf[run_id]
        path = run.out / "training" / "samples" / f"step_{step.zfill(7)}.png"
        if not step.isdecimal() or not path.is_file():
            raise DataError("There is no such picture.")
        return jpeg(path, path.stat().st_mtime)

    def report(self, run_id: str) -> Path:
        """
        Raises:
            DataError: there is none yet.
        """
        path = self.shelf[run_id].out / "training" / "report.html"
        if not path.is_file():
            raise DataError("There is no report yet: wait a moment.")
        return path

    def weights(self, run_id: str, name: str) -> Path:
        """One of the two files that the browser's own engine reads.

        Raises:
            DataError: there is none.
        """
        if name not in (CONFIG_FILE, WEIGHTS_FILE):
            raise DataError("There is no such file.")
        return self._finished_run(run_id).out / name

    def packed(self, run_id: str) -> tuple[bytes, str]:
        """A model's folder as a zip, and its name.

        Raises:
            DataError: there is no model yet.
        """
        run = self._finished_run(run_id)
        buffer = io.BytesIO()
        folder = run.out.name
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name in (CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, studio.PREVIEW, "training/report.html"):
                if (run.out / name).is_file():
                    archive.write(run.out / name, f"{folder}/{name.replace('training/', '')}")
        return buffer.getvalue(), f"{folder}.zip"

    def onnx(self, run_id: str) -> tuple[bytes, str]:
        """A model as ONNX, and its name.

        Raises:
            Pix2PixError: there is no model yet, or it cannot be exported.
        """
        run = self._finished_run(run_id)
        if not self._exporting.acquire(blocking=False):
            raise Pix2PixError("Another model is being exported: try again in a moment.")
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.onnx"
                # Elsewhere: it loads PyTorch, which this process does without.
                command = [sys.executable, "-m", "pix2pix", "export", str(run.out), str(path)]
                with suppress(subprocess.TimeoutExpired):
                    subprocess.run(command, cwd=PACKAGE, capture_output=True, timeout=EXPORT_SECONDS)
                if not path.exists():
                    raise Pix2PixError("This model cannot be exported just now: download its folder.")
                return path.read_bytes(), f"{run.out.name}.onnx"
        finally:
            self._exporting.release()

    def _finished_run(self, run_id: str) -> Run:
        run = self.shelf[run_id]
        if not run.has_model:
            raise DataError("There is no model yet: train it first.")
        return run


@lru_cache(maxsize=64)
def jpeg(path: Path, modified: float) -> bytes:
    with Image.open(path) as grid:
        buffer = io.BytesIO()
        grid.convert("RGB").save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
