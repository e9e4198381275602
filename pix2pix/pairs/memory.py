"""A cache of what earlier checks found in pictures, so that unchanged data is not read again.

It is in the user's cache folder, one file for each data set, and may be deleted at any time. A file that is damaged or
of another version is ignored, and so is a folder that cannot be written.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pix2pix.files import write_text

KEPT_DAYS = 60
VERSION = 1  # of the facts that `pix2pix.pairs.look` finds


class Memory:
    """Facts about pairs, by their stamps (see `Source.stamp`).

    Args:
        what: identity of the data, and everything else that the facts depend on.
    """

    def __init__(self, what: str) -> None:
        folder = cache_folder()
        digest = hashlib.sha256(what.encode("utf-8", "surrogateescape")).hexdigest()
        self.path = folder / f"{digest[:32]}.json" if folder else None
        self._known = read(self.path) if self.path else {}
        self._kept: dict[str, Any] = {}

    def recall(self, stamp: str) -> Any:
        """The facts for a stamp, or None."""
        return self._known.get(named(stamp)) if stamp else None

    def keep(self, stamp: str, facts: Any) -> None:
        """Remember facts, which JSON can hold. `save` drops facts that were not kept again."""
        if stamp:
            self._kept[named(stamp)] = facts

    def save(self) -> None:
        """Write the kept facts in one atomic step, if they have changed. Files that nobody used for long go."""
        if self.path is None:
            return
        if self._kept == self._known:
            with suppress(OSError):
                os.utime(self.path)
            return
        forget_old(self.path.parent)
        body = json.dumps(self._kept)
        try:
            write_text(self.path, f"{header(body)}\n{body}\n")
        except OSError:  # a full disk or a read-only home: the next run checks again
            return


def forget_old(folder: Path) -> None:
    """Remove the files that were not used for `KEPT_DAYS`: their data may be gone."""
    for path in folder.glob("*.json"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 86_400 * KEPT_DAYS:
                path.unlink()


def cache_folder() -> Path | None:
    """The user's cache folder, or None where there is no home."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return Path(base) / "pix2pix" / "checked"


def read(path: Path) -> dict[str, Any]:
    try:
        head, _, body = path.read_text(encoding="utf-8").partition("\n")
        body = body.removesuffix("\n")
        found = json.loads(body) if head == header(body) else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def header(body: str) -> str:
    """The first line of a cache file: the version, and a checksum of the rest."""
    return f"{VERSION} {hashlib.sha256(body.encode()).hexdigest()}"


def named(stamp: str) -> str:
    """A short name for a stamp, whatever bytes its paths contain."""
    return hashlib.sha256(stamp.encode("utf-8", "surrogateescape")).hexdigest()[:32]
