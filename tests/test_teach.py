"""Teach, the server's side: what is dropped becomes pairs, runs outlive whoever is killed, and nobody gets more than
their share."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from places import ROOT
from small_runs import SMALL

from demo.launch import desk_for, parser
from demo.models import Models
from demo.server.deadline import NO_DEADLINE, Deadline
from demo.teach import desk as desk_module
from demo.teach import intake as intake_module
from demo.teach import runner as runner_module
from demo.teach.desk import Desk
from demo.teach.intake import Dropped, Made, pairs_of
from demo.teach.kinds import kind_of_inputs, suited
from demo.teach.results import Results
from demo.teach.runner import is_trainer
from demo.teach.runs import Run, Shelf, slug
from demo.teach.terms import HOME, STRANGERS
from pix2pix import Pix2PixError, list_models
from pix2pix.pictures.edge_filter import outline
from pix2pix.training.command import parse
from pix2pix.training.progress import Progress, read_progress
from pix2pix.weights.pretrained import BUNDLED

TINY = [*SMALL[:-2], "--save-every", "0.5"]  # the device is the desk's


def picture(width: int = 64, height: int = 64, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.NEAREST)


def dropped(folder: Path, name: str, image: Image.Image | bytes, group: str = "") -> Dropped:
    path = folder / name.replace("/", "-")
    if isinstance(image, bytes):
        path.write_bytes(image)
    else:
        image.save(path)
    return Dropped(name, path, group)


# --- what is dropped -------------------------------------------------------------------------------------------------


def test_pairs_side_by_side_are_cut_in_two(tmp_path: Path):
    both = picture(128, 64, seed=3)
    made, faults = pairs_of([dropped(tmp_path, "a.png", both)], "")
    assert faults == [] and len(made) == 1
    assert made[0].a.tobytes() == both.crop((0, 0, 64, 64)).tobytes()
    assert made[0].b.tobytes() == both.crop((64, 0, 128, 64)).tobytes()


def test_photos_get_their_outlines(tmp_path: Path):
    photo = picture(64, 48)
    (made,), faults = pairs_of([dropped(tmp_path, "a.png", photo)], "")
    assert faults == [] and made.b.tobytes() == photo.tobytes() and made.a.tobytes() == outline(photo).tobytes()
    (grey,), _ = pairs_of([dropped(tmp_path, "a.png", photo)], "lightness")
    pixels = np.asarray(grey.a)
    assert (np.ptp(pixels, axis=-1) == 0).all() and pixels.std() > 5


def test_two_groups_are_matched_by_name_whatever_their_suffix(tmp_path: Path):
    files = [
        dropped(tmp_path, "One.png", picture(seed=1), "a"),
        dropped(tmp_path, "one.jpg", picture(80, 60, seed=2), "b"),
        dropped(tmp_path, "two.png", picture(seed=3), "a"),
        dropped(tmp_path, "three.png", picture(seed=4), "b"),
    ]
    made, faults = pairs_of(files, "groups")
    assert [pair.name for pair in made] == ["One.png"]
    assert made[0].a.size == made[0].b.size == (80, 60)  # the trainer wants pairs of one shape
    assert np.abs(np.asarray(made[0].a.resize((64, 64)), float) - np.asarray(picture(seed=1), float)).mean() < 10
    assert sorted(fault.split()[0] for fault in faults) == ["three.png", "two.png"]


def test_two_files_of_each_name_are_pairs(tmp_path: Path):
    photos = [dropped(tmp_path, f"{i}.jpg", picture(seed=i)) for i in range(3)]
    lines = [dropped(tmp_path, f"{i}.png", outline(picture(seed=i))) for i in range(3)]
    made, faults = pairs_of([*photos, *lines], "")
    assert faults == [] and [pair.name for pair in made] == ["0.png", "1.png", "2.png"]
    assert made[1].a.tobytes() == outline(picture(seed=1)).tobytes()
    assert len(pairs_of([*photos, *lines[:2]], "")[0]) == 5  # one has no partner, so all are photos


def test_pictures_that_teach_nothing_are_named(tmp_path: Path):
    photo = picture(seed=1)
    files = [("a.png", photo), ("b.png", photo), ("red.png", Image.new("RGB", (12, 9), "red"))]
    made, faults = pairs_of([dropped(tmp_path, name, image) for name, image in files], "")
    assert [pair.name for pair in made] == ["a.png"]
    assert faults[0].startswith("b.png is the same picture as a.png") and faults[1].startswith(
        "red.png shows no outlines"
    )


def test_a_zip_of_two_folders_is_two_groups_and_its_names_lead_nowhere(tmp_path: Path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("target", "input"):
            for i in range(3):
                data = io.BytesIO()
                picture(seed=i).save(data, "PNG")
                archive.writestr(f"mine/{folder}/{i}.png", data.getvalue())
        archive.writestr("__MACOSX/mine/._0.png", b"nothing")
        archive.writestr("/abs/escaped.png", b"nothing")
    before = set(tmp_path.parent.rglob("*"))
    file = dropped(tmp_path, "mine.zip", buffer.getvalue())
    made, faults = pairs_of([file], "groups")
    assert len(made) == 3 and len(faults) == 1 and "escaped.png" in faults[0]
    assert set(tmp_path.parent.rglob("*")) - before == {file.path}


def test_a_bad_picture_among_ten_is_named_and_the_rest_go_on(tmp_path: Path):
    files = [dropped(tmp_path, f"{i}.png", picture(seed=i)) for i in range(9)]
    files.insert(4, dropped(tmp_path, "broken.jpg", b"not a picture"))
    files.append(dropped(tmp_path, "huge.png", picture(1100, 1000)))
    made, faults = pairs_of(files, "edges", Deadline(pixels=10**6))
    assert len(made) == 9
    assert [fault.split()[0] for fault in faults] == ["broken.jpg", "huge.png"]


def test_a_zip_of_many_large_pictures_needs_little_memory(tmp_path: Path):
    """Each is made smaller as soon as it is read, and no more are read than a run takes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(40):
            data, photo = io.BytesIO(), Image.new("RGB", (2000, 2000), "white")
            photo.paste("red", (100, 100, 500 + 30 * i, 1800))
            photo.save(data, "PNG", compress_level=1)
            archive.writestr(f"{i}.png", data.getvalue())
    file = dropped(tmp_path, "red.zip", buffer.getvalue())
    tracemalloc.start()
    made, faults = pairs_of([file], "edges", most=8)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(made) == 16 and faults == ["Only the first 16 pictures are used: drop fewer at once."]
    assert most < 100e6  # all forty take 480 MB


