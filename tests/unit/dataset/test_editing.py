"""Drafts: what one can do to a conversation, and how it meets what others did."""

import pytest

from chatbot.dataset.editing import Draft, blank, is_blank, next_role
from chatbot.dataset.search import find
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, Conflict
from chatbot.messages import Conversation, Message, user


def texts(draft: Draft) -> list[str]:
    return [message.text for message in draft.conversation.messages]


def roles(draft: Draft) -> list[str]:
    return [message.role for message in draft.conversation.messages]


@pytest.fixture
def draft(store) -> Draft:
    return Draft.of(store.snapshot(), 11)


def test_a_fresh_draft_shows_what_stands_there(draft, dozen):
    assert draft.conversation == dozen[11]
    assert len(set(draft.turns)) == 4
    assert not draft.unsaved


def test_turns_keep_their_names_when_they_move(draft):
    first, second, third, fourth = draft.turns

    moved = draft.moved(third, -1)
    assert moved.turns == (first, third, second, fourth)
    assert texts(moved) == ["Hi", "Tell me more", "Hello!", "Gladly."]
    assert moved.unsaved
    assert moved.moved(first, -1).turns == moved.turns
    assert moved.moved(first, 99).turns == (third, second, fourth, first)


def test_adding_deleting_and_giving_a_turn_to_the_other(draft):
    longer = draft.with_turn()
    assert roles(longer)[-1] == "user"
    assert roles(longer.with_turn())[-1] == "assistant"
    shorter = longer.without_turn(draft.turns[0])
    assert texts(shorter) == ["Hello!", "Tell me more", "Gladly.", ""]
    swapped = shorter.spoken_by_the_other(draft.turns[1])
    assert roles(swapped) == ["user", "user", "assistant", "user"]


def test_extra_keys_stay_with_an_edited_conversation(draft, store, path):
    draft.with_texts(["a", "b", "c", "d"]).saved(store)

    assert store.snapshot().conversations[11].extra == {"tag": "greeting", "weight": 2}


def test_a_saved_draft_goes_on_from_what_it_saved(draft, store):
    once = draft.with_texts(["1", "2", "3", "4"]).saved(store)
    assert not once.unsaved
    assert once.version == store.snapshot().version
    twice = once.without_turn(once.turns[3]).saved(store)
    assert store.snapshot().conversations[11] == twice.base
    assert len(twice.base.messages) == 3


def test_a_save_finds_its_conversation_where_others_moved_it(draft, store, path, dozen, talk):
    other = ConversationStore(path)
    other.delete(0, dozen[0])
    other.add(talk("a", "b"), at=0)
    other.add(talk("c", "d"), at=0)

    saved = draft.with_texts(["1", "2", "3", "4"]).saved(store)
    assert saved.index == 12
    assert texts(saved) == ["1", "2", "3", "4"]
    assert store.snapshot().conversations[12] == saved.base


def test_a_save_over_a_change_of_others_is_refused(draft, store, path, dozen, talk):
    ConversationStore(path).replace(11, dozen[11], talk("theirs", "first"))

    with pytest.raises(Conflict):
        draft.with_texts(["1", "2", "3", "4"]).saved(store)
    assert store.snapshot().conversations[11] == talk("theirs", "first")


def test_a_save_of_what_others_deleted_is_refused(draft, store, path, dozen):
    ConversationStore(path).delete(11, dozen[11])

    with pytest.raises(Conflict):
        draft.with_texts(["1", "2", "3", "4"]).saved(store)


def test_catching_up_shows_changes_and_keeps_the_names_of_the_rest(draft, store, path, dozen):
    messages = list(dozen[11].messages)
    messages[1] = Message("assistant", "Good day!")
    changed = Conversation((*messages, user("Bye")), dozen[11].extra)
    ConversationStore(path).replace(11, dozen[11], changed)

    now = draft.caught_up(store.snapshot(), store)
    assert now is not None
    assert now.conversation == changed
    assert [now.turns[n] == draft.turns[n] for n in range(4)] == [True, False, True, True]
    assert len(set(now.turns)) == 5
    assert now.caught_up(store.snapshot(), store) is now


