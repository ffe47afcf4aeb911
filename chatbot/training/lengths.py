"""Token counts of a whole set of conversations, made in the background."""

import threading
from collections.abc import Sequence

from chatbot.dataset.findings import Finding
from chatbot.errors import ChatbotError, NotAvailable
from chatbot.messages import Conversation, Message
from chatbot.training.counting import TokenCounter
from chatbot.training.seen import LONGEST, Reader

BATCH = 500
"""Conversations that are counted at once: some 50 ms."""


class Lengths:
    """Counts the tokens of conversations with one model's tokenizer, in a thread of its own.

    What was counted once is known by its words: after an edit only what changed is counted.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._lock = threading.Lock()
        self._known: dict[tuple[Message, ...], int] = {}
        self._kept: dict[tuple[tuple[Message, ...], int], int] = {}
        self._wanted: Sequence[Conversation] = ()
        self._max_length = LONGEST
        self._counts: list[int | None] = []
        self._findings: tuple[Finding, ...] | None = ()
        self._problem: ChatbotError | None = None
        self._working = False

    def request(self, conversations: Sequence[Conversation], max_length: int = LONGEST) -> None:
        """Count these from now on; returns at once. The same ones again change nothing.

        Args:
            max_length: the setting of training that decides what is too long.
        """
        with self._lock:
            same = conversations is self._wanted and max_length == self._max_length
            if same and (self._working or self._findings is not None):
                return
            if conversations is not self._wanted:
                self._counts = self._carried_over(conversations)
            self._wanted, self._max_length = conversations, max_length
            self._findings = self._problem = None
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="lengths", daemon=True).start()

    def state(self) -> tuple[int, int]:
        """How many of the conversations are counted, and how many there are."""
        with self._lock:
            return len(self._counts) - self._counts.count(None), len(self._counts)

    @property
    def ready(self) -> bool:
        """Whether all is counted and the findings are made, or nothing more will come."""
        with self._lock:
            return self._findings is not None

    @property
    def problem(self) -> ChatbotError | None:
        """Why nothing is counted, such as a damaged tokenizer."""
        with self._lock:
            return self._problem

    def counts(self) -> list[int | None]:
        """Tokens of each conversation that was asked for last, in their order.

        None where it is not counted yet, 0 where the model's template refuses it.
        """
        with self._lock:
            return list(self._counts)

    def findings(self) -> tuple[Finding, ...]:
        """One for each conversation that training would cut; none until all are counted."""
        with self._lock:
            return self._findings or ()

    def _carried_over(self, conversations: Sequence[Conversation]) -> list[int | None]:
        """What is known at once: whatever stands where it stood."""
        before = zip(conversations, self._wanted, self._counts, strict=False)
        counts = [count if now is then else None for now, then, count in before]
        return counts + [None] * (len(conversations) - len(counts))

    def _work(self) -> None:
        wanted: Sequence[Conversation] = ()
        while True:
            with self._lock:
                if self._wanted is wanted and self._findings is not None:
                    self._working = False
                    return
                wanted, max_length = self._wanted, self._max_length
            problem: ChatbotError | None = None
            findings: list[Finding] = []
            try:
                findings = self._count(wanted, max_length)
            except ChatbotError as error:
                problem = error
            except Exception as error:  # the page must not wait for a thread that is gone
                problem = NotAvailable("The tokens could not be counted.", value=str(error))
            with self._lock:
                if self._wanted is wanted and self._max_length == max_length:
                    self._findings, self._problem = tuple(findings), problem

    def _count(self, wanted: Sequence[Conversation], max_length: int) -> list[Finding]:
        """Count what is not known; stops early where something else is wanted by now."""
        counter = TokenCounter(self.reader.tokenizer)
        for start in range(0, len(wanted), BATCH):
            with self._lock:
                if self._wanted is not wanted:
                    return []
                known = self._counts[start : start + BATCH]
            batch = wanted[start : start + BATCH]
            new = [c.messages for c, count in zip(batch, known, strict=True) if count is None]
            if not new:
                continue
            unknown = [messages for messages in new if messages not in self._known]
            self._known.update(zip(unknown, counter.counts(unknown), strict=True))
            with self._lock:
                if self._wanted is wanted:
                    self._counts[start : start + BATCH] = [
                        self._known[c.messages] if count is None else count
                        for c, count in zip(batch, known, strict=True)
                    ]
        if len(self._known) > 2 * len(wanted):
            self._known = {c.messages: self._known[c.messages] for c in wanted}
            self._kept.clear()
        return self._of_the_long_ones(wanted, max_length, counter)

    def _of_the_long_ones(
        self, wanted: Sequence[Conversation], max_length: int, counter: TokenCounter
    ) -> list[Finding]:
        limit = self.reader.limit(max_length)
        long = [
            (row, conversation.messages, count)
            for row, (conversation, count) in enumerate(zip(wanted, self.counts(), strict=False), 1)
            if count is not None and count > limit
        ]
        for start in range(0, len(long), BATCH):
            if self._wanted is not wanted:
                return []
            new = [m for _, m, _ in long[start : start + BATCH] if (m, limit) not in self._kept]
            places = counter.kept(new, limit)
            self._kept.update(((m, limit), place) for m, place in zip(new, places, strict=True))
        return [
            finding(row, count, limit, self.reader.window, len(m), self._kept[m, limit])
            for row, m, count in long
        ]


def too_long(
    conversation: Conversation, count: int, reader: Reader, row: int, max_length: int = LONGEST
) -> Finding | None:
    """What training would cut of one conversation, in words; None where it fits.

    Args:
        count: its tokens.
        row: its number, from 1.
    """
    limit = reader.limit(max_length)
    if count <= limit:
        return None
    messages = conversation.messages
    (kept,) = TokenCounter(reader.tokenizer).kept([messages], limit)
    return finding(row, count, limit, reader.window, len(messages), kept)


def finding(row: int, count: int, limit: int, window: int, turns: int, kept: int) -> Finding:
    """The sentence about a conversation of `count` tokens of which only `kept` turns are read."""
    sizes = f"{count:,} tokens, {limit:,} fit."
    if not kept:
        said = f"It is too long to be learned at all, even its first answer: {sizes}"
    elif kept + 1 == turns:
        said = f"Turn {turns} of {turns} would be cut off: {sizes}"
    else:
        said = f"Turn {kept + 1} of {turns} and what follows would be cut off: {sizes}"
    remedy = "Shorten it, or split it into two conversations."
    if count <= window:
        remedy = (
            "Shorten it, split it into two conversations, or raise the longest conversation "
            "when you fine-tune."
        )
    return Finding("warning", row, said, remedy, kind="too-long")
