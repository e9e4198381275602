"""A small Hugging Face Hub on loopback: the routes of downloading models and data sets, of uploading models and Spaces,
and faults on request."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGE = 1_000_000  # size in bytes from which a file cannot be in a plain commit


class SmallHub:
    """Models and data sets are `repos[name][revision][file] -> bytes`.

    Args:
        private: names of repositories that need the token "secret".
        cut: close the connection once, after this many bytes of a file.
        spoil: flip a byte in every large file.
        seconds: length of a large file's transfer.
    """

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, dict[str, bytes]]] = {}
        self.private: set[str] = set()
        self.cut = 0
        self.spoil = False
        self.seconds = 0.0
        self.requests: list[str] = []
        self.large: dict[str, bytes] = {}  # separately uploaded files, by SHA-256
        self.url = self.cdn = ""


@contextmanager
def small_hub() -> Iterator[SmallHub]:
    hub = SmallHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = self.path.split("?")[0]
            hub.requests.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
            words = path.strip("/").split("/")
            if words[:1] == ["cdn"]:  # the target of the redirect from a file's own address
                name = f"{words[1]}/{words[2]}"
                files = next(files for files in hub.repos[name].values() if commit(name, files) == words[3])
                return self.send_file(files["/".join(words[4:])])
            words = words[1:] if words[0] == "datasets" else words
            name = "/".join(words[2:4] if words[0] == "api" else words[:2])
            if name not in hub.repos or (name in hub.private and "secret" not in self.headers.get("Authorization", "")):
                return self.reply(401, b"{}", {"X-Error-Code": "RepoNotFound"})
            revisions = {**hub.repos[name]}
            revisions.update({commit(name, files): files for files in hub.repos[name].values()})
            revision = words[3] if words[0] != "api" else words[5] if len(words) > 5 else "main"
            if revision not in revisions:
                return self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            found = revisions[revision]
            if words[0] == "api":
                info: object = {
                    "id": name,
                    "sha": commit(name, found),
                    "siblings": [{"rfilename": file} for file in found],
                }
                if "tree" in words:
                    info = tree(
                        found, "/".join(words[words.index("tree") + 2 :]), "recursive=true" in self.path.lower()
                    )
                return self.reply(200, json.dumps(info).encode(), {"Content-Type": "application/json"})
            file = "/".join(words[4:])
            if file not in found:
                return self.reply(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            data, sha, etag = found[file], commit(name, found), etag_of(found[file])
            headers = {"X-Repo-Commit": sha, "X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(data))}
            return self.reply(302, b"", {**headers, "Location": f"{hub.cdn}/cdn/{name}/{sha}/{file}"})

        def do_POST(self) -> None:
            """Making a repository, asking how to upload, and a commit with the small files in its lines, where large
            ones are refused: they come before, each by itself."""
            path = self.path.split("?")[0]
            hub.requests.append(f"POST {path}")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if "secret" not in self.headers.get("Authorization", ""):
                return self.reply(401, b"{}", {"X-Error-Code": "Unauthorized"})
            words = path.strip("/").split("/")
            answer: dict[str, object] = {}
            if path == "/api/repos/create":
                question = json.loads(body)
                name = f"{question.get('organization') or 'me'}/{question['name']}"
                hub.repos.setdefault(name, {"main": {}})
                answer = {"url": f"{hub.url}/{name}"}
            elif "preupload" in words:
                files = json.loads(body)["files"]
                modes = {True: "lfs", False: "regular"}
                answer = {
                    "files": [
                        {"path": f["path"], "uploadMode": modes[f["size"] > LARGE], "shouldIgnore": False}
                        for f in files
                    ]
                }
            elif path.endswith("/info/lfs/objects/batch"):
                answer = {
                    "transfer": "basic",
                    "objects": [
                        {**each, "actions": {"upload": {"href": f"{hub.url}/large/{each['oid']}"}}}
                        for each in json.loads(body)["objects"]
                    ],
                }
            elif "commit" in words:
                name = "/".join(words[2:4])
                for line in map(json.loads, body.splitlines()):
                    value = line["value"]
                    if line["key"] == "file":
                        data = base64.b64decode(value["content"])
                        if len(data) > LARGE:
                            return self.reply(400, b'{"error": "Use Git LFS"}', {"Content-Type": "application/json"})
                        hub.repos[name]["main"][value["path"]] = data
                    elif line["key"] == "lfsFile":
                        hub.repos[name]["main"][value["path"]] = hub.large[value["oid"]]
                    elif line["key"] == "deletedFile":
                        del hub.repos[name]["main"][value["path"]]
                answer = {"commitOid": commit(name, hub.repos[name]["main"]), "commitUrl": f"{hub.url}/{name}"}
            self.reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

        def do_PUT(self) -> None:
            """Receive a large file, under its hash."""
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            oid = self.path.rsplit("/", 1)[-1]
            if oid != hashlib.sha256(data).hexdigest():
                return self.reply(400, b"{}", {})
            hub.large[oid] = data
            self.reply(200, b"", {})

        def send_file(self, data: bytes) -> None:
            if hub.spoil and len(data) > 1000:
                data = data[:-1] + bytes([data[-1] ^ 1])
            etag = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Accept-Ranges": "bytes"}
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            if start:
                etag["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            if hub.cut and self.command == "GET" and len(data) > hub.cut:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: hub.cut])
                hub.cut = 0
                self.close_connection = True
                return
            if hub.seconds and self.command == "GET" and len(data) > 1000:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                for part in range(10):
                    self.wfile.write(data[len(data) * part // 10 : len(data) * (part + 1) // 10])
                    time.sleep(hub.seconds / 10)
                return
            self.reply(206 if start else 200, data[start:], etag)

        def reply(self, status: int, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url, hub.cdn = (
        f"http://{host}:{server.server_port}" for host in ("127.0.0.1", "localhost")
    )  # as apart as the real ones
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def tree(files: dict[str, bytes], folder: str, recursive: bool) -> list[dict[str, object]]:
    """What a folder of a revision holds; `recursive`: and the folders in it."""
    start = f"{folder}/" if folder else ""
    inside = {name: data for name, data in files.items() if name.startswith(start)}
    deeper = {name.removeprefix(start).split("/")[0] for name in inside if "/" in name.removeprefix(start)}
    if not recursive:
        inside = {name: data for name, data in inside.items() if "/" not in name.removeprefix(start)}
    found: list[dict[str, object]] = [
        {"type": "file", "path": name, "size": len(data), "oid": etag_of(data)} for name, data in inside.items()
    ]
    return found + [{"type": "directory", "path": f"{start}{name}", "oid": "0"} for name in deeper]


def etag_of(data: bytes) -> str:
    """Large files are named by SHA-256, small ones by SHA-1, as with Git LFS and Git."""
    return hashlib.sha256(data).hexdigest() if len(data) > 1000 else hashlib.sha1(data).hexdigest()


def commit(name: str, files: dict[str, bytes]) -> str:
    """The hash of a revision."""
    hashes = sorted((file, etag_of(data)) for file, data in files.items())
    return hashlib.sha1(repr((name, hashes)).encode()).hexdigest()
