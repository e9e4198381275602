"""The paths of uploaded files."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def arrived(path: Any, folder: str) -> Path | None:
    """The path of an uploaded file, or None if `path` is not one.

    Args:
        folder: folder of the uploads.
    """
    try:
        found = Path(path).resolve()
        return found if found.is_relative_to(Path(folder).resolve()) and found.is_file() else None
    except (TypeError, ValueError, OSError):
        return None
