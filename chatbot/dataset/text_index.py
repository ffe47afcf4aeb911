"""The words of many conversations laid out for searching: casefolded, in blocks of bytes.

A block is laid out when it is first searched, and again only when its conversations are others.
"""

import threading
from collections.abc import Sequence
from itertools import pairwise

from chatbot.dataset.marks import note_of, tags_of
from chatbot.messages import Conversation

_BLOCK = 1_000
"""Conversations in a block: laid out anew in a few milliseconds after an edit."""
_BETWEEN = "\x1e"
"""Stands between two conversations. It counts as white space, so no word of a query holds it."""


class TextIndex:
    """Of one list of conversations at a time, shared by all who look at that list.

    Safe to share between threads. Takes about as many bytes as the conversations have text.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._conversations: Sequence[Conversation] = ()
        self._blocks: list[_Block] = []

    def prepare(self, conversations: Sequence[Conversation]) -> None:
        """Let go of what is no longer there, and begin to lay out the rest beside what goes on."""
        with self._mutex:
            if self._follow(conversations):
                threading.Thread(
                    target=self._lay_out, args=(conversations,), name="text-index", daemon=True
                ).start()

    def find(self, conversations: Sequence[Conversation], words: Sequence[str]) -> list[int]:
        """Indices of the conversations in which every one of these words occurs.

        Args:
            words: at least one; casefolded, without white space.
        """
        rarest_first = sorted(words, key=len, reverse=True)
        wanted = [word.encode("utf-8", "surrogatepass") for word in rarest_first]
        found: list[int] = []
        with self._mutex:
            self._follow(conversations)
            start = 0
            for block in self._blocks:
                found += [start + place for place in block.find(wanted)]
                start += len(block.conversations)
        return found

    def _lay_out(self, conversations: Sequence[Conversation]) -> None:
        for number in range(-(-len(conversations) // _BLOCK)):
            with self._mutex:  # let go after each block: a search need not wait for the others
                if self._conversations is not conversations or number >= len(self._blocks):
                    return
                self._blocks[number].lay_out()

    def _follow(self, conversations: Sequence[Conversation]) -> bool:
        """Keep the blocks in front of what changed and behind it; whether anything did change."""
        if conversations is self._conversations:
            return False
        front, back = self._blocks, []
        kept = start = 0
        while kept < len(front) and front[kept].stands_in(conversations, start):
            start += len(front[kept].conversations)
            kept += 1
        front, rest = front[:kept], front[kept:]
        end = len(conversations)
        while rest and rest[-1].stands_in(conversations, end - len(rest[-1].conversations), start):
            back.append(rest.pop())
            end -= len(back[-1].conversations)
        if front and start < end and len(front[-1].conversations) + end - start <= _BLOCK:
            start -= len(front.pop().conversations)  # else each added one became its own block
        self._blocks = [*front, *_blocks(conversations, start, end), *reversed(back)]
        self._conversations = conversations
        return True


class _Block:
    """Conversations that follow each other, and their words once they were asked for."""

    __slots__ = ("_words", "conversations")

    def __init__(self, conversations: tuple[Conversation, ...]) -> None:
        self.conversations = conversations
        self._words: bytes | None = None

    def stands_in(self, conversations: Sequence[Conversation], at: int, first: int = 0) -> bool:
        """Whether the same stands there, at `first` or behind."""
        there = tuple(conversations[at : at + len(self.conversations)]) if at >= first else ()
        if self.conversations != there:  # looks at the words only of objects that are others
            return False
        self.conversations = there  # read again, it may be other objects: hold no second copy
        return True

    def lay_out(self) -> bytes:
        if self._words is None:
            text = _BETWEEN.join(map(words_of, self.conversations)).casefold()
            self._words = text.encode("utf-8", "surrogatepass")
        return self._words

    def find(self, words: Sequence[bytes]) -> list[int]:
        """Where in the block every word occurs."""
        text = self.lay_out()
        if not all(word in text for word in words):
            return []
        first, *others = words
        texts = text.split(_BETWEEN.encode())
        found = [place for place, text in enumerate(texts) if first in text]
        for word in others:
            found = [place for place in found if word in texts[place]]
        return found


def _blocks(conversations: Sequence[Conversation], start: int, end: int) -> list[_Block]:
    """New blocks of about equal length."""
    number = -(-(end - start) // _BLOCK)
    cuts = [start + (end - start) * n // number for n in range(number + 1)] if number else []
    return [_Block(tuple(conversations[a:b])) for a, b in pairwise(cuts)]


def words_of(conversation: Conversation) -> str:
    """All that is searched: turns, tags and note."""
    texts = [message.text for message in conversation.messages]
    if conversation.extra:
        texts += [*tags_of(conversation), note_of(conversation)]
    return "\n".join(texts).replace(_BETWEEN, " ")
