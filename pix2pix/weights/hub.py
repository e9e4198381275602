"""The Hugging Face Hub: downloading checkpoints into its cache, and uploading them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pix2pix.errors import CheckpointError
from pix2pix.weights.checkpoint import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE, read_config

FILES = [CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, "preview.jpg", "samples.jpg"]  # of a model, for the Hub
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")  # owner/name
FOREIGN_FILE = "pytorch_model.bin"  # name of the weights in older models on the Hub


def download(repo_id: str, revision: str | None = None, report: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a model's folder from the Hugging Face Hub, or find it in the cache.

    Args:
        repo_id, revision: repository and revision of the model.
        report: called from other threads with the numbers of downloaded and of all bytes.

    Raises:
        CheckpointError: there is no such model, no access, or neither a connection nor a copy in the cache.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    options: dict[str, Any] = {"revision": revision}
    if report is not None:
        options["tqdm_class"] = reporting_bar(report)
    name = repo_id if revision is None else f"{repo_id}@{revision}"
    try:
        files = [CONFIG_FILE, WEIGHTS_FILE, CARD_FILE]
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
        raise CheckpointError(
            f"{name} is not downloaded yet and the Hub cannot be reached: connect to the internet once."
        ) from None
    except Exception as error:  # the client's, or its transport's
        raise CheckpointError(f"The Hub did not deliver {name} ({type(error).__name__}): try again later.") from None
    check_download(Path(folder), name)
    return Path(folder)


def reporting_bar(report: Callable[[int, int], None]) -> type:
    """A tqdm class that also reports its count of bytes."""
    from tqdm.auto import tqdm

    class ReportingBar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            if self.unit == "B" and self.total:
                report(int(self.n), int(self.total))
            return shown

    return ReportingBar


def check_download(folder: Path, name: str) -> None:
    """Compare the weights in the Hub's cache with their hash, after which the cache names them.

    Raises:
        CheckpointError: they differ; they are removed from the cache.
    """
    for file in (folder / WEIGHTS_FILE, folder / FOREIGN_FILE):
        blob = file.resolve()
        if not file.exists() or not re.fullmatch(r"[0-9a-f]{64}", blob.name):
            continue  # there is no such file, or its name is not a hash
        with open(blob, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != blob.name:
            file.unlink()
            blob.unlink(missing_ok=True)
            raise CheckpointError(f"The download of {name} does not match its hash on the Hub: try again.")


def is_cached(name: str) -> bool:
    """Whether a Hub model's weights are in the Hub's cache already."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return any(isinstance(try_to_load_from_cache(name, file), str) for file in (WEIGHTS_FILE, FOREIGN_FILE))
    except HFValidationError:  # not a name on the Hub
        return False


def cached_models() -> list[str]:
    """Names of our models in the Hub's cache: those whose config describes a generator."""
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


def check_token() -> None:
    """Check that there is a token to push with, before days of training.

    Raises:
        CheckpointError: there is no token.
    """
    from huggingface_hub import get_token

    if not get_token():
        raise CheckpointError(
            "There is no token to push with: make one that may write at https://huggingface.co/settings/tokens and set "
            "HF_TOKEN, or run hf auth login."
        )


def push(folder: str | Path, repo_id: str, token: str | None = None) -> str:
    """Upload a checkpoint folder's config, weights, card and sheets of pictures (`FILES`) to the Hub in one commit. A
    missing repository is created. Returns its address.

    Args:
        token: token whose rights are used; by default that of this machine.

    Raises:
        CheckpointError: there is no token, no access or no connection.
    """
    from huggingface_hub import HfApi

    if token is None:
        check_token()
    api = HfApi(token=token)
    try:
        url = api.create_repo(repo_id, exist_ok=True)
        api.upload_folder(
            repo_id=repo_id, folder_path=folder, allow_patterns=FILES, commit_message="A pix2pix model",
        )  # fmt: skip
    except Exception as error:  # the client's, or its transport's when there is no connection
        raise CheckpointError(
            f"The Hub did not take the model as {repo_id} ({type(error).__name__}): check the connection, the name and "
            "the token's rights."
        ) from None
    return str(url)
