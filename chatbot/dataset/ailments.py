"""What a turn's words can suffer from, how it shows, and the mend where there is a safe one."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from chatbot.dataset.formats.placeholders import PLACE
from chatbot.messages import Conversation

LONGEST_ANSWER = 2000
"""Characters, some 500 tokens: three times what the chat asks for by default (160 tokens)."""

_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|u|em|strong|ul|ol|li|h[1-6]|a|font|table|tr|td)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,6});", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])>", re.IGNORECASE)
_MARKERS = re.compile(
    r"<\|[a-z][a-z0-9_]{1,30}\|>|\[/?INST\]|<</?SYS>>|</?s>"
    r"|^###? ?(?:Response|Instruction|Human|Assistant|User|Input):? *$",
    re.MULTILINE,
)
# Two- and three-byte characters of UTF-8, read as if each byte were one of Windows-1252.
_RUBBLE = re.compile(
    "[\u00c3\u00c2][\u0080-\u00bf\u20ac\u2122\u0160\u0178]|\u00e2\u20ac|\u00f0\u0178"
)
_RUBBLE_RUN = re.compile(
    "[\u0080-\u00ff\u20ac\u2122\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a]{2,}"
)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff]")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{3,}", re.IGNORECASE)
_MAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}\b")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}|\(?0\d{1,4}\)?)[ ./-]?\d(?:[ ./()-]{0,2}\d){5,12}(?!\w)"
)
_KEY = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|AIza[A-Za-z0-9_-]{30,}|xox[abprs]-[A-Za-z0-9-]{10,})"
)


@dataclass(frozen=True, slots=True)
class Ailment:
    """One kind of trouble.

    Args:
        says: what it is, completing "Turn 3 …".
        remedy: what to do about it.
        shows: finds it in a text.
        mended: the text without it; None where only a person can decide.
        button: what the mend does, for a button; "" without one.
        hints: one of these stands, small or capital, in every text that shows it, so that most
            texts need no closer look; none where there is no such sign.
    """

    says: str
    remedy: str
    shows: Callable[[str], object]
    mended: Callable[[str], str] | None = None
    button: str = ""
    hints: tuple[str, ...] = ()


def _without_markup(text: str) -> str:
    plain = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return re.sub(r"\n{3,}", "\n\n", plain.replace("\u00a0", " ")).strip()


def _without_markers(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", _MARKERS.sub("", text)).strip()


def _reread(text: str) -> str:
    """The text as it was before UTF-8 was taken for Windows-1252; itself where that fails."""
    try:
        return b"".join(map(_byte_of, text)).decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return _RUBBLE_RUN.sub(lambda run: _reread_run(run[0]), text)


def _reread_run(run: str) -> str:
    try:
        return b"".join(map(_byte_of, run)).decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return run


def _byte_of(character: str) -> bytes:
    """The byte that Windows-1252 shows so; its five undefined bytes are shown as controls."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


AILMENTS: Mapping[str, Ailment] = MappingProxyType(
    {
        "markers": Ailment(
            "holds marks of a chat template.",
            "The bot would say them, or take them for the end of a turn.",
            _MARKERS.search,
            _without_markers,
            "Remove marks of templates",
            hints=("<", "[", "#"),
        ),
        "markup": Ailment(
            "holds leftover markup of a web page.",
            "The bot would say it letter by letter.",
            lambda text: _TAG.search(text) or _ENTITY.search(text),
            _without_markup,
            "Remove markup",
            hints=("<", "&"),
        ),
        "rubble": Ailment(
            "was saved in the wrong encoding: letters have become rubble such as Ã¤ or â€™.",
            "Mend it, or type the letters again.",
            lambda text: _RUBBLE.search(text) and _reread(text) != text,
            _reread,
            "Mend broken letters",
            hints=("\u00c3", "\u00c2", "\u00e2", "\u00f0"),
        ),
        "lost": Ailment(
            "has lost a letter: \ufffd stands in its place.",
            "Type it again.",
            lambda text: "\ufffd" in text,
            hints=("\ufffd",),
        ),
        "unseen": Ailment(
            "holds characters that nobody can see.",
            "They confuse the model.",
            _UNSEEN.search,
            lambda text: _UNSEEN.sub("", text),
            "Remove unseen characters",
        ),
        "place": Ailment(
            "has a place that is not filled in, such as {{name}}.",
            "Write what belongs there: the bot would say the braces.",
            PLACE.search,
            hints=("{{",),
        ),
        "key": Ailment(
            "looks as if it held a password or a key.",
            "Delete it: whoever chats with the bot could make it say it.",
            _KEY.search,
            hints=("sk-", "akia", "gh", "aiza", "xox"),
        ),
        "mail": Ailment(
            "holds an e-mail address.",
            "Keep it only if the bot shall tell it to anybody.",
            _MAIL.search,
            hints=("@",),
        ),
        "phone": Ailment(
            "looks as if it held a phone number.",
            "Keep it only if the bot shall tell it to anybody.",
            _PHONE.search,
            hints=("+", "0"),
        ),
        "link": Ailment(
            "holds a link.",
            "A small model writes links wrong; better without.",
            _LINK.search,
            hints=("http", "www."),
        ),
    }
)


def of_text(text: str) -> tuple[str, ...]:
    """Which of `AILMENTS` a text shows."""
    small = text.lower()
    return tuple(
        key
        for key, ailment in AILMENTS.items()
        if (not ailment.hints or any(hint in text or hint in small for hint in ailment.hints))
        and ailment.shows(text)
    )


def of_conversation(conversation: Conversation) -> Iterator[tuple[int, str]]:
    """The turns, from 1, and what each suffers from; each kind once, at the first such turn."""
    seen: set[str] = set()
    for number, message in enumerate(conversation.messages, start=1):
        for key in of_text(message.text):
            if key not in seen:
                seen.add(key)
                yield number, key


def mend(conversation: Conversation, key: str) -> Conversation:
    """The conversation without one kind of trouble; the turns that don't show it stay as they are.

    A text that would be empty afterwards stays as well: what to do with it, a person decides.
    """
    ailment = AILMENTS[key]
    if ailment.mended is None:
        return conversation
    messages = []
    for message in conversation.messages:
        text = ailment.mended(message.text) if ailment.shows(message.text) else message.text
        messages.append(replace(message, text=text) if text else message)
    return replace(conversation, messages=tuple(messages))
