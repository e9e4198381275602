"""Nothing intact is lost when a run is killed, its state is damaged or the disk is full.

(Downloads that are cut off: test_hub.py.)

`FAULTS=20 pytest tests/test_faults.py` kills as often as in docs/reliability.md.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from small import make_pairs
from small_runs import command, stopped, weights
from small_runs import settings as small_settings

from pix2pix import Pix2PixError, Trainer, TrainingError
from pix2pix.training.progress import read_progress
from pix2pix.training.state import BEFORE_FILE, STATE_FILE, read_state, write_state

KILLS = int(os.environ.get("FAULTS", "2"))


@pytest.mark.slow
def test_a_run_killed_at_random_moments_always_resumes_to_the_same_bytes(pairs: Path, tmp_path: Path):
    # The trainer saves at each epoch, so most kills come while a file is being written.
    options = ["--epochs", str(12 * KILLS), "--ema", "0.9", "--mode-seeking-weight", "0.2"]
    subprocess.run(command(pairs, tmp_path / "whole", *options), check=True, stderr=subprocess.DEVNULL)
    out, state = tmp_path / "parts", tmp_path / "parts" / "training" / "state.pt"
    moments = random.Random(0)
    kills = 0
    while not (out / "config.json").exists():
        resume = ["--resume"] if state.exists() or state.with_name("state.before.pt").exists() else []
        before = state.stat().st_mtime_ns if state.exists() else 0
        run = subprocess.Popen(command(pairs, out, *options, *resume), stderr=subprocess.PIPE, text=True)
        # From its first new state on; otherwise it might be killed during its imports and never progress.
        while run.poll() is None and not (state.exists() and state.stat().st_mtime_ns > before):
            time.sleep(0.005)
        if kills < KILLS:
            time.sleep(moments.uniform(0, 0.5))
            run.send_signal(signal.SIGKILL)
            kills += 1
        _, words = run.communicate()
        assert run.returncode in (0, -signal.SIGKILL), words
        assert run.returncode == 0 or not (out / "model.safetensors").exists()
    assert kills >= min(KILLS, 2)
    assert weights(out) == weights(tmp_path / "whole")
    assert not list(out.rglob(".*"))


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Pairs, and a run on them that was stopped after 12 of its 24 steps, with two states."""
    folder = tmp_path_factory.mktemp("unfinished")
    make_pairs(folder / "pairs" / "train", 8, seed=1)
    make_pairs(folder / "pairs" / "val", 1, seed=2)
    stopped(Trainer(small_settings(folder / "pairs", folder / "run", epochs=3)), at=11)
    return folder / "pairs", folder / "run"


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_damaged_state_is_never_continued_from(unfinished: tuple[Path, Path], tmp_path_factory, data: st.DataObject):
    _, run = unfinished
    copy = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(run, copy)
    state = copy / "training" / "state.pt"
    content = bytearray(state.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
            content[at] ^= data.draw(st.integers(1, 255))
    state.write_bytes(content)
    found = read_state(copy / "training", torch.device("cpu"))
    if found["step"] == 12:  # the damage was in unused padding
        whole = read_state(run / "training", torch.device("cpu"))
        for part in ("generator", "model", "discriminator"):
            assert all(found[part][name].equal(tensor) for name, tensor in whole[part].items())
        assert str(found["optimizers"]) == str(whole["optimizers"])
    else:
        assert found["step"] == 8


def test_the_state_before_a_damaged_one_leads_to_the_same_bytes(
    unfinished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
):
    pairs, run = unfinished
    Trainer(small_settings(pairs, tmp_path / "whole", epochs=3)).train()
    shutil.copytree(run, tmp_path / "run")
    state = tmp_path / "run" / "training" / "state.pt"
    state.write_bytes(state.read_bytes()[:5000])
    Trainer(small_settings(pairs, tmp_path / "run", epochs=3), resume=True).train()
    assert "state.pt is damaged: continuing from" in capsys.readouterr().err
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")

    for name in ("state.pt", "state.before.pt"):
        (tmp_path / "run" / "training" / name).write_bytes(b"PK")
    (tmp_path / "run" / "config.json").unlink()
    with pytest.raises(TrainingError, match=r"state\.pt is damaged: start again"):
        Trainer(small_settings(pairs, tmp_path / "run", epochs=3), resume=True)


def test_a_disk_that_fails_at_the_last_moment_leaves_both_states(
    unfinished: tuple[Path, Path], tmp_path: Path, monkeypatch
):
    shutil.copytree(unfinished[1] / "training", tmp_path / "training")
    before = {name: (tmp_path / "training" / name).read_bytes() for name in (STATE_FILE, BEFORE_FILE)}

    def fails(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(TrainingError, match="make room"):
        write_state(tmp_path / "training", {"step": 13})
    assert {name: (tmp_path / "training" / name).read_bytes() for name in before} == before


def test_a_run_that_breaks_down_says_so_and_goes_on_later(unfinished: tuple[Path, Path], tmp_path: Path, monkeypatch):
    pairs, run = unfinished
    shutil.copytree(run, tmp_path / "run")
    trainer = Trainer(small_settings(pairs, tmp_path / "run", epochs=3), resume=True)

    def breaks(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(trainer.learner, "train_step", breaks)
    with pytest.raises(RuntimeError):
        trainer.train()
    progress = read_progress(tmp_path / "run" / "training")
    assert progress.state == "failed" and "RuntimeError: out of memory" in progress.trouble
    assert progress.trouble in (tmp_path / "run" / "training" / "report.html").read_text()
    Trainer(small_settings(pairs, tmp_path / "run", epochs=3), resume=True).train()
    assert read_progress(tmp_path / "run" / "training").state == "done"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A separate small file system, which only root can create."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_place_that_cannot_be_written_is_named_before_the_first_step(pairs: Path, tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Pix2PixError, match=r"file/training/lock cannot be written .* choose another place"):
        Trainer(small_settings(pairs, tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


HOLDER = """
import sys, time
from pathlib import Path
from pix2pix.files import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_two_processes_never_train_into_one_folder(pairs: Path, tmp_path: Path):
    """The second is refused before the first has saved anything, and may begin when the first was killed."""
    out = tmp_path / "out"
    first = subprocess.Popen([sys.executable, "-c", HOLDER, str(out / "training")], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert first.stdout and first.stdout.readline() == b"held\n"
        with pytest.raises(TrainingError, match=r"Another process trains into .*out: wait for it"):
            Trainer(small_settings(pairs, out))
    finally:
        first.kill()
        first.wait()
    Trainer(small_settings(pairs, out))


def test_a_full_disk_stops_no_run_and_loses_no_state(pairs: Path, tmp_path: Path, capfd: pytest.CaptureFixture):
    """The disk fills up in the middle of a run, and has room again after its end."""
    Trainer(small_settings(pairs, tmp_path / "whole", epochs=6)).train()
    with small_disk(tmp_path / "disk", "2m") as disk:
        out = disk / "run"
        trainer = Trainer(small_settings(pairs, out, epochs=6))
        step = trainer.learner.train_step

        def fill_the_disk(x, y):
            if trainer.learner.step == 20:
                with open(disk / "filler", "wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                    while True:
                        file.write(bytes(4096))
            return step(x, y)

        trainer.learner.train_step = fill_the_disk  # type: ignore[method-assign]
        with pytest.raises(TrainingError, match=r"run cannot be written .*: make room, then continue with --resume\."):
            trainer.train()
        assert trainer.learner.step == 48 and "state.pt cannot be written" in capfd.readouterr().err
        assert not (out / "config.json").exists() and not list(out.rglob(".*"))
        (disk / "filler").unlink()
        resumed = Trainer(small_settings(pairs, out, epochs=6), resume=True)
        assert resumed.learner.step == 16  # the last complete state
        resumed.train()
        assert weights(out) == weights(tmp_path / "whole")
