"""Any sequence of edits, undo, redo, restarts and outside edits equals a list with two stacks.

Once with a file that is written at each edit, once with one that follows its journal.
"""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatbot.dataset.importers import dump, read_conversations
from chatbot.dataset.keeper import SMALL
from chatbot.dataset.store import ConversationStore
from chatbot.errors import NotAvailable
from chatbot.messages import Conversation, Message

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
CONVERSATIONS = st.builds(
    Conversation,
    st.lists(
        st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=4
    ).map(tuple),
    st.dictionaries(
        TEXTS.filter(lambda key: key != "conversations"),
        st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2),
        max_size=2,
    ),
)
Rows = tuple[Conversation, ...]


@pytest.fixture(autouse=True)
def _only_when_asked(monkeypatch):
    """Nothing is written behind the model's back."""
    monkeypatch.setattr("chatbot.dataset.write_behind.QUIET", 600.0)
    monkeypatch.setattr("chatbot.dataset.write_behind.AT_LATEST", 600.0)


class StoreAgainstModel(RuleBasedStateMachine):
    small = SMALL

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "persona.json"
        self.path.write_bytes(dump(()))
        self.store, self.other = self.opened(), self.opened()
        self.now: Rows = ()
        self.past: list[Rows] = []
        self.future: list[Rows] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    def opened(self) -> ConversationStore:
        return ConversationStore(self.path, small=self.small)

    def becomes(self, rows: Rows) -> None:
        self.past.append(self.now)
        self.now, self.future = rows, []

    @rule(conversation=CONVERSATIONS, place=st.integers(0, 50))
    def add(self, conversation: Conversation, place: int) -> None:
        at = place % (len(self.now) + 1)
        assert self.store.add(conversation, at) == at
        self.becomes((*self.now[:at], conversation, *self.now[at:]))

    @precondition(lambda self: self.now)
    @rule(conversation=CONVERSATIONS, place=st.integers(0, 50))
    def replace(self, conversation: Conversation, place: int) -> None:
        at = place % len(self.now)
        self.store.replace(at, self.now[at], conversation)
        if conversation != self.now[at]:
            self.becomes((*self.now[:at], conversation, *self.now[at + 1 :]))

    @precondition(lambda self: self.now)
    @rule(place=st.integers(0, 50))
    def delete(self, place: int) -> None:
        at = place % len(self.now)
        self.store.delete(at, self.now[at])
        self.becomes((*self.now[:at], *self.now[at + 1 :]))

    @rule(rows=st.lists(CONVERSATIONS, max_size=3).map(tuple))
    def replace_all(self, rows: Rows) -> None:
        self.store.replace_all(rows, "Replaced")
        self.becomes(rows)

    @rule(rows=st.lists(CONVERSATIONS, max_size=3).map(tuple))
    def outside(self, rows: Rows) -> None:
        self.store.snapshot()
        held, written = self.path.read_bytes(), dump(rows)
        self.path.write_bytes(written)
        self.store.snapshot()
        if held != written and rows != self.now:
            self.becomes(rows)

    @rule()
    def undo(self) -> None:
        if not self.past:
            with pytest.raises(NotAvailable):
                self.store.undo()
            return
        self.store.undo()
        self.future.append(self.now)
        self.now = self.past.pop()

    @rule()
    def redo(self) -> None:
        if not self.future:
            with pytest.raises(NotAvailable):
                self.store.redo()
            return
        self.store.redo()
        self.past.append(self.now)
        self.now = self.future.pop()

    @rule()
    def restart(self) -> None:
        self.store = self.opened()

    @rule()
    def go_on_in_the_other(self) -> None:
        self.store, self.other = self.other, self.store

    @rule()
    def flush(self) -> None:
        self.store.flush()
        assert read_conversations(self.path.read_bytes()).conversations == self.now

    @invariant()
    def equals_the_model(self) -> None:
        snapshot = self.store.snapshot()
        assert snapshot.conversations == self.now
        assert (snapshot.undo is not None) == bool(self.past)
        assert (snapshot.redo is not None) == bool(self.future)
        assert read_conversations(self.store.raw_bytes()).conversations == self.now
        if self.small:
            assert read_conversations(self.path.read_bytes()).conversations == self.now


class LargeStoreAgainstModel(StoreAgainstModel):
    small = 0


StoreAgainstModel.TestCase.settings = LargeStoreAgainstModel.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreAgainstModel = StoreAgainstModel.TestCase
TestLargeStoreAgainstModel = LargeStoreAgainstModel.TestCase
