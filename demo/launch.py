"""Launch the page: `pix2pix-demo` or `python app.py`."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from demo.models import Models
    from demo.teach.desk import Desk

# Set before Gradio is imported: no telemetry, and no proxy for its own start-up check.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Gradio would compute statistics of the last 10,000 requests with pandas after each one, and nobody can see them.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost", "::1"]))

FIRST = "paint2emoji"  # the model that a visitor meets first
ON_SPACE = "SPACE_ID" in os.environ  # Hugging Face sets it
if ON_SPACE:  # visitors come through a proxy in a private network, which forwards their addresses; uvicorn reads this
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.1")


def main(arguments: list[str] | None = None) -> int:
    from pix2pix import KNOWN_MODELS, Pix2PixError, choose_device, list_models
    from pix2pix.errors import missing

    command = parser()
    options = command.parse_args(arguments)
    name = f"[{options.host}]" if ":" in options.host else options.host  # an IPv6 address
    here = f"http://{name.replace('0.0.0.0', '127.0.0.1')}:{options.port}/"
    known = [] if ON_SPACE else [model.name for model in KNOWN_MODELS]  # so that visitors do not fill a Space's disk
    bundled = sorted(list_models(), key=lambda name: name != FIRST)
    names = options.models or [*bundled, *known]
    try:
        if options.to_space:
            from demo.space import to_space

            address = to_space(options.to_space, options.models or bundled)
            print(f"The Space is at {address}. The Hub builds it in minutes.")
            return 0
        if not names:
            raise Pix2PixError("No model is bundled: name some with --models, or train one with train.py.")
        if options.export_site:
            return write_site(Path(options.export_site), options.models or bundled)
        check_address(options.host, options.port)
        choose_device(options.device)
        print(f"Starting the page. In a few seconds it is at {here}", flush=True)
        from demo.models import Models
        from demo.page import build
        from demo.server.assets import routes
        from demo.server.journal import Journal
        from demo.server.limits import Limits
        from demo.server.service import Service
        from demo.studio import WEB, assets, scripts
        from demo.teach import tab
        from demo.teach.results import Results

        check_uploads()
        models = Models(names, options.device, options.max_models, options.allow_any_model, options.memory)
        limits = Limits(options.max_users, options.rate, 2 * options.rate, pixels=options.max_pixels)
        journal = Journal(sys.stderr if options.log else None)
        service = Service(limits, journal, models.state, only_here=is_home(options))
        desk = desk_for(options, models)
        page = build(models, service, desk)
        page.queue(max_size=2 * options.max_users)  # the service refuses earlier, with a sentence
        service.functions.read(page)
        models.warm_up([*models.choices(drawn=True), *models.choices(drawn=False)][0][1])
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        page.launch(
            quiet=True,
            prevent_thread_lock=True,
            app_kwargs={
                "middleware": [*service.middleware(), tags()],
                "routes": [*routes(assets(models)), *(tab.routes(Results(desk.shelf)) if desk else [])],
            },
            favicon_path=WEB / "icon.svg",
            head="".join(f'<link rel="stylesheet" href="{scripts()}{name}">' for name in STYLES),
            server_name=name,
            server_port=options.port,
            share=options.share,
            ssr_mode=False,
            enable_monitoring=False,
            run_history=False,  # otherwise every frame of a drawing would be kept in the browser
            max_file_size="32mb",
            footer_links=[],
            theme=theme(),
        )
        if desk:
            desk.open()
        print(f"The page is at {page.share_url or here} (Ctrl+C stops it).", flush=True)
        stop.wait()
        saving = threading.Thread(target=desk.close if desk else lambda: None)
        saving.start()  # a trainer saves its state while people's work is finished
        service.stop()
        saving.join()
        page.close(verbose=False)
    except Pix2PixError as error:
        print(f"{command.prog}: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"{command.prog}: {missing(error)}", file=sys.stderr)
        return 2
    return 0


STYLES = ("studio.css", "teach/teach.css")


def check_uploads() -> None:
    """Check that uploads can be kept, before anything starts.

    Raises:
        Pix2PixError: they cannot.
    """
    from gradio.utils import get_upload_folder

    from pix2pix import Pix2PixError
    from pix2pix.files import check_place

    folder = Path(get_upload_folder())
    try:
        check_place(folder / "upload")
    except Pix2PixError:
        raise Pix2PixError(f"Uploads cannot be kept in {folder}: set GRADIO_TEMP_DIR to another folder.") from None


def desk_for(options: argparse.Namespace, models: Models) -> Desk | None:
    """What takes in people's pairs; None where the page does not teach.

    Raises:
        Pix2PixError: it is asked for and cannot be.
    """
    from importlib.util import find_spec

    from demo.teach.desk import Desk
    from demo.teach.runs import Shelf
    from demo.teach.terms import HOME, STRANGERS
    from pix2pix import Pix2PixError

    home = is_home(options)
    if not (home if options.teach is None else options.teach):
        return None
    if not Path("/proc").is_dir():  # by which a trainer is told from another process of its number
        if options.teach:
            raise Pix2PixError("--teach works on Linux alone: leave it out.")
        return None
    if not all(find_spec(name) for name in ("torch", "torchvision", "torchmetrics")):
        if options.teach:
            raise Pix2PixError("--teach needs PyTorch: pip install .[train].")
        return None
    try:
        shelf = Shelf(options.taught)
    except Pix2PixError as error:
        if options.teach:
            raise
        print(f"The page does not teach: {error}", file=sys.stderr)
        return None
    return Desk(models, shelf, HOME if home else STRANGERS)


def is_home(options: argparse.Namespace) -> bool:
    """Whether only this machine reaches the page."""
    # Behind a proxy on this machine, strangers come from the loopback address too.
    open_to_others = options.share or ON_SPACE or bool(os.environ.get("FORWARDED_ALLOW_IPS"))
    return options.host in ("127.0.0.1", "localhost", "::1") and not open_to_others


def write_site(target: Path, names: list[str]) -> int:
    """Write the site without a server, and tell what is in it."""
    from demo.models import Models
    from demo.site import export_site

    models = Models(names)
    written = export_site(target, models)
    left = [name for name in models.tasks if name not in written]
    print(f"The site is in {target}, with {', '.join(written)}.")
    if left:
        print(f"Left out, since they need a server: {', '.join(left)}.")
    print(f"Look at it: python -m http.server --bind 127.0.0.1 --directory {target}")
    return 0


def check_address(host: str, port: int) -> None:
    """Check that the page can listen on an address, before anything starts.

    Raises:
        Pix2PixError: the host does not belong to this machine, or the port is taken or needs more rights.
    """
    from pix2pix import Pix2PixError

    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise Pix2PixError(f"There is no host {host!r}: choose another --host.") from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            raise Pix2PixError(
                f"The page cannot listen on {host}, port {port}: choose another --port, or another --host."
            ) from None


def tags():
    """The middleware that puts the page's own title, description and preview picture into its HTML."""
    from starlette.middleware import Middleware

    from demo import texts
    from demo.server.tags import Tags

    words = {"title": texts.TITLE_LONG, "description": texts.DESCRIPTION}
    return Middleware(Tags, picture="web/preview.jpg", **words)  # type: ignore[arg-type]


