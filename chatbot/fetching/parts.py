"""One file of the hub: fetched in one go or in pieces, gone on with where it stopped, then checked.

What has arrived lies in a part file, whose length says how far it is; a power cut loses nothing but
the last fraction of a second. The file counts only once its checksum is the one that the hub told.
"""

import hashlib
import http.client
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from chatbot import files
from chatbot.errors import BadInput, ChatbotError
from chatbot.fetching import hub
from chatbot.fetching.hub import Broken, RemoteFile

CHUNK = 1 << 17
PAUSES = (0.5, 1.0, 2.0)
"""Seconds before another try, when the connection breaks; at most so many tries without a byte."""


class Stopped(ChatbotError):
    """The person who waited asked to stop."""


def fetch_file(
    id: str,
    commit: str,
    file: RemoteFile,
    part: Path,
    target: Path,
    on_bytes: Callable[[int], object],
    stop: threading.Event,
) -> None:
    """Fetch what is missing of `file` into `part`, check it, and rename it to `target`.

    Args:
        on_bytes: is told how many bytes of it are here.
        stop: ends it, when set; the part stays.

    Raises:
        Stopped: `stop` was set.
        Broken: the connection failed several times in a row.
        BadInput: what arrived is not what the hub announced; the part is gone then.
        NotAvailable: no permission (any more).
        OutOfResources, ChatbotError: it can't be written.
    """
    failures, told = 0, ""
    while True:
        before = _length(part)
        try:
            told = _once(id, commit, file, part, on_bytes, stop) or told
            break
        except Broken as error:
            failures = 0 if _length(part) > before else failures + 1
            if failures >= len(PAUSES):
                raise
            if stop.wait(max(PAUSES[failures], error.wait)):
                raise Stopped("The download was paused.") from None
        except OSError as error:
            raise files.write_error(error, target) from error
    _check(file, part, told)
    try:
        part.replace(target)
    except OSError as error:
        raise files.write_error(error, target) from error


def _once(
    id: str,
    commit: str,
    file: RemoteFile,
    part: Path,
    on_bytes: Callable[[int], object],
    stop: threading.Event,
) -> str:
    """One connection. Returns the checksum that came with it, or "".

    Raises:
        Broken: it ended before the file did.
        OSError: the part can't be written.
    """
    here = _length(part)
    if file.size is not None and here > file.size:
        part.unlink()
        here = 0
    if here and here == file.size:
        on_bytes(here)
        return ""
    _see_if_stopped(stop)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    address = hub.file_address(id, commit, file.name)
    with hub.ask(address, id, headers) as answer:
        start = _start_of(answer)
        whole = file.size if file.size is not None else _whole_size(answer, start)
        if start != here and start != 0:
            raise Broken("The hub sent another part of the file than the one asked for.")
        with part.open("r+b" if part.exists() else "wb") as handle:
            handle.truncate(start)
            handle.seek(start)
            arrived = _copy(answer, handle, start, whole, on_bytes, stop)
    if whole is not None and arrived < whole:
        raise Broken(
            "The connection to the hub broke off.",
            value=f"{file.name}: {arrived:,} of {whole:,} bytes",
            remedy="Go on; what has arrived is kept.",
        )
    return str(answer.linked_etag)


def _copy(
    answer: Any,
    handle: BinaryIO,
    arrived: int,
    whole: int | None,
    on_bytes: Callable[[int], object],
    stop: threading.Event,
) -> int:
    while True:
        _see_if_stopped(stop)
        try:
            chunk = answer.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise Broken(
                "The connection to the hub broke off.",
                value=str(error) or type(error).__name__,
                remedy="Go on; what has arrived is kept.",
            ) from error
        if not chunk:
            return arrived
        if whole is not None and arrived + len(chunk) > whole:
            raise BadInput("The hub sent more than it announced, so nothing of it is used.")
        handle.write(chunk)
        handle.flush()
        arrived += len(chunk)
        on_bytes(arrived)


def _check(file: RemoteFile, part: Path, told: str) -> None:
    """Compare with the checksum of the list, else with the one that came with the file."""
    etag = told.removeprefix("W/").strip('"')
    sha256 = file.sha256 or (etag if re.fullmatch(r"[0-9a-f]{64}", etag) else None)
    git = file.git or (etag if re.fullmatch(r"[0-9a-f]{40}", etag) else None)
    if sha256 is not None:
        right = files.sha256_of(part) == sha256
    elif git is not None:
        right = _git_sha1(part) == git
    else:
        right = file.size is None or part.stat().st_size == file.size
    if not right:
        part.unlink()
        raise BadInput(
            "What arrived is not what the hub announced (wrong checksum), so it was thrown away.",
            value=file.name,
            remedy="Go on: this file is fetched anew. If it happens again, something between here "
            "and the hub changes files.",
        )


def _git_sha1(path: Path) -> str:
    """What git calls a file: SHA-1 over "blob", its length, a zero byte, and its content."""
    size = path.stat().st_size
    digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _start_of(answer: Any) -> int:
    """The first byte that an answer holds; a server that knows no ranges begins at 0."""
    if answer.status != 206:
        return 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or "")
    if found is None:
        raise Broken("The hub sent a part of the file and did not say which.")
    return int(found[1])


def _whole_size(answer: Any, start: int) -> int | None:
    length = answer.headers.get("Content-Length") or ""
    return start + int(length) if length.isdigit() else None


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _see_if_stopped(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped("The download was paused.")
