"""The trainer learns, can be stopped at any moment, and never leaves half a file."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from places import ROOT
from small import make_pairs
from small_runs import SMALL, settings, stopped, weights

from pix2pix import CheckpointError, Generator, Settings, Trainer, TrainingError, Translator
from pix2pix.evaluation.metrics import measure
from pix2pix.networks.config import OBJECTIVES
from pix2pix.networks.generator import PictureNorm
from pix2pix.networks.losses import discriminator_loss, generator_gan_loss, mode_seeking_loss
from pix2pix.training import command as train
from pix2pix.training import trainer as trainer_module
from pix2pix.training.log import Watcher


def test_twenty_steps_make_a_checkpoint_folder(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    out = tmp_path / "mine"
    assert train.main(["--data", str(pairs), "--out", str(out), *SMALL, "--epochs", "5", "--batch-size", "2"]) == 0
    config = json.loads((out / "config.json").read_text())
    assert config["task"] == {"direction": "AtoB", "input": "photo", "image_size": 32, "scale": "whole"}
    card = (out / "README.md").read_text()
    assert (
        "20 steps" in card and f"--data {pairs.name}" in card and str(tmp_path) not in card and "| this model |" in card
    )
    assert sorted(p.name for p in (out / "training" / "samples").iterdir()) == [
        f"epoch_000{i}.png" for i in range(1, 6)
    ]
    assert Image.open(out / "training" / "samples" / "epoch_0005.png").size == (
        3 * 32,
        3 * 32,
    )  # two of val, and one to train on
    log = [json.loads(line) for line in (out / "training" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [4, 8, 12, 16, 20]
    assert Translator.from_pretrained(out)(Image.new("RGB", (50, 40))).size == (50, 40)
    assert not list(out.rglob("*.tmp*"))


def test_it_overfits_two_pairs(tmp_path: Path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "train"
    folder.mkdir()
    for i in range(2):
        halves = [Image.fromarray(rng.integers(0, 256, (3, 3, 3), dtype=np.uint8)).resize((32, 32)) for _ in range(2)]
        Image.fromarray(np.concatenate([np.asarray(half) for half in halves], 1)).save(folder / f"{i}.png")
    trainer = Trainer(settings(tmp_path, tmp_path / "out", features=16, max_features=64, epochs=1))
    trainer.learner.total_steps = 10_000  # a flat learning rate
    x, y = (torch.stack(t) for t in zip(*trainer.fixed.val, *trainer.fixed.extra, strict=True))

    def error() -> float:
        with torch.no_grad():
            return measure(trainer.learner.generator(x[:1])[0], y[0])["l1"]

    before = error()
    for _ in range(250):
        trainer.learner.train_step(x, y)
    assert error() < 0.06 < before / 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_size": 2},
        {"gan": "least-squares"},
        {"mode_seeking_weight": 0.5},
        {"mode_seeking_weight": 0.5, "nearest_of": 1, "input_kind": "edges"},
        {"mode_seeking_weight": 0.5, "chroma_weight": 0.3, "nearest_of": 4, "batch_size": 2},
        {"norm": "instance", "patch": 1, "batch_size": 2},
        {"discriminator_norm": "layer", "batch_size": 2},
        *({"objective": name} for name in OBJECTIVES if name != "cgan+l1"),
    ],
)
def test_a_step_is_one_gradient_on_d_then_one_on_g(pairs: Path, tmp_path: Path, changes: dict):
    """Compared in float64 with the same step written plainly, with autograd's gradients and Adam's formula: real and
    fake are judged one after the other, and everything is computed with gradients."""
    trainer = Trainer(settings(pairs, tmp_path / "out", **changes))
    s, objective = trainer.settings, trainer.settings.target
    g, d = trainer.learner.generator.double(), trainer.learner.discriminator
    x, y = (torch.stack(t).double() for t in zip(*(trainer.pairs[0, i] for i in range(s.batch_size)), strict=True))
    noises = [[mask.double() for mask in noise] for noise in trainer.learner._noises(x)]
    trainer.learner._noises = lambda x: noises  # type: ignore[method-assign]

    def adam(p: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:  # first step: both moments, bias corrected, equal
        return p.detach() - 2e-4 * grad / (grad.abs() + 1e-8)

    expected, g_loss = [], torch.zeros((), dtype=torch.float64)
    fakes = [g(x, noise) for noise in noises]
    if s.nearest_of > 2:  # each picture's first sample, and the nearest of the others
        off = torch.stack([(fake - y).abs().flatten(1).mean(1) for fake in fakes[1:]])
        fakes = [fakes[0], torch.stack([fakes[1 + best][i] for i, best in enumerate(off.argmin(0).tolist())])]
    if d is not None:
        d.double()
        seen = x if objective.conditional else None
        d_loss = discriminator_loss(d(seen, y), d(seen, fakes[0].detach()), s.gan)
        d_grads = torch.autograd.grad(d_loss, list(d.parameters()))
        judge = {name: adam(p, grad) for (name, p), grad in zip(d.named_parameters(), d_grads, strict=True)}
        expected += judge.values()
        g_loss = generator_gan_loss(torch.func.functional_call(d, judge, (seen, fakes[0])), s.gan)  # by the updated D
    if objective.distance:
        power = {"l1": 1, "l2": 2}[objective.distance]
        off = torch.stack([(fake - y).abs().pow(power).flatten(1).mean(1) for fake in fakes])
        g_loss = g_loss + 100 * (off if s.nearest_of == 1 else off.min(0).values).mean()
    if s.mode_seeking_weight:
        # In pictures of drawn things, a difference counts where the target is not white.
        seeking = fakes if s.input_kind == "photo" else [torch.where(y.amin(1, True) < 0.9, fake, 0) for fake in fakes]
        g_loss = g_loss + s.mode_seeking_weight * mode_seeking_loss(*seeking, s.chroma_weight).mean()
    g_grads = torch.autograd.grad(g_loss, list(g.parameters()))
    expected += [adam(p, grad) for p, grad in zip(g.parameters(), g_grads, strict=True)]

    trainer.learner.train_step(x, y)
    mine = [*(d.parameters() if d else []), *g.parameters()]
    for parameter, value in zip(mine, expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value, rtol=0, atol=1e-10)


def test_bf16_is_used_for_products_and_not_for_storage(pairs: Path, tmp_path: Path):
    losses = []
    for precision in ("no", "bf16"):
        trainer = Trainer(settings(pairs, tmp_path / precision, mode_seeking_weight=0.5, mixed_precision=precision))
        x, y = (torch.stack(t) for t in zip(*(trainer.pairs[0, i] for i in range(2)), strict=True))
        losses.append({name: float(loss) for name, loss in trainer.learner.train_step(x, y).items()})
        assert trainer.learner.discriminator is not None
        kept = [*trainer.learner.generator.parameters(), *trainer.learner.discriminator.parameters()]
        kept += [value for state in trainer.learner.generator_optimizer.state.values() for value in state.values()]
        assert {tensor.dtype for tensor in kept} == {torch.float32}
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1] != losses[0]


def test_the_discriminator_may_have_its_own_norm(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", discriminator_norm="layer"))
    assert trainer.learner.discriminator is not None
    kinds = [
        {type(module) for module in network.modules()}
        for network in (trainer.learner.discriminator, trainer.learner.generator)
    ]
    assert [torch.nn.GroupNorm in kind for kind in kinds] == [True, False]
    assert [PictureNorm in kind for kind in kinds] == [False, True]


def test_learning_rate_is_flat_then_falls_to_zero(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", epochs=10))  # 80 steps
    rates = []
    for trainer.learner.step in (0, 39, 40, 60, 79):
        trainer.learner._set_learning_rate()
        rates.append(trainer.learner.generator_optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([2e-4, 2e-4, 2e-4, 1e-4, 2e-4 / 40])


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_a_stopped_and_resumed_run_ends_with_the_same_bytes(pairs: Path, tmp_path: Path, precision: str):
    whole, parts = (
        settings(pairs, tmp_path / name, epochs=3, mixed_precision=precision) for name in ("whole", "parts")
    )
    Trainer(whole).train()

    stopped(Trainer(parts), at=10)
    assert not (tmp_path / "parts" / "model.safetensors").exists()
    Trainer(parts, resume=True).train()
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")


def test_a_finished_run_goes_on_when_more_epochs_are_asked_for(pairs: Path, tmp_path: Path):
    """From the state at its end, with the learning rates of a run of so many epochs; its model stays until the new one
    is there. The card tells."""
    out, stops = tmp_path / "run", tmp_path / "stops"
    Trainer(settings(pairs, out, epochs=2)).train()
    first = weights(out)
    shutil.copytree(out, stops)
    longer = Trainer(settings(pairs, out, epochs=4), resume=True)
    assert longer.learner.step == 16
    by_hand = Trainer(settings(pairs, tmp_path / "by-hand", epochs=4))
    by_hand.learner.load(torch.load(out / "training" / "state.pt", weights_only=True))
    rates, step = [], longer.learner.train_step

    def spied(x, y):
        assert weights(out) == first
        losses = step(x, y)
        rates.append(longer.learner.generator_optimizer.param_groups[0]["lr"])
        return losses

    longer.learner.train_step = spied
    longer.train()
    assert rates == pytest.approx([2e-4 * min(1, 2 * (1 - step / 32)) for step in range(16, 32)])
    by_hand.train()
    assert weights(out) == weights(tmp_path / "by-hand") != first
    assert "4 epochs" in (card := (out / "README.md").read_text()) and "planned for 2 epochs until step 16" in card

    stopped(Trainer(settings(pairs, stops, epochs=4), resume=True), at=20)
    Trainer(settings(pairs, stops, epochs=4), resume=True).train()
    assert weights(stops) == weights(out)


def test_a_run_can_start_from_anothers_weights(pairs: Path, tmp_path: Path):
    first = Trainer(settings(pairs, tmp_path / "first"))
    first.train()
    both = Trainer(
        settings(pairs, tmp_path / "second", init=str(tmp_path / "first"), hand_drawn=True, input_kind="edges")
    )
    for mine, theirs in (
        (both.learner.generator, first.learner.generator),
        (both.learner.discriminator, first.learner.discriminator),
    ):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))
    shutil.rmtree(tmp_path / "first" / "training")  # as shared with others: only the generator
    one = Trainer(settings(pairs, tmp_path / "third", init=str(tmp_path / "first")))
    head = first.learner.generator.head.weight
    torch.testing.assert_close(one.learner.generator.head.weight, head, rtol=1e-3, atol=1e-6)  # stored in float16
    with pytest.raises(TrainingError, match=r"The generator of .* does not fit"):
        Trainer(settings(pairs, tmp_path / "fourth", init=str(tmp_path / "first"), features=2))
    with pytest.raises(CheckpointError, match="no model"):
        Trainer(settings(pairs, tmp_path / "fourth", init="nothing"))


def test_no_model_or_run_is_overwritten(pairs: Path, tmp_path: Path):
    out = tmp_path / "mine"
    Trainer(settings(pairs, out)).train()
    with pytest.raises(TrainingError, match="already holds a model"):
        Trainer(settings(pairs, out))
    shutil.copytree(out / "training", tmp_path / "other" / "training")
    with pytest.raises(TrainingError, match="add --resume"):
        Trainer(settings(pairs, tmp_path / "other"))
    with pytest.raises(TrainingError, match="seed was 0 and is 3"):
        Trainer(settings(pairs, tmp_path / "other", seed=3), resume=True)
    for epochs in (1, 2):  # no more epochs than were done
        with pytest.raises(TrainingError, match="has done 2 epochs: ask for more --epochs"):
            Trainer(settings(pairs, out, epochs=epochs), resume=True)
    with pytest.raises(TrainingError, match="nothing to resume"):
        Trainer(settings(pairs, tmp_path / "new"), resume=True)
    Trainer(settings(pairs, tmp_path / "steps", steps=3)).train()
    for steps in (2, 3):
        with pytest.raises(TrainingError, match="has done 3 steps: ask for more --steps"):
            Trainer(settings(pairs, tmp_path / "steps", steps=steps), resume=True)
    Trainer(settings(pairs, tmp_path / "steps", steps=5), resume=True).train()
    assert "planned for `--steps 3` until step 3" in (tmp_path / "steps" / "README.md").read_text()


def test_a_run_goes_on_with_its_own_pairs_alone(pairs: Path, tmp_path: Path):
    stopped(Trainer(settings(pairs, tmp_path / "out")), at=3)
    (pairs / "train" / "0.png").rename(pairs / "train" / "another.png")
    with pytest.raises(TrainingError, match="pairs of other names"):
        Trainer(settings(pairs, tmp_path / "out"), resume=True)
    (pairs / "train" / "another.png").rename(pairs / "train" / "0.png")
    Trainer(settings(pairs, tmp_path / "out"), resume=True).train()


def test_a_run_may_be_started_with_paths_and_in_a_thread(pairs: Path, tmp_path: Path):
    small = vars(settings(pairs, tmp_path / "out", epochs=1))
    trainer = Trainer(Settings(**{**small, "data": pairs, "out": tmp_path / "out"}))
    thread = threading.Thread(target=trainer.train)
    thread.start()
    thread.join()
    Trainer(Settings(**{**small, "out": tmp_path / "out", "epochs": 2}), resume=True).train()
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_a_stop_in_the_last_evaluation_is_obeyed_and_resumed(pairs: Path, tmp_path: Path, monkeypatch, capsys):
    def interrupted(*arguments: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    out = tmp_path / "out"
    monkeypatch.setattr(trainer_module, "evaluate", interrupted)
    with pytest.raises(SystemExit) as leaving:
        Trainer(settings(pairs, out)).train()
    assert leaving.value.code == 130 and "continue with --resume" in capsys.readouterr().err
    assert not (out / "config.json").exists()
    monkeypatch.undo()
    Trainer(settings(pairs, out), resume=True).train()
    assert (out / "config.json").exists()


def test_a_stop_in_the_upload_tells_that_the_model_is_complete(pairs: Path, tmp_path: Path, monkeypatch, capsys):
    out = tmp_path / "out"
    monkeypatch.setattr(trainer_module, "check_token", lambda: None)
    monkeypatch.setattr(trainer_module, "push", lambda *arguments: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit) as leaving:
        Trainer(settings(pairs, out, push_to_hub="me/mine")).train()
    message = capsys.readouterr().err
    assert leaving.value.code == 130
    assert f"python -m pix2pix push {out} me/mine" in message and "--resume" not in message
    assert (out / "config.json").exists()
    assert json.loads((out / "training" / "progress.json").read_text())["state"] == "done"


def test_ten_pairs_in_two_folders_train_with_one_command(tmp_path: Path):
    make_pairs(tmp_path / "both", 10, seed=4)
    for i in range(10):
        both = Image.open(tmp_path / "both" / f"{i}.png")
        for folder, box, suffix in (("left", (0, 0, 32, 32), "png"), ("right", (32, 0, 64, 32), "jpg")):
            (tmp_path / "mine" / folder).mkdir(parents=True, exist_ok=True)
            both.crop(box).save(tmp_path / "mine" / folder / f"{i}.{suffix}")
    out = tmp_path / "out"
    assert train.main(["--data", str(tmp_path / "mine"), "--out", str(out), *SMALL, "--epochs", "1"]) == 0
    card = (out / "README.md").read_text()
    assert "9 training pairs" in card and "On the 1 pair of `val`" in card


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--data", "PAIRS", "--hand-drawn"], "--input-kind edges"),
        (["--data", "PAIRS", "--palette", "facades"], "--input-kind labels"),
        (["--data", "PAIRS", "--objective", "gan", "--mode-seeking-weight", "1"], "--mode-seeking-weight"),
        (["--data", "PAIRS", "--streaming"], "--streaming"),
        (["--data", "PAIRS", "--batch-size", "9", "--device", "cpu"], "8 pairs"),
        (["--data", "PAIRS", "--device", "abacus"], "abacus"),
        (["--data", "PAIRS", "--depth", "4"], "--depth"),
    ],
)
def test_bad_options_end_in_one_sentence_and_code_2(pairs: Path, tmp_path: Path, options, words, capsys):
    options = [str(pairs) if word == "PAIRS" else word for word in options]
    assert train.main(["--out", str(tmp_path / "out"), *options]) == 2
    message = capsys.readouterr().err.strip()
    assert words in message and "\n" not in message
    assert not (tmp_path / "out").exists()


def test_save_and_load_give_the_same_weights(small_generator: Generator, tmp_path: Path):
    small_generator.save_pretrained(tmp_path / "whole")
    small_generator.save_pretrained(tmp_path / "half", half=True)
    whole, half = (Generator.from_pretrained(tmp_path / name).state_dict() for name in ("whole", "half"))
    for name, tensor in small_generator.state_dict().items():
        assert torch.equal(whole[name], tensor)
        torch.testing.assert_close(half[name], tensor, rtol=1e-3, atol=1e-7)
    assert (tmp_path / "half" / "model.safetensors").stat().st_size < 0.6 * (
        tmp_path / "whole" / "model.safetensors"
    ).stat().st_size


@pytest.mark.parametrize(
    ("changes", "judged"),
    [
        ({"objective": "l1"}, None),
        ({"objective": "l2"}, None),
        ({"objective": "gan"}, 3),
        ({"objective": "cgan", "gan": "least-squares"}, 6),
        ({"objective": "gan+l1", "patch": 1}, 3),
        ({"objective": "cgan+l1", "patch": 16, "generator": "encoder-decoder"}, 6),
        ({"norm": "instance", "padding": "reflect", "head": "resize", "activation": "relu6"}, 6),
        ({"mode_seeking_weight": 0.5, "dropout_kind": "channel", "ema": 0.9}, 6),
        ({"mode_seeking_weight": 0.5, "dropout_kind": "channel", "dropout_levels": 2, "grain_levels": 2}, 6),
        ({"dropout_levels": 4}, 6),
        ({"dropout_levels": 0}, 6),
    ],
)
def test_every_ablation_trains_and_its_checkpoint_runs_on_both_engines(pairs: Path, tmp_path: Path, changes, judged):
    trainer = Trainer(settings(pairs, tmp_path / "out", epochs=1, **changes))
    assert trainer.learner.generator.config.dropped_levels == tuple(range(changes.get("dropout_levels", 3)))
    first = [p.detach().clone() for p in trainer.learner.generator.parameters()]
    if judged is None:
        assert trainer.learner.discriminator is None
    else:
        d = trainer.learner.discriminator
        assert d is not None and d.patches[0].weight.shape[1] == judged
    trainer.train()
    assert not all(torch.equal(a, b) for a, b in zip(first, trainer.learner.generator.parameters(), strict=True))
    photo = Image.effect_noise((40, 32), 80).convert("RGB")
    results = [Translator.from_pretrained(tmp_path / "out", engine=engine)(photo, 3) for engine in ("auto", "torch")]
    difference = np.abs(np.asarray(results[0], int) - np.asarray(results[1], int))
    assert difference.max() <= 1


def test_colourisation_trains_on_photos_alone(tmp_path: Path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(6):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(tmp_path / "photos" / f"{i}.png")
    trainer = Trainer(settings(tmp_path / "photos", tmp_path / "out", make="lightness"))
    x, y = trainer.pairs[0, 0]
    assert x.shape == (1, 32, 32) and y.shape == (2, 32, 32)
    trainer.train()
    grid = Image.open(tmp_path / "out" / "training" / "samples" / "epoch_0002.png")
    assert grid.size == (3 * 32, 3 * 32)
    result = Translator.from_pretrained(tmp_path / "out")(Image.new("RGB", (50, 30), "grey"))
    assert result.size == (50, 30)


def test_mode_seeking_takes_the_better_of_two_samples_and_pushes_them_apart(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", mode_seeking_weight=0.5, l1_weight=10.0, batch_size=2))
    x, y = (torch.stack(t) for t in zip(trainer.pairs[0, 0], trainer.pairs[0, 1], strict=True))
    noises = trainer.learner._noises(x)
    assert len(noises) == 2 and not torch.equal(noises[0][0], noises[1][0])
    with torch.no_grad():
        outputs = torch.stack([trainer.learner.generator(x, noise) for noise in noises])
        l1 = (outputs - y).abs().mean((2, 3, 4)).min(0).values.mean()
        apart = (0.3 * torch.tanh((outputs[0] - outputs[1]) / 0.3)).mean((2, 3))
        grey = apart.mean(1, keepdim=True)
        apart = (grey.abs() + 2 * (apart - grey).abs()).mean(1) / 2
    losses = trainer.learner.train_step(x, y)
    assert losses["L1"].item() == pytest.approx(l1.item(), rel=1e-5)
    assert losses["mode_seeking"].item() == pytest.approx((1 / (apart + 0.01)).mean().item(), rel=1e-5)

    def spread(weight: float) -> float:
        trainer = Trainer(
            settings(pairs, tmp_path / f"of-{weight}", features=16, mode_seeking_weight=weight, dropout_kind="channel")
        )
        trainer.learner.total_steps = 10_000
        for _ in range(150):
            trainer.learner.train_step(x, y)
        trainer.settings.mode_seeking_weight = 0.5  # two noises, to compare
        with torch.no_grad():
            one, other = (trainer.learner.generator(x, noise) for noise in trainer.learner._noises(x))
        return float((one - other).mean((2, 3)).abs().mean())

    assert spread(1.0) > 3 * spread(0.0)


def test_samples_that_are_pushed_apart_share_their_grain(pairs: Path, tmp_path: Path):
    options = {"dropout_kind": "channel", "dropout_levels": 2, "grain_levels": 1, "mode_seeking_weight": 0.5}
    learner = Trainer(settings(pairs, tmp_path / "out", **options)).learner
    assert learner.generator.config.grain_levels == (2,)
    one, other = learner._noises(torch.zeros(2, 3, 32, 32))
    assert [torch.equal(a, b) for a, b in zip(one, other, strict=True)] == [False, False, True]
    assert not torch.equal(one[2][0], one[2][1])  # of two pictures in a batch


def test_the_average_follows_its_formula_and_is_stored(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", ema=0.5, epochs=1))
    expected = [p.detach().clone() for p in trainer.learner.generator.parameters()]
    x, y = (t[None] for t in trainer.pairs[0, 0])
    for step in range(1, 4):
        trainer.learner.train_step(x, y)
        decay = min(0.5, (1 + step) / (10 + step))
        moved = zip(expected, trainer.learner.generator.parameters(), strict=True)
        expected = [decay * e + (1 - decay) * p.detach() for e, p in moved]
    for mine, wanted in zip(trainer.learner.model.parameters(), expected, strict=True):
        torch.testing.assert_close(mine, wanted)
    trainer.train()
    kept = Generator.from_pretrained(tmp_path / "out").head.weight
    torch.testing.assert_close(kept, trainer.learner.model.head.weight, rtol=1e-3, atol=1e-6)
    assert not torch.equal(trainer.learner.model.head.weight, trainer.learner.generator.head.weight)


def test_a_network_of_half_the_size_becomes_the_inner_levels(pairs: Path, tmp_path: Path):
    small = Trainer(settings(pairs, tmp_path / "small", features=8, max_features=8, depth=5))
    small.train()
    large = Trainer(settings(pairs, tmp_path / "large", features=4, depth=6, init=str(tmp_path / "small")))
    for level in range(1, 5):
        ours, theirs = large.learner.generator.encoder[level + 1], small.learner.generator.encoder[level]
        assert torch.equal(ours.conv.weight, theirs.conv.weight)
    for level in range(4):
        ours, theirs = large.learner.generator.decoder[level], small.learner.generator.decoder[level]
        assert torch.equal(ours.conv.weight, theirs.conv.weight)


@pytest.mark.parametrize("generator", ["unet", "encoder-decoder"])
def test_a_narrower_model_begins_with_the_same_pictures(pairs: Path, tmp_path: Path, generator: str):
    few = dict(features=4, max_features=8, depth=5, upsampling="nearest", generator=generator)
    small = Trainer(settings(pairs, tmp_path / "small", **few))
    small.train()
    wide = Trainer(settings(pairs, tmp_path / "wide", **few | {"max_features": 12}, init=str(tmp_path / "small")))
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    outputs = []
    for learner in (small.learner, wide.learner):
        masks = [torch.ones(2, *shape) for shape in learner.generator.config.noise_shapes(32, 32)]
        with torch.no_grad():
            outputs.append(learner.model(x, masks))
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
    inner = wide.learner.generator.encoder[3].conv.weight
    assert inner.shape[:2] == (12, 12) and (inner[8:] != 0).all(), "the new channels can learn"
    wide.train()


def test_the_log_has_the_waiting_time_and_drops_repeated_steps(pairs: Path, tmp_path: Path):
    stopped(Trainer(settings(pairs, tmp_path / "out", epochs=3)), at=12)
    log = tmp_path / "out" / "training" / "log.jsonl"
    with open(log, "a") as file:  # the log of a run that was killed between a line and the next state
        file.write(json.dumps({"epoch": 2, "step": 16}) + "\n" + '{"epoch": 3, "st')
    Trainer(settings(pairs, tmp_path / "out", epochs=3), resume=True).train()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [8, 16, 24]
    assert all(0 <= line["waiting"] <= 1 for line in lines)
    frames = Image.open(tmp_path / "out" / "training" / "timelapse.gif")
    assert frames.n_frames == 3


def test_a_log_line_that_a_full_disk_cut_off_spoils_no_other(tmp_path: Path):
    watcher = Watcher(tmp_path)
    watcher.log({"step": 1, "L1": 0.5})
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 2, "L')
    watcher.log({"step": 3, "L1": 0.25})
    assert watcher.lines() == [{"step": 1, "L1": 0.5}, {"step": 3, "L1": 0.25}]
    watcher.forget_after(2)
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1, "L1": 0.5}\n'


def test_tensorboard_gets_the_same_figures(pairs: Path, tmp_path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Trainer(settings(pairs, tmp_path / "out", tensorboard=True)).train()
    events = EventAccumulator(str(tmp_path / "out" / "training" / "tensorboard"))
    events.Reload()
    lines = [json.loads(line) for line in (tmp_path / "out" / "training" / "log.jsonl").read_text().splitlines()]
    assert [e.value for e in events.Scalars("L1")] == pytest.approx([line["L1"] for line in lines])
    assert len(events.Images("samples")) == 2


TWO_PROCESSES = """
import sys, torch
from pix2pix import Settings, Trainer
data, out, batch = sys.argv[1:]
torch.set_num_threads(1)
trainer = Trainer(Settings(data, out, features=4, max_features=8, depth=5, discriminator_features=4, epochs=5,
                           batch_size=int(batch), device="cpu", mode_seeking_weight=0.3, ema=0.9))
