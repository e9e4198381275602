"""Files that are either there as a whole or not at all, and their names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import TextIO

from pix2pix.errors import Pix2PixError

# What operating systems and NAS leave beside people's files.
LITTER = {"__macosx", "thumbs.db", "desktop.ini", "@eadir", "__pycache__", "lost+found", "$recycle.bin"}


UMASK = os.umask(0)  # read once, at import, since reading it means setting it, for all threads
os.umask(UMASK)


def check_place(path: str | Path) -> None:
    """Check that a file can be written, before the work that makes its contents. Parent folders are created.

    Raises:
        Pix2PixError: it cannot.
    """
    if Path(path).is_dir():
        raise Pix2PixError(f"{path} is a folder: name a file.")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=Path(path).parent):
            pass
    except OSError as error:
        raise Pix2PixError(f"{path} cannot be written ({error.strerror}): choose another place.") from None


def hold(folder: Path) -> TextIO | None:
    """Hold a folder against other processes, as long as the returned file is open. None if another holds it. Where the
    system has no such locks, nothing is held.

    Raises:
        Pix2PixError: nothing can be written there.
    """
    path = folder / "lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(path, "a")  # noqa: SIM115
    except OSError as error:
        raise Pix2PixError(f"{path} cannot be written ({error.strerror}): choose another place.") from None
    try:
        import fcntl

        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # which the processes that read pictures do not inherit
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except (OSError, ImportError):  # a file system or an operating system without locks
        pass
    return file


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path`, which is synced and moved to `path` when the block succeeds.

    If the block raises or the process dies, an existing file at `path` stays untouched. Parent folders are created. The
    temporary name keeps the suffix, since writers choose the format by it. A link stays a link: the file that it points
    to is replaced. What is no file, such as `/dev/stdout`, is written to directly.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file() and not path.is_dir():
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=f".tmp{path.suffix}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        sync(temporary)
        os.chmod(temporary, 0o666 & ~UMASK)  # mkstemp makes it private, unlike an ordinary file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file's contents are on the disk. A full disk may raise its OSError only now."""
    with open(path, "r+b") as file:  # Windows syncs only files that are open for writing
        os.fsync(file.fileno())


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that killed processes left below `folder`."""
    for unfinished in folder.rglob(".*.tmp*"):
        unfinished.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text to `path` in one atomic step."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_hidden(name: str) -> bool:
    """Whether a file or a folder is there for a program rather than for people."""
    return name.startswith(".") or name.lower() in LITTER


def free_name(stem: str, taken: set[str], between: str = "-") -> str:
    """A name that is not taken, in any case: `stem`, or else `stem-2` and so on. It is taken from now on."""
    names = chain([stem], (f"{stem}{between}{number}" for number in count(2)))
    name = next(name for name in names if name.casefold() not in taken)
    taken.add(name.casefold())
    return name
