"""Data sets of the Hugging Face hub by their id: some rows, streamed, then read as any other file.

The id, the wanted configuration and split go to the hub, and nothing else. What it sends is read
by a process of its own (`hub_worker`), so that a silent network can be given up at any moment.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.dataset.hub_process import Stopped, answers
from chatbot.dataset.incoming import Choices, Incoming, read_rows
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.errors import BadInput, ChatbotError, NotAvailable

PREFIX = "hub:"
LIMIT, MAX_LIMIT = 1_000, 100_000
TIMEOUT = 60.0
"""Seconds without a row after which the hub is given up."""
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_ID = re.compile(rf"{_PART}/{_PART}")
_NAME = re.compile(r"[\w .+\-]{1,100}")
_ADDRESS = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/|hf://)?datasets/([^?#\s]+)(?:[?#]\S*)?"
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows of a data set as the hub sent them; `read` says what is in them."""

    name: str
    rows: tuple[Mapping[str, Any], ...]

    def read(self, choices: Choices | None = None) -> Incoming:
        return read_rows(self.rows, self.name, choices, title="Hugging Face hub")


def id_of(text: str) -> str:
    """The `owner/name` in what somebody typed or pasted: an id, or the address of its page.

    Raises:
        BadInput: it is neither.
    """
    wanted = text.strip().removeprefix(PREFIX).strip().rstrip("/")
    address = _ADDRESS.fullmatch(wanted)
    name = "/".join(address[1].split("/")[:2]) if address else wanted
    if not _ID.fullmatch(name) or ".." in name or "--" in name:
        raise BadInput(
            "This is no id of a data set on the Hugging Face hub.",
            value=text.strip()[:100] or None,
            remedy="An id has an owner and a name, such as OpenAssistant/oasst1; the address of "
            "its page does as well.",
        )
    return name


def fetch_rows(
    id: str,
    split: str = "train",
    config: str | None = None,
    limit: int = LIMIT,
    on_progress: Callable[[int], object] | None = None,
    stop: threading.Event | None = None,
    timeout: float = TIMEOUT,
) -> Fetched:
    """Stream the first rows of a data set.

    Args:
        limit: rows at most, 1 to `MAX_LIMIT`; 50 MB of them end it as well.
        on_progress: is told how many rows have come.
        stop: ends it, when set.
        timeout: seconds without a row that are waited.

    Raises:
        BadInput: no such id, configuration or split; or nothing in it that is read here.
        NotAvailable: no network, no permission, or the hub broke off or kept silent.
        Stopped: `stop` was set.
    """
    name = id_of(id)
    request = {
        "id": name,
        "split": _checked(split.strip() or "train", "split"),
        "config": _checked(config.strip(), "configuration") if config and config.strip() else None,
        "limit": max(1, min(int(limit), MAX_LIMIT)),
    }
    rows: list[Mapping[str, Any]] = []
    size = 0
    for answer in answers(request, stop or threading.Event(), timeout):
        if "row" in answer:
            size += answer["bytes"]
            if size > MAX_BYTES:
                break
            rows.append(answer["row"])
            if on_progress is not None:
                on_progress(len(rows))
        elif "problem" in answer:
            raise complaint(request, answer, len(rows))
    if not rows:
        raise BadInput(f"The split {split} of {name} holds no row that could be taken.")
    return Fetched(name, tuple(rows))


class Fetching:
    """A fetch in the background; its progress may be looked at from any thread.

    Attributes:
        rows: how many have come.
        result, problem: one of them is there when it is `done`; neither where it was stopped.
    """

    def __init__(self, id: str, split: str, config: str | None, limit: int) -> None:
        self.id, self.limit, self.rows, self.done = id_of(id), limit, 0, False
        self.result: Fetched | None = None
        self.problem: ChatbotError | None = None
        self._stop = threading.Event()
        self._wanted = (split, config)
        threading.Thread(target=self._run, name="hub", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def _run(self) -> None:
        split, config = self._wanted
        try:
            self.result = fetch_rows(self.id, split, config, self.limit, self._count, self._stop)
        except Stopped:
            pass
        except ChatbotError as error:
            self.problem = error
        except Exception as error:  # the page must not wait for ever
            self.problem = NotAvailable(f"{self.id} could not be fetched: {error}.")
        finally:
            self.done = True

    def _count(self, rows: int) -> None:
        self.rows = rows


def _checked(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput(f"This is no name of a {what}.", value=name)
    return name


def complaint(request: Mapping[str, Any], answer: Mapping[str, Any], count: int) -> ChatbotError:
    """The sentence for a problem that the worker named, after `count` rows."""
    name, detail = request["id"], str(answer.get("detail") or "") or None
    there = _listed(answer.get("names") or ())
    match answer["problem"]:
        case "offline":
            return NotAvailable(
                "The Hugging Face hub can't be reached: this machine seems to be offline.",
                remedy="Connect it to the network (or unset HF_HUB_OFFLINE), or bring the data "
                "set as a file.",
            )
        case "missing":
            return BadInput(
                "There is no such data set on the Hugging Face hub, or it is private.",
                value=name,
                remedy="Look at the spelling: owner/name as its page shows it.",
            )
        case "gated":
            return NotAvailable(
                "This data set is gated or private: its owner lets only some people read it.",
                value=name,
                remedy="Ask for access on its page, then start the lab with your access token in "
                "HF_TOKEN.",
            )
        case "config":
            wanted = request["config"]
            return BadInput(
                f"{name} has no configuration of this name."
                if wanted
                else f"{name} has several configurations, and one must be chosen.",
                value=wanted,
                remedy=f"There are: {there}.",
            )
        case "split":
            return BadInput(
                f"{name} has no split of this name.",
                value=request["split"],
                remedy=f"There are: {there}.",
            )
        case "foreign":
            return BadInput(
                f"{name} points at files outside the hub, which are not read.", value=detail
            )
        case "broken":
            return NotAvailable(
                f"The Hugging Face hub broke off after {count:,} rows; nothing was taken.",
                value=detail,
                remedy="Try again, or with fewer rows.",
            )
        case "refused":
            return NotAvailable(
                "The Hugging Face hub refused to answer.", value=detail, remedy="Try again later."
            )
    return BadInput(
        f"{name} holds no data that can be read row by row.",
        value=detail,
        remedy="Download its files from its page and bring one of them.",
    )


def _listed(names: Sequence[object], shown: int = 12) -> str:
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(map(str, names[:shown])) + more
