"""The plan of the house holds: imports run one way, without circles, and nothing heavy loads before it is needed.

Every import counts, at the top of a file, inside a function, or under `TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest
from places import ROOT

import pix2pix

BASE = ("pix2pix.errors", "pix2pix.files", "pix2pix.devices", "pix2pix.compat")
# From the ground up: each room, and the rooms below it that it may use. A room is a folder or a file.
PLAN: dict[str, tuple[str, ...]] = {room: BASE for room in BASE}
PLAN["pix2pix.pictures"] = BASE
PLAN["pix2pix.networks"] = ("pix2pix.pictures",)  # and no files
PLAN["pix2pix.pairs"] = (*BASE, "pix2pix.pictures")  # and no networks
PLAN["pix2pix.weights"] = (*BASE, "pix2pix.pictures", "pix2pix.networks")
PLAN["pix2pix.translate"] = (*PLAN["pix2pix.weights"], "pix2pix.weights")  # and no training
PLAN["pix2pix.evaluation"] = (*PLAN["pix2pix.translate"], "pix2pix.translate", "pix2pix.pairs")
PLAN["pix2pix.training"] = (*PLAN["pix2pix.evaluation"], "pix2pix.evaluation")
PLAN["pix2pix.commands"] = (*PLAN["pix2pix.evaluation"], "pix2pix.evaluation")
PLAN["pix2pix.__main__"] = (*PLAN["pix2pix.commands"], "pix2pix.commands")
PLAN["demo.server"] = tuple(room for room in PLAN if room not in ("pix2pix.commands", "pix2pix.__main__"))
PLAN["demo.rules"] = ()
PLAN["demo.texts"] = ("demo.rules",)
PLAN["demo.materials"] = ()
PLAN["demo.models"] = (*PLAN["demo.server"], "demo.server", "demo.texts", "demo.rules")
PLAN["demo.live"] = (*PLAN["demo.models"], "demo.models")
PLAN["demo.files"] = (*PLAN["demo.live"], "demo.live")
PLAN["demo.studio"] = (*PLAN["demo.models"], "demo.models", "demo.materials")
PLAN["demo.examples"] = (*PLAN["demo.studio"], "demo.studio")
PLAN["demo.site"] = (*PLAN["demo.studio"], "demo.studio")
PLAN["demo.teach"] = (*PLAN["demo.studio"], "demo.studio", "demo.live")
PLAN["demo.page"] = (*PLAN["demo.files"], "demo.files", "demo.studio", "demo.teach")
PLAN["demo.space"] = PLAN["demo.server"]
PLAN["demo.launch"] = (*PLAN["demo.page"], "demo.page", "demo.site", "demo.space")
PLAN["app"] = ("demo.launch",)
PLAN["train"] = ("pix2pix.training",)

# `Generator.from_pretrained` and `save_pretrained` are where people look for them, and use `weights`.
EXCEPTIONS = {
    ("pix2pix.networks.generator", "pix2pix.weights.pretrained"),
    ("pix2pix.networks.generator", "pix2pix.weights.checkpoint"),
}
FACADES = ("pix2pix", "demo")  # names in their __init__ are imported from their own modules
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [*ROOT.glob("pix2pix/**/*.py"), *ROOT.glob("demo/**/*.py"), ROOT / "app.py", ROOT / "train.py"]
}


def imports(source: str, module: str, known: set[str]) -> Iterator[str]:
    """The modules among `known` that the source of `module` imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] + "." if node.level else ""
            origin = f"{package}{node.module or ''}".rstrip(".")
            names = [home(origin, alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            while name and name not in known:
                name = name.rpartition(".")[0]
            if name:
                yield name


def home(origin: str, name: str) -> str:
    """The module that defines a name of `from origin import name`, looking through the facade."""
    return f"pix2pix.{pix2pix._HOME[name]}" if origin == "pix2pix" and name in pix2pix._HOME else f"{origin}.{name}"


@cache
def graph() -> dict[str, set[str]]:
    known = set(FILES)
    found = {
        module: {name for name in imports(path.read_text(encoding="utf-8"), module, known) if name != module}
        for module, path in FILES.items()
        if module not in FACADES
    }
    return {module: {name for name in used if (module, name) not in EXCEPTIONS} for module, used in found.items()}


def room(module: str) -> str | None:
    return next((name for name in PLAN if module == name or module.startswith(f"{name}.")), None)


def test_every_module_has_a_room():
    assert [module for module in FILES if module not in FACADES and room(module) is None] == []
    assert [name for name in PLAN if not any(room(module) == name for module in FILES)] == []


def test_the_plan_itself_points_down():
    for number, (name, used) in enumerate(PLAN.items()):
        assert name in BASE or set(used) <= set(list(PLAN)[:number]), name


def test_no_import_points_up():
    upward = [
        f"{module} imports {name}"
        for module, used in graph().items()
        for name in used
        if name not in FACADES and room(name) != room(module) and room(name) not in PLAN[room(module) or ""]
    ]
    assert upward == []


def test_the_core_does_not_import_its_own_facade():
    core = {module: used for module, used in graph().items() if module.startswith("pix2pix.")}
    del core["pix2pix.__main__"]  # it stands above all
    assert [module for module, used in core.items() if "pix2pix" in used] == []
    for module in core:
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "pix2pix"), module


def test_there_is_no_circle():
    assert circle(graph()) == []


def test_the_exceptions_are_needed():
    known = set(FILES)
    for module, name in EXCEPTIONS:
        assert name in imports(FILES[module].read_text(encoding="utf-8"), module, known)


def circle(modules: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize(
    "line",
    [
        "import house.roof",
        "import house.roof as r",
        "from house import roof",
        "from house.roof import tiles",
        "from . import roof",
        "from .roof import tiles",
        "def f():\n    from house.roof import tiles",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.roof import tiles",
    ],
)
def test_an_import_is_seen_in_every_form(line: str):
    assert "house.roof" in imports(line, "house.cellar", {"house", "house.cellar", "house.roof"})


def test_a_circle_is_seen():
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


TRANSLATE = """
from PIL import Image
from pix2pix import Translator
Translator.from_pretrained("edges2shoes")(Image.new("RGB", (64, 64)))
"""
HELP = """
from train import main
try: main(["--help"])
except SystemExit: pass
"""


@pytest.mark.parametrize(
    "code, without",
    [
        ("import pix2pix", "torch, torchvision, onnxruntime, PIL, numpy"),
        (HELP, "torch, torchvision, onnxruntime"),
        ("import app, pix2pix.__main__, demo.page", "torch, torchvision, onnxruntime"),
        (TRANSLATE, "torch, torchvision"),
    ],
    ids=["import", "help", "page", "translate"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str, without: str):
    """PyTorch takes seconds to import, and the page and its container do without it."""
    check = f"import sys; print([name for name in {without.split(', ')} if name in sys.modules])"
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0 and result.stdout.splitlines()[-1] == "[]", result.stdout + result.stderr
