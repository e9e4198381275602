"""The trainer learns, can be stopped at any moment, and never leaves half a file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

import train
from pix2pix import CheckpointError, Generator, Settings, Trainer, TrainingError, Translator
from pix2pix.losses import discriminator_loss, generator_gan_loss
from pix2pix.metrics import measure

SMALL = ["--features", "4", "--max-features", "8", "--depth", "5", "--discriminator-features", "4", "--device", "cpu"]


def settings(data: Path, out: Path, **changes) -> Settings:
    small = {"features": 4, "max_features": 8, "depth": 5, "discriminator_features": 4, "epochs": 2, "device": "cpu"}
    return Settings(str(data), str(out), **{**small, **changes})


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def command(data: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), "--data", str(data), "--out", str(out), *SMALL, *more]


def test_twenty_steps_make_a_checkpoint_folder(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    out = tmp_path / "mine"
    assert train.main(["--data", str(pairs), "--out", str(out), *SMALL, "--epochs", "5", "--batch-size", "2"]) == 0
    config = json.loads((out / "config.json").read_text())
    assert config["task"] == {"direction": "AtoB", "input": "photo", "image_size": 32}
    card = (out / "README.md").read_text()
    assert "20 steps" in card and f"--data {pairs}" in card and "| this model |" in card
    assert sorted(p.name for p in (out / "training" / "samples").iterdir()) == [
        f"epoch_000{i}.png" for i in range(1, 6)
    ]
    assert Image.open(out / "training" / "samples" / "epoch_0005.png").size == (3 * 32, 2 * 32)
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
    trainer.total_steps = 10_000  # a flat learning rate
    x, y = (torch.stack(t) for t in zip(*trainer.fixed, strict=True))

    def error() -> float:
        with torch.no_grad():
            return measure(trainer.generator(x[:1])[0], y[0])["l1"]

    before = error()
    for _ in range(250):
        trainer.train_step(x, y)
    assert error() < 0.06 < before / 3


def test_a_step_is_one_gradient_on_d_then_one_on_g(pairs: Path, tmp_path: Path):
    """Against the same step written plainly, with autograd's own gradients and Adam's formula, in float64."""
    trainer = Trainer(settings(pairs, tmp_path / "out"))
    trainer.generator.double()
    trainer.discriminator.double()
    x, y = (t[None].double() for t in trainer.pairs[0, 0])
    noise = [mask.double() for mask in trainer._noise(x)]
    trainer._noise = lambda x: noise  # type: ignore[method-assign]
    g, d = trainer.generator, trainer.discriminator

    def adam(p: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:  # first step: both moments, bias corrected, equal
        return p - 2e-4 * grad / (grad.abs() + 1e-8)

    fake = g(x, noise)
    d_grads = torch.autograd.grad(discriminator_loss(d(x, y), d(x, fake.detach())), list(d.parameters()))
    d_after = [adam(p.detach().clone(), grad) for p, grad in zip(d.parameters(), d_grads, strict=True)]
    judge = {name: p for (name, _), p in zip(d.named_parameters(), d_after, strict=True)}
    logits = torch.func.functional_call(d, judge, (x, fake))  # G is judged by the updated D
    g_loss = generator_gan_loss(logits) + 100 * (fake - y).abs().mean()
    g_grads = torch.autograd.grad(g_loss, list(g.parameters()))
    g_after = [adam(p.detach().clone(), grad) for p, grad in zip(g.parameters(), g_grads, strict=True)]

    trainer.train_step(x, y)
    for mine, expected in zip([*d.parameters(), *g.parameters()], [*d_after, *g_after], strict=True):
        torch.testing.assert_close(mine.detach(), expected, rtol=0, atol=1e-10)


def test_learning_rate_is_flat_then_falls_to_zero(pairs: Path, tmp_path: Path):
    trainer = Trainer(settings(pairs, tmp_path / "out", epochs=10))  # 80 steps
    rates = []
    for trainer.step in (0, 39, 40, 60, 79):
        trainer._set_learning_rate()
        rates.append(trainer.generator_optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([2e-4, 2e-4, 2e-4, 1e-4, 2e-4 / 40])


def test_a_stopped_and_resumed_run_ends_with_the_same_bytes(pairs: Path, tmp_path: Path):
    Trainer(settings(pairs, tmp_path / "whole", epochs=3)).train()

    broken = Trainer(settings(pairs, tmp_path / "parts", epochs=3))
    step = broken.train_step

    def stop_in_the_middle(x, y):
        if broken.step == 10:
            signal.raise_signal(signal.SIGTERM)
        return step(x, y)

    broken.train_step = stop_in_the_middle  # type: ignore[method-assign]
    with pytest.raises(SystemExit) as leaving:
        broken.train()
    assert leaving.value.code == 143
    assert not (tmp_path / "parts" / "model.safetensors").exists()
    Trainer(settings(pairs, tmp_path / "parts", epochs=3), resume=True).train()
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")


def test_a_killed_run_resumes_to_the_same_bytes(pairs: Path, tmp_path: Path):
    out = tmp_path / "killed"
    quiet = {"stderr": subprocess.DEVNULL, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    process = subprocess.Popen(command(pairs, out, "--epochs", "20"), **quiet)
    deadline = time.monotonic() + 120
    while not (out / "training" / "samples" / "epoch_0003.png").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (out / "model.safetensors").exists()
    subprocess.run(command(pairs, out, "--epochs", "20", "--resume"), check=True, **quiet)
    subprocess.run(command(pairs, tmp_path / "whole", "--epochs", "20"), check=True, **quiet)
    assert weights(out) == weights(tmp_path / "whole")


def test_a_run_can_start_from_anothers_weights(pairs: Path, tmp_path: Path):
    first = Trainer(settings(pairs, tmp_path / "first"))
    first.train()
    both = Trainer(settings(pairs, tmp_path / "second", init=str(tmp_path / "first"), edges=True))
    for mine, theirs in ((both.generator, first.generator), (both.discriminator, first.discriminator)):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))
    shutil.rmtree(tmp_path / "first" / "training")  # what is shared with others: the generator alone
    one = Trainer(settings(pairs, tmp_path / "third", init=str(tmp_path / "first")))
    head = first.generator.head.weight
    torch.testing.assert_close(one.generator.head.weight, head, rtol=1e-3, atol=1e-6)  # stored in float16
    with pytest.raises(TrainingError, match="do not fit"):
        Trainer(settings(pairs, tmp_path / "fourth", init=str(tmp_path / "first"), features=8))
    with pytest.raises(CheckpointError, match="no model"):
        Trainer(settings(pairs, tmp_path / "fourth", init="nothing"))


def test_nobodys_model_or_run_is_overwritten(pairs: Path, tmp_path: Path):
    out = tmp_path / "mine"
    Trainer(settings(pairs, out)).train()
    with pytest.raises(TrainingError, match="already holds a model"):
        Trainer(settings(pairs, out))
    shutil.copytree(out / "training", tmp_path / "other" / "training")
    with pytest.raises(TrainingError, match="add --resume"):
        Trainer(settings(pairs, tmp_path / "other"))
    with pytest.raises(TrainingError, match="epochs was 2 and is 3"):
        Trainer(settings(pairs, tmp_path / "other", epochs=3), resume=True)
    with pytest.raises(TrainingError, match="nothing to resume"):
        Trainer(settings(pairs, tmp_path / "new"), resume=True)
    state = tmp_path / "other" / "training" / "state.pt"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(TrainingError, match="damaged"):
        Trainer(settings(pairs, tmp_path / "other"), resume=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "nowhere"], "nowhere"),
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
