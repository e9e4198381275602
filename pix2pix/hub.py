"""A name -> files -> a generator: bundled models, checkpoint folders, the Hugging Face Hub.

A checkpoint folder holds `config.json` (the constructor's arguments under "generator", what the model is for under
"task"), `model.safetensors` (weights) and `README.md` (the model card).
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pix2pix.config import GeneratorConfig
from pix2pix.errors import CheckpointError, DataError, reason
from pix2pix.files import atomic_path, write_text
from pix2pix.known import known_model
from pix2pix.palettes import check_palette

if TYPE_CHECKING:
    from pix2pix.generator import Generator

BUNDLED = Path(__file__).resolve().parent.parent / "checkpoints"
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
FOREIGN_FILE = "pytorch_model.bin"  # what older models on the Hub hold instead
FILE_SUFFIXES = {".safetensors", ".pth", ".pt", ".bin", ".tar", ".pict"}
HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


def list_models() -> list[str]:
    """Names of the models that come with this copy, in alphabetical order."""
    folders = (path.parent for path in BUNDLED.glob(f"*/{WEIGHTS_FILE}"))
    return sorted(folder.name for folder in folders if (folder / CONFIG_FILE).is_file())


def find_checkpoint(source: str | Path) -> Path:
    """Where a source lies: a bundled name, a folder, a file, or a Hub id `owner/name[@revision]`, tried in this order.

    A Hub model is downloaded once and then served from the Hub's cache, also offline.

    Returns:
        A folder with `config.json`, or a checkpoint file.

    Raises:
        CheckpointError: nothing of that name, or the Hub did not give it.
    """
    name = str(source)
    if name in list_models():
        return BUNDLED / name
    path = Path(source)
    if path.is_dir():
        return inside(path)
    if path.is_file():
        return path
    match = HUB_ID.fullmatch(name)
    if match is None or path.suffix in FILE_SUFFIXES:
        raise CheckpointError(
            f"There is no model {name!r}: it is neither bundled ({', '.join(list_models()) or 'none are'}) "
            "nor a checkpoint folder nor a checkpoint file nor a Hub id like owner/name."
        )
    return inside(download(match["id"], match["revision"]))


def inside(folder: Path) -> Path:
    """A folder of ours, or the one checkpoint file in a folder of another project."""
    if not (folder / CONFIG_FILE).exists() and (folder / FOREIGN_FILE).exists():
        return folder / FOREIGN_FILE
    return folder


def download(repo_id: str, revision: str | None = None, report: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a model's folder from the Hugging Face Hub, or find it in the cache.

    Args:
        repo_id, revision: the model.
        report: called, from other threads, with the bytes that are here and those that are wanted.

    Raises:
        CheckpointError: no such model, no access, or no connection and nothing in the cache.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    options: dict[str, Any] = {"revision": revision}
    if report is not None:
        options["tqdm_class"] = reporting_bar(report)
    name = repo_id if revision is None else f"{repo_id}@{revision}"
    try:
        files = [CONFIG_FILE, WEIGHTS_FILE, "README.md"]
        folder = snapshot_download(repo_id, allow_patterns=files, **options)
        if not (Path(folder) / WEIGHTS_FILE).exists():
            folder = snapshot_download(repo_id, allow_patterns=[*files, FOREIGN_FILE], **options)
    except GatedRepoError:
        raise CheckpointError(f"The Hub asks for access to {name}: request it there and set HF_TOKEN.") from None
    except RepositoryNotFoundError:
        raise CheckpointError(f"The Hub has no model {name}: check the name; a private one needs HF_TOKEN.") from None
    except RevisionNotFoundError:
        raise CheckpointError(f"The Hub's {repo_id} has no revision {revision}: check the name after the @.") from None
    except LocalEntryNotFoundError:
        raise CheckpointError(f"The Hub cannot be reached and {name} is not in its cache: connect once.") from None
    except (HfHubHTTPError, OSError) as error:
        raise CheckpointError(f"The Hub did not give {name} ({type(error).__name__}): try again later.") from None
    check_download(Path(folder), name)
    return Path(folder)


def reporting_bar(report: Callable[[int, int], None]) -> type:
    """A tqdm that counts bytes to `report` as well."""
    from tqdm.auto import tqdm

    class ReportingBar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            if self.unit == "B" and self.total:
                report(int(self.n), int(self.total))
            return shown

    return ReportingBar


def check_download(folder: Path, name: str) -> None:
    """Hold the weights in the Hub's cache against their hash, by which the cache names them.

    Raises:
        CheckpointError: they differ; they are taken out of the cache.
    """
    for file in (folder / WEIGHTS_FILE, folder / FOREIGN_FILE):
        blob = file.resolve()
        if not file.exists() or not re.fullmatch(r"[0-9a-f]{64}", blob.name):
            continue  # no such file, or one whose name is not the hash of its bytes
        with open(blob, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != blob.name:
            file.unlink()
            blob.unlink(missing_ok=True)
            raise CheckpointError(f"{name} arrived with other bytes than the Hub lists: try again.")


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a checkpoint folder, with at least the keys "generator" and "task".

    Raises:
        CheckpointError: it is missing or is not such a file.
    """
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        generator, task = config["generator"], config.get("task", {})
        if not isinstance(generator, dict) or not isinstance(task, dict):
            raise TypeError
        for name in ("palette", "output_palette"):
            if name in task:
                check_palette(task[name], f"{path}: {name}")
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} holds no {CONFIG_FILE}: a checkpoint folder has {CONFIG_FILE} and {WEIGHTS_FILE}."
        ) from None
    except DataError as error:
        raise CheckpointError(str(error)) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f'{path} is not a pix2pix config: it needs an object "generator".') from None
    return {**config, "task": task}


