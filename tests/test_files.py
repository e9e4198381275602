"""Files are there as a whole or not at all, and what is no file stays what it is."""

import os
from pathlib import Path
from threading import Thread

import pytest

from pix2pix import Pix2PixError
from pix2pix.files import atomic_path, check_place, write_text


def test_a_block_that_raises_leaves_the_file_as_it_was(tmp_path: Path):
    path = tmp_path / "new" / "file.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half of")
        raise RuntimeError
    assert path.read_text() == "old" and os.listdir(path.parent) == ["file.txt"]


@pytest.mark.parametrize("target", ["real.txt", "not-yet.txt"])
def test_a_link_stays_a_link(tmp_path: Path, target: str):
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / target)
    write_text(link, "new")
    assert link.is_symlink() and (tmp_path / target).read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came: list[str] = []
    reading = Thread(target=lambda: came.append(pipe.read_text()))
    reading.start()
    write_text(pipe, "figures")
    reading.join(10)
    assert came == ["figures"] and pipe.is_fifo()


def test_a_folder_is_no_place_for_a_file(tmp_path: Path):
    check_place(tmp_path / "new" / "file.json")
    with pytest.raises(Pix2PixError, match="is a folder: name a file"):
        check_place(tmp_path)
