"""Who chose which words of an answer, read from its receipt: settings change on the way, answers
are continued, and some words a person picked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from chatbot.engine.looking_back import NEUTRAL, Part
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput

_NAMES = frozenset(field.name for field in fields(SamplingParams))


@dataclass(frozen=True)
class Origin:
    """How the tokens of an answer came about.

    Attributes:
        parts: ascending; the first one starts at 0.
        picked: indices of tokens that a person put in place of the model's.
    """

    parts: tuple[Part, ...]
    picked: frozenset[int] = frozenset()


def origin(receipt: Mapping[str, Any] | None, count: int) -> Origin:
    """Read a receipt and those of the parts before (see `Answering`), from the last to the first.

    Args:
        receipt: None where no model answered.
        count: tokens of the answer.
    """
    found: list[Part] = []
    picked: set[int] = set()
    end = count
    asked, begun = NEUTRAL, count  # for words that no receipt tells of: where they stand now
    while isinstance(receipt, Mapping) and end > 0:
        params = _params(receipt.get("params"))
        if params is None:
            break
        if receipt.get("picked") is True:
            picked.add(end - 1)
        begun = min(_begun(receipt, end), end)
        asked = params
        found = [*_row(receipt, params, begun, end), *found]
        end, receipt = begun, receipt.get("before")
    if end > 0:
        found.insert(0, Part(0, None, asked if found else NEUTRAL, 0 if found else count))
    return Origin(tuple(found), frozenset(picked))


def _row(receipt: Mapping[str, Any], asked: SamplingParams, begun: int, end: int) -> Iterable[Part]:
    """The parts that one receipt tells of: its own, and one for each change on the way."""
    starts = {begun: asked}
    changes = receipt.get("changes")
    for change in changes if isinstance(changes, list | tuple) else ():
        if not isinstance(change, Mapping) or not isinstance(change.get("after"), int):
            continue
        params = _params(change.get("params"))
        if params is not None:  # where two were made at once, the last one counts
            starts[begun + change["after"]] = params
    ordered = sorted(starts.items())
    return [Part(start, params, asked, begun) for start, params in ordered if start < end]


def _begun(receipt: Mapping[str, Any], end: int) -> int:
    """How many tokens were there before; receipts of older chats tell it only by their length."""
    begun = receipt.get("begun")
    if isinstance(begun, int) and begun >= 0:
        return begun
    new = receipt.get("new_tokens")
    return max(0, end - new) if isinstance(new, int) else 0


def _params(row: object) -> SamplingParams | None:
    """None where it is missing, or another program wrote it."""
    if not isinstance(row, Mapping):
        return None
    try:
        return SamplingParams(**{name: row[name] for name in _NAMES & row.keys()})
    except BadInput:
        return None
