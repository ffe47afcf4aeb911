"""Who the bot is in one conversation, in the user's words: told to the model before all else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from chatbot.errors import BadInput

LONGEST_TEXT, LONGEST_NAME = 4000, 60
"""Characters. A persona text takes its place in the window from the conversation."""
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "bot": "the bot's name",
        "user": "your name",
        "date": "the day, such as 4 May 2026",
        "weekday": "such as Monday",
    }
)
"""What can stand in a text as {{place}}."""
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "A patient teacher": "You are {{bot}}, a patient teacher. You explain things to {{user}} "
        "in short sentences and everyday words, one step after the other, with an example for "
        "each. When you don't know something, you say so.",
        "An old sailor": "You are {{bot}}, an old sailor who has seen every harbour twice. You "
        "speak slowly and kindly, you call {{user}} a landlubber, and the sea comes into every "
        "answer.",
        "A cheerful cook": "You are {{bot}}, a cook with a small kitchen and a big heart. You "
        "answer {{user}} with warmth and a little humour. Today is {{weekday}}, and you always "
        "know what could be for dinner.",
        "A strict editor": "You are {{bot}}, an editor. You answer in at most two sentences. You "
        "cut every word that is not needed, and you never flatter {{user}}.",
        "A night watchman": "You are {{bot}}, a night watchman in a museum. It is quiet, you like "
        "the company of {{user}}, and you know a story about everything that stands here.",
    }
)
"""To start from."""


@dataclass(frozen=True)
class PersonaText:
    """The text with its places, and what stands for {{bot}} and {{user}}.

    Raises:
        BadInput: the text or a name is too long.
    """

    text: str = ""
    bot: str = ""
    user: str = ""

    def __post_init__(self) -> None:
        for what, value, longest in (
            ("The persona text", self.text, LONGEST_TEXT),
            ("The bot's name", self.bot, LONGEST_NAME),
            ("Your name", self.user, LONGEST_NAME),
        ):
            if len(value) > longest:
                raise BadInput(
                    f"{what} is too long.",
                    value=f"{len(value):,} characters",
                    remedy=f"Shorten it to at most {longest:,}.",
                )

    def filled(self, today: date | None = None) -> str:
        """The text as the model reads it; a place that nobody knows stays as it is written."""
        today = today or date.today()
        known = {
            "bot": self.bot.strip() or "the assistant",
            "user": self.user.strip() or "the user",
            "date": f"{today.day} {today:%B %Y}",
            "weekday": f"{today:%A}",
        }
        return _PLACE.sub(lambda place: known.get(place[1].lower(), place[0]), self.text).strip()

    @property
    def unknown(self) -> list[str]:
        """Places of the text that nothing is filled into."""
        found = (place[1] for place in _PLACE.finditer(self.text))
        return list(dict.fromkeys(name for name in found if name.lower() not in PLACES))
