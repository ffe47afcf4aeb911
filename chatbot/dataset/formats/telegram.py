"""Chats that Telegram exports as `result.json`: one chat, or all of an account."""

from datetime import datetime

from chatbot.dataset.formats.messengers import MINUTES_A_DAY, Said, no_text, notice
from chatbot.dataset.formats.rows import Row, left_out

_FAR = 10**10
"""Minutes between two chats of one file: more than any date holds, so that it is a pause."""


def recognise(value: object) -> str | None:
    """Why this looks like a Telegram export, in plain words; None where it does not."""
    count = sum(
        isinstance(message, dict)
        and message.get("type") in ("message", "service")
        and ("date" in message or "date_unixtime" in message)
        for chat in _chats(value)
        for message in chat
    )
    return f"{count} of its messages have a type and a date" if count else None


def read(value: object) -> tuple[list[Said], list[Row]]:
    """The messages of a Telegram export, one chat or all, and a row for what is no message."""
    said: list[Said] = []
    dropped: list[Row] = []
    position = 0
    for chat_number, chat in enumerate(_chats(value)):
        for message in chat:
            position += 1
            found = _telegram_message(message, position, chat_number * _FAR)
            if isinstance(found, Said):
                said.append(found)
            else:
                dropped.append(found)
    return said, dropped


def _chats(value: object) -> list[list[object]]:
    """The messages of every chat in the export."""
    if not isinstance(value, dict):
        return []
    every = value.get("chats")
    chats = every.get("list") if isinstance(every, dict) else [value]
    if not isinstance(chats, list):
        return []
    found = [chat.get("messages") for chat in chats if isinstance(chat, dict)]
    return [messages for messages in found if isinstance(messages, list)]


def _telegram_message(message: object, position: int, origin: int) -> Said | Row:
    if not isinstance(message, dict):
        return left_out(position, "This is not a message.")
    if message.get("type") != "message":
        return notice(position, _telegram_text(message.get("action")))
    text = _telegram_text(message.get("text"))
    names = (_telegram_text(message.get(key)).strip() for key in ("from", "from_id"))
    if not text.strip():
        return no_text(position, _telegram_text(message.get("media_type")))
    who = next((name for name in names if name), "Deleted account")
    return Said(who, text.strip(), position, _telegram_minute(message, origin))


def _telegram_text(text: object) -> str:
    parts = text if isinstance(text, list) else [text]
    words = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "".join(word for word in words if isinstance(word, str))


def _telegram_minute(message: dict[object, object], origin: int) -> int | None:
    try:
        when = datetime.fromisoformat(_telegram_text(message.get("date")))
    except ValueError:
        return None
    return origin + when.toordinal() * MINUTES_A_DAY + when.hour * 60 + when.minute
