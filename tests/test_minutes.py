"""A run by minutes: its plan, its end, the weights it keeps, and what it tells while it goes on."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from places import ROOT
from small import make_pairs
from small_runs import SMALL, settings, stopped, weights

from pix2pix import Generator, Settings, Trainer, TrainingError, Translator
from pix2pix.training import card
from pix2pix.training import command as train
from pix2pix.training import trainer as module
from pix2pix.training.plan import Plan, Speed, plan_again, plan_by_minutes
from pix2pix.training.progress import read_progress
from pix2pix.training.state import read_state, write_state


class Clock:
    """A clock that goes on by `tick` seconds whenever somebody looks at it."""

    def __init__(self, tick: float) -> None:
        self.now, self.tick = 1000.0, tick

    def monotonic(self) -> float:
        self.now += self.tick
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(0.8)  # seconds pass quickly, so few steps fit into a minute
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


slowly = examples(deadline=None)  # a busy machine is slow, not wrong
speeds = st.builds(Speed, *(st.floats(0.001, 3) for _ in range(2)), st.floats(0, 20))


@given(st.floats(1, 60), speeds)
@slowly
def test_a_plan_ends_on_time_where_the_speed_stays(minutes: float, speed: Speed):
    plan = plan_by_minutes(minutes, 10, 5.0, speed)
    step, looks = 10, 0
    while step < plan.steps:
        step, looks = plan.next_look(step), looks + 1
    seconds = 5.0 + (plan.steps - 10) * speed.step + looks * speed.look + speed.finish
    longest = max(speed.step, 60 * minutes) + speed.step + 2 * speed.look + speed.finish
    assert seconds <= longest
    if speed.finish < 20 * minutes:
        assert seconds >= 0.85 * 60 * minutes - speed.step


@given(st.integers(1, 500), st.integers(1, 40), st.booleans())
@slowly
def test_looks_go_on_to_the_last_step_and_do_not_depend_on_where_one_begins(steps: int, every: int, growing: bool):
    plan = Plan(steps, every, growing)
    looks = [0]
    while looks[-1] < steps:
        looks.append(plan.next_look(looks[-1]))
        assert looks[-1] > looks[-2]
    assert looks[-1] == steps
    assert all(plan.next_look(step) == next(look for look in looks if look > step) for step in range(steps))


def test_steps_are_counted_anew_only_where_the_end_would_be_missed():
    speed = Speed(0.5, 0.1, 2.0)
    plan = plan_by_minutes(5, 20, 15.0, speed)
    done = plan.steps // 2
    elapsed = 15 + (done - 20) * 0.5 * 1.02
    assert plan_again(plan, 5, done, elapsed, speed) == plan
    slow = plan_again(plan, 5, done, 2 * elapsed, Speed(1.0, 0.2, 2.0))
    assert done < slow.steps < plan.steps
    assert abs(2 * elapsed + (slow.steps - done) * 1.0 + 2 - 300) < 10


def test_a_run_by_minutes_ends_on_time_and_tells_how_it_goes(pairs: Path, tmp_path: Path, clock: Clock):
    out = tmp_path / "mine"
    trainer = Trainer(settings(pairs, out, minutes=3.0, keep_best=True))
    begun = clock.now
    trainer.train()
    assert 0.85 * 180 < clock.now - begun < 1.15 * 180
    progress = read_progress(out / "training")
    assert progress and progress.state == "done" and progress.step == progress.steps == trainer.learner.step
    assert progress.looks[0]["step"] == 0 and progress.looks[-1]["step"] == progress.steps
    assert len(progress.looks) > 4 and all((out / "training" / look["picture"]).exists() for look in progress.looks)
    kept = next(look for look in progress.looks if look["step"] == progress.kept)
    assert kept["l1"] <= 1.02 * min(look["l1"] for look in progress.looks)
    assert trainer.learner.generator_optimizer.param_groups[0]["lr"] < settings(pairs, out).lr / 10
    card = (out / "README.md").read_text()
    assert f"`--steps {progress.steps}`, which fit into 3 minutes" in card
    assert (out / "training" / "timelapse.gif").exists()
    Translator.from_pretrained(out)


def test_a_run_by_minutes_keeps_its_plan_when_it_resumes_and_ends_with_the_same_bytes(
    pairs: Path, tmp_path: Path, clock: Clock
):
    options = {"minutes": 3.0, "keep_best": True, "ema": 0.9, "save_every": 5.0}
    whole = Trainer(settings(pairs, tmp_path / "whole", **options))
    whole.train()
    clock.now = 1000.0
    parts = Trainer(settings(pairs, tmp_path / "parts", **options))
    stopped(parts, at=whole.learner.step // 2)
    resumed = Trainer(settings(pairs, tmp_path / "parts", **options), resume=True)
    assert resumed.plan == whole.plan
    resumed.train()
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    looks = [
        [look["step"] for look in read_progress(tmp_path / name / "training").looks] for name in ("whole", "parts")
    ]
    assert looks[0] == looks[1]


@pytest.mark.parametrize("held_out", [4, 5])
def test_when_val_gets_worse_the_best_weights_so_far_are_kept(
    held_out: int, pairs: Path, tmp_path: Path, clock: Clock, monkeypatch
):
    """But not by a val split of few pairs: an odd one would undo what the others teach."""
    shutil.rmtree(pairs / "val")
    make_pairs(pairs / "val", held_out, seed=3)
    trainer = Trainer(settings(pairs, tmp_path / "out", minutes=3.0, keep_best=True))
    learner, step = trainer.learner, trainer.learner.train_step
    names = [name for name in learner.model.state_dict() if name.endswith("bias")]
    head = names[-1]
    monkeypatch.setattr(learner, "train_step", lambda x, y: spoil(learner, step, head, x, y))
    trainer.train()
    progress = read_progress(tmp_path / "out" / "training")
    assert progress.looks[-1]["l1"] > 1.1 * min(look["l1"] for look in progress.looks)
    model = Translator.from_pretrained(tmp_path / "out", engine="torch").engine.generator
    bias = float(dict(model.named_parameters())[head].detach().max())
    card = (tmp_path / "out" / "README.md").read_text()
    if held_out == 5:
        assert 0 < progress.kept <= 12 and bias < 2
        assert f"weights of step {progress.kept}" in card
    else:
        assert progress.kept == progress.steps and bias > 2
        assert "weights of step" not in card


def spoil(learner, step, head: str, x, y):
    """A step as it is; after the twelfth, the outputs go white."""
    losses = step(x, y)
    if learner.step > 12:
        with torch.no_grad():
            dict(learner.generator.named_parameters())[head].fill_(5.0)
    return losses


def test_a_finished_run_goes_on_for_more_minutes(pairs: Path, tmp_path: Path, clock: Clock):
    out = tmp_path / "mine"
    Trainer(settings(pairs, out, minutes=2.0)).train()
    before, steps = weights(out), read_progress(out / "training").step
    with pytest.raises(TrainingError, match="already holds a model"):
        Trainer(settings(pairs, out, minutes=2.0))
    more = Trainer(settings(pairs, out, minutes=4.0), resume=True)
    assert weights(out) == before
    more.train()
    assert read_progress(out / "training").step > 1.5 * steps and weights(out) != before


def test_enough_ends_a_run_early_with_its_model_and_it_may_go_on(pairs: Path, tmp_path: Path, clock: Clock):
    out = tmp_path / "mine"
    trainer = Trainer(settings(pairs, out, minutes=3.0))
    step = trainer.learner.train_step

    def enough(x, y):
        if trainer.learner.step == 6:
            os.kill(os.getpid(), signal.SIGUSR1)
        return step(x, y)

    trainer.learner.train_step = enough
    trainer.train()
    progress = read_progress(out / "training")
    assert progress.state == "done" and 6 <= progress.step < progress.steps
    Translator.from_pretrained(out)
    Trainer(settings(pairs, out, minutes=3.0), resume=True).train()
    assert read_progress(out / "training").step > progress.step + 3


def test_a_short_run_takes_its_shape_and_kind_from_the_model_it_starts_from(small_checkpoint: Path, tmp_path: Path):
    few = ["--data", "d", "--out", "o", "--minutes", "1"]
    drawn = train.parse([*few, "--init", str(small_checkpoint)])
    assert (drawn.features, drawn.max_features, drawn.depth) == (8, 16, 5)
    assert drawn.input_kind == "edges" and drawn.hand_drawn and drawn.keep_best and drawn.ema
    assert train.parse([*few, "--init", str(small_checkpoint), "--features", "16"]).features == 16
    assert train.parse([*few, "--init", "edges2shoes"]).dropout_kind == "element"  # though edges2shoes drops channels
    Generator(depth=5, dropped_levels=range(4)).save_pretrained(tmp_path / "four", {"image_size": 32})
    assert train.parse([*few, "--init", str(tmp_path / "four")]).dropout_levels == 4
    assert train.parse([*few, "--make", "edges"]).input_kind == "edges"
    assert train.parse([*few, "--make", "lightness"]).input_kind == "photo"
    plain = train.parse(["--data", "d", "--out", "o", "--init", str(small_checkpoint)])
    assert plain.features == 64 and not plain.keep_best


@pytest.mark.parametrize("native", [True, False])
def test_a_short_run_multiplies_in_bf16_where_the_processor_can(native: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    data = ["--data", "d", "--out", "o", "--device", "cpu"]
    assert train.parse([*data, "--minutes", "1"]).mixed_precision == ("bf16" if native else "no")
    assert train.parse([*data, "--minutes", "1", "--mixed-precision", "no"]).mixed_precision == "no"
    assert train.parse(data).mixed_precision == "no"
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    assert train.parse([*data, "--minutes", "1"]).mixed_precision == "no"


def test_a_resumed_run_keeps_what_it_began_with(
    pairs: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """Though today another precision, another kind of dropout and no augmentation would be chosen for it."""
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    out = tmp_path / "mine"
    stopped(Trainer(settings(pairs, out, minutes=3.0, dropout_kind="channel", columns=("from", "to"))), at=4)
    arguments = ["--data", str(pairs), "--out", str(out), "--device", "cpu", "--minutes", "3"]
    new = train.parse(arguments)
    assert (new.mixed_precision, new.dropout_kind, new.augment) == ("bf16", "element", True)
    resumed = train.parse([*arguments, "--resume"])
    assert (resumed.mixed_precision, resumed.dropout_kind, resumed.augment) == ("no", "channel", False)
    assert resumed.columns == ("from", "to")
    assert train.parse([*arguments, "--resume", "--dropout-kind", "element"]).dropout_kind == "element"  # refused later


def test_the_card_names_what_minutes_would_turn_on(pairs: Path, tmp_path: Path):
    command = card.command(settings(pairs, tmp_path / "mine", minutes=3.0, keep_best=True))
    asked = train.parse(shlex.split(command)[2:])
    assert (asked.augment, asked.mixed_precision, asked.keep_best, asked.upsampling) == (
        False, "no", True, "transposed",
    )  # fmt: skip
    asked = train.parse(shlex.split(card.command(Settings("d", "o", minutes=3.0)))[2:])
    assert asked.discriminator_features == asked.features


def test_the_command_on_the_card_can_have_a_title_that_begins_with_a_dash(pairs: Path, tmp_path: Path):
    command = card.command(settings(pairs, tmp_path / "mine", title="-cat"))
    assert train.parse(shlex.split(command)[2:]).title == "-cat"


def test_the_command_on_the_card_repeats_a_run_that_differs_from_its_model(small_checkpoint: Path, tmp_path: Path):
    words = ["--data", "d", "--out", "o", "--minutes", "1", "--init", str(small_checkpoint), "--input-kind", "photo"]
    asked = train.parse([*words, "--norm", "batch", "--activation", "relu", "--dropout-levels", "3"])
    again = train.parse(shlex.split(card.command(Settings(**without_doors(asked))))[2:])
    assert again.input_kind == "photo" and without_doors(again) == without_doors(asked)


def without_doors(options: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if name not in ("resume", "check")}


def test_the_report_says_how_a_run_ended(pairs: Path, tmp_path: Path, clock: Clock):
    out = tmp_path / "mine"
    stopped(Trainer(settings(pairs, out, minutes=3.0)), at=4)
    assert "This run was stopped; --resume continues it" in (out / "training" / "report.html").read_text()
    trainer = Trainer(settings(pairs, out, minutes=3.0), resume=True)
    trainer.learner.generator.head.weight.data.fill_(math.nan)
    with pytest.raises(TrainingError, match="not finite"):
        trainer.train()
    page = (out / "training" / "report.html").read_text()
    assert "This run has failed" in page and "not finite" in page


def test_a_run_starts_from_the_weights_that_another_kept(pairs: Path, tmp_path: Path, clock: Clock):
    first = Trainer(settings(pairs, tmp_path / "first", minutes=1.0, keep_best=True))
    first.train()
    folder = tmp_path / "first" / "training"
    state = read_state(folder, torch.device("cpu"))
    state["kept"]["weights"] = {name: torch.full_like(w, 0.5) for name, w in state["model"].items()}
    write_state(folder, state)
    second = Trainer(settings(pairs, tmp_path / "second", minutes=1.0, init=str(tmp_path / "first")))
    assert all((w == 0.5).all() for w in second.learner.trained_model().state_dict().values())


@pytest.mark.slow
def test_the_report_stands_alone_and_is_whole_whenever_the_run_is_killed(pairs: Path, tmp_path: Path):
    out = tmp_path / "mine"
    options = ["--data", str(pairs), "--out", str(out), *SMALL, "--minutes", "0.3"]
    command = [sys.executable, str(ROOT / "train.py"), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    report, deadline = out / "training" / "report.html", time.monotonic() + 120
    while not report.exists() or "polyline" not in report.read_text():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()
    page = report.read_text()
    assert page.endswith("</html>\n") and "<img" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page) and "http" not in page.replace("http-equiv", "")
    assert json.loads((out / "training" / "progress.json").read_text())["looks"]
