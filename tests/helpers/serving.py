"""Starting the page's server as a user does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from places import ROOT

PATIENCE = 180  # seconds


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
