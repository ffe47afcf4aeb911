"""Question-and-answer tables: what the columns are, and the rows as conversations.

Reading goes in three steps, so that a person can look at the second: a file becomes a `Table` of
texts, `propose` says which column is what, `rows` makes conversations of it. A cell is only ever
text: nothing is evaluated.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from chatbot.dataset.formats.rows import Row, left_out
from chatbot.errors import BadInput
from chatbot.messages import Conversation, Message, assistant, user

QUESTION = ["question", "prompt", "instruction", "user", "human", "input", "q", "ask", "message"]
ANSWER = ["answer", "response", "output", "assistant", "bot", "gpt", "completion", "a", "reply"]
SYSTEM = ["system", "persona", "system_prompt"]
CONVERSATION = [
    "conversation",
    "conversation_id",
    "thread",
    "thread_id",
    "dialog_id",
    "dialogue_id",
    "chat_id",
]
KNOWN = frozenset(chain(QUESTION, ANSWER, SYSTEM, CONVERSATION))
MAX_COLUMNS = 200
LONGEST_HEADER = 40

Record = tuple[int, tuple[str, ...]]
"""Where a row begins, and its cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as texts in columns.

    Args:
        columns: their names, all different; "Column 1" and so on where the file has no header.
        rows: the cells of each row that isn't blank; there may be fewer or more than columns.
        first_row: where the first of them stands: 2 with a header, 1 without.
        numbers: where each row stands, if not one after the other (text: the line it begins on).
        named: whether the names come from the file.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int = 1
    numbers: tuple[int, ...] = ()
    named: bool = True

    def numbered(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        numbers = self.numbers or range(self.first_row, self.first_row + len(self.rows))
        return zip(numbers, self.rows, strict=True)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column is what, by name; "" where there is none. Rows with the same text in
    `conversation`, adjacent or not, are the turns of one conversation, in order."""

    question: str
    answer: str
    system: str = ""
    conversation: str = ""

    def fits(self, table: Table) -> bool:
        """Whether the table has all of these columns."""
        wanted = {self.question, self.answer, self.system, self.conversation} - {""}
        return wanted <= set(table.columns)


def table_of(records: Sequence[Record], width: int, name: str) -> Table:
    """The records as a table, with the first one that isn't blank as header if it looks like one.

    Raises: as `named_table`.
    """
    filled = [record for record in records if trimmed(record[1])]
    header = header_of(filled[0][1]) if filled else None
    if header:
        return named_table(header, filled[1:], name)
    columns = tuple(f"Column {number}" for number in range(1, width + 1))
    return replace(named_table(columns, filled, name), named=False)


def named_by_first_row(table: Table) -> Table:
    """The same table where its first row, taken for a question and an answer, holds the names.

    Raises:
        BadInput: there is no row after it.
    """
    first = table.rows[0]
    names: list[str] = []
    for place, column in enumerate(table.columns):
        name = first[place].strip() if place < len(first) else ""
        names.append(name if name and name not in names else column)
    return named_table(tuple(names), list(table.numbered())[1:], "The table")


def named_table(columns: tuple[str, ...], records: Sequence[Record], name: str) -> Table:
    """The records under these columns.

    Raises:
        BadInput: no rows, fewer than two columns or too many.
    """
    filled = [record for record in records if trimmed(record[1])]
    if len(columns) < 2 and (filled or not columns):
        raise BadInput(
            f"{name} has only one column, and a question and an answer need two."
            if columns
            else f"{name} has no column of texts.",
            value=filled[0][1][0] if filled else None,
            remedy="Put them side by side; in a text file, a comma, a semicolon or a tab parts "
            "them.",
        )
    if not filled:
        raise BadInput(f"{name} has no rows.", remedy="Fill in a question and its answer a row.")
    if len(columns) > MAX_COLUMNS:
        raise BadInput(
            f"{name} has too many columns.",
            value=len(columns),
            remedy=f"Keep question and answer and at most {MAX_COLUMNS - 2} more.",
        )
    numbers, rows = zip(*filled, strict=True)
    return Table(columns, rows, numbers[0], numbers)


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """The cells without the blank ones at the end."""
    count = next((i for i in range(len(cells), 0, -1) if cells[i - 1].strip()), 0)
    return tuple(cells[:count])


def header_of(cells: Sequence[str]) -> tuple[str, ...] | None:
    """The names in a row if it is a header; only its first cell may be empty (a row index)."""
    names = [cell.strip() for cell in trimmed(cells)]
    if len(names) < min(2, len(cells)):
        return None
    if names and not names[0]:
        names[0] = "Column 1"
    plain = [_plain(name) for name in names]
    usual = all(0 < len(name) <= LONGEST_HEADER for name in names)
    distinct = len(set(plain)) == len(plain)
    return tuple(names) if usual and distinct and KNOWN.intersection(plain) else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def propose(table: Table) -> Mapping | None:
    """What the columns are, by their names; two that remain are a question and its answer.

    None where this can't be told.
    """
    left = {column: _plain(column) for column in table.columns}

    def take(names: Iterable[str]) -> str:
        known = (column for name in names for column in left if left[column] == name)
        found = next(known, "")
        left.pop(found, None)
        return found

    system, conversation = take(SYSTEM), take(CONVERSATION)
    question, answer = take(QUESTION), take(ANSWER)
    rest = [column for column in table.columns if column in left]
    if len(rest) == (not question) + (not answer):
        question = question or rest.pop(0)
        answer = answer or rest.pop(0)
    return Mapping(question, answer, system, conversation) if question and answer else None


def rows(table: Table, mapping: Mapping) -> Iterator[Row]:
    """The rows as conversations, or left out with the reason, in the order of the file.

    Raises:
        BadInput: the mapping names no column, or the same one for question and answer.
    """
    for column in filter(None, (mapping.system, mapping.conversation, *_needed(mapping))):
        if column not in table.columns:
            raise BadInput(
                "The table has no such column.",
                value=column,
                remedy=f"Choose one of: {', '.join(table.columns)}.",
            )
    if mapping.question == mapping.answer or not all(_needed(mapping)):
        raise BadInput(
            "Question and answer must be two columns.",
            value=f"{mapping.question}, {mapping.answer}",
            remedy="Choose a column for each.",
        )
    return _grouped(table, mapping) if mapping.conversation else _single(table, mapping)


def _needed(mapping: Mapping) -> tuple[str, str]:
    return mapping.question, mapping.answer


@dataclass(frozen=True, slots=True)
class _Pair:
    number: int
    question: str
    answer: str
    system: str
    remarks: tuple[str, ...]


def _single(table: Table, mapping: Mapping) -> Iterator[Row]:
    for number, cells in table.numbered():
        pair = _pair(table, mapping, number, cells)
        yield pair if isinstance(pair, Row) else _joined([pair], [])


def _grouped(table: Table, mapping: Mapping) -> Iterator[Row]:
    taken: dict[str, list[_Pair]] = defaultdict(list)
    missing: dict[str, list[int]] = defaultdict(list)
    found: list[Row] = []
    where = table.columns.index(mapping.conversation)
    for number, cells in table.numbered():
        group = cells[where].strip() if where < len(cells) else ""
        group = f"={group}" if group else f"alone {number}"
        pair = _pair(table, mapping, number, cells)
        if isinstance(pair, Row):
            found.append(pair)
            missing[group].append(number)
        else:
            taken[group].append(pair)
    found += [_joined(pairs, missing[group]) for group, pairs in taken.items()]
    yield from sorted(found, key=lambda row: row.number)


def _pair(table: Table, mapping: Mapping, number: int, cells: tuple[str, ...]) -> _Pair | Row:
    at = dict(zip(table.columns, cells, strict=False))
    begins = " | ".join(cells)
    used = (*_needed(mapping), *filter(None, [mapping.conversation]))
    if any(column not in at for column in used):
        reason = f"It has too few cells: {len(cells)} for {len(table.columns)} columns."
        return left_out(number, reason, "Fill in what is missing.", begins)
    question, answer = at[mapping.question], at[mapping.answer]
    system = at.get(mapping.system, "")
    if not question.strip():
        return left_out(number, "The question is empty.", "Write it, or delete the row.", begins)
    if not answer.strip():
        return left_out(number, "The answer is empty.", "Write it, or delete the row.", begins)
    remarks = []
    if len(trimmed(cells)) > len(table.columns):
        remarks.append(
            f"It has more cells ({len(trimmed(cells))}) than the table has columns "
            f"({len(table.columns)}); what follows is not taken."
        )
    if any(text.startswith("=") for text in (question, answer, system)):
        remarks.append("A cell looks like a formula; it is kept as text.")
    return _Pair(number, question, answer, system, tuple(remarks))


def _joined(pairs: Sequence[_Pair], missing: Sequence[int]) -> Row:
    systems = list(dict.fromkeys(pair.system for pair in pairs if pair.system.strip()))
    messages = [Message("system", systems[0])] if systems else []
    for pair in pairs:
        messages += [user(pair.question), assistant(pair.answer)]
    remarks = list(dict.fromkeys(remark for pair in pairs for remark in pair.remarks))
    if len(systems) > 1:
        remarks.append("Its rows have different system texts; the first one is taken.")
    if missing:
        remarks.append(f"A part of it is left out: row {', '.join(map(str, missing[:10]))}.")
    return Row(pairs[0].number, Conversation(tuple(messages)), remarks=tuple(remarks))
