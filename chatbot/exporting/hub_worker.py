"""The process that sends an export to the hub: `python -m chatbot.exporting.hub_worker`.

A process of its own, because that alone can be stopped in the middle of a file, and keeps the
token, the library's settings and its chatter to itself. It reads one line of JSON from standard
input (`{"folder", "repo", "private", "again", "token"}`; so the token is in no list of processes
and in no environment) and answers in lines of JSON: `{"sent": bytes, "of": bytes}`, at the end
`{"url": ...}` or `{"problem": ..., "detail": ...}` with one of the words in `PROBLEMS`.
"""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

PROBLEMS: Final = ("offline", "token", "forbidden", "taken", "missing", "broken", "refused")
_EVERY = 0.2
"""Seconds between two words on how much was sent."""
Say = Callable[[Mapping[str, Any]], None]


def main() -> int:
    """Answer the request on standard input."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout = sys.stderr  # what a library prints is no answer

    def say(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    request = json.loads(sys.stdin.readline())
    try:
        say({"url": _send(request, say)})
    except Exception as error:  # several libraries below, each with errors of its own
        token = request["token"] or os.environ.get("HF_TOKEN") or "\0"
        said = f"{type(error).__name__}: {error}".partition("\n")[0].replace(token, "(token)")
        say({"problem": problem_of(error), "detail": said[:300]})
    return 0


def _send(request: Mapping[str, Any], say: Say) -> str:
    """Make the repository and put every file into it, in one commit; returns its address."""
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(token=request["token"] or None)
    folder = Path(request["folder"])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    count = _Count(2 * sum(path.stat().st_size for path in files), say)  # read for its hash first
    url = api.create_repo(
        request["repo"], private=bool(request["private"]), exist_ok=bool(request["again"])
    )
    operations = [
        CommitOperationAdd(path.relative_to(folder).as_posix(), _Counted(path, count))
        for path in files
    ]
    api.create_commit(url.repo_id, operations, commit_message="Exported from Chatbot Lab")
    return str(url)


def problem_of(error: BaseException) -> str:
    """The word for an error of the libraries."""
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    causes = list(_causes(error))
    status = next((c.response.status_code for c in causes if isinstance(c, HfHubHTTPError)), 0)
    words = {401: "token", 403: "forbidden", 404: "missing", 409: "taken"}
    if status:
        return words.get(status, "refused")
    if any(isinstance(c, LocalTokenNotFoundError) for c in causes):
        return "token"
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    if names & {"ConnectionError", "ConnectError", "TimeoutException", "OfflineModeIsEnabled"}:
        return "offline"
    if names & {"TransportError", "RequestError"}:
        return "broken"
    return "refused"


class _Count:
    """Tells how much of everything was read, now and then."""

    def __init__(self, whole: int, say: Say) -> None:
        self._whole, self._read, self._told, self._say = whole, 0, 0.0, say

    def add(self, size: int) -> None:
        self._read += size
        if time.monotonic() - self._told > _EVERY:
            self._told = time.monotonic()
            self._say({"sent": min(self._read, self._whole), "of": self._whole})


class _Counted(io.BufferedReader):
    """A file that tells what is read of it."""

    def __init__(self, path: Path, count: _Count) -> None:
        super().__init__(io.FileIO(path))
        self._count = count

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self._count.add(len(piece))
        return piece


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    sys.exit(main())