learner = trainer.learner
for network in (learner.generator, learner.model, learner.discriminator):
    for parameter in network.double().parameters():
        parameter.data += trainer.processes.rank  # which sharing undoes
    trainer.processes.share(network.parameters())
for (x, y), _ in zip(trainer.batches.remaining(trainer.learner), range(10)):
    learner.train_step(x.double(), y.double())
if trainer.processes.is_first:
    torch.save([p.detach() for n in (learner.model, learner.discriminator) for p in n.parameters()], out + ".pt")
"""
# By address, since looking up this machine's name may take long or lead elsewhere.
TWO = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d",
       "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1"]  # fmt: skip


@pytest.mark.slow
def test_two_processes_train_the_same_weights_as_one_with_both_shares(pairs: Path, tmp_path: Path):
    pytest.importorskip("accelerate")
    script = tmp_path / "steps.py"
    script.write_text(TWO_PROCESSES)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name, door, batch in (("two", TWO, "1"), ("one", [sys.executable], "2")):
        command = [*door, str(script), str(pairs), str(tmp_path / name), batch]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    one, two = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("one", "two"))
    for mine, theirs in zip(one, two, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_two_processes_by_minutes_plan_alike_and_write_a_model(pairs: Path, tmp_path: Path):
    pytest.importorskip("accelerate")
    command = [*TWO, str(ROOT / "train.py"), "--data", str(pairs), "--out", str(tmp_path / "out"), *SMALL]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--minutes", "0.25"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "config.json").exists()


def test_options_override_a_recipe():
    options = vars(train.parse(["--data", "d", "--out", "o", "--recipe", "edges2shoes", "compact", "--epochs", "3"]))
    assert options["batch_size"] == 4 and options["jitter"] is False and options["input_kind"] == "edges"
    assert options["features"] == 32 and options["epochs"] == 3
    assert vars(train.parse(["--data", "d", "--out", "o"]))["epochs"] == 200


def test_what_a_recipe_turns_on_can_be_turned_off():
    arguments = ["--data", "d", "--out", "o", "--recipe", "compact"]
    assert train.parse(arguments).augment and not train.parse([*arguments, "--no-augment"]).augment


def test_recipes_hold_settings_and_every_setting_is_an_option():
    from dataclasses import asdict, fields

    from pix2pix import RECIPES

    for recipe in RECIPES.values():
        Settings("d", "o", **recipe)
    plain = vars(train.parse(["--data", "d", "--out", "o"]))
    assert {*plain} - {"resume", "check"} == {field.name for field in fields(Settings)}
    assert asdict(Settings(**{k: v for k, v in plain.items() if k not in ("resume", "check")})) == asdict(
        Settings("d", "o")
    )


def test_accelerate_launch_may_choose_the_precision(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    assert train.parse(["--data", "d", "--out", "o"]).mixed_precision == "bf16"
    assert train.parse(["--data", "d", "--out", "o", "--mixed-precision", "no"]).mixed_precision == "no"


@pytest.mark.parametrize(
    ("precision", "native", "warned"), [("bf16", False, True), ("bf16", True, False), ("no", False, False)]
)
def test_a_processor_that_is_slow_in_bf16_is_told_of(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch,
    precision: str, native: bool, warned: bool,
):  # fmt: skip
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    arguments = ["--data", str(pairs), "--out", str(tmp_path / "out"), *SMALL, "--steps", "1"]
    assert train.main([*arguments, "--mixed-precision", precision]) == 0
    assert ("leave out --mixed-precision bf16" in capsys.readouterr().err) == warned


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_samples_that_are_not_chosen_leave_the_gradients_intact(pairs: Path, tmp_path: Path, precision: str):
    trainer = Trainer(
        settings(pairs, tmp_path / "out", mode_seeking_weight=0.5, nearest_of=4, mixed_precision=precision)
    )
    x, y = (torch.stack(t) for t in zip(*(trainer.pairs[0, i] for i in range(2)), strict=True))
    assert len(trainer.learner._noises(x)) == 4
    trainer.learner.train_step(x, y)
    for name, parameter in trainer.learner.generator.named_parameters():
        assert parameter.grad is not None and parameter.grad.count_nonzero() > 0, name


def test_a_run_from_before_an_option_has_the_old_behaviour():
    from dataclasses import asdict

    from pix2pix.training.settings import changed

    now = settings(Path("d"), Path("o"), mode_seeking_weight=0.1, nearest_of=1)
    before = {name: value for name, value in asdict(now).items() if name not in ("nearest_of", "chroma_weight")}
    assert changed({**before, "nearest": False}, now) == []
    assert changed({**before, "nearest": True}, now) == ["nearest_of was 2 and is 1"]


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [("edges", "hand_drawn", True), ("diversity", "mode_seeking_weight", 0.1), ("hue", "chroma_weight", 0.3)],
)
def test_old_names_of_options_are_still_read(old: str, new: str, value: bool | float):
    from dataclasses import asdict

    from pix2pix.training.settings import changed, flag

    words = ["--data", "d", "--out", "o", "--input-kind", "edges"]
    given = [] if value is True else [str(value)]
    assert train.parse([*words, flag(old), *given]) == train.parse([*words, flag(new), *given])
    assert f"{flag(old)} " not in train.parser().format_help()
    now = settings(Path("d"), Path("o"), **{"input_kind": "edges", "mode_seeking_weight": 0.1, new: value})
    before = {name: value for name, value in asdict(now).items() if name != new}
    assert changed({**before, old: value}, now) == []
    assert changed({**before, old: 0}, now) == [f"{new} was 0 and is {value}"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"features": 2000}, "--features is 2000: it must be from 1 to 1024"),
        ({"max_features": 0}, "--max-features is 0: it must be from 1 to 4096"),
        ({"discriminator_features": 0}, "--discriminator-features is 0: it must be from 1 to 1024"),
        ({"patch": 142}, "--patch 142 needs pictures of 64 pixels: use --depth 6 or more"),
        ({"patch": 286, "depth": 6}, "--patch 286 needs pictures of 128 pixels: use --depth 7 or more"),
    ],
)
def test_what_no_network_can_be_is_refused_in_a_sentence(wrong: dict[str, Any], said: str):
    with pytest.raises(TrainingError, match=said):
        settings(Path("d"), Path("o"), **wrong)


@pytest.mark.parametrize("levels", [-1, 5])
def test_dropout_is_on_levels_that_exist(levels: int):
    with pytest.raises(TrainingError, match="with --depth 5 it must be from 0 to 4"):
        settings(Path("d"), Path("o"), dropout_levels=levels)


@pytest.mark.parametrize("of_samples", [{"nearest_of": 1}, {"nearest_of": 4}, {"chroma_weight": 0.3}])
def test_samples_are_compared_only_where_there_are_several(of_samples: dict):
    settings(Path("d"), Path("o"), mode_seeking_weight=0.1, **of_samples)
    with pytest.raises(TrainingError, match="requires --mode-seeking-weight above 0"):
        settings(Path("d"), Path("o"), **of_samples)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unpainted": 0.5}, "needs --paint"),
        ({"warp": True}, "need --hand-drawn"),
        ({"outlines": 0.5}, "need --hand-drawn"),
        ({"outlines": -0.5, "hand_drawn": True, "input_kind": "edges"}, "must be from 0 to 1"),
        ({"unpainted": 1.5, "paint": True, "input_kind": "paint"}, "must be from 0 to 1"),
        ({"augment_colours": False}, "add --augment"),
    ],
)
def test_parts_of_an_option_need_the_option(wrong: dict, said: str):
    with pytest.raises(TrainingError, match=said):
        settings(Path("d"), Path("o"), **wrong)


def test_the_cards_command_gives_the_settings_back(tmp_path: Path):
    import shlex

    from pix2pix.training.card import command

    made = settings(
        tmp_path,
        tmp_path / "my model",
        jitter=False,
        mode_seeking_weight=0.25,
        nearest_of=1,
        columns=("left", "right"),
        norm="instance",
    )
    words = shlex.split(command(made))
    assert words[:2] == ["python", "train.py"]
    options = vars(train.parse(words[2:]))
    del options["resume"], options["check"]
    assert type(made)(**options) == made


def test_a_run_that_could_not_be_pushed_does_not_start(pairs: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(CheckpointError, match="HF_TOKEN"):
        Trainer(settings(pairs, tmp_path / "out", push_to_hub="me/mine"))


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="is for glibc")
def test_freed_memory_is_reused_by_the_next_step():
    program = (
        "import resource, sys, numpy as np; from pix2pix.devices import keep_freed_memory\n"
        "if sys.argv[1] == 'keep': keep_freed_memory()\n"
        "def step(): [np.ones(250_000) for _ in range(10)]\n"
        "step()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(20): step()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )
    faults = {
        how: int(subprocess.check_output([sys.executable, "-c", program, how], cwd=ROOT)) for how in ("give", "keep")
    }
    assert faults["keep"] < 200 < 2000 < faults["give"]  # newly allocated pages


def test_check_prints_how_the_data_is_understood_and_trains_nothing(pairs: Path, tmp_path: Path, capsys):
    (pairs / "notes.txt").write_text("mine")
    assert train.main(["--data", str(pairs), "--check"]) == 0
    said = capsys.readouterr().out
    assert "8 pairs to train on, 2 in a split of their own" in said and "A on the left" in said
    assert "0.png, 1.png, 2.png" in said and "ignored: 1 .txt files" in said
    file = pairs / "train" / "3.png"
    file.write_bytes(file.read_bytes()[:-300])
    assert train.main(["--data", str(pairs), "--check"]) == 2
    assert "3.png" in capsys.readouterr().out


def test_damaged_pictures_are_named_before_the_first_step(pairs: Path, tmp_path: Path, capsys):
    for name in ("train/3.png", "val/1.png"):
        data = (pairs / name).read_bytes()
        (pairs / name).write_bytes(data[: len(data) * 3 // 4])
    assert train.main(["--data", str(pairs), "--out", str(tmp_path / "out"), *SMALL]) == 2
    message = capsys.readouterr().err
    assert "3.png" in message and "1.png" in message and not (tmp_path / "out").exists()


@pytest.mark.parametrize("lr", ["1e10", "1e25"])
def test_values_that_are_not_finite_stop_the_run_and_no_model_is_written(pairs: Path, tmp_path: Path, lr: str, capsys):
    out = tmp_path / "out"
    assert train.main(["--data", str(pairs), "--out", str(out), *SMALL, "--epochs", "2", "--lr", lr]) == 2
    assert "lower --lr" in capsys.readouterr().err
    assert not (out / "config.json").exists() and not (out / "model.safetensors").exists()
    assert not (out / "training" / "state.pt").exists()  # there was no intact state


def test_the_last_good_state_outlives_a_loss_that_is_not_finite(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", epochs=3))
    step = trainer.learner.train_step

    def breaks(x, y):
        losses = step(x, y)
        return {**losses, "L1": losses["L1"] * float("nan")} if trainer.learner.step > 10 else losses

    trainer.learner.train_step = breaks
    with pytest.raises(TrainingError, match="at step 11"):
        trainer.train()
    state = torch.load(tmp_path / "out" / "training" / "state.pt", weights_only=True)
    assert state["step"] == 8 and all(tensor.isfinite().all() for tensor in state["generator"].values())


def test_nothing_is_trained_without_an_output_folder(pairs: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Trainer, "train", lambda self: pytest.fail("it trains"))
    with pytest.raises(SystemExit) as stopped:
        train.main(["--data", str(pairs), *SMALL])
    assert stopped.value.code == 2 and "--out" in capsys.readouterr().err
