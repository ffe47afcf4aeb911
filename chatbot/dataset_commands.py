"""`python -m chatbot dataset check|convert|stats`: files of conversations without a browser.

Each returns the exit code: 0 for clean and complete, 1 where there are findings or losses.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from chatbot.dataset.formats.tables import Mapping
from chatbot.dataset.incoming import Choices, Incoming, examine, read
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.dataset.outgoing import FORMATS, format_of
from chatbot.errors import BadInput, Conflict
from chatbot.files import write_atomically


def check(file: Path | None, *, as_json: bool) -> int:
    """Print what is wrong with a file."""
    path, data = _opened(file)
    findings = examine(data, path.name)
    if as_json:
        rows = [
            {"severity": f.severity, "row": f.row, "message": f.message, "remedy": f.remedy}
            for f in findings
        ]
        _print({"file": str(path), "findings": rows})
    else:
        for finding in findings:
            where = f"conversation {finding.row}" if finding.row else "all"
            print(f"{finding.severity}: {where}: {finding.message} {finding.remedy}".rstrip())
        if not findings:
            print("Nothing to mend.")
    return 1 if findings else 0


def stats(file: Path | None, *, as_json: bool) -> int:
    """Print what a file holds."""
    path, data = _opened(file)
    incoming = read(data, path.name)
    facts = _facts(incoming)
    if as_json:
        _print({"file": str(path), **facts})
        return 0
    print(f"{incoming.format} ({incoming.why})")
    for name, value in facts.items():
        if name not in ("format", "why"):
            print(f"{name.replace('_', ' ')}: {value}")
    return 0


def convert(
    file: Path,
    out: Path,
    *,
    to: str | None,
    columns: tuple[str | None, str | None],
    bot: str,
    fill: Sequence[str],
    as_json: bool,
) -> int:
    """Write a file of conversations in another format.

    Raises:
        BadInput: the file can't be read, or nothing says which format is wanted.
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
    path, data = _opened(file)
    mapping = _mapping(columns)
    choices = Choices(mapping, names_first=mapping is not None, bot=bot, values=_values(fill))
    incoming = read(data, path.name, choices)
    written, losses = FORMATS[key].write(incoming.conversations)
    write_atomically(out, written)
    _tell(incoming, out, losses, as_json=as_json)
    return 1 if losses or incoming.left_out else 0


def _tell(incoming: Incoming, out: Path, losses: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        rows = [{"row": row.number, "reason": row.reason} for row in incoming.left_out]
        _print(
            {
                "file": str(out),
                "format": incoming.format,
                "conversations": len(incoming.conversations),
                "left_out": rows,
                "losses": list(losses),
            }
        )
        return
    for row in incoming.left_out:
        print(f"left out: row {row.number}: {row.reason} {row.text}".rstrip(), file=sys.stderr)
    for loss in losses:
        print(f"lost: {loss}", file=sys.stderr)
    print(f"{len(incoming.conversations):,} conversations ({incoming.format}) are in {out}")


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


def _opened(file: Path | None) -> tuple[Path, bytes]:
    from chatbot.training.data import dataset_file

    path = dataset_file(str(file) if file else "")
    try:
        with path.open("rb") as handle:
            return path, handle.read(MAX_BYTES + 1)  # one more than is read tells "too large"
    except OSError as error:
        raise BadInput(f"This file can't be read: {error.strerror}.", value=str(path)) from error


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


def _print(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
