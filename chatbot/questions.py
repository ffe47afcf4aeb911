"""Which questions can be asked at all."""

import unicodedata

from chatbot.errors import BadInput

LONGEST_QUESTION = 20_000
"""Characters; far beyond the window of any model here."""


def usable(question: str) -> str:
    """The question without blanks around it.

    Raises:
        BadInput: it is empty, has nothing to be seen, or is far too long.
    """
    question = question.strip()
    if not question:
        raise BadInput("The question is empty.", remedy="Write something and send it again.")
    if all(unicodedata.category(letter)[0] in "CZ" for letter in question):
        raise BadInput(
            "The question has nothing but control characters, which nobody can see.",
            remedy="Write something and send it again.",
        )
    if len(question) > LONGEST_QUESTION:
        raise BadInput(
            f"The question has {len(question):,} characters; no model here can read it.",
            remedy=f"Shorten it to at most {LONGEST_QUESTION:,}.",
        )
    return question
