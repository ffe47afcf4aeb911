"""A message as its words alone, for whoever looks for what it wants."""

import re


def plainly(text: str) -> str:
    """Small letters, straight apostrophes, no other signs and no doubled blanks."""
    text = text.casefold().replace("\u2019", "'").replace("\u2018", "'")
    return " ".join(re.sub(r"[^\w\s'-]|_", " ", text).split())