def test_catching_up_follows_moves_and_ends_with_a_deletion(draft, store, dozen, talk):
    store.add(talk("a", "b"), at=0)
    now = draft.caught_up(store.snapshot(), store)
    assert now is not None
    assert (now.index, now.turns) == (12, draft.turns)
    store.delete(12, dozen[11])
    assert now.caught_up(store.snapshot(), store) is None


def test_catching_up_finds_the_conversation_in_a_list_replaced_as_a_whole(draft, store, dozen):
    store.replace_all((*dozen[6:], *dozen[:6]), "Replaced")

    now = draft.caught_up(store.snapshot(), store)
    assert now is not None
    assert now.index == 5


def test_what_is_unsaved_is_never_dropped_silently(draft, store, path, dozen, talk):
    unsaved = draft.with_texts(["1", "2", "3", "4"])
    store.add(talk("a", "b"), at=0)
    moved = unsaved.caught_up(store.snapshot(), store)
    assert moved is not None
    assert (moved.index, texts(moved)) == (12, ["1", "2", "3", "4"])

    store.delete(12, dozen[11])
    with pytest.raises(Conflict):
        moved.caught_up(store.snapshot(), store)


def test_blank_conversations_and_who_speaks_next(talk):
    assert is_blank(blank())
    assert not is_blank(talk("x"))
    assert next_role(blank()) == "user"
    assert next_role(Conversation(())) == "user"
    assert next_role(Conversation((Message("system", "x"),))) == "user"
    assert next_role(talk("x")) == "assistant"


def test_search_wants_every_word_in_any_turn_and_case(dozen, talk):
    rows = (*dozen, talk("Schöne STRASSE", "Question mark"))

    assert find(rows, "  ") == list(range(13))
    assert find(rows, "question 1") == [0, 9, 10]
    assert find(rows, "MORE gladly") == [11]
    assert find(rows, "straße mark") == [12]
    assert find(rows, "nowhere") == []


def test_a_turn_is_added_after_another_one(draft):
    first, *rest = draft.turns

    longer = draft.with_turn(after=first)
    assert roles(longer) == ["user", "assistant", "assistant", "user", "assistant"]
    assert texts(longer)[1] == ""
    assert (longer.turns[0], *longer.turns[2:]) == (first, *rest)


def test_a_turn_is_split_between_the_speakers_and_joined_again(draft):
    third = draft.turns[2]

    split = draft.split(third, len("Tell "))
    assert texts(split) == ["Hi", "Hello!", "Tell", "me more", "Gladly."]
    assert roles(split) == ["user", "assistant", "user", "assistant", "assistant"]
    assert third not in split.turns  # other words, another name: the page must not mix them up
    joined = split.joined(split.turns[3])
    assert texts(joined)[2] == "Tell\nme more"
    assert roles(joined) == roles(draft)


@pytest.mark.parametrize("at", [0, 2, 99])
def test_a_split_needs_words_on_both_sides(draft, at):
    with pytest.raises(BadInput, match="cursor"):
        draft.split(draft.turns[0], at)


def test_the_first_turn_has_none_to_join(draft):
    with pytest.raises(BadInput, match="first"):
        draft.joined(draft.turns[0])


def test_an_empty_turn_is_joined_without_a_line_more(draft):
    longer = draft.with_turn()

    assert texts(longer.joined(longer.turns[-1])) == texts(draft)


def test_a_turn_is_duplicated_under_another_name(draft):
    twice = draft.duplicated(draft.turns[1])

    assert texts(twice) == ["Hi", "Hello!", "Hello!", "Tell me more", "Gladly."]
    assert len(set(twice.turns)) == 5


def test_an_answer_takes_the_place_of_the_bot_s_last_words_or_is_added(draft):
    answered = draft.answered("Aye.")
    assert texts(answered) == ["Hi", "Hello!", "Tell me more", "Aye."]
    assert answered.turns[-1] not in draft.turns
    assert texts(draft.with_turn().answered("Aye."))[-2:] == ["", "Aye."]
    twice = draft.with_turn("assistant").answered("Aye.")
    assert texts(twice) == ["Hi", "Hello!", "Tell me more", "Aye."]
