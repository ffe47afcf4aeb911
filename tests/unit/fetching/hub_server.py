"""A stand-in for the model hub: lists, redirects to a storage of its own host, ranges, tempers.

`repos` maps an id to the files inside. Files of at least `LARGE` bytes are LFS-style: their list
entry has a SHA-256, and their address leads to the storage by a redirect. Owners stand for tempers:
`gated` 401 with the hub's code, `forbidden` 403, `busy` 429, `angry` 500.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.unit.local_server import LocalServer, Request, send, send_torn

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 20_000
TEMPERS = {
    "gated": (401, {"X-Error-Code": "GatedRepo"}),
    "forbidden": (403, {}),
    "busy": (429, {"Retry-After": "0"}),
    "angry": (500, {}),
}


class Hub(LocalServer):
    """Serves until the block ends.

    Attributes:
        asked: method, host, path, range and token of every question, in order.
        cut_after: bytes of a large file after which a connection is cut; None for never.
        cuts: how many connections are cut before the hub behaves again.
        goes_away: whether the storage closes with the first cut.
        closed: while it is set, the storage answers 503.
        knows_ranges: whether the storage sends parts.
        spoiled: names of files of which other bytes are sent than announced.
        says_sums: whether the list holds checksums.
    """

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]], *, port: int = 0) -> None:
        super().__init__(port)
        self.repos = {name: dict(files) for name, files in repos.items()}
        self.asked: list[dict[str, str]] = []
        self.cut_after: int | None = None
        self.cuts = 0
        self.goes_away = False
        self.closed = threading.Event()
        self.knows_ranges = True
        self.spoiled: set[str] = set()
        self.says_sums = True
        self.storage = f"http://localhost:{self.port}"

    def answer(self, request: Request) -> None:
        _answer(request, self)

    def of_file(self, name: str) -> list[dict[str, str]]:
        """The questions for a file, at the storage where it lies there."""
        return [
            each
            for each in self.asked
            if each["path"].endswith(f"/{name}")
            and (each["path"].startswith("/storage/") or not self._is_large(each["path"]))
        ]

    def _is_large(self, path: str) -> bool:
        parts = unquote(path).strip("/").split("/")
        return len(self.repos.get("/".join(parts[:2]), {}).get(parts[-1], b"")) >= LARGE


def _answer(request: Request, hub: Hub) -> None:
    path = unquote(urlsplit(request.path).path)
    hub.asked.append(
        {
            "host": request.headers.get("Host", ""),
            "path": path,
            "range": request.headers.get("Range", ""),
            "token": request.headers.get("Authorization", ""),
            "query": urlsplit(request.path).query,
        }
    )
    storage = path.startswith("/storage/")
    parts = path.removeprefix("/storage").removeprefix("/api/models").strip("/").split("/")
    owner, files = parts[0], hub.repos.get("/".join(parts[:2]))
    if owner in TEMPERS:
        status, headers = TEMPERS[owner]
        return send(request, status, b"{}", headers)
    if files is None:
        return send(request, 401, b"{}", {"X-Error-Code": "RepoNotFound"})
    if path.startswith("/api/"):
        if unquote(parts[-1]) not in ("main", COMMIT):
            return send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        blobs = parse_qs(urlsplit(request.path).query).get("blobs") == ["true"]
        return send(request, 200, json.dumps(_listed(files, hub, blobs)).encode())
    name = parts[-1]
    if name not in files:
        return send(request, 404, b"", {"X-Error-Code": "EntryNotFound"})
    data = files[name]
    if len(data) >= LARGE and not storage:
        to = {
            "Location": f"{hub.storage}/storage/{parts[0]}/{parts[1]}/{name}",
            "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Linked-Size": str(len(data)),
        }
        return send(request, 302, b"", to)
    return _file(request, hub, name, data)


def _listed(files: Mapping[str, bytes], hub: Hub, blobs: bool) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for name, data in files.items():
        row: dict[str, Any] = {"rfilename": name}
        if blobs:
            row |= {"size": len(data)}
            if hub.says_sums:
                row["blobId"] = git_sha1(data)
                if len(data) >= LARGE:
                    row["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        rows.append(row)
    return {"id": "x", "sha": COMMIT, "cardData": {"license": "mit"}, "siblings": rows}


def _file(request: Request, hub: Hub, name: str, data: bytes) -> None:
    large = len(data) >= LARGE
    if large and hub.closed.is_set():
        return send(request, 503, b"")
    etag = hashlib.sha256(data).hexdigest() if large else git_sha1(data)
    headers = {"ETag": f'"{etag}"', "Content-Type": "application/octet-stream"}
    if name in hub.spoiled:
        data = data[:-1] + bytes([data[-1] ^ 1])
    given, status, part = request.headers.get("Range", ""), 200, data
    if given and hub.knows_ranges:
        start = int(given.removeprefix("bytes=").partition("-")[0])
        if start >= len(data):
            return send(request, 416, b"")
        status, part = 206, data[start:]
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
    if large and hub.cut_after is not None and hub.cuts > 0 and len(part) > hub.cut_after:
        hub.cuts -= 1
        if hub.goes_away:
            hub.closed.set()
        return send_torn(request, status, part, headers, hub.cut_after)
    return send(request, status, part, headers)


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
