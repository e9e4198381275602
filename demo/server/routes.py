"""The open addresses of Gradio: those that the page, `gradio_client` and curl need.

Gradio has others, which stay closed: proxies, recordings, run histories, editors.
"""

from __future__ import annotations

import re

API = "/gradio_api"
UPLOAD, ANSWERS = f"{API}/upload", f"{API}/queue/data"
OPEN = {
    "GET": re.compile(
        r"/(|config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(/\d+)?|(assets|static|svelte|web)/.*"
        r"|models/[0-9a-f]{16}/(config\.json|model\.safetensors)"
        r"|gradio_api/(info/?|openapi\.json|app_id/?|startup-events|login_check/?|theme\.css|upload_progress"
        r"|queue/data|queue/status|heartbeat/[\w-]+|file=(?!.*://).*|call/\w+/\w+)"
        r"|taught/[0-9a-f]{32}/(look/\d{1,9}\.jpg|report\.html|model\.(zip|onnx)|\d{1,15}/(config\.json|model\.safetensors)))"
    ),
    "POST": re.compile(r"/gradio_api/(upload|queue/join|run/\w+/?|call/\w+/?|cancel|reset/?)"),
}
STREAM = re.compile(rf"{API}/(queue/data|heartbeat/[\w-]+|upload_progress|call/\w+/\w+)")
ASSET = re.compile(r"/(assets|static|svelte|web)/")
NAMED = re.compile(rf"{API}/(upload|queue/join|queue/data|run|call|cancel|reset|heartbeat)\b")


def is_open(method: str, path: str) -> bool:
    """Whether a request may pass to Gradio."""
    method = method.replace("HEAD", "GET")
    return method in OPEN and OPEN[method].fullmatch(path) is not None


def is_stream(path: str) -> bool:
    """Whether the answer is a stream, for as long as the visitor listens."""
    return STREAM.fullmatch(path) is not None


def is_asset(path: str) -> bool:
    """Whether the address is a part of the page, of which a browser requests dozens at once."""
    return ASSET.match(path) is not None


def name_of(path: str) -> str:
    """A name for the log. The rest of an address may be private."""
    match = NAMED.match(path)
    return match[1] if match else "other"
