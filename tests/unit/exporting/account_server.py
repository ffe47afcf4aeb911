"""A small stand-in for the writing half of a hub: repositories are made and get files.

Tokens have a temper: `read-only` gets 403, `slow` never gets an answer to its file, `busy` a 503;
any other than those and `good` gets 401. `repos` maps owner/name to the files that arrived.
"""

import base64
import json
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.unit.local_server import LocalServer, Request, body_of, send

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Account(LocalServer):
    """The account `ada`; serves until the block ends."""

    def __init__(self) -> None:
        super().__init__()
        self.repos: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.hanging = threading.Event()

    def answer(self, request: Request) -> None:
        _answer(request, self, body_of(request))


def _answer(request: Request, account: Account, body: bytes) -> None:
    path = unquote(urlsplit(request.path).path)
    account.asked.append(f"{request.command} {path}")
    if path.startswith("/large/"):
        account.large[path.removeprefix("/large/")] = body
        return _send(request, 200, {})
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    refused = {"read-only": 403, "busy": 503}.get(token, 0 if token in ("good", "slow") else 401)
    if refused:
        return _send(request, refused, {"error": f"no, {token}"})
    if path.endswith("/validate-yaml"):
        return _send(request, 200, {"errors": [], "warnings": []})
    if path == "/api/repos/create":
        return _create(request, account, json.loads(body))
    name = "/".join(path.removeprefix("/api/models").removeprefix("/").split("/")[:2])
    name = name.removesuffix(".git")
    if name not in account.repos:
        return _send(request, 404, {"error": "Repository not found"})
    if "/preupload/" in path:
        asked = json.loads(body)["files"]
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs"
                if file["path"].endswith((".safetensors", ".gguf"))
                else "regular",
                "shouldIgnore": False,
            }
            for file in asked
        ]
        return _send(request, 200, {"files": modes})
    if path.endswith("/info/lfs/objects/batch"):
        if token == "slow":
            account.hanging.set()
            account.closing.wait(30)
            return None
        return _send(request, 200, _batch(account, json.loads(body)))
    if "/commit/" in path:
        return _commit(request, account, name, body)
    return _send(request, 404, {"error": path})


def _create(request: Request, account: Account, asked: dict[str, Any]) -> None:
    owner = asked.get("organization") or "ada"
    name = f"{owner}/{asked['name']}"
    if owner != "ada":
        return _send(request, 403, {"error": "You don't have the rights"})
    url = f"{account.address}/{name}"
    if name in account.repos:
        return _send(request, 409, {"error": "You already created this model repo", "url": url})
    account.repos[name] = {}
    account.private[name] = bool(asked.get("private") or asked.get("visibility") == "private")
    return _send(request, 200, {"url": url, "name": name})


def _batch(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "transfer": "basic",
        "objects": [
            {
                "oid": each["oid"],
                "size": each["size"],
                "actions": {"upload": {"href": f"{account.address}/large/{each['oid']}"}},
            }
            for each in asked["objects"]
        ],
    }


def _commit(request: Request, account: Account, name: str, body: bytes) -> None:
    for line in body.splitlines():
        row = json.loads(line)
        value = row["value"]
        if row["key"] == "file":
            account.repos[name][value["path"]] = base64.b64decode(value["content"])
        elif row["key"] == "lfsFile":
            account.repos[name][value["path"]] = account.large[value["oid"]]
    answer = {
        "commitUrl": f"{account.address}/{name}/commit/{COMMIT}",
        "commitOid": COMMIT,
        "hookOutput": "",
    }
    return _send(request, 200, answer)


def _send(request: Request, status: int, content: object) -> None:
    data = json.dumps(content).encode()
    send(request, status, data, {"Content-Type": "application/json"})
