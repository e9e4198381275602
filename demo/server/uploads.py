"""Where uploaded files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def arrived(path: Any, folder: str) -> Path | None:
    """Where an uploaded file lies, if `path` is that of one.

    Args:
        folder: where uploads lie.
    """
    try:
        found = Path(path).resolve()
        return found if found.is_relative_to(Path(folder).resolve()) and found.is_file() else None
    except (TypeError, ValueError, OSError):
        return None
