"""Starting the page's server as a user does, and exporting and serving the site without one."""

from __future__ import annotations

import functools
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from places import ROOT

PATIENCE = 180  # seconds
on_site = False  # with `pytest --site`: the studio is the exported site


@contextmanager
def running_studio(folder: Path, *options: str) -> Iterator[str]:
    """The studio as the tests were asked to try it: served by `python app.py`, or the exported site."""
    if not on_site:
        with running_app(folder, *options) as url:
            yield url
        return
    export_site(folder / "site", *options)
    with served(folder / "site") as url:
        yield url


def export_site(target: Path, *options: str) -> str:
    """Run `python app.py --export-site`. Returns what it prints."""
    command = [sys.executable, "app.py", "--export-site", str(target), *options]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve files as `python -m http.server` does. Yields the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running_app(folder: Path, *options: str, door: str | Path = "app.py", **environment: str) -> Iterator[str]:
    """Run `python app.py` and wait until its page answers. Yields the address; the log is in `folder`/log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GRADIO_")}
    command = [sys.executable, str(door), "--port", str(port), *options]
    with log.open("w") as file:
        kept = {"XDG_DATA_HOME": str(folder / "data")}  # for what is taught, in place of the user's own
        process = subprocess.Popen(command, cwd=ROOT, env={**clean, **kept, **environment}, stdout=file, stderr=file)
    (folder / "pid").write_text(str(process.pid))
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, log)
        yield url
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Wait until a page answers. A busy machine may take a minute to start it.

    Raises:
        AssertionError: the process ended or takes too long; the message has its log.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            opener.open(url).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.25)
