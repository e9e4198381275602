"""Checks of messages to Gradio: the function, its values, and the files that they name."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo.server.refused import Refused
from demo.server.routes import API
from demo.server.uploads import arrived

SESSION = re.compile(r"[\w-]{0,64}")
MAX_DEPTH = 20  # of a JSON message
ADDRESS = re.compile(r"\s*(\w[\w+.-]*:)?//")
# Keys of a file in Gradio's messages, beside its path.
FILE = {
    "url": (str, type(None)),
    "orig_name": (str, type(None)),
    "mime_type": (str, type(None)),
    "size": (int, type(None)),
    "is_stream": (bool,),
    "meta": (dict,),
}


class Functions:
    """The page's functions as Gradio numbers them, once the page is built.

    Attributes:
        kinds: by index: the `concurrency_id` of functions that compute: "drawing", "aside" or "file".
        inputs: by index: the number of values that the function takes.
        files: by index: which inputs are files, and which of these may be several.
        names: index of each function that other programs may call.
    """

    def __init__(self) -> None:
        self.kinds: dict[int, str] = {}
        self.inputs: dict[int, int] = {}
        self.files: dict[int, dict[int, bool]] = {}
        self.names: dict[str, int] = {}

    def read(self, page: Any) -> None:
        for index, function in page.fns.items():
            self.inputs[index] = len(function.inputs)
            self.files[index] = {
                at: getattr(part, "file_count", "single") != "single"
                for at, part in enumerate(function.inputs)
                if isinstance(part, (gr.File, gr.Image))
            }
            if function.concurrency_id in ("drawing", "aside", "file"):
                self.kinds[index] = function.concurrency_id
            if function.api_name and function.api_visibility == "public":
                self.names[function.api_name] = index

    def called(self, path: str, body: dict[str, Any]) -> int:
        """The index of the function that a message calls, or -1 if it calls none.

        Raises:
            Refused: there is no such function, or the message does not fit it.
        """
        door, _, called = path.removeprefix(f"{API}/").rstrip("/").partition("/")
        if door in ("cancel", "reset"):
            return -1
        session = body.get("session_hash")
        if not (session is None or (isinstance(session, str) and SESSION.fullmatch(session))):
            raise Refused(400, "session_hash must be at most 64 letters, digits and dashes.")
        if door == "queue" and not session:
            raise Refused(400, "session_hash is missing.")
        index = self.names.get(called) if door == "call" else body.get("fn_index")
        if type(index) is not int or index not in self.inputs:
            raise Refused(404, "There is no such function on this page.")
        data, wanted = body.get("data"), self.inputs[index]
        if not isinstance(data, list) or len(data) != wanted:
            raise Refused(400, f"data must be a list of {wanted} values.")
        for at, several in self.files.get(index, {}).items():
            if not all(is_file(file) for file in (data[at] if several and isinstance(data[at], list) else [data[at]])):
                raise Refused(400, "This must be an uploaded file.")
        others = {key: body.get(key) for key in ("event_data", "trigger_id", "event_id", "simple_format", "batched")}
        if not isinstance(others["event_data"], (dict, type(None))) or any(
            not isinstance(value, (str, int, type(None))) for key, value in others.items() if key != "event_data"
        ):
            raise Refused(400, "The message is not one of Gradio's.")
        return index


def read_message(data: bytes) -> dict[str, Any]:
    """Parse and check a JSON message.

    Raises:
        Refused: the message is not JSON, is nested too deeply, or names a file on another server, which Gradio would
            fetch.
    """
    try:
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError
        look_through(body, MAX_DEPTH)
    except (ValueError, RecursionError):
        raise Refused(400, "The message is not JSON of the kind that Gradio sends.") from None
    return body


def look_through(value: Any, depth: int) -> None:
    """Check that every file in a message is an uploaded one, and that every number is valid JSON."""
    if depth == 0 or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError
    if isinstance(value, dict):
        if "path" in value and isinstance(value["path"], str) and ADDRESS.match(value["path"]):
            raise Refused(400, "Pictures are not fetched from other servers: upload the file and send its path.")
        if "path" in value and not is_file(value):
            raise Refused(400, "The file is not here any more: upload it again.")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            look_through(each, depth - 1)


def is_file(value: Any) -> bool:
    """Whether a value is None, or names an uploaded file as Gradio does."""
    if value is None:
        return True
    if not isinstance(value, dict) or any(
        key != "path" and not isinstance(each, FILE.get(key, ())) for key, each in value.items()
    ):
        return False
    if value.get("is_stream") or value.get("meta") != {"_type": "gradio.FileData"}:
        return False
    return arrived(value.get("path"), get_upload_folder()) is not None
