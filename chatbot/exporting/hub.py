"""Sends an export to an account of the Hugging Face hub, private unless wanted otherwise.

What leaves is the folder's files and the token; the token is typed or comes from `HF_TOKEN`, goes
to the worker through a pipe, and is kept nowhere.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable

_PROJECT = Path(__file__).resolve().parents[2]
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_REPO = re.compile(rf"(?:{_PART}/)?{_PART}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,200}")
Told = Callable[[float], object]


class Stopped(ChatbotError):
    """Somebody asked to stop."""


@dataclass(frozen=True)
class Parcel:
    """What goes where.

    Args:
        folder: an export; every file in it is sent.
        repo: `owner/name`, or `name` alone for the token's own account.
        again: whether a repository of this name may be there already and gets a new version.

    Raises:
        BadInput: no repository can have this name, or there is no folder.
    """

    folder: Path
    repo: str
    private: bool = True
    again: bool = False

    def __post_init__(self) -> None:
        if not _REPO.fullmatch(self.repo) or ".." in self.repo or "--" in self.repo:
            raise BadInput(
                "This is no name of a repository.",
                value=self.repo[:100] or None,
                remedy="A name has letters, digits, dots and dashes, and the account before a "
                "slash: ada/lighthouse-keeper.",
            )
        if not self.folder.is_dir() or not any(self.folder.iterdir()):
            raise BadInput(
                "There is no export in this folder (any more).",
                value=self.folder.name,
                remedy="Export the model as a folder or as GGUF first.",
            )


def has_token() -> bool:
    """Whether this machine brings a token along."""
    return bool(os.environ.get("HF_TOKEN"))


def push(
    parcel: Parcel,
    token: str = "",
    *,
    told: Told = lambda fraction: None,
    stop: threading.Event | None = None,
) -> str:
    """Send an export; returns the address of its page.

    Args:
        token: with the right to write; "" takes `HF_TOKEN`.
        told: is told the share that was sent.
        stop: ends it, when set; a repository that was made by then stays, empty.

    Raises:
        NotAvailable: no network, no token, or the hub refuses; says which.
        Conflict: there is such a repository already.
        BadInput: the token is none.
        Stopped: `stop` was set.
    """
    token = token.strip()
    if token and not _TOKEN.fullmatch(token):
        raise BadInput("This is no access token.", remedy="Copy it from the hub's settings.")
    if not token and not has_token():
        raise _complaint(parcel, {"problem": "token"})
    request = {
        "folder": str(parcel.folder.resolve()),
        "repo": parcel.repo,
        "private": parcel.private,
        "again": parcel.again,
        "token": token,
    }
    for answer in _answers(request, stop or threading.Event()):
        if "url" in answer:
            return str(answer["url"])
        if "problem" in answer:
            raise _complaint(parcel, answer)
        told(answer["sent"] / max(1, answer["of"]))
    raise _complaint(parcel, {"problem": "broken"})


class Pushing:
    """Sending in the background; its attributes may be read at any moment.

    Attributes:
        url, problem: one of them is there when it is `done`; neither where it was stopped.
    """

    def __init__(
        self,
        parcel: Parcel,
        token: str,
        on_unexpected: Callable[[BaseException], object] = lambda error: None,
    ) -> None:
        self.parcel = parcel
        self.fraction, self.done, self.url = 0.0, False, ""
        self.problem: ChatbotError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(token, on_unexpected), name="push", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether it was over within so many seconds."""
        self._thread.join(seconds)
        return self.done

    def _run(self, token: str, on_unexpected: Callable[[BaseException], object]) -> None:
        try:
            self.url = push(self.parcel, token, told=self._tell, stop=self._stop)
        except Stopped:
            pass
        except ChatbotError as error:
            self.problem = error
        except Exception as error:  # the page must not wait for ever
            on_unexpected(error)
            self.problem = NotAvailable("Something went wrong on our side. Try again.")
        finally:
            self.done = True

    def _tell(self, fraction: float) -> None:
        self.fraction = fraction


def _answers(request: Mapping[str, Any], stop: threading.Event) -> Iterator[dict[str, Any]]:
    """What the worker says, line by line; it is ended as soon as `stop` is set."""
    with tempfile.TemporaryDirectory(prefix="chatbot-hub-", ignore_cleanup_errors=True) as empty:
        worker = subprocess.Popen(
            [sys.executable, "-m", "chatbot.exporting.hub_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=empty,
            env=_environment(empty),
        )
        ended = threading.Event()
        guard = threading.Thread(target=_end_when_asked, args=(worker, stop, ended), daemon=True)
        guard.start()
        try:
            assert worker.stdin is not None
            assert worker.stdout is not None
            with suppress(BrokenPipeError):  # it was ended at once
                worker.stdin.write(json.dumps(request).encode() + b"\n")
                worker.stdin.close()
            for line in worker.stdout:
                with suppress(ValueError):
                    yield json.loads(line)
            if stop.is_set():
                raise Stopped("The sending was stopped.")
        finally:
            ended.set()
            worker.kill()
            worker.wait()
            guard.join()
            assert worker.stdout is not None
            worker.stdout.close()


def _end_when_asked(
    worker: "subprocess.Popen[bytes]", stop: threading.Event, ended: threading.Event
) -> None:
    while not ended.wait(0.1):
        if stop.is_set():
            worker.kill()
            return


def _environment(empty: str) -> dict[str, str]:
    """Plain uploads, as every server that speaks the hub's language takes them; no token that some
    other program stored on this machine."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH", "")])
        ),
        "PYTHONIOENCODING": "utf-8",
        "HF_HOME": empty,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_VERBOSITY": "critical",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    }


def _complaint(parcel: Parcel, answer: Mapping[str, Any]) -> ChatbotError:
    """The sentence for a problem that the worker named."""
    detail = str(answer.get("detail") or "") or None
    match answer["problem"]:
        case "offline":
            return NotAvailable(
                "The hub can't be reached: this machine seems to be offline.",
                remedy="Connect it to the network (or unset HF_HUB_OFFLINE), or download the "
                "export and bring it there by hand.",
            )
        case "token":
            return NotAvailable(
                "The hub wants to know whose account this is, and no valid access token was given.",
                remedy="Make one with the right to write in the hub's settings; type it here, or "
                "start the lab with it in HF_TOKEN.",
            )
        case "forbidden":
            return NotAvailable(
                "This access token may not write there.",
                value=parcel.repo,
                remedy="Give it the right to write, or choose an account that is yours.",
            )
        case "taken":
            return Conflict(
                "There is a repository of this name already, and nothing was sent.",
                value=parcel.repo,
                remedy="Choose another name, or say that it gets a new version.",
            )
        case "missing":
            return NotAvailable(
                "There is no such account on the hub.", value=parcel.repo, remedy="Mind the name."
            )
        case "broken":
            return NotAvailable(
                "The connection to the hub broke off; the model is not complete there.",
                value=detail,
                remedy="Send it again, and say that the repository gets a new version.",
            )
    return NotAvailable("The hub refused the model.", value=detail, remedy="Try again later.")
