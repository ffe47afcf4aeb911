"""An answer becomes an example of the data set, once, and goes out of it again."""

import json
import time
from pathlib import Path

import pytest

from chatbot import feedback
from chatbot.dataset.marks import FROM_CHAT, is_liked, tags_of
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, Conflict
from chatbot.messages import Conversation, assistant, user
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id

RECEIPT = {"model": "tiny", "hash": "abc"}


@pytest.fixture
def transcript() -> Transcript:
    turns = (
        Turn("Hello", "Hi.", "done", RECEIPT, id=1, next=2, asked=1),
        Turn("Who are you?", "A whale.", "done", RECEIPT, id=2, parent=1, asked=2),
    )
    return Transcript(new_id(), turns)


@pytest.fixture
def store(home: Path) -> ConversationStore:
    return ConversationStore()


def test_an_answer_is_taken_once_and_taken_back(
    store: ConversationStore, transcript: Transcript
) -> None:
    before = len(store.snapshot().conversations)
    feedback.take(store, transcript, 2, "liked")
    feedback.take(store, transcript, 2, "liked")
    taken = store.snapshot().conversations
    assert len(taken) == before + 1
    assert taken[-1].messages == (user("Who are you?"), assistant("A whale."))
    assert tags_of(taken[-1]) == (FROM_CHAT, "liked")
    assert is_liked(taken[-1])
    mark = feedback.mark_of(transcript.id, 2)
    assert feedback.places(taken) == {mark: before}
    feedback.take_back(store, mark)
    feedback.take_back(store, mark)
    assert len(store.snapshot().conversations) == before


def test_undo_takes_it_back_as_well(store: ConversationStore, transcript: Transcript) -> None:
    before = store.snapshot().conversations
    feedback.take(store, transcript, 2, "corrected")
    store.undo()
    assert tuple(store.snapshot().conversations) == tuple(before)


def test_it_is_in_the_file_and_does_not_tell_the_chat(
    store: ConversationStore, transcript: Transcript, home: Path
) -> None:
    feedback.take(store, transcript, 2, "corrected")
    store.flush()
    text = (home / "data" / "custom_chat_data.json").read_text(encoding="utf-8")
    row = json.loads(text)[-1]
    assert row["tags"] == [FROM_CHAT, "corrected"]
    assert row["from_chat"]["model"] == "tiny"
    assert transcript.id not in text
    assert feedback.places(ConversationStore().snapshot().conversations)


def test_what_has_no_question_or_no_answer_teaches_nothing(store: ConversationStore) -> None:
    for turn in (Turn("", "Hi.", "done", id=1), Turn("Hello", "", "done", id=1)):
        with pytest.raises(BadInput, match="Only a question with its answer"):
            feedback.take(store, Transcript(new_id(), (turn,)), 1, "liked")
    with pytest.raises(Conflict):
        feedback.take(store, Transcript(new_id()), 7, "liked")


def test_what_is_new(transcript: Transcript) -> None:
    made = feedback.example(transcript, 2, "liked")
    odd = Conversation(made.messages, {"from_chat": {"at": "yesterday", "mark": 7}})
    plain = Conversation(made.messages, {"from_chat": "x"})
    everything = [made, odd, plain, Conversation(made.messages)]
    assert feedback.new_since(everything, time.time() - 60) == [made]
    assert feedback.new_since(everything, time.time() + 60) == []
    assert set(feedback.places(everything)) == {feedback.mark_of(transcript.id, 2), "7"}


def test_a_bad_answer_stays_marked_after_a_restart(home: Path, transcript: Transcript) -> None:
    TranscriptStore().save(feedback.disliked(transcript, 2, so=True))
    again = TranscriptStore().load(transcript.id)
    assert again is not None
    assert [turn.disliked for turn in again.turns] == [False, True]
