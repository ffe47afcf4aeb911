"""A small stand-in for the hub: as much of its HTTP interface as the installed libraries ask for.

`repos` maps owner/name to the files inside. Some names stand for a temper: an owner called
`gated` answers 401, `slow` hangs before the first byte of a data file, `torn` breaks off in the
middle of one, `angry` answers 500.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DATA = (".parquet", ".jsonl", ".json", ".csv", ".txt")


class Hub:
    """Serves until the block ends; `asked` lists what was asked for."""

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]]) -> None:
        self.repos = repos
        self.asked: list[str] = []
        self.closing = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _answer(self, hub, body=True)

            def do_HEAD(self) -> None:
                _answer(self, hub, body=False)

            def do_POST(self) -> None:
                self.posted = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                _answer(self, hub, body=True)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def _answer(request: BaseHTTPRequestHandler, hub: Hub, *, body: bool) -> None:
    path = unquote(urlsplit(request.path).path)
    hub.asked.append(f"{request.command} {request.path}")
    parts = path.removeprefix("/api").removeprefix("/datasets/").split("/")
    name, rest = "/".join(parts[:2]), parts[2:]
    owner = parts[0]
    files = hub.repos.get(name)
    if owner == "angry":
        return _send(request, 500, b"{}", body=body)
    if owner == "gated":
        return _send(request, 401, b"{}", {"X-Error-Code": "GatedRepo"}, body=body)
    if files is None:
        return _send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"}, body=body)
    if path.startswith("/api/"):
        return _send(request, 200, json.dumps(_api(request, name, files, rest)).encode(), body=body)
    wanted = "/".join(rest[2:])
    if rest[:1] != ["resolve"] or wanted not in files:
        return _send(request, 404, b"", {"X-Error-Code": "EntryNotFound"}, body=body)
    if owner == "slow" and wanted.endswith(DATA) and body:
        hub.closing.wait(30)
        return None
    return _file(request, files[wanted], body=body, torn=owner == "torn" and wanted.endswith(DATA))


def _api(
    request: BaseHTTPRequestHandler, name: str, files: Mapping[str, bytes], rest: list[str]
) -> object:
    listed = [
        {"type": "file", "oid": _etag(data), "size": len(data), "path": file}
        for file, data in files.items()
    ]
    match rest[:1]:
        case ["tree"]:
            folder = "/".join(rest[2:])
            inside = [
                f for f in listed if str(f["path"]).startswith(f"{folder}/" if folder else "")
            ]
            if "recursive=True" in request.path or "recursive=true" in request.path:
                return inside
            cut = len(folder) + 1 if folder else 0
            folders = {
                str(f["path"])[cut:].split("/")[0] for f in inside if "/" in str(f["path"])[cut:]
            }
            return [f for f in inside if "/" not in str(f["path"])[cut:]] + [
                {
                    "type": "directory",
                    "oid": "0" * 40,
                    "size": 0,
                    "path": (f"{folder}/" if folder else "") + d,
                }
                for d in sorted(folders)
            ]
        case ["paths-info"]:
            posted = request.posted.decode()  # type: ignore[attr-defined]
            try:
                paths = json.loads(posted)["paths"]
            except ValueError:
                from urllib.parse import parse_qs

                paths = parse_qs(posted)["paths"]
            paths = [paths] if isinstance(paths, str) else paths
            found = [f for f in listed if f["path"] in paths]
            folders = [
                {"type": "directory", "oid": "0" * 40, "size": 0, "path": p}
                for p in paths
                if any(str(f["path"]).startswith(f"{p}/") for f in listed)
            ]
            return found + folders
    return {
        "id": name,
        "sha": COMMIT,
        "private": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "siblings": [{"rfilename": file} for file in files],
    }


def _file(request: BaseHTTPRequestHandler, data: bytes, *, body: bool, torn: bool) -> None:
    headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
    given = request.headers.get("Range", "")
    status, part = 200, data
    if given.startswith("bytes="):
        begin, _, end = given.removeprefix("bytes=").partition("-")
        start, stop = int(begin), min(int(end or len(data) - 1), len(data) - 1)
        status, part = 206, data[start : stop + 1]
        headers["Content-Range"] = f"bytes {start}-{stop}/{len(data)}"
    if torn and body and len(part) > 2_000:
        request.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(part))}.items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(part[: len(part) // 2])
        request.wfile.flush()
        request.close_connection = True
        return
    _send(request, status, part, headers, body=body)


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    data: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    body: bool,
) -> None:
    request.send_response(status)
    sent = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}
    for key, value in sent.items():
        request.send_header(key, value)
    request.end_headers()
    if body:
        request.wfile.write(data)


def _etag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
