"""The studio, for the page and for a site without a server: its HTML, its words, and its facts about each model."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from demo import texts
from demo.materials import MATERIALS
from demo.models import Models, titled
from demo.rules import AREA_PEN, LARGEST_PEN, LARGEST_SEED, LINE_PEN, RULES
from demo.server.assets import TYPES, Asset, hash_of
from pix2pix import PALETTES
from pix2pix.weights.checkpoint import CONFIG_FILE, WEIGHTS_FILE

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "examples"
WEB = HERE / "web"
PREVIEW = "preview.jpg"
# Whose drawings a model without any of its own starts from, by its kind of input, or by its palette.
STAND_INS = {
    "edges": "edges2handbags",
    "paint": "paint2emoji",
    tuple(PALETTES["facades"].values()): "labels2facade",
    tuple(PALETTES["maps"].values()): "map2sat",
}
# Palettes whose empty sheet is not in their first colour: house fronts begin as a wall.
GROUNDS = {tuple(PALETTES["facades"].values()): PALETTES["facades"]["wall"]}


def template() -> str:
    """The studio's HTML."""
    return html("studio.html", texts.WEB)


def html(name: str, words: dict[str, str]) -> str:
    """An HTML file of web/, with words, icons and numbers filled in."""
    icon_words = {f"icon:{name}": picture for name, picture in icons().items()}
    rule_words = {f"rule:{name}": str(value) for name, value in RULES.items()}
    return filled((WEB / name).read_text(encoding="utf-8"), {**words, **icon_words, **rule_words})


@cache
def scripts() -> str:
    """The path of the studio's scripts and styles below the page's address, which contains their hash."""
    return f"web/{hash_of(web_files())}/"


def weights(folder: Path) -> str:
    """The path of a checkpoint for browsers below the page's address, which contains its hash."""
    return f"models/{hash_of((folder / CONFIG_FILE, folder / WEIGHTS_FILE))}/"


def assets(models: Models) -> dict[str, Asset]:
    """The files that a browser may request, by their paths below the page's address."""
    files = {name.relative_to(WEB).as_posix(): name for name in web_files()}
    found = {scripts() + name: Asset(path) for name, path in files.items()}
    found |= {f"web/{name}": Asset(path, named_by_hash=False) for name, path in files.items()}
    for folder in filter(None, map(models.folder, models.tasks)):
        found |= {weights(folder) + name: Asset(folder / name) for name in (CONFIG_FILE, WEIGHTS_FILE)}
    return found


def web_files() -> list[Path]:
    return sorted(path for path in WEB.rglob("*") if path.suffix in TYPES)


def properties(models: Models) -> dict[str, Any]:
    """The initial data of the studio's scripts: `Props` in web/main.js."""
    return {
        "models": drawn_models(models),
        "texts": texts.WEB,
        "icons": icons(),
        "tools": [path.name for path in sorted((WEB / "tools").glob("*.js")) if path.name != "tool.js"],
    }


def filled(template: str, words: dict[str, str]) -> str:
    """A template with its `{{name}}` filled in."""
    for word, text in words.items():
        template = template.replace(f"{{{{{word}}}}}", text)
    return template


def icons() -> dict[str, str]:
    """The pictures in web/icons, as SVG without their comments, by name."""
    found = {}
    for path in sorted((WEB / "icons").glob("*.svg")):
        drawing = path.read_text(encoding="utf-8")
        inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.index("</svg>")]
        found[path.stem] = f'<svg viewBox="0 0 24 24" aria-hidden="true">{" ".join(inner.split())}</svg>'
    return found


def drawn_models(models: Models) -> dict[str, dict[str, Any]]:
    """The facts about each model of drawings that the studio needs."""
    known = {}
    for _, name in models.choices(drawn=True):
        folder = models.folder(name)
        known[name] = {
            **card(name, models.tasks[name], models.place(name)),
            "cost": models.cost(name),
            "weights": weights(folder) if folder else "",
        }
    return known


def card(name: str, task: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The facts about a model that the studio needs.

    Args:
        task: task in its config.
        folder: checkpoint folder.
    """
    palette = task.get("palette")
    return {
        "title": titled(name, task),
        "code": Path(name).name,
        "input": task["input"],
        "palette": [[label, colour.lower()] for label, colour in palette.items()] if palette else None,
        "materials": MATERIALS.get(name, []),
        "invitation": texts.INVITATIONS.get(name, texts.WEB["invitation"]),
        "ground": GROUNDS.get(tuple(palette.values()), next(iter(palette.values()))).lower() if palette else "#ffffff",
        "steady": task.get("steady") is True and task["input"] == "paint",
        "pen": wish(task, "pen", 1, LARGEST_PEN, otherwise=AREA_PEN if palette else LINE_PEN),
        "seed": wish(task, "seed", 0, LARGEST_SEED, otherwise=0),
        "examples": drawings(name, tuple(palette.values()) if palette else task["input"]),
        "preview": preview(folder),
    }


def preview(folder: Path) -> str | None:
    """A small sample of a model's output as a data URL: "preview.jpg" beside its weights, if there is one."""
    path = folder / PREVIEW
    return "data:image/jpeg;base64," + b64encode(path.read_bytes()).decode() if path.is_file() else None


def wish(task: dict[str, Any], name: str, least: int, most: int, otherwise: int) -> int:
    """A whole number with which the page starts a model, from its config: "pen" (in pixels) or "seed"."""
    value = task.get(name)
    return value if type(value) is int and least <= value <= most else otherwise


def drawings(name: str, kind: str | tuple[str, ...]) -> list[dict[str, str]]:
    """A model's drawings, as name and data URL: its own, or those of another model that is drawn for alike.

    Args:
        kind: "edges", "paint", or the colours of the model's palette.
    """
    own = EXAMPLES / Path(name).name
    folder = own if own.is_dir() else EXAMPLES / STAND_INS.get(kind, "none")
    return [
        {
            "name": example_name(path),
            "image": "data:image/png;base64," + b64encode(path.read_bytes()).decode(),
        }
        for path in sorted(folder.glob("*.png"))
        if kind != "edges" or is_bare(path)
    ]


def is_bare(path: Path) -> bool:
    """Whether an example is black lines on white, without paint."""
    with Image.open(path) as image:
        return image.convert("RGB").getcolors(2) is not None


def example_name(path: Path) -> str:
    """The name of an example for people: "04-high-heel.png" is the high heel."""
    return path.stem.split("-", 1)[-1].replace("-", " ")
