"""What goes wrong in the hands of a user: one sentence each, naming the thing and the remedy."""


def reason(error: Exception) -> str:
    """What another library says of an error, to stand in one of our sentences."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


class Pix2PixError(Exception):
    """Base of the errors below. Command lines print its sentence and exit with code 2; the page shows it."""


class DataError(Pix2PixError):
    """A folder or a file of training pairs is not what it should be."""


class MissingSplit(DataError):
    """The data has no such split."""


class ImageError(Pix2PixError):
    """A picture cannot be read or is too large."""


class CheckpointError(Pix2PixError):
    """A model cannot be found or does not fit."""


class TrainingError(Pix2PixError):
    """A training run cannot be started or continued as asked."""