def theme():
    import gradio as gr

    soft = gr.themes.Soft(primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["monospace"])
    # The theme's small titles and white-on-indigo buttons have too little contrast.
    return soft.set(
        block_title_text_color="*primary_800",
        block_label_text_color="*primary_800",
        block_title_text_color_dark="*primary_100",
        block_label_text_color_dark="*primary_100",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
    )


def parser() -> argparse.ArgumentParser:
    from demo.models import MAX_LOADED
    from demo.server.limits import Limits
    from pix2pix import __version__
    from pix2pix.devices import MEMORY, gigabytes

    p = Parser(description="Open the pix2pix page on this machine.")
    p.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    p.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if ON_SPACE else "127.0.0.1"),
        help="address to listen on; 0.0.0.0 opens the page to other machines (default %(default)s)",
    )
    p.add_argument(
        "--port",
        type=port,
        default=os.environ.get("GRADIO_SERVER_PORT") or "7860",
        help="port to listen on (default %(default)s)",
    )
    p.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="bundled names, folders or Hub ids (default: the bundled models and the known ones on the Hub)",
    )
    p.add_argument(
        "--max-users",
        type=at_least_one,
        default=Limits.users,
        metavar="N",
        help="most requests that wait at a time; others are asked to try again (default %(default)s)",
    )
    p.add_argument(
        "--rate",
        type=at_least_one,
        default=int(Limits.rate),
        metavar="N",
        help="most requests per second from one address (default %(default)s)",
    )
    p.add_argument(
        "--max-models",
        type=at_least_one,
        default=MAX_LOADED,
        metavar="N",
        help="most models in memory (default %(default)s)",
    )
    p.add_argument(
        "--max-pixels",
        type=at_least_one,
        default=Limits.pixels,
        metavar="N",
        help="most pixels of an uploaded picture (default %(default)s)",
    )
    p.add_argument(
        "--memory",
        type=gigabytes,
        default=MEMORY,
        metavar="GB",
        help="most memory for a translation; a picture that needs more is computed in bands (default %(default)s)",
    )
    p.add_argument(
        "--allow-any-model",
        action="store_true",
        help="let requests name any folder of this machine or any model of the Hub; only for people you trust",
    )
    p.add_argument(
        "--teach",
        action=argparse.BooleanOptionalAction,
        help="offer the Teach tab to other machines too, with limits (default: to this machine alone)",
    )
    p.add_argument(
        "--taught",
        type=Path,
        default=data_folder() / "taught",
        metavar="FOLDER",
        help="folder for the pairs and models of the Teach tab (default %(default)s)",
    )
    p.add_argument(
        "--export-site",
        metavar="DIR",
        help="write a site that needs no server, for any web host, and stop",
    )
    p.add_argument("--log", action="store_true", help="write lines of JSON about work and refusals to stderr")
    p.add_argument("--share", action="store_true", help="also open a public address, through Gradio's own servers")
    p.add_argument(
        "--to-space", metavar="OWNER/NAME", help="upload the page to a Hugging Face Space instead; needs HF_TOKEN"
    )
    p.add_argument("--device", default="cpu", help="cpu, cuda, mps or auto (default cpu)")
    return p


def data_folder() -> Path:
    """Where programs keep what people make with them."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "pix2pix"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: choose a number from 1 to 65535")
    return int(text)


def at_least_one(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)