def test_all_zips_of_a_message_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    buffer, png = io.BytesIO(), io.BytesIO()
    picture().save(png, "PNG")
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1.png", png.getvalue())
    monkeypatch.setattr(intake_module, "ZIP_BYTES", 2 * len(png.getvalue()))
    zips = [dropped(tmp_path, f"{number}.zip", buffer.getvalue()) for number in range(3)]
    assert "1.png in 2.zip is too large: make the pictures smaller." in pairs_of(zips, "edges")[1]


def test_reading_ends_at_its_deadline(tmp_path: Path):
    with pytest.raises(Pix2PixError, match="more than 5 seconds"):
        pairs_of([dropped(tmp_path, "a.png", picture())], "edges", Deadline(until=0.0, seconds=5))


@given(st.binary(max_size=400), st.sampled_from(["a.png", "a.zip"]))
@settings(max_examples=60, deadline=None)
def test_whatever_bytes_arrive_are_pairs_or_a_fault(tmp_path_factory, data: bytes, name: str):
    folder = tmp_path_factory.mktemp("drop")
    made, faults = pairs_of([dropped(folder, name, data)], "")
    assert made == [] and len(faults) <= 1


@pytest.mark.parametrize("end", [b"", b"PK\6\7" + bytes(16)])
def test_a_zip_of_too_many_files_is_refused_before_its_list_is_read(tmp_path: Path, end: bytes, monkeypatch):
    monkeypatch.setattr(intake_module, "DIRECTORY_BYTES", 10_000 if end else 1_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.png", b"")
    data = buffer.getvalue()
    at = data.rindex(b"PK\5\6")
    monkeypatch.setattr(zipfile, "ZipFile", None)  # which would read the list
    made, faults = pairs_of([dropped(tmp_path, "all.zip", data[:at] + end + data[at:])], "")
    assert made == [] and faults == ["all.zip holds too many files: send at most 4,000 in one zip."]


@given(st.text(max_size=60))
@settings(deadline=None)
def test_a_name_cannot_leave_its_folder(name: str):
    path = (Path("/somewhere") / slug(name)).resolve()
    assert path.parent == Path("/somewhere") and 0 < len(path.name) <= 40


# --- runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "taught")


def example(model: str, i: int) -> Image.Image:
    return Image.open(sorted((ROOT / "demo" / "examples" / model).glob("*.png"))[i]).convert("RGB")


def made(count: int) -> list[Made]:
    return [Made(f"{i}.png", outline(picture(seed=i)), picture(seed=i)) for i in range(count)]


def drafted(shelf: Shelf, count: int = 6):
    run = shelf.new("me")
    run.add(made(count))
    return run


def small_desk(shelf: Shelf, terms=HOME, options=TINY) -> Desk:
    return Desk(Models(["edges2shoes"]), shelf, terms, options)


def started(desk: Desk, minutes: float = 1.0, visitor: str = "me", name: str = "Mine") -> str:
    run = drafted(desk.shelf)
    desk.answer({"do": "start", "run": run.id, "name": name, "init": "", "minutes": minutes}, visitor)
    return run.id


def finished(shelf: Shelf, name: str, model: str) -> Run:
    """A run whose model is a copy of a bundled one."""
    run = shelf.new("")
    run.name, run.state = name, "done"
    shutil.copytree(BUNDLED / model, run.out)
    run.save()
    return run


def wait(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def opened() -> Iterator[Callable[[Desk], Desk]]:
    """Desks at work; in the end, they and their trainers stop."""
    desks: list[Desk] = []

    def open_desk(desk: Desk) -> Desk:
        desks.append(desk)
        desk.runner.start()
        return desk

    yield open_desk
    for desk in desks:
        for run in desk.shelf.all():
            with desk.shelf.lock:
                desk.runner.cancel(run)
        desk.close()


def test_pairs_are_removed_and_flipped_and_a_killed_server_leaves_none_halved(shelf: Shelf):
    run = drafted(shelf, 3)
    first, second, third = run.names()
    run.remove(second)
    run.flip(first)
    assert run.names() == [first, third]
    assert run.open(first, "a").tobytes() == picture(seed=0).tobytes()
    assert run.open(first, "b").tobytes() == outline(picture(seed=0)).tobytes()
    # Killed while it flipped one pair and wrote another:
    a, b = (run.pair(third, side) for side in "ab")
    os.replace(a, a.with_suffix(".flip"))
    os.replace(b, a)
    shutil.copy(a, a.with_name("00009-new.png"))
    run.mend()
    assert run.open(third, "b").tobytes() == outline(picture(seed=2)).tobytes()
    assert {path.name for path in (run.pairs / "a").iterdir()} == set(run.names())


def test_a_run_that_is_stopped_while_it_waits_keeps_its_pairs_and_may_go_on(shelf: Shelf):
    desk = small_desk(shelf)
    run = started(desk)
    stopped = desk.answer({"do": "stop", "run": run}, "me")
    assert stopped["state"] == "failed"
    status = desk.answer({"do": "status", "run": run}, "me")
    assert status["trouble"] == "It was stopped before it began." and status["pairs"] == 6
    assert desk.answer({"do": "more", "run": run, "minutes": 3}, "me")["state"] == "queued"


def test_a_full_disk_does_not_keep_a_run_from_being_removed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    desk = small_desk(shelf)
    run = shelf[started(desk)]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("demo.teach.runs.write_text", full)
    desk.answer({"do": "forget", "run": run.id}, "me")
    assert not run.folder.exists()


def test_visitors_behind_one_address_keep_their_pairs(shelf: Shelf, tmp_path: Path):
    desk = small_desk(shelf, STRANGERS)
    found = []
    for i in range(desk_module.DRAFTS + 1):
        file = dropped(tmp_path, f"{i}.png", picture(300, 300))
        message = {"kind": "edges", "files": [{"path": str(file.path), "name": file.name}]}
        found.append(desk.add(message, "an office", str(tmp_path), NO_DEADLINE)["run"])
    assert {run.id for run in shelf.all()} == set(found[1:])
    again = desk.add({**message, "run": found[0]}, "an office", str(tmp_path), NO_DEADLINE)  # it goes on in another
    assert again["run"] not in found and again["count"] == 1 and "drop them again" in again["faults"][0]


@pytest.mark.parametrize("name", ["-fish", "--resume"])
def test_a_name_may_begin_with_a_dash(shelf: Shelf, name: str, monkeypatch: pytest.MonkeyPatch):
    desk = small_desk(shelf)
    run = shelf[started(desk, name=name)]
    words: list[str] = []

    class Popen:
        pid = 2**22 + 1  # no process has it

        def __init__(self, command: list[str], **_: object) -> None:
            words.extend(command[4:])

    monkeypatch.setattr(runner_module.subprocess, "Popen", Popen)
    runner_module.start(run, [])
    assert parse(words).title == name


@pytest.mark.parametrize(
    "input_of, kind, init",
    [
        (lambda i: outline(picture(seed=i)), "edges", "edges2shoes"),
        (lambda i: example("paint2emoji", i), "paint", "paint2emoji"),
        (lambda i: example("labels2facade", i), "photo", "labels2facade"),
        (lambda i: Image.effect_noise((64, 64), 90).convert("RGB"), "photo", "sat2map"),
    ],
)
def test_a_model_of_the_kind_of_the_inputs_is_suggested(
    shelf: Shelf, tmp_path: Path, input_of: Callable, kind: str, init: str
):
    desk = Desk(Models(list_models()), shelf, HOME, TINY)
    files = []
    for i in range(3):
        files += [
            dropped(tmp_path, f"a/{i}.png", input_of(i), "a"),
            dropped(tmp_path, f"b/{i}.png", picture(300, 300), "b"),
        ]
    message = {"kind": "groups", "files": [{"path": str(f.path), "name": f.name, "group": f.group} for f in files]}
    answer = desk.add(message, "me", str(tmp_path), NO_DEADLINE)
    assert answer["count"] == 3 and answer["init"] == init
    assert kind_of_inputs(shelf[answer["run"]].some_inputs()) == kind


def thin(seed: int) -> Image.Image:
    """The outline of a white thing, of which nearly all is white."""
    drawing = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(drawing).ellipse((30, 30, 60 + seed, 60), outline="black")
    return drawing


def test_thin_outlines_are_lines_and_no_label_map(shelf: Shelf):
    desk = Desk(Models([*list_models()]), shelf, HOME)
    run = shelf.new("me")
    run.add([Made(f"{i}.png", thin(i), picture(seed=i)) for i in range(4)])
    assert desk._suited(run) == "edges2shoes"
    start = {"do": "start", "run": run.id, "name": "Mine", "minutes": 1}
    with pytest.raises(Pix2PixError, match="these inputs are something else"):
        desk.answer({**start, "init": "map2sat"}, "me")
    assert desk.answer({**start, "init": "edges2shoes"}, "me")["state"] == "queued"


def test_grey_photos_on_white_are_photos():
    photo = Image.new("L", (96, 96), 255)
    photo.paste(Image.radial_gradient("L").resize((48, 48)).point(lambda value: value // 2), (20, 20))
    assert kind_of_inputs([np.asarray(photo.convert("RGB"))]) == "photo"


def test_a_model_of_labels_without_a_palette_is_not_suggested():
    tasks = {"theirs": {"input": "labels"}, "edges2shoes": {"input": "edges"}}
    assert suited([np.asarray(outline(picture()))], tasks) == "edges2shoes"


SERVER = """
import sys, threading
from pathlib import Path
from demo.models import Models
from demo.teach.desk import Desk
from demo.teach.runs import Shelf
from demo.teach.terms import HOME
Desk(Models(["edges2shoes"]), Shelf(Path(sys.argv[1])), HOME, sys.argv[2:]).open()
threading.Event().wait()
"""


@pytest.mark.slow
def test_a_run_goes_on_and_ends_with_the_same_bytes_whoever_is_killed(shelf: Shelf):
    """SIGKILL of the trainer; then of the server, which starts again; then of both."""
    run_id = started(small_desk(shelf), minutes=0.5)
    fixed = [*TINY, "--steps", "200"]  # by minutes, a slower machine would make it fewer
    out, servers = shelf[run_id].out, []

    def server() -> subprocess.Popen:
        command = [sys.executable, "-c", SERVER, str(shelf.folder), *fixed]
        servers.append(subprocess.Popen(command, cwd=ROOT))
        return servers[-1]

    def trains(pid: int) -> bool:
        return is_trainer(pid, shelf[run_id])

    def progress() -> Progress:
        return read_progress(out / "training") or Progress()

    try:
        first = server()
        wait(lambda: progress().state == "training" and (out / "training" / "state.pt").exists())
        saved = (out / "training" / "state.pt").stat().st_mtime_ns
        wait(lambda: (out / "training" / "state.pt").stat().st_mtime_ns != saved)
        trainer = shelf[run_id].pid
        os.kill(trainer, signal.SIGKILL)
        copy = shelf.folder.parent / "copy"
        shutil.copytree(out, copy)  # to be finished by nobody but train.py
        wait(lambda: shelf[run_id].pid != trainer and trains(shelf[run_id].pid))

        trainer, step = shelf[run_id].pid, progress().step
        first.kill()
        first.wait()
        wait(lambda: progress().step > step)
        assert trains(trainer)
        second = server()
        time.sleep(3)
        assert shelf[run_id].pid == trainer and shelf[run_id].state in ("running", "done")

        second.kill()
        if trains(trainer):
            os.kill(trainer, signal.SIGKILL)
        second.wait()
        server()
        wait(lambda: shelf[run_id].state == "done")
    finally:
        for each in servers:
            each.kill()
            each.wait()
        if trains(shelf[run_id].pid):
            os.kill(shelf[run_id].pid, signal.SIGKILL)
    assert progress().state == "done" and progress().step == progress().steps

    run = shelf[run_id]
    options = ["--minutes", "0.5", "--title", "Mine", "--input-kind", run.input_kind, "--device", "cpu", *fixed]
    command = [sys.executable, "train.py", "--data", str(run.pairs), "--out", str(copy), *options, "--resume"]
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1))}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={**os.environ, **threads})
    assert (copy / "model.safetensors").read_bytes() == (out / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_stop_keeps_what_there_is_and_more_goes_on(shelf: Shelf, opened, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner_module, "LOOK", 0.05)
    desk = opened(small_desk(shelf))
    first, second = started(desk, minutes=1), started(desk, minutes=0.05, name="Second")

    def planned() -> bool:
        status = desk.answer({"do": "status", "run": first}, "me")
        return bool(status["looks"]) and status["steps"] > 0

    wait(planned)
    assert desk.answer({"do": "status", "run": second}, "me")["ahead"] == 1
    niceness = os.getpriority(os.PRIO_PROCESS, shelf[first].pid)
    assert niceness > os.getpriority(os.PRIO_PROCESS, 0)
    assert desk.answer({"do": "stop", "run": first}, "me")["stopping"]
    wait(lambda: shelf[first].state == "done")
    status = desk.answer({"do": "status", "run": first}, "me")
    assert status["step"] < status["steps"] and status["card"]["title"] == "Mine"
    assert desk.models[first](Image.new("RGB", (40, 30), "white")).size == (40, 30)
    with pytest.raises(Pix2PixError, match="does not offer"):
        desk.models["0" * 32]

    archive = zipfile.ZipFile(io.BytesIO(Results(shelf).packed(first)[0]))
    assert {"mine/config.json", "mine/model.safetensors", "mine/README.md", "mine/report.html"} <= set(
        archive.namelist()
    )
    card, report = (archive.read(f"mine/{name}").decode() for name in ("README.md", "report.html"))
    assert "--data pairs --out mine" in card
    assert not any(word in text for text in (card, report) for word in (first, str(shelf.folder))), "its secret address"
    assert Image.open(io.BytesIO(Results(shelf).look(first, "0"))).size[0] == 3 * 32

    wait(lambda: shelf[second].state == "done")
    desk.answer({"do": "more", "run": first, "minutes": 0.05}, "me")
    wait(lambda: shelf[first].state == "done" and shelf[first].progress.step > status["step"])


def test_a_trainer_that_dies_three_times_without_a_step_is_given_up(shelf: Shelf, opened, monkeypatch):
    starts = []

    def start(run, options) -> subprocess.Popen:
        starts.append(run.id)
        (run.folder / "console.log").write_text("Killed\n")
        return subprocess.Popen(["false"])

    monkeypatch.setattr(runner_module, "start", start)
    monkeypatch.setattr(runner_module, "ROOM", 0)
    monkeypatch.setattr(runner_module, "LOOK", 0.02)
    run_id = started(opened(small_desk(shelf)))
    wait(lambda: shelf[run_id].state == "failed")
    assert len(starts) == 3 and shelf[run_id].trouble == "The trainer ended 3 times without a step: Killed"


def test_a_fault_of_the_server_ends_one_run_and_not_all(shelf: Shelf, opened, monkeypatch, capfd):
    def start(run, options) -> subprocess.Popen:
        raise RuntimeError("a fault")

    monkeypatch.setattr(runner_module, "start", start)
    monkeypatch.setattr(runner_module, "ROOM", 0)
    monkeypatch.setattr(runner_module, "LOOK", 0.02)
    desk = opened(small_desk(shelf))
    first, second = started(desk), started(desk)
    wait(lambda: {shelf[first].state, shelf[second].state} == {"failed"})
    assert "mistake" in shelf[second].trouble and "a fault" in capfd.readouterr().err


def test_what_the_trainer_cannot_do_is_told_and_goes_on_later(shelf: Shelf, opened, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner_module, "LOOK", 0.05)
    monkeypatch.setattr(runner_module, "ROOM", 10**18)
    desk = opened(small_desk(shelf))
    run_id = started(desk)
    wait(lambda: shelf[run_id].state == "failed")
    assert "disk is full" in desk.answer({"do": "status", "run": run_id}, "me")["trouble"]
    assert len(shelf[run_id].names()) == 6
    desk.close()
    monkeypatch.setattr(runner_module, "ROOM", 0)
    assert desk.answer({"do": "more", "run": run_id, "minutes": 1}, "me")["state"] == "queued"


def test_a_run_that_failed_may_be_changed_and_its_pairs_stay(shelf: Shelf, opened, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner_module, "ROOM", 10**18)
    desk = opened(small_desk(shelf))
    run_id = started(desk)
    wait(lambda: shelf[run_id].state == "failed")
    answer = desk.answer({"do": "revise", "run": run_id}, "me")
    assert (answer["run"], answer["count"], answer["pairs"][2]["name"]) == (run_id, 6, "2.png")
    assert shelf[run_id].state == "draft" and desk.answer({"do": "pairs", "run": run_id}, "me") == answer
    monkeypatch.setattr(runner_module, "ROOM", 0)
    monkeypatch.setattr(runner_module, "start", lambda run, options: subprocess.Popen(["sleep", "9"]))
    desk.answer({"do": "remove", "run": run_id, "pair": answer["pairs"][0]["pair"]}, "me")
    desk.answer({"do": "start", "run": run_id, "name": "Other", "init": "", "minutes": 1}, "me")
    assert shelf[run_id].name == "Other" and len(shelf[run_id].names()) == 5
    with pytest.raises(Pix2PixError, match="has failed"):
        desk.answer({"do": "revise", "run": run_id}, "me")
    assert desk.answer({"do": "pairs", "run": run_id}, "me")["run"] == ""


def test_a_model_may_be_called_pairs(shelf: Shelf):
    run = shelf[started(small_desk(shelf), name="Pairs")]
    assert run.out.parent == run.folder and run.out != run.pairs


def test_two_models_of_one_name_can_be_told_apart(shelf: Shelf):
    desk = small_desk(shelf)
    assert [shelf[started(desk)].name for _ in range(3)] == ["Mine", "Mine 2", "Mine 3"]


def test_a_run_that_is_gone_is_told_to_a_page_that_watches_it(shelf: Shelf):
    assert small_desk(shelf).answer({"do": "status", "run": "0" * 32}, "me") == {"run": "0" * 32, "gone": True}


# --- whose page it is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, terms",
    [
        ([], HOME),
        (["--host", "localhost"], HOME),
        (["--no-teach"], None),
        (["--share"], None),
        (["--host", "0.0.0.0"], None),
        (["--host", "0.0.0.0", "--teach"], STRANGERS),
        (["--share", "--teach"], STRANGERS),
    ],
)
def test_the_tab_is_for_this_machine_unless_it_is_asked_for(tmp_path: Path, options: list[str], terms: object):
    parsed = parser().parse_args([*options, "--taught", str(tmp_path / "taught")])
    desk = desk_for(parsed, Models(["edges2shoes"]))
    assert (desk and desk.terms) is terms


