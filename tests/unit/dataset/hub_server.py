"""A small stand-in for the hub: as much of its HTTP interface as the installed libraries ask for.

`repos` maps owner/name to the files inside. Some names stand for a temper: an owner called
`gated` answers 401, `slow` hangs before the first byte of a data file, `torn` breaks off in the
middle of one, `angry` answers 500.
"""

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from tests.unit.local_server import LocalServer, Request, body_of, send, send_torn

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DATA = (".parquet", ".jsonl", ".json", ".csv", ".txt")


class Hub(LocalServer):
    """Serves until the block ends; `asked` lists what was asked for."""

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]]) -> None:
        super().__init__()
        self.repos = repos
        self.asked: list[str] = []

    def answer(self, request: Request) -> None:
        _answer(request, self)


def _answer(request: Request, hub: Hub) -> None:
    posted = body_of(request).decode()
    path = unquote(urlsplit(request.path).path)
    hub.asked.append(f"{request.command} {request.path}")
    parts = path.removeprefix("/api").removeprefix("/datasets/").split("/")
    name, rest = "/".join(parts[:2]), parts[2:]
    owner = parts[0]
    files = hub.repos.get(name)
    if owner == "angry":
        return _send(request, 500, b"{}")
    if owner == "gated":
        return _send(request, 401, b"{}", {"X-Error-Code": "GatedRepo"})
    if files is None:
        return _send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"})
    if path.startswith("/api/"):
        return _send(request, 200, json.dumps(_api(request, name, files, rest, posted)).encode())
    wanted = "/".join(rest[2:])
    if rest[:1] != ["resolve"] or wanted not in files:
        return _send(request, 404, b"", {"X-Error-Code": "EntryNotFound"})
    if owner == "slow" and wanted.endswith(DATA) and request.command != "HEAD":
        hub.closing.wait(30)
        return None
    return _file(request, files[wanted], torn=owner == "torn" and wanted.endswith(DATA))


def _api(
    request: Request, name: str, files: Mapping[str, bytes], rest: list[str], posted: str
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


def _file(request: Request, data: bytes, *, torn: bool) -> None:
    headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
    given = request.headers.get("Range", "")
    status, part = 200, data
    if given.startswith("bytes="):
        begin, _, end = given.removeprefix("bytes=").partition("-")
        start, stop = int(begin), min(int(end or len(data) - 1), len(data) - 1)
        status, part = 206, data[start : stop + 1]
        headers["Content-Range"] = f"bytes {start}-{stop}/{len(data)}"
    if torn and request.command != "HEAD" and len(part) > 2_000:
        return send_torn(request, status, part, headers, len(part) // 2)
    return _send(request, status, part, headers)


def _send(
    request: Request, status: int, data: bytes, headers: Mapping[str, str] | None = None
) -> None:
    send(request, status, data, {"Content-Type": "application/json", **(headers or {})})


def _etag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
