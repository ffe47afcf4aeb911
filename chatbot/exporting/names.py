"""Names of what leaves the lab: a file name made of a title, and whether a typed one will do."""

import re
import unicodedata

from chatbot.errors import BadInput

LONGEST = 80
"""Characters of a typed name."""
_LONGEST_SLUG = 60
_FORBIDDEN = frozenset('/\\:*?"<>|')
"""What some system refuses in a file name."""


def slug(title: str) -> str:
    """A file name of plain letters, digits, dots and dashes; "model" where nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-.").lower()
    return re.sub(r"\.{2,}", ".", dashed)[:_LONGEST_SLUG].strip("-.") or "model"


def checked(text: str) -> str:
    """A typed name without the spaces around it.

    Raises:
        BadInput: it is empty or too long, or holds what no file name may.
    """
    name = text.strip()
    if not name:
        raise BadInput("A name needs at least one letter.", remedy="Type one.")
    if len(name) > LONGEST:
        raise BadInput(
            f"This name is longer than {LONGEST} characters.",
            value=f"{len(name)} characters",
            remedy="Shorten it.",
        )
    wrong = next((c for c in name if c in _FORBIDDEN or unicodedata.category(c)[0] == "C"), None)
    if wrong is not None:
        shown = wrong if wrong in _FORBIDDEN else f"U+{ord(wrong):04X}"
        raise BadInput(
            "A name can't hold slashes, control characters and other signs that file names refuse.",
            value=shown,
            remedy="Leave it out.",
        )
    if name.startswith("."):
        raise BadInput("A name can't begin with a dot: such files are hidden.", value=name)
    return name
