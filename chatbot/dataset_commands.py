"""`python -m chatbot dataset check|stats|convert|import`: conversations without a browser.

A source is a file of any format or `hub:owner/name`, a data set of the Hugging Face hub. Each
command returns the exit code: 0 for clean and complete, 1 where there are findings or losses.
"""

import json
import stat
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from chatbot import paths
from chatbot.dataset import hub, personas
from chatbot.dataset.formats.tables import Mapping
from chatbot.dataset.incoming import Choices, Incoming, findings_of, read, shown_name
from chatbot.dataset.json_rows import MAX_BYTES, MAX_KEPT_BYTES
from chatbot.dataset.outgoing import FORMATS, format_of
from chatbot.dataset.store import ConversationStore, settle
from chatbot.errors import BadInput, Conflict
from chatbot.files import write_atomically

REASONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Source:
    """Where conversations come from: a path, `hub:owner/name`, or "" for the persona of the editor.
    The rest matters for the hub only."""

    place: str = ""
    split: str = "train"
    config: str | None = None
    limit: int = hub.LIMIT

    def read(self, choices: Choices | None = None) -> tuple[str, Incoming]:
        """Its place in words, and what is in it.

        Raises:
            BadInput: it can't be read.
            NotAvailable: the hub can't be reached.
        """
        if self.place.startswith(hub.PREFIX):
            fetched = hub.fetch_rows(
                self.place, self.split, self.config, self.limit, on_progress=_progress
            )
            return f"{hub.PREFIX}{fetched.name}", fetched.read(choices)
        path, data, most = _opened(self.place)
        return str(path), read(data, shown_name(path.name), choices, most=most)


def check(source: Source, *, as_json: bool) -> int:
    """Print what is wrong with a source."""
    place, incoming = source.read()
    findings = findings_of(incoming)
    if as_json:
        rows = [
            {"severity": f.severity, "row": f.row, "message": f.message, "remedy": f.remedy}
            for f in findings
        ]
        _print({"file": place, "findings": rows})
    else:
        for finding in findings:
            where = f"conversation {finding.row}" if finding.row else "all"
            _say(f"{finding.severity}: {where}: {finding.message} {finding.remedy}")
        if not findings:
            print("Nothing to mend.")
    return 1 if findings else 0


def stats(source: Source, *, as_json: bool) -> int:
    """Print what a source holds."""
    place, incoming = source.read()
    facts = _facts(incoming)
    if as_json:
        _print({"file": place, **facts})
        return 0
    _say(f"{incoming.format} ({incoming.why})")
    for name, value in facts.items():
        if name not in ("format", "why"):
            _say(f"{name.replace('_', ' ')}: {value}")
    return 0