def test_behind_a_proxy_on_this_machine_visitors_are_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    for options, terms in (([], None), (["--teach"], STRANGERS)):
        parsed = parser().parse_args([*options, "--taught", str(tmp_path / "taught")])
        desk = desk_for(parsed, Models(["edges2shoes"]))
        assert (desk and desk.terms) is terms


def test_strangers_have_limits(shelf: Shelf, tmp_path: Path):
    desk = small_desk(shelf, STRANGERS)
    files = [dropped(tmp_path, f"{i}.png", picture(32, 32, seed=i)) for i in range(STRANGERS.pairs + 5)]
    message = {"kind": "edges", "files": [{"path": str(f.path), "name": f.name, "group": ""} for f in files]}
    answer = desk.add(message, "me", str(tmp_path), NO_DEADLINE)
    assert answer["count"] == len(answer["pairs"]) == STRANGERS.pairs and "5 pairs are left out" in answer["faults"][-1]
    start = {"do": "start", "run": answer["run"], "name": "Mine", "init": "edges2shoes"}
    with pytest.raises(Pix2PixError, match="10 minutes"):
        desk.answer({**start, "minutes": 30}, "me")
    with pytest.raises(Pix2PixError, match="minutes"):
        desk.answer({**start, "minutes": "until stopped"}, "me")
    desk.answer({**start, "minutes": 10}, "me")
    assert desk.answer({"do": "status", "run": answer["run"]}, "me")["room"] == 10
    Progress("done", seconds=450.0).write(shelf[answer["run"]].out / "training")
    assert desk.answer({"do": "status", "run": answer["run"]}, "me")["room"] == 2.5  # not the minutes that it had
    with pytest.raises(Pix2PixError, match="in progress"):
        desk.answer({"do": "start", "run": drafted(shelf).id, "name": "B", "init": "", "minutes": 3}, "me")
    desk.answer({"do": "start", "run": drafted(shelf).id, "name": "B", "init": "", "minutes": 3}, "another")
    assert desk.answer({"do": "hello", "runs": []}, "another")["runs"] == []
    seen = desk.answer({"do": "hello", "runs": [answer["run"]]}, "me")["runs"]
    assert [run["run"] for run in seen] == [answer["run"]]


