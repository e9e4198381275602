"""`python -m pix2pix` and the help of all commands, as a user types them."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops
from places import ROOT
from skimage.metrics import structural_similarity

from pix2pix import Generator, Translator, mean_distance, open_image, outline
from pix2pix.__main__ import main
from pix2pix.errors import missing
from pix2pix.evaluation.metrics import LabHistograms, measure
from pix2pix.pairs.folders import find_source
from pix2pix.pairs.pairs import Pairs
from pix2pix.pictures.images import to_array, to_image


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(tmp_path / "in.png")
    return tmp_path / "in.png"


def test_translate_writes_the_translators_picture(picture: Path, small_checkpoint: Path, tmp_path: Path, capsys):
    out = tmp_path / "new" / "out.png"
    assert main(["translate", str(picture), str(out), "--model", str(small_checkpoint), "--seed", "5"]) == 0
    expected = Translator.from_pretrained(small_checkpoint)(open_image(picture), seed=5)
    assert ImageChops.difference(open_image(out), expected).getbbox() is None
    assert capsys.readouterr().out.strip() == str(out)


def test_translate_samples_are_named_by_seed(picture: Path, small_checkpoint: Path, tmp_path: Path):
    arguments = ["translate", str(picture), str(tmp_path / "out.png"), "--model", str(small_checkpoint)]
    assert main([*arguments, "--samples", "10", "--seed", "8"]) == 0  # more than one batch
    assert {path.name for path in tmp_path.glob("out*")} == {f"out-{seed}.png" for seed in range(8, 18)}
    last = Translator.from_pretrained(small_checkpoint)(open_image(picture), 17)
    assert ImageChops.difference(open_image(tmp_path / "out-17.png"), last).getbbox() is None
    assert ImageChops.difference(open_image(tmp_path / "out-8.png"), open_image(tmp_path / "out-9.png")).getbbox()


def test_a_file_without_a_scale_gets_one_that_is_reported(
    picture: Path, small_generator: Generator, tmp_path: Path, capsys
):
    small_generator.save_pretrained(tmp_path / "foreign", {})
    command = ["translate", str(picture), str(tmp_path / "out.png"), "--model", str(tmp_path / "foreign")]
    assert main(command) == 0
    told = capsys.readouterr().err
    assert "the whole picture at 32 x 32 pixels" in told and "--size and --scale" in told
    assert main([*command, "--size", "64", "--scale", "native"]) == 0
    assert capsys.readouterr().err == ""
    expected = Translator.from_pretrained(tmp_path / "foreign", size=64, scale="native")(open_image(picture))
    assert ImageChops.difference(open_image(tmp_path / "out.png"), expected).getbbox() is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["translate", "gone.png", "out.png", "--model", "MODEL"], "gone.png"),
        (["translate", "IN", "out.png", "--model", "no-such-model"], "no-such-model"),
        (["translate", "IN", "out.xyz", "--model", "MODEL"], "out.xyz"),
        (["translate", "IN", "out", "--model", "MODEL"], "out.png"),
        (["translate", "IN", "IN", "--model", "MODEL"], "in.png"),
        (["translate", "IN", "out.png", "--model", "MODEL", "--device", "abacus"], "abacus"),
        (["translate", "IN", "o.png", "--model", "MODEL", "--seed", str(2**63 - 1), "--samples", "2"], "--seed"),
        (["translate", "IN", "IN/out.png", "--model", "MODEL"], "out.png"),
        (["translate", "IN", "out.png", "--model", "MODEL", "--size", "33"], "multiples of 32"),
        (["evaluate", "--model", "MODEL", "--data", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_ends_in_one_sentence_and_code_2(
    arguments, words, picture, small_checkpoint, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    names = {"IN": str(picture), "MODEL": str(small_checkpoint), "IN/out.png": f"{picture}/out.png"}
    assert main([names.get(word, word) for word in arguments]) == 2
    message = capsys.readouterr().err.strip()
    assert words in message and "\n" not in message and "Traceback" not in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png"]


def test_evaluate_writes_what_it_measured(small_checkpoint: Path, pairs: Path, tmp_path: Path, capsys):
    file = tmp_path / "figures.json"
    arguments = ["evaluate", "--model", str(small_checkpoint), "--data", str(pairs), "--json", str(file)]
    assert main([*arguments, "--direction", "BtoA", "--seed", "5"]) == 0
    figures = json.loads(file.read_text())
    assert figures["count"] == 2 and figures["split"] == "val" and figures["direction"] == "BtoA"

    translator = Translator.from_pretrained(small_checkpoint)
    l1s, of_input, apart, mine, true = [], [], [], LabHistograms(), LabHistograms()
    for i in range(2):
        x, y = Pairs(find_source(pairs, "val"), "BtoA", 32)[i]
        samples = translator.sample(to_image(x.numpy()), range(5 + 8 * i, 13 + 8 * i))  # noises of its own
        l1s.append([np.abs(to_array(sample) - y.numpy()).mean() / 2 for sample in samples])
        apart.append(mean_distance(samples))
        of_input.append(np.abs(x.numpy() - y.numpy()).mean() / 2)
        true.add(y)
        for sample in samples:
            mine.add(torch.from_numpy(to_array(sample)))
    assert figures["l1"] == pytest.approx(np.mean(l1s), abs=6e-5) != pytest.approx(np.mean(l1s, 0)[0], abs=6e-5)
    assert figures["best_l1"] == pytest.approx(np.min(l1s, 1).mean(), abs=6e-5)
    assert figures["lab"] == pytest.approx(mine.intersection(true), abs=6e-5)
    lightness = {"output": mine.mean_lightness(), "target": true.mean_lightness()}
    assert figures["lightness"] == pytest.approx(lightness, abs=6e-5)
    assert figures["sample_distance"] == pytest.approx(np.mean(apart), abs=6e-5)
    assert figures["baselines"]["input"]["l1"] == pytest.approx(np.mean(of_input), abs=6e-5)
    assert f"{figures['l1']:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "--model", "MODEL", "--data", "DATA", "--json", "PLACE"],
        ["evaluate", "--model", "MODEL", "--data", "DATA", "--html", "PLACE"],
        ["tone", "MODEL", "PLACE", "--data", "DATA"],
        ["export", "MODEL", "PLACE"],
    ],
)
def test_a_place_that_cannot_be_written_is_named_before_the_work(
    command: list[str], small_checkpoint: Path, pairs: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    place = picture / "result.onnx"  # in a file, not in a folder
    names = {"MODEL": str(small_checkpoint), "DATA": str(pairs), "PLACE": str(place)}
    for work in ("pix2pix.evaluation.metrics.evaluate", "pix2pix.evaluation.tone.fit_tone"):
        monkeypatch.setattr(work, lambda *_, **__: pytest.fail("the work has begun"))
    assert main([names.get(word, word) for word in command]) == 2
    message = capsys.readouterr().err.strip()
    assert f"{place} cannot be written" in message and "choose another place" in message and "\n" not in message


@pytest.mark.parametrize(
    ("verb", "last"), [(["translate", "in.png", "out.png", "--samples", "2"], 2), (["evaluate", "--data", "pairs"], 16)]
)
def test_seeds_out_of_range_are_refused_before_any_output(
    verb: list[str], last: int, picture: Path, pairs: Path, small_checkpoint: Path, monkeypatch, capsys
):
    monkeypatch.chdir(picture.parent)
    verb = [str(pairs) if word == "pairs" else word for word in verb]
    assert main([*verb, "--model", str(small_checkpoint), "--seed", str(2**63 - last + 1)]) == 2
    assert "use a smaller seed" in capsys.readouterr().err


def test_a_model_that_made_its_inputs_is_measured_on_pairs_as_well(
    small_generator, pairs: Path, tmp_path: Path, capsys
):
    task = {"input": "edges", "image_size": 32, "make": "edges"}
    small_generator.save_pretrained(tmp_path / "model", task)
    photos = tmp_path / "photos" / "val"
    photos.mkdir(parents=True)
    for path in sorted((pairs / "val").iterdir()):
        pair = Image.open(path).convert("RGB")
        target = pair.crop((32, 0, 64, 32))
        target.save(photos / path.name)
        pair.paste(outline(target), (0, 0))
        pair.save(path)
    said = []
    for data in (pairs, tmp_path / "photos"):
        assert main(["evaluate", "--model", str(tmp_path / "model"), "--data", str(data)]) == 0
        said.append(capsys.readouterr().out.partition("\n")[2])
    assert said[0] == said[1]


def test_evaluate_shows_its_pictures_and_says_what_cannot_be_measured(
    small_checkpoint: Path, pairs: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pix2pix.evaluation.sheet.FIRST", 1)
    page, json_file = tmp_path / "sheet.html", tmp_path / "figures.json"
    arguments = ["evaluate", "--model", str(small_checkpoint), "--data", str(pairs), "--json", str(json_file)]
    assert main([*arguments, "--html", str(page), "--perceptual"]) == 0
    text = page.read_text()
    assert 'src="http' not in text and "url(" not in text  # the file contains everything
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(pictures) == 3 * (1 + 2 + 2)  # one pair by name, and both by their figures
    assert "<th>SSIM</th>" in text and text.count("<tr>") == 4
    assert Image.open(io.BytesIO(base64.b64decode(pictures[0]))).size == (32, 32)
    assert all(heading in text for heading in ("The worst", "The best", "0.png", "1.png"))
    said = capsys.readouterr().out
    figures = json.loads(json_file.read_text())
    for name in ("fid", "kid", "lpips"):
        assert (name in figures["perceptual"]) != (f"{name.upper()} is left out" in said)
    assert figures["best_l1"] <= figures["l1"] and {*figures["lab"]} == {"L", "a", "b"}


def test_perturbed_edges_look_drawn_by_hand_and_are_always_the_same(
    small_checkpoint: Path, pairs: Path, tmp_path: Path
):
    found = []
    for name, options in (("clean", []), ("one", ["--perturb"]), ("two", ["--perturb"])):
        file = tmp_path / name
        arguments = ["evaluate", "--model", str(small_checkpoint), "--data", str(pairs), "--json", str(file)]
        assert main([*arguments, *options]) == 0
        found.append(json.loads(file.read_text()))
    assert found[1] == found[2] and found[1]["l1"] != found[0]["l1"]
    assert found[1]["perturbed"] and found[0]["baselines"]["mean"] == found[1]["baselines"]["mean"]


def test_metrics_agree_with_an_independent_library():
    rng = np.random.default_rng(0)
    a = rng.uniform(-1, 1, (3, 64, 48)).astype(np.float32)
    b = np.clip(a + rng.normal(0, 0.2, a.shape), -1, 1).astype(np.float32)
    mine = measure(torch.from_numpy(a), torch.from_numpy(b))
    mse = np.mean(((a - b) / 2) ** 2)
    assert mine["psnr"] == pytest.approx(10 * np.log10(1 / mse), rel=1e-5)
    theirs = structural_similarity(
        (a + 1) / 2,
        (b + 1) / 2,
        data_range=1,
        channel_axis=0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert mine["ssim"] == pytest.approx(theirs, abs=2e-3)
    assert measure(torch.from_numpy(a), torch.from_numpy(a)) == {"l1": 0.0, "psnr": 100.0, "ssim": pytest.approx(1.0)}


@pytest.mark.parametrize("door", [["app.py"], ["train.py"], ["-m", "pix2pix"], ["-m", "pix2pix", "translate"]])
def test_help_reads_well_and_appears_at_once(door: list[str]):
    result = subprocess.run([sys.executable, *door, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0 and "usage:" in result.stdout


def test_models_are_listed(capsys):
    from pix2pix import list_models
    from pix2pix.weights.known import KNOWN_MODELS

    assert main(["models"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert names == [*list_models(), *(model.name for model in KNOWN_MODELS)]


def test_a_closed_pipe_causes_no_traceback():
    """As in `python -m pix2pix models | head -1`, with a reader that closes the pipe at once."""
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run([sys.executable, "-m", "pix2pix", "models"], cwd=ROOT, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert result.returncode == 0 and not result.stderr


def test_work_goes_on_when_nobody_reads_its_lines(picture: Path, small_checkpoint: Path, tmp_path: Path):
    """As in `python -m pix2pix translate ... --samples 3 | head -1`."""
    read, write = os.pipe()
    os.close(read)
    command = ["translate", str(picture), str(tmp_path / "out.png"), "--model", str(small_checkpoint), "--samples", "3"]
    result = subprocess.run([sys.executable, "-m", "pix2pix", *command], cwd=ROOT, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert result.returncode == 0 and not result.stderr
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-0.png", "out-1.png", "out-2.png"]


def test_ctrl_c_stops_with_a_word(picture: Path, small_checkpoint: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr("pix2pix.translate.files.translate_file", lambda *_: signal.raise_signal(signal.SIGINT))
    assert main(["translate", str(picture), str(tmp_path / "out.png"), "--model", str(small_checkpoint)]) == 130
    assert capsys.readouterr().err == "pix2pix: Stopped.\n"


WITHOUT_TORCH = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "accelerate", "torchmetrics"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
sys.argv = sys.argv[1:]
import runpy
if sys.argv[0] == "pix2pix":
    runpy.run_module("pix2pix", run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    "command",
    [
        ["pix2pix", "export", "edges2shoes", "OUT/x.onnx"],
        ["pix2pix", "evaluate", "--model", "edges2shoes", "--data", "PAIRS"],
        ["pix2pix", "tone", "edges2shoes", "OUT/x", "--data", "PAIRS"],
        ["pix2pix", "translate", "PICTURE", "OUT/x.png", "--model", "edges2shoes", "--engine", "torch"],
        ["train.py", "--data", "PAIRS", "--out", "OUT/x"],
        ["app.py", "--device", "auto"],
    ],
)
def test_what_needs_pytorch_says_so_in_one_sentence(command: list[str], pairs: Path, picture: Path, tmp_path: Path):
    places = {"PAIRS": str(pairs), "PICTURE": str(picture)}
    words = [places.get(word, word.replace("OUT", str(tmp_path))) for word in command]
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2
    assert result.stderr.endswith("This needs torch, which is not installed: pip install .[train].\n")
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.glob("x*"))


def test_a_missing_package_names_what_brings_it():
    assert missing(ModuleNotFoundError(name="gradio")).endswith("pip install .[demo].")
    with pytest.raises(ModuleNotFoundError):
        missing(ModuleNotFoundError(name="pix2pix.typo"))


def test_a_folder_that_cannot_take_uploads_is_named():
    result = subprocess.run(
        [sys.executable, "app.py", "--port", "7999"], cwd=ROOT, env={**os.environ, "GRADIO_TEMP_DIR": "/proc/nowhere"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 2
    assert "Uploads cannot be kept in /proc/nowhere: set GRADIO_TEMP_DIR to another folder." in result.stderr
