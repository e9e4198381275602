"""Errors that a user can cause. Each message is one sentence that names the thing and the remedy."""


def reason(error: Exception) -> str:
    """The message of another library's error, to be quoted in one of our sentences."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


# Where packages that only some commands need come from.
EXTRAS = {"gradio": "demo", **dict.fromkeys(("torch", "torchvision", "accelerate", "torchmetrics", "scipy"), "train")}


def missing(error: ModuleNotFoundError) -> str:
    """A sentence about a package of `EXTRAS` that is not installed. Any other error is raised again."""
    if error.name not in EXTRAS:
        raise error
    return f"This needs {error.name}, which is not installed: pip install .[{EXTRAS[error.name]}]."


class Pix2PixError(Exception):
    """Base of the errors below. Command lines print its message and exit with code 2; the page shows it."""


class DataError(Pix2PixError):
    """A folder or a file of training pairs cannot be used."""


class MissingSplit(DataError):
    """The data has no split of that name."""


class ImageError(Pix2PixError):
    """A picture cannot be read or is too large."""


class CheckpointError(Pix2PixError):
    """A model cannot be found, read or used."""


class TrainingError(Pix2PixError):
    """A training run cannot be started or continued as asked."""