def test_a_model_of_pictures_is_offered_to_its_visitor_alone(shelf: Shelf):
    run = finished(shelf, "Maps", "sat2map")
    drawn = finished(shelf, "Shoes", "edges2shoes")
    desk = small_desk(shelf, STRANGERS)
    assert desk.for_pictures({"runs": [run.id, drawn.id, 5]}) == [("Maps", run.id)]
    assert desk.for_pictures({"runs": []}) == desk.for_pictures({}) == []
    assert small_desk(shelf, HOME).for_pictures({}) == [("Maps", run.id)]
    assert desk.an_input(run.id) is None
    run.add([Made("a.png", picture(8, 6), picture(8, 6))])
    assert desk.an_input(run.id).size == (8, 6)


def test_what_strangers_bring_is_removed_after_a_day(shelf: Shelf):
    desk = small_desk(shelf, STRANGERS)
    run_id = started(desk)
    with shelf.lock:
        run = shelf[run_id]
        run.state = "done"
        run.save()
    desk.sweep(time.time() + STRANGERS.keep - 60)
    assert shelf[run_id]
    desk.sweep(time.time() + STRANGERS.keep + 60)
    assert list(shelf.folder.iterdir()) == []
    home = small_desk(shelf)
    run_id = started(home)
    home.sweep(time.time() + 30 * STRANGERS.keep)
    assert shelf[run_id]


