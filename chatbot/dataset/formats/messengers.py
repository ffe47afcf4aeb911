"""Chats of messengers as conversations; and the text files that WhatsApp exports."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from chatbot.dataset.formats.rows import Row, left_out
from chatbot.dataset.formats.speakers import INVISIBLE, Turn, lines_of
from chatbot.dataset.formats.transcripts import conversation_of

_GAP = rf"[\s{INVISIBLE}]"
_HEAD = re.compile(
    rf"{_GAP}{{0,4}}\[?(\d{{1,4}})([./-]){_GAP}?(\d{{1,2}})[./-]{_GAP}?(\d{{1,4}})\.?[,،]?"
    rf"{_GAP}{{1,4}}(\d{{1,2}})[:.](\d{{2}})(?:[:.]\d{{2}})?"
    rf"(?:{_GAP}{{0,3}}([AaPp])\.?{_GAP}?[Mm]\.?)?{_GAP}{{0,3}}(?:\]|[-\u2013]{_GAP})"
)
_NAME = re.compile(r"([^:]{1,80}):(?:\s|\Z)")
_MEDIA = re.compile(
    r"<[^<>\d]{2,30}[ :][^<>]{2,80}>"
    r"|(?:image|video|audio|sticker|gif|document|contact card|video note) omitted"
    r"|(?:bild|video|audio|sticker|gif|dokument|kontaktkarte) weggelassen"
    r"|[^\s/]{1,80}\.\w{2,5} \((?:file attached|datei angehängt)\)"
    r"|this message was deleted\.?|you deleted this message\.?|diese nachricht wurde gelöscht\.?"
    r"|null",
    re.IGNORECASE,
)
_EDITED = re.compile(rf"[{INVISIBLE}]?<This message was edited>[{INVISIBLE}]?\s*\Z")
_ENCRYPTED = "end-to-end encrypted"

MINUTES_A_DAY = 24 * 60

_DayOrder = tuple[int, int, int]
_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST = (0, 1, 2), (2, 1, 0), (2, 0, 1)


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a chat.

    Args:
        who: the name that the export gives.
        text: what was written.
        line: where it begins, from 1: the line of a text, the position among the messages.
        minute: when it was written, in minutes since some origin; None where nobody knows.
    """

    who: str
    text: str
    line: int
    minute: int | None


def recognise(text: str) -> str | None:
    """Why this looks like a WhatsApp export, in plain words; None where it does not."""
    count = 0
    for line in lines_of(text):
        head = _HEAD.match(line)
        count += bool(head and _NAME.match(line, head.end()))
    return f"{count} lines begin with a date, a time and a name" if count > 1 else None


def read(text: str) -> tuple[list[Said], list[Row]]:
    """The messages of a WhatsApp export, and a row for everything that is no message."""
    said: list[Said] = []
    dropped: list[Row] = []
    entries = list(_entries(lines_of(text)))
    minutes = _minutes([head for _, head, _ in entries if head])
    for number, head, lines in entries:
        minute = next(minutes) if head else None
        name = _NAME.match(lines[0])
        who = _bare(name[1]).removeprefix("~").strip() if name else ""
        if head is None:
            if any(line.strip() for line in lines):
                reason = "This text stands before the first message."
                dropped.append(left_out(number, reason, text=" ".join(lines)))
        elif name is None or not who or _ENCRYPTED in lines[0]:
            dropped.append(notice(number, " ".join(lines)))
        else:
            words, media = _words([lines[0][name.end() :], *lines[1:]])
            if words:
                said.append(Said(who, words, number, minute))
            if media or not words:
                dropped.append(no_text(number, media))
    return said, dropped


def people(said: Sequence[Said]) -> tuple[str, ...]:
    """Who writes, the one with the most messages first."""
    return tuple(name for name, _ in Counter(message.who for message in said).most_common())


