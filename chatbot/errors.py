"""The one exception family: what happened, the value it happened with, what to do.

Raised anywhere in `chatbot`, caught only at the edges: `pages/ui`, the console, the command line.
"""


class ChatbotError(Exception):
    """A failure that a person can act on.

    Args:
        message: what happened, one sentence, in plain words.
        value: the offending value, shown apart from the sentence (shortened).
        remedy: what to do about it, one sentence.
    """

    def __init__(self, message: str, *, value: object = None, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.message]
        if self.value is not None:
            parts.append(f"(got: {_shortened(self.value)})")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(parts)


class BadInput(ChatbotError):
    """A file, a text or a setting that somebody gave us is not usable."""


class NotAvailable(ChatbotError):
    """Something that is needed is not here: a model, a file, a package, the network."""


class Conflict(ChatbotError):
    """Somebody else was first: another writer, a job that already runs."""


class OutOfResources(ChatbotError):
    """The machine ran out of disk, memory or time."""


def _shortened(value: object, limit: int = 120) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
