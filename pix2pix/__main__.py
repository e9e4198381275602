"""`pix2pix translate | evaluate | export | tone | push | pairs | daylight | models`, or `python -m pix2pix ...`."""

from __future__ import annotations

import argparse
import signal
import sys

from pix2pix import __version__
from pix2pix.commands import daylight, evaluate, export, models, pairs, push, tone, translate
from pix2pix.commands.output import forget_stdout, warn
from pix2pix.errors import Pix2PixError, missing

COMMANDS = (translate, evaluate, export, tone, push, pairs, daylight, models)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    code = 0
    try:
        code = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        forget_stdout()
    except KeyboardInterrupt:
        warn("Stopped.")
        return 128 + signal.SIGINT
    except ModuleNotFoundError as error:
        warn(missing(error))
        return 2
    except Pix2PixError as error:
        warn(str(error))
        return 2
    except OSError as error:  # a full disk, say
        name = error.filename2 or error.filename or "A file"  # the second is where a finished file was to go
        warn(f"{name} cannot be used ({error.strerror or error}): choose another place.")
        return 2
    return code


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="pix2pix", description="Use a pix2pix model from the command line.")
    p.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = p.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return p


if __name__ == "__main__":
    sys.exit(main())
