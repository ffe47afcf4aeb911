"""Conversations as tables: CSV, TSV, Excel, Parquet; what a table can't hold is said in words."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, compress, pairwise
from typing import Any

from chatbot.messages import SPEAKER_OF_ROLE, Conversation, Message

_SURROGATES = "\ud800-\udfff"
_NOT_IN_CSV = re.compile(f"[\x00{_SURROGATES}]")
_NOT_IN_EXCEL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff{_SURROGATES}]")
_NOT_IN_PARQUET = re.compile(f"[{_SURROGATES}]")
MAX_EXCEL_CELL = 32_767
"""Characters, as Excel counts them."""


class _Losses:
    """What can't be written, sentence by sentence, with the conversations it happens in."""

    def __init__(self) -> None:
        self._where: dict[str, list[int]] = defaultdict(list)

    def add(self, sentence: str, number: int) -> None:
        if number not in self._where[sentence][-1:]:
            self._where[sentence].append(number)

    def told(self) -> list[str]:
        return [f"{what} ({self._shown(found)})." for what, found in self._where.items()]

    @staticmethod
    def _shown(found: list[int]) -> str:
        first = ", ".join(map(str, found[:5]))
        more = f" and {len(found) - 5:,} more" if len(found) > 5 else ""
        return f"conversation{'s' if len(found) > 1 else ''} {first}{more}"


def write_delimited(
    conversations: Iterable[Conversation], delimiter: str = ","
) -> tuple[bytes, list[str]]:
    """The conversations as CSV (UTF-8, marked as such for Excel) or with another separator, and
    what could not be written."""
    losses = _Losses()
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(_lines(conversations, losses, _NOT_IN_CSV))
    return file.getvalue().encode("utf-8-sig" if delimiter == "," else "utf-8"), losses.told()


def write_excel(conversations: Iterable[Conversation]) -> tuple[bytes, list[str]]:
    """The conversations as an .xlsx file in which every cell is text, and what could not be
    written."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    losses = _Losses()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Conversations")

    def cell(text: str) -> Any:
        made = WriteOnlyCell(sheet, value=_for_excel(text))
        made.data_type = "s"  # or "=..." becomes a formula and "#N/A" an error
        return made

    for line in _lines(conversations, losses, _NOT_IN_EXCEL, MAX_EXCEL_CELL):
        sheet.append([cell(text) for text in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), losses.told()


def _for_excel(text: str) -> str:
    return re.sub(r"\r|_(?=x[0-9A-Fa-f]{4}_)", lambda hit: f"_x{ord(hit[0]):04X}_", text)


def write_parquet(conversations: Iterable[Conversation]) -> tuple[bytes, list[str]]:
    """The conversations as a Parquet file with one column in ShareGPT's words, and what could not
    be written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    losses = _Losses()
    written = [
        [
            {"from": SPEAKER_OF_ROLE[message.role], "value": message.text}
            for message in _clean(conversation, number, losses, _NOT_IN_PARQUET)
        ]
        for number, conversation in enumerate(conversations, start=1)
    ]
    turn = pa.struct([("from", pa.string()), ("value", pa.string())])
    file = io.BytesIO()
    pq.write_table(pa.table({"conversations": pa.array(written, pa.list_(turn))}), file)
    return file.getvalue(), losses.told()


def _clean(
    conversation: Conversation, number: int, losses: _Losses, banned: re.Pattern[str]
) -> list[Message]:
    if conversation.extra:
        keys = ", ".join(sorted(map(str, conversation.extra)))[:80]
        losses.add(f"What a conversation holds beyond its turns is not written: {keys}", number)
    messages = [Message(m.role, banned.sub("\ufffd", m.text)) for m in conversation.messages]
    if tuple(messages) != conversation.messages:
        losses.add("Characters that this format can't hold are replaced by \ufffd", number)
    return messages


def _lines(
    conversations: Iterable[Conversation],
    losses: _Losses,
    banned: re.Pattern[str],
    longest: int = 0,
) -> list[tuple[str, ...]]:
    """The header and the rows: conversation and system only where there is something in them."""
    lines: list[tuple[str, ...]] = [("conversation", "system", "question", "answer")]
    for number, conversation in enumerate(conversations, start=1):
        messages = _clean(conversation, number, losses, banned)
        system, pairs, lost = _pairs_of(messages)
        if not pairs:
            losses.add("There is no question with an answer; it is left out", number)
        elif longest and any(_units(text) > longest for text in (system, *chain(*pairs))):
            losses.add(f"A text is longer than {longest:,} characters; it is left out", number)
        else:
            if lost:
                losses.add(
                    "Turns that are empty, or no question followed by its answer, are not written",
                    number,
                )
            lines += [(str(number), system, *pair) for pair in pairs]
    numbers = [line[0] for line in lines]
    keep = [len(set(numbers)) < len(numbers), any(line[1] for line in lines[1:]), True, True]
    return [tuple(compress(line, keep)) for line in lines]


def _units(text: str) -> int:
    return len(_for_excel(text).encode("utf-16-le")) // 2  # as Excel counts: an emoji is two


def _pairs_of(messages: Sequence[Message]) -> tuple[str, list[tuple[str, str]], int]:
    """The system text, the questions with their answers, and how many turns are neither."""
    first = messages[0] if messages else None
    system = first.text if first and first.role == "system" and first.text.strip() else ""
    pairs = [
        (one.text, two.text)
        for one, two in pairwise(messages)
        if (one.role, two.role) == ("user", "assistant") and one.text.strip() and two.text.strip()
    ]
    return system, pairs, len(messages) - bool(system) - 2 * len(pairs)