def test_a_message_cannot_name_what_did_not_arrive(shelf: Shelf, tmp_path: Path):
    desk = small_desk(shelf)
    (tmp_path / "uploads").mkdir()
    outside = dropped(tmp_path, "secret.png", picture())
    for path in (str(outside.path), "../secret.png", "/etc/passwd", None, 7):
        with pytest.raises(Pix2PixError, match="did not arrive"):
            desk.add({"files": [{"path": path, "name": "a"}]}, "me", str(tmp_path / "uploads"), NO_DEADLINE)
    for run in ("../..", "0" * 32, "", None, 3, "a" * 31 + "/"):
        with pytest.raises(Pix2PixError, match="no such run"):
            desk.answer({"do": "stop", "run": run}, "me")


DEEDS = ["hello", "remove", "flip", "start", "status", "stop", "more", "pairs", "revise", "forget", "push"]
message = st.fixed_dictionaries(
    {"do": st.sampled_from(DEEDS)},
    optional={
        "run": st.sampled_from(["draft", "failed", "done", "", "x"]),
        "name": st.text(max_size=50),
        "init": st.sampled_from(["", "edges2shoes", "none"]),
        "minutes": st.one_of(st.floats(), st.sampled_from(["until stopped", 3, None])),
        "pair": st.sampled_from(["00001-0.png", "../x", "", None]),
        "repo": st.sampled_from(["me/mine", "me", "", None]),
        "token": st.sampled_from(["hf_x", " ", None]),
        "runs": st.lists(st.text(max_size=5), max_size=3),
    },
)  # fmt: skip
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
)


