"""Steps of the history, and how they stand in the journal."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from chatbot.dataset.changes import Change, Edit, Swap
from chatbot.dataset.journal import Entry
from chatbot.messages import Conversation


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to undo. Edits of one conversation that follow each other within a `group`
    (one stretch of typing) are one step."""

    label: str
    change: Change
    group: str = ""


def entry_of_step(step: Step, head: str | None, to: str | None) -> Entry:
    """A change from the version `head` to the file `to`; None: it is only in the journal as yet."""
    entry = new_entry("step")
    entry |= {"from": head, "label": step.label}
    if step.group:
        entry["group"] = step.group
    if isinstance(step.change, Swap):
        entry["swap"] = [step.change.before, step.change.after]
    else:
        entry["edit"] = [
            step.change.index,
            step.change.before and step.change.before.to_sharegpt(),
            step.change.after and step.change.after.to_sharegpt(),
        ]
    return leading(entry, to)


def leading(entry: Entry, to: str | None) -> Entry:
    """The entry with the version that it leads to: a file, or where no file holds it as yet, the
    name that what led to it gives."""
    if to is None:
        entry["later"] = True
        to = hashlib.sha256(json.dumps(entry).encode()).hexdigest()
    entry["to"] = to
    return entry


def step_of(entry: Entry) -> Step:
    """Raises what Python raises where the entry has another shape."""
    change: Change
    if "swap" in entry:
        before, after = entry["swap"]
        change = Swap(str(before), str(after))
    else:
        index, old, new = entry["edit"]
        change = Edit(int(index), _conversation(old), _conversation(new))
    return Step(str(entry["label"]), change, str(entry.get("group", "")))


def new_entry(kind: str) -> Entry:
    """An entry of this kind, made now."""
    return {"kind": kind, "at": datetime.now().astimezone().isoformat(timespec="seconds")}


def _conversation(row: object) -> Conversation | None:
    return None if row is None else Conversation.from_sharegpt(row)
