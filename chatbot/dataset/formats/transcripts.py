"""Plain text transcripts: `User: Hi`, `Bot: Hello`, in and out, with or without Markdown.

A line with a name and a colon begins a turn, other lines continue it. A line of only dashes,
equals signs, asterisks or hashes, and two or more blank lines, end a conversation. In a continued
line, a leading backslash says that what follows is text, though it looks like one of these.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chatbot.dataset.formats.rows import Row, left_out
from chatbot.dataset.formats.speakers import (
    CLEAR,
    Cast,
    Turn,
    cast_of,
    headed,
    is_separator,
    lines_of,
    speakers,
    spelled_as,
    spoken,
)
from chatbot.messages import Conversation, Message, Role

_WRITTEN: Mapping[Role, str] = {"user": "User", "assistant": "Bot", "system": "System"}
_QUOTE = re.compile(r"\A[ \t]*>[ ]?")


def recognise(text: str) -> str | None:
    """Why this looks like a transcript, in plain words; None where it does not."""
    lines = lines_of(text)
    cast = cast_of(lines, "")
    if cast is None:
        return None
    names = headed(lines) if cast.headings else spoken(lines)
    names = [name for name in names if name.casefold() in cast.roles]
    colon = "" if cast.headings else ":"
    shown = " or ".join(name + colon for name in spelled_as(names).values())
    return f"{len(names)} lines begin with {shown}"


def rows(text: str, bot: str = "") -> Iterator[Row]:
    """One row for every conversation, and one for every text that nobody says.

    Args:
        text: the whole transcript.
        bot: the name whose lines are the bot's; empty: the names or their order decide.
    """
    lines = lines_of(text)
    cast = cast_of(lines, bot)
    if cast is not None:
        for section in _sections(lines):
            yield from _section_rows(section, cast)
    elif text.strip() and not bot:
        yield left_out(1, "It is not clear who speaks.", "Begin turns with User: and Bot:.", text)
    elif text.strip():
        names = ", ".join(speakers(text)[:5])
        remedy = f"These names speak: {names}." if names else "Begin turns with User: and Bot:."
        yield left_out(1, "Nobody with the bot's name speaks here.", remedy, bot)


def conversation_of(turns: Iterable[Turn], number: int) -> Row:
    """The turns as a row that begins with the user and ends with the bot, or is left out."""
    stripped = [(role, text.strip()) for role, text in turns]
    said = [turn for turn in stripped if turn[1]]
    begin = next((at for at, turn in enumerate(said) if turn[0] == "user"), len(said))
    bots = [at for at, turn in enumerate(said) if turn[0] == "assistant"]
    end = bots[-1] + 1 if bots else 0
    if begin >= end:
        silent = "The bot says nothing in it." if not bots else "The bot answers nothing in it."
        remedy = "A conversation needs a text of the user and an answer of the bot."
        return left_out(number, silent, remedy, " ".join(text for _, text in said))
    remarks = []
    if empty := len(stripped) - len(said):
        remarks.append(f"{empty} empty turn{'s were' if empty > 1 else ' was'} left out.")
    if bots[0] < begin:
        remarks.append("It began with the bot; that turn was left out.")
    after = [role for role, _ in said[end:]]
    if after:
        who = "the user" if "user" in after else "a system text"
        remarks.append(f"It ended with {who}; that turn was left out.")
    kept = [turn for turn in said[:begin] if turn[0] == "system"] + said[begin:end]
    messages, joined = _joined(kept)
    if joined:
        remarks.append(f"{joined} messages in a row of the same person were joined.")
    return Row(number, Conversation(messages), remarks=tuple(remarks))


def write(conversations: Iterable[Conversation]) -> tuple[bytes, list[str]]:
    """The conversations as a transcript in UTF-8, and what gets lost in it, in plain words."""
    parts: list[str] = []
    losses: Counter[str] = Counter()
    keys: set[str] = set()
    for conversation in conversations:
        parts.append("\n".join(_turn_lines(conversation.messages)))
        losses.update(_losses(conversation.messages))
        keys.update(str(key) for key in conversation.extra)
    told = [f"{times} conversation{'s' * (times > 1)}: {what}" for what, times in losses.items()]
    if keys:
        told.append(f"Extra keys are not written: {', '.join(sorted(keys))[:80]}.")
    text = "\n---\n".join(part for part in parts if part)
    return (text + "\n" if text else "").encode("utf-8", errors="replace"), told


def _sections(lines: Iterable[str]) -> Iterator[list[tuple[int, str]]]:
    section: list[tuple[int, str]] = []
    blank = 0
    for number, line in enumerate(lines, start=1):
        blank = 0 if line.strip() else blank + 1
        if blank > 1 or is_separator(line):
            yield section
            section = []
        else:
            section.append((number, line))
    yield section


def _section_rows(section: Iterable[tuple[int, str]], cast: Cast) -> Iterator[Row]:
    before: list[tuple[int, str]] = []
    turns: list[tuple[Role, list[str]]] = []
    start, quoted = 0, False
    for number, line in section:
        if turn := cast.opening(line):
            start = start or number
            quoted = line.lstrip()[:1] == ">"
            turns.append((turn[0], [turn[1]]))
        elif turns:
            turns[-1][1].append(cast.unescaped(_QUOTE.sub("", line) if quoted else line))
        elif line.strip():
            before.append((number, line))
    if before:
        text = " ".join(line for _, line in before)
        remedy = "Begin it with the name of the one who says it."
        yield left_out(before[0][0], "This text stands before the first speaker.", remedy, text)
    if turns:
        yield conversation_of(((role, "\n".join(lines)) for role, lines in turns), start)


def _joined(turns: Iterable[Turn]) -> tuple[tuple[Message, ...], int]:
    """The turns with neighbours of one role as one message, and how many were joined."""
    runs: list[tuple[Role, list[str]]] = []
    for role, text in turns:
        if runs and runs[-1][0] == role:
            runs[-1][1].append(text)
        else:
            runs.append((role, [text]))
    joined = sum(len(texts) for _, texts in runs if len(texts) > 1)
    return tuple(Message(role, "\n".join(texts)) for role, texts in runs), joined


def _turn_lines(messages: Iterable[Message]) -> Iterator[str]:
    written = Cast(CLEAR)
    for message in messages:
        above = "no blank line"
        for place, line in enumerate(message.text.split("\n")):
            if place == 0:
                text = f"{_WRITTEN[message.role]}: {line}"
            elif written.looks_like_markup(line) and (line.strip() or not above.strip()):
                text = "\\" + line
            else:
                text = line
            above = line
            # One carriage return before the line end belongs to the line end.
            yield text + "\r" if text.endswith("\r") else text


def _losses(messages: Sequence[Message]) -> Iterator[str]:
    row = conversation_of(((message.role, message.text) for message in messages), 1)
    yield from row.remarks if row.conversation else (row.reason,)
    if any(message.text != message.text.strip() for message in messages):
        yield "White space around a text is lost."
    if any("\ud800" <= sign <= "\udfff" for message in messages for sign in message.text):
        yield "Half a character (a broken emoji) became a question mark."