def import_(
    source: Source,
    choices: Choices,
    *,
    persona: str,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Add a source's conversations to a persona (by name or key; "" is the chosen one), or put
    them in the place of its own; one step that Undo on the Dataset page takes back.

    Raises:
        BadInput: the source can't be read, or there is nothing to take; nothing was changed.
        OutOfResources: the disk is full; nothing was changed.
    """
    store = _store(persona)
    place, incoming = source.read(choices)
    taken = incoming.conversations
    if not taken:
        _left_out(incoming)
        raise BadInput(
            "There is no conversation to take.",
            value=place,
            remedy="Of a table, choose the columns with --question and --answer."
            if incoming.table is not None and incoming.mapping is None
            else "Look at it with: python -m chatbot dataset check",
        )
    before = len(store.snapshot().conversations)
    if not dry_run:
        count = "1 conversation" if len(taken) == 1 else f"{len(taken):,} conversations"
        if replace:
            store.replace_all(taken, f"Replaced all by {count} from {incoming.name}")
        else:
            store.extend(taken, f"Added {count} from {incoming.name}")
    after = len(taken) if replace else before + len(taken)
    if as_json:
        _print(
            {
                "source": place,
                "file": str(store.path),
                "format": incoming.format,
                "taken": len(taken),
                "converted": len(incoming.converted),
                "left_out": _as_rows(incoming),
                "before": before,
                "after": after,
                "dry_run": dry_run,
            }
        )
    else:
        _left_out(incoming)
        _converted(incoming)
        done = "would be" if dry_run else "are"
        what = "in the place of" if replace else "beside"
        _say(f"{len(taken):,} conversations ({incoming.format}) {done} {what} the {before:,} there")
        _say(f"{store.path} {'would hold' if dry_run else 'holds'} {after:,} conversations.")
    return 1 if incoming.left_out else 0


def convert(source: Source, out: Path, choices: Choices, *, to: str | None, as_json: bool) -> int:
    """Write a source of conversations in another format.

    Raises:
        BadInput: the source can't be read, or nothing says which format is wanted.
        Conflict: there is a file at `out` already.
    """
    key = to or format_of(out.name)
    if key is None:
        raise BadInput(
            "The ending of this file does not say which format is wanted.",
            value=out.name,
            remedy=f"Add --to with one of {', '.join(FORMATS)}.",
        )
    if out.exists():
        raise Conflict(
            "There is such a file already, and it is not overwritten.",
            value=str(out),
            remedy="Choose another name, or move that file away.",
        )
    _, incoming = source.read(choices)
    written, losses = FORMATS[key].write(incoming.conversations)
    write_atomically(out, written)
    _tell(incoming, out, losses, as_json=as_json)
    return 1 if losses or incoming.left_out else 0


def choices_of(question: str | None, answer: str | None, bot: str, fill: Sequence[str]) -> Choices:
    """What the options say.

    Raises:
        BadInput: they don't fit together.
    """
    mapping = _mapping((question, answer))
    return Choices(mapping, names_first=mapping is not None, bot=bot, values=_values(fill))


def _tell(incoming: Incoming, out: Path, losses: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        _print(
            {
                "file": str(out),
                "format": incoming.format,
                "conversations": len(incoming.conversations),
                "left_out": _as_rows(incoming),
                "losses": list(losses),
            }
        )
        return
    _left_out(incoming)
    for loss in losses:
        _say(f"lost: {loss}", error=True)
    _say(f"{len(incoming.conversations):,} conversations ({incoming.format}) are in {out}")


def _as_rows(incoming: Incoming) -> list[dict[str, Any]]:
    return [{"row": row.number, "reason": row.reason} for row in incoming.left_out]


def _left_out(incoming: Incoming) -> None:
    for row in incoming.left_out:
        _say(f"left out: row {row.number}: {row.reason} {row.text}", error=True)


def _converted(incoming: Incoming) -> None:
    remarks = Counter(remark for row in incoming.converted for remark in row.remarks)
    for remark, count in remarks.most_common(REASONS_SHOWN):
        _say(f"converted: {count:,} times: {remark}", error=True)


def _facts(incoming: Incoming) -> dict[str, Any]:
    conversations = incoming.conversations
    turns = [len(conversation.messages) for conversation in conversations]
    answers = [
        len(message.text)
        for conversation in conversations
        for message in conversation.messages
        if message.role == "assistant"
    ]
    return {
        "format": incoming.format,
        "why": incoming.why,
        "encoding": incoming.encoding,
        "conversations": len(conversations),
        "converted": len(incoming.converted),
        "left_out": len(incoming.left_out),
        "turns": sum(turns),
        "most_turns": max(turns, default=0),
        "answers": len(answers),
        "median_characters_of_an_answer": median(answers) if answers else 0,
        "longest_answer_in_characters": max(answers, default=0),
        "placeholders": dict(incoming.placeholders),
    }


def _store(persona: str) -> ConversationStore:
    """Raises `BadInput` where no persona, or more than one, is called so."""
    there = personas.personas()
    named = [p for p in there if persona in (p.key, p.name)] if persona else [personas.chosen()]
    if len(named) != 1:
        raise BadInput(
            "Several personas have this name." if named else "There is no such persona.",
            value=persona,
            remedy=f"There are: {', '.join(f'{p.name} ({p.key})' for p in there)}.",
        )
    own = named[0].path == paths.dataset_path()
    return ConversationStore() if own else ConversationStore(named[0].path)


def _opened(place: str) -> tuple[Path, bytes, int]:
    """The file, its bytes, and how many of them are allowed; one more tells "too large".

    Raises:
        BadInput: it is no ordinary file that we may read.
    """
    from chatbot.training.data import dataset_file

    path = dataset_file(place)
    settle(path)
    own = any(path == persona.path for persona in personas.personas())
    most = MAX_KEPT_BYTES if own else MAX_BYTES
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            raise BadInput(
                "This is a folder." if stat.S_ISDIR(kind) else "This is no ordinary file.",
                value=str(path),
                remedy="Give a file of conversations, or hub:owner/name.",
            )
        with path.open("rb") as handle:
            return path, handle.read(most + 1), most
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL character
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(
            f"This file can't be read: {reason}.",
            value=str(path),
            remedy="Look at its name, and whether you may read it.",
        ) from error


def _progress(rows: int) -> None:
    if rows % 1_000 == 0:
        print(f"{rows:,} rows", file=sys.stderr, flush=True)


def _mapping(columns: tuple[str | None, str | None]) -> Mapping | None:
    question, answer = columns
    if question is None and answer is None:
        return None
    if question is None or answer is None:
        raise BadInput("--question and --answer belong together.", remedy="Give both columns.")
    return Mapping(question, answer)


def _values(fill: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in fill]
    for name, sign, _ in pairs:
        if not sign or not name.strip():
            raise BadInput("--fill needs a name and a text.", value=name, remedy="--fill name=Wick")
    return {name.strip(): text for name, _, text in pairs}


def _say(text: str, *, error: bool = False) -> None:
    """One line; what steers a terminal, or can't be written to it, is shown as a question mark."""
    shown = "".join(c if c.isprintable() else "?" for c in text.strip())
    stream = sys.stderr if error else sys.stdout
    coding = stream.encoding or "utf-8"
    print(shown.encode(coding, errors="replace").decode(coding), file=stream)


def _print(value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print(text.encode("utf-8", errors="replace").decode())
