"""The page as a Hugging Face Space: `python app.py --to-space OWNER/NAME` uploads the files for the Space's container.

The Hub refuses plain Git pushes of large files, so its client uploads them. The Space gets the code, the bundled
models, and a recipe for a CPU, without PyTorch.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pix2pix import CheckpointError, Pix2PixError, list_models
from pix2pix.weights.hub import HUB_NAME, check_token
from pix2pix.weights.pretrained import BUNDLED

ROOT = Path(__file__).resolve().parent.parent
CODE = ("pix2pix", "demo")
AS_THEY_ARE = ("app.py", "pyproject.toml", "LICENSE")
OF_A_MODEL = ("config.json", "model.safetensors", "README.md", "preview.jpg")
OURS = "pix2pix/__init__.py"  # a Space with this file was made by us
EMPTY_SPACE = {".gitattributes", "README.md"}  # files that the Hub itself writes
CARD = """\
---
{matter}---

# pix2pix

Draw an outline, and watch it become a picture while you draw: [pix2pix](https://arxiv.org/abs/1611.07004) (Isola et
al., CVPR 2017) on small models that run on a CPU.

The code is under the MIT licence. The card of each model, in `checkpoints`, names the terms of its weights. To run this
page elsewhere: `pip install -r requirements.txt && python app.py`.
"""


def to_space(name: str, models: Sequence[str]) -> str:
    """Upload the page to a Space, which is made where it is missing, in one commit.

    Code and models that an earlier upload left there and this one lacks are removed; the Space's Git history keeps
    them. What else the Space holds stays.

    Args:
        name: `owner/name`.
        models: bundled names, or their folders in checkpoints/, in the page's order.

    Returns:
        The Space's address.

    Raises:
        CheckpointError: there is no token, the Hub refuses the upload, or the Space holds something else.
        Pix2PixError: this is no clone of the repository, or a model is not bundled.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    if not HUB_NAME.fullmatch(name):
        raise Pix2PixError(f"{name!r} names no Space: give --to-space OWNER/NAME, as in its address on the Hub.")
    files = dict(space_files([bundled_name(model) for model in models]))
    check_token()
    api = HfApi()
    try:
        url = api.create_repo(name, repo_type="space", space_sdk="docker", exist_ok=True)
        there = {*api.list_repo_files(name, repo_type="space")}
        if OURS not in there and there - EMPTY_SPACE:
            raise CheckpointError(f"The Space {name} holds something else: choose another name, or empty it first.")
        old = [path for path in sorted(there - files.keys()) if path.split("/")[0] in (*CODE, "checkpoints")]
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(path, content) for path, content in files.items()),
            *(CommitOperationDelete(path) for path in old),
        ]
        api.create_commit(name, operations, commit_message="The pix2pix page", repo_type="space")
    except CheckpointError:
        raise
    except Exception as error:  # the client's, or its transport's when there is no connection
        raise CheckpointError(
            f"The Hub did not take {name} ({type(error).__name__}): check the connection, the name and the token's "
            "rights."
        ) from None
    return str(url)


def bundled_name(model: str) -> str:
    """The name of a model that was given as its folder in checkpoints/; other names as they are."""
    path = Path(model)
    return path.name if path.resolve().parent == BUNDLED.resolve() else model


def space_files(models: Sequence[str]) -> Iterator[tuple[str, Path | bytes]]:
    """The files of a Space: for each path in it, the local file or the contents.

    Raises:
        Pix2PixError: this is no clone of the repository, or a model is not bundled.
    """
    if not (ROOT / "Dockerfile").is_file() or not (ROOT / "pyproject.toml").is_file():
        raise Pix2PixError("--to-space uploads a clone of the repository: run python app.py --to-space in one.")
    if others := [name for name in models if name not in list_models()]:
        raise Pix2PixError(
            f"{', '.join(others)}: not bundled, so a Space cannot have it. Copy its folder into checkpoints/ first."
        )
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
                yield path.relative_to(ROOT).as_posix(), path
    for model in models:
        for name in OF_A_MODEL:
            if (BUNDLED / model / name).is_file():
                yield f"checkpoints/{model}/{name}", BUNDLED / model / name
    for name in AS_THEY_ARE:
        yield name, ROOT / name
    yield "Dockerfile", dockerfile(models).encode()
    yield "requirements.txt", requirements().encode()
    matter = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    yield "README.md", CARD.format(matter=matter).encode()


def dockerfile(models: Sequence[str]) -> str:
    """The repository's own, with these models in place of those after `--models`."""

    def with_models(line: re.Match[str]) -> str:
        words = json.loads(line[1])
        begin = words.index("--models") + 1
        end = next((i for i in range(begin, len(words)) if words[i].startswith("-")), len(words))
        return f"CMD {json.dumps([*words[:begin], *models, *words[end:]])}"

    return re.sub(r"^CMD (\[.*\])$", with_models, (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.M)


def requirements() -> str:
    """The packages that the page needs for bundled models on a CPU."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return "\n".join([*project["dependencies"], *project["optional-dependencies"]["demo"]]) + "\n"
