"""`pix2pix models`: what there is to load by name."""

from __future__ import annotations

import argparse

from pix2pix.commands.options import Commands


def add(commands: Commands) -> None:
    command = commands.add_parser("models", help="list the bundled, cached and known models")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from pix2pix.weights.hub import cached_models, is_cached
    from pix2pix.weights.known import KNOWN_MODELS
    from pix2pix.weights.pretrained import list_models, read_task

    print("Bundled:")
    for name in list_models():
        print(f"  {name:28} from {read_task(name).get('input', '?')}")
    if cached := cached_models():
        print("In the Hub's cache:")
        for name in cached:
            print(f"  {name:28} from {read_task(name).get('input', '?')}")
    print("Known on the Hub, downloaded on first use:")
    for model in KNOWN_MODELS:
        state = "in the cache" if is_cached(model.name) else f"{model.megabytes} MB to download"
        kind = f"from {model.input_kind}, {model.task['direction']}"
        print(f"  {model.name:28} {model.what} ({kind}); {model.licence}; {state}")