def read_task(source: str | Path) -> dict[str, Any]:
    """What a model is for, without loading it: "direction", "input" (edges, labels or photo), "image_size" in pixels.

    Raises:
        CheckpointError: see `find_checkpoint` and `read_config`.
    """
    if (model := known_model(str(source))) is not None:
        return model.task  # without a download
    path = find_checkpoint(source)
    return {} if path.is_file() else read_config(path)["task"]


def is_cached(name: str) -> bool:
    """Whether a Hub model's weights are in the Hub's cache already."""
    from huggingface_hub import try_to_load_from_cache

    return any(isinstance(try_to_load_from_cache(name, file), str) for file in (WEIGHTS_FILE, FOREIGN_FILE))


def cached_models() -> list[str]:
    """Names of the models of ours in the Hub's cache: those whose config tells of a generator."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return []
    names = []
    for repo in repos:
        for revision in repo.revisions:
            try:
                read_config(Path(revision.snapshot_path))
            except CheckpointError:
                continue
            names.append(repo.repo_id)
            break
    return sorted(names)


def load_weights(source: str | Path) -> tuple[GeneratorConfig, dict[str, np.ndarray], dict[str, Any]]:
    """The config, the weights (float32, by name) and the task of a source; see `find_checkpoint`. Needs no PyTorch.

    Raises:
        CheckpointError: nothing there, or the weights do not fit the config; every wrong tensor is named.
    """
    from safetensors import SafetensorError, safe_open

    folder = find_checkpoint(source)
    if folder.is_file():
        from pix2pix.foreign import read_file

        config, weights, task = read_file(folder)
        check_tensors(folder, {name: values.shape for name, values in weights.items()}, config)
        model = known_model(str(source))
        return config, weights, task or (model.task if model else {})
    description = read_config(folder)
    try:
        config = GeneratorConfig(**description["generator"])
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder / CONFIG_FILE} does not describe a generator ({reason(error)}): copy it again."
        ) from None
    path = folder / WEIGHTS_FILE
    try:
        with safe_open(path, framework="numpy") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            check_tensors(path, found, config)
            weights = {name: file.get_tensor(name).astype(np.float32) for name in found}
    except FileNotFoundError:
        raise CheckpointError(f"{folder} holds no {WEIGHTS_FILE}: copy the whole checkpoint folder.") from None
    except (SafetensorError, OSError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): copy or download it again.") from None
    return config, weights, description["task"]


def load_generator(source: str | Path, norm_statistics: str = "picture") -> tuple[Generator, dict[str, Any]]:
    """The generator of a source, in float32 and evaluation mode, and its task; see `Generator.from_pretrained`."""
    config, weights, task = load_weights(source)
    return make_generator(source, config, weights, norm_statistics), task


def make_generator(
    source: str | Path, config: GeneratorConfig, weights: dict[str, np.ndarray], norm_statistics: str
) -> Generator:
    """The generator of what `load_weights` gave.

    Raises:
        CheckpointError: running statistics are asked for and there are none.
    """
    import torch

    from pix2pix.generator import Generator

    if norm_statistics not in ("picture", "running"):
        raise CheckpointError(f"norm_statistics is {norm_statistics!r}: choose picture or running.")
    generator = Generator(**asdict(config))
    generator.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    if norm_statistics == "running":
        if not config.running_statistics:
            raise CheckpointError(f"{source} holds no running statistics of its norms: use the picture's own.")
        generator.use_running_statistics()
    return generator.eval()


def check_tensors(path: Path, found: dict[str, tuple[int, ...]], config: GeneratorConfig) -> None:
    """Hold the shapes of a file's tensors against a generator's.

    Raises:
        CheckpointError: a tensor is missing, left over or of another shape; the sentence names them all.
    """
    wanted = config.tensor_shapes()
    faults = [f"{name} is missing" for name in wanted if name not in found]
    faults += [f"{name} is not expected" for name in found if name not in wanted]
    faults += [
        f"{name} is {found[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    if faults:
        raise CheckpointError(f"{path} does not fit its config: {'; '.join(faults)}.")


def save_generator(generator: Generator, folder: str | Path, task: dict[str, Any], half: bool = False) -> None:
    """Write a checkpoint folder's config and weights; see `Generator.save_pretrained`."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    folder = Path(folder)
    dtype = torch.float16 if half else torch.float32
    weights = {name: t.detach().cpu().to(dtype).contiguous() for name, t in generator.state_dict().items()}
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        try:
            save_file(weights, temporary, metadata={"format": "pt"})
        except SafetensorError as error:
            raise OSError(errno.ENOSPC, str(error)) from None
    config = {"model_type": "pix2pix", "generator": asdict(generator.config), "task": task}
    write_text(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")


def check_token() -> None:
    """Before days of training: can anything be pushed at all?

    Raises:
        CheckpointError: there is no token.
    """
    from huggingface_hub import get_token

    if not get_token():
        raise CheckpointError(
            "There is no token to push with: make one that may write at https://huggingface.co/settings/tokens and set "
            "HF_TOKEN, or run hf auth login."
        )


def push(folder: str | Path, repo_id: str) -> str:
    """Upload a checkpoint folder's config, weights and card to the Hub, as one commit; the repository is made where it
    is missing. Returns its address.

    Raises:
        CheckpointError: no token, no access, or no connection.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    check_token()
    api = HfApi()
    try:
        url = api.create_repo(repo_id, exist_ok=True)
        api.upload_folder(
            repo_id=repo_id, folder_path=folder, allow_patterns=[CONFIG_FILE, WEIGHTS_FILE, "README.md", "*.jpg"],
            commit_message="A pix2pix model",
        )  # fmt: skip
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointError(
            f"The Hub did not take {folder} as {repo_id} ({type(error).__name__}): check the name and the token's "
            f"rights; the model is whole in {folder}."
        ) from None
    return str(url)