@given(message, st.dictionaries(st.sampled_from(["do", "run", "name", "init", "minutes", "pair", "repo"]), anything))
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_is_answered_or_refused_in_a_sentence(
    tmp_path_factory, small_checkpoint: Path, message: dict, wrong: dict
):
    desk = cached_desk(tmp_path_factory)
    message["run"] = some_runs(desk.shelf, small_checkpoint).get(message.get("run", ""), message.get("run"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk_module, "push", lambda *_: "https://h")
        try:
            json.dumps(desk.answer({**message, **wrong}, "me"))
        except Pix2PixError as error:
            assert str(error).strip().endswith(".")


DESKS: list[Desk] = []


def cached_desk(tmp_path_factory) -> Desk:
    if not DESKS:
        DESKS.append(small_desk(Shelf(tmp_path_factory.mktemp("taught"))))
    return DESKS[0]


def some_runs(shelf: Shelf, checkpoint: Path) -> dict[str, str]:
    """A run of each kind, by its state: its id. One that an earlier message changed is made anew."""
    found = {run.state: run.id for run in shelf.all()}
    for state in ("draft", "failed", "done"):
        if state not in found:
            run = drafted(shelf, 2)
            run.state, run.name = state, "" if state == "draft" else "Mine"
            run.save()
            if state == "done":
                shutil.copytree(checkpoint, run.out)
            found[state] = run.id
    return found


def test_a_token_is_used_once_and_kept_nowhere(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, small_checkpoint: Path):
    desk = small_desk(shelf)
    run_id = started(desk)
    run = shelf[run_id]
    shutil.copytree(small_checkpoint, run.out)
    used = []
    monkeypatch.setattr(
        desk_module, "push", lambda folder, repo, token: used.append((folder, repo, token)) or "https://h"
    )
    answer = desk.answer({"do": "push", "run": run_id, "repo": "me/mine", "token": "hf_secret"}, "me")
    assert used == [(run.out, "me/mine", "hf_secret")] and "hf_secret" not in json.dumps(answer)
    texts = [path.read_bytes() for path in shelf.folder.rglob("*") if path.is_file()]
    assert not any(b"hf_secret" in text for text in texts)