def rows(said: Sequence[Said], bot: str = "", pause: int = 180) -> Iterator[Row]:
    """One row for every conversation; a pause begins a new one.

    Args:
        said: the messages in the order of the chat.
        bot: whose messages the bot learns; empty: of the two who write most, the one who
            does not begin.
        pause: minutes without a message after which a new conversation begins.
    """
    names = people(said)
    wanted = bot.strip().casefold()
    proposed = "" if wanted else bot_among(said)
    bots = {name for name in names if name.casefold() == wanted or name == proposed}
    if not names:
        return
    if not bots:
        reason = "Nobody has the bot's name here." if wanted else "Only one person writes here."
        remedy = f"These people write: {', '.join(names[:5])}."
        yield left_out(said[0].line, reason, remedy, bot or said[0].text)
        return
    for part in _between_pauses(said, pause):
        turns: list[Turn] = [
            ("assistant" if message.who in bots else "user", message.text) for message in part
        ]
        yield conversation_of(turns, part[0].line)


def bot_among(said: Sequence[Said]) -> str:
    """Of the two who write most, the one who does not begin; "" where only one writes."""
    first_two = people(said)[:2]
    beginner = next((message.who for message in said if message.who in first_two), "")
    return next((name for name in first_two if name != beginner), "")


def _between_pauses(said: Iterable[Said], pause: int) -> Iterator[list[Said]]:
    part: list[Said] = []
    last: int | None = None
    for message in said:
        minute = message.minute
        if part and last is not None and minute is not None and minute - last > pause:
            yield part
            part = []
        part.append(message)
        last = last if minute is None else minute
    if part:
        yield part


def _entries(
    lines: Iterable[str],
) -> Iterator[tuple[int, re.Match[str] | None, list[str]]]:
    """Where each message begins, its date, and its lines without the date."""
    start, head, texts = 1, None, list[str]()
    for number, line in enumerate(lines, start=1):
        if match := _HEAD.match(line):
            if texts:
                yield start, head, texts
            start, head, texts = number, match, [line[match.end() :]]
        else:
            texts.append(line)
    if texts:
        yield start, head, texts


def _words(lines: Sequence[str]) -> tuple[str, str]:
    """The text of a message, and the mark for a picture or the like that stands in its place."""
    first = _bare(lines[0])
    media = first if _MEDIA.fullmatch(first) else ""
    text = "\n".join(lines[1:] if media else (lines[0].lstrip(" " + INVISIBLE), *lines[1:]))
    return _EDITED.sub("", text).strip(), media


def _bare(text: str) -> str:
    return text.strip(INVISIBLE + " \t\u00a0\u202f")


def notice(number: int, text: str) -> Row:
    """A line of the app itself."""
    return left_out(number, "This is a notice of the app, nobody said it.", text=text)


def no_text(number: int, shown: str) -> Row:
    """A message without words."""
    return left_out(number, "A picture, a voice message or a deleted text has no words.", "", shown)


def _minutes(heads: Sequence[re.Match[str]]) -> Iterator[int | None]:
    """When each message was written, in the order of day and month that goes back least."""
    day_first = [_minute(head, _DAY_FIRST) for head in heads]
    month_first = [_minute(head, _MONTH_FIRST) for head in heads]
    return iter(month_first if _oddity(month_first) < _oddity(day_first) else day_first)


def _oddity(minutes: Sequence[int | None]) -> tuple[int, int, int]:
    known = [minute for minute in minutes if minute is not None]
    back = sum(later < earlier for earlier, later in pairwise(known))
    return len(minutes) - len(known), back, max(known, default=0) - min(known, default=0)


def _minute(head: re.Match[str], order: _DayOrder) -> int | None:
    numbers = int(head[1]), int(head[3]), int(head[4])
    if len(head[1]) > 2:
        order = _YEAR_FIRST
    elif head[2] == ".":
        order = _DAY_FIRST
    year, month, day = (numbers[place] for place in order)
    hour, minute = int(head[5]), int(head[6])
    if head[7]:
        hour = hour % 12 + (12 if head[7] in "Pp" else 0)
    try:
        days = date(year + 2000 if year < 100 else year, month, day).toordinal()
    except ValueError:
        return None
    return days * MINUTES_A_DAY + hour * 60 + minute if hour < 24 and minute < 60 else None
