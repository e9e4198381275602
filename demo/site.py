"""The studio as a site without a server: files for any web host, or for a static Space."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from html import escape
from pathlib import Path

from demo import texts
from demo.models import Models
from demo.rules import CHANNEL_MULTIPLE, HANDLED, SIDE
from demo.studio import WEB, filled, properties, scripts, template, web_files, weights
from pix2pix import Pix2PixError
from pix2pix.networks.config import GeneratorConfig
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE, read_config

SITE = WEB / "site"
SPACE = """---
title: pix2pix
emoji: 👟
colorFrom: indigo
colorTo: pink
sdk: static
pinned: false
license: mit
short_description: Draw, and watch it become a picture on your own device
---

# pix2pix

The studio of pix2pix without a server. The models run in the visitor's browser, and no drawing leaves it. Each model's
terms are in the README beside its weights, below `models/`.

To look at it on this machine: `python -m http.server --bind 127.0.0.1`, then open <http://127.0.0.1:8000>. To publish
it, copy this folder to any web host, or upload it to a static Hugging Face Space.
"""


def export_site(target: Path, models: Models) -> list[str]:
    """Write the site.

    Args:
        target: a folder that is empty or does not exist yet.
        models: models to include. Only checkpoint folders of this project that translate drawings, and whose network
            the engine in the browser knows, are.

    Returns:
        The names of the included models.

    Raises:
        Pix2PixError: no model can be included, or the folder is not empty or cannot be written.
    """
    folders = {name: folder for name in models.tasks if (folder := models.folder(name)) and runs_in_browsers(folder)}
    if not folders:
        raise Pix2PixError(
            "None of these models can run in a browser: name one that takes drawings, was trained on pictures of "
            f"{SIDE} pixels, and has numbers of features that are multiples of {CHANNEL_MULTIPLE}."
        )
    try:
        if target.exists() and any(target.iterdir()):
            raise Pix2PixError(f"{target} is not empty: choose a new folder for the site.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as temporary:
            whole = Path(temporary) / "site"
            write_site(whole, folders, models)
            whole.replace(target)
    except OSError as error:
        raise Pix2PixError(f"{target} cannot be written ({error.strerror}): choose another folder.") from None
    return list(folders)


def runs_in_browsers(folder: Path) -> bool:
    """Whether the browser's engine knows a checkpoint's network, as `misfit` in web/engine/checkpoint.js decides."""
    config = read_config(folder)
    try:
        generator = GeneratorConfig(**config["generator"])
    except (TypeError, ValueError):
        return False
    return (
        all(getattr(generator, name) in values for name, values in HANDLED.items())
        and generator.features % CHANNEL_MULTIPLE == generator.max_features % CHANNEL_MULTIPLE == 0
        and not generator.encoder_dropped_levels
        and config["task"].get("image_size", 2**generator.depth) == SIDE
        and SIDE % 2**generator.depth == 0
    )


def write_site(target: Path, folders: dict[str, Path], models: Models) -> None:
    for path in web_files():
        copy(path, target / scripts() / path.relative_to(WEB))
    kept = [path.relative_to(target).as_posix() for path in sorted(target.rglob("*")) if path.is_file()]
    for folder in folders.values():
        for name in (CONFIG_FILE, WEIGHTS_FILE, CARD_FILE):
            if (folder / name).is_file():
                copy(folder / name, target / weights(folder) / name)
    known = properties(models)
    known |= {"models": {name: known["models"][name] for name in folders}, "server": False}
    words = {"title": escape(texts.TITLE_LONG), "description": escape(texts.DESCRIPTION), "scripts": scripts()}
    page = filled((SITE / "index.html").read_text(encoding="utf-8"), {**words, "studio": template()})
    manifest = {
        "name": texts.TITLE_LONG,
        "short_name": texts.TITLE,
        "description": texts.DESCRIPTION,
        "start_url": ".",
        "display": "standalone",
        "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}],
    }
    written = {
        "index.html": page,
        "studio.json": json.dumps(known),
        "site.webmanifest": json.dumps(manifest, indent=2),
        "icon.svg": (WEB / "icon.svg").read_text(encoding="utf-8"),
    }
    # Weights are not listed, since the studio caches each model when it is used.
    files = {"version": version(written), "names": ["./", *written, *kept]}
    written |= {
        "files.js": f"self.files = {json.dumps(files)};\n",
        "worker.js": (SITE / "worker.js").read_text(encoding="utf-8"),
        "README.md": SPACE,
    }
    for name, text in written.items():
        (target / name).write_text(text, encoding="utf-8")


def version(written: dict[str, str]) -> str:
    """A name for the contents of the site. Its page contains the hash of all scripts."""
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()[:16]


def copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
