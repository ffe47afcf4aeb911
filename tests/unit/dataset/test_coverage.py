"""Every kind of question is known by its own example, and counts only with an answer."""

import pytest

from chatbot import paths
from chatbot.dataset.coverage import coverage
from chatbot.dataset.importers import read_strictly
from chatbot.messages import Conversation, assistant, user

KINDS = coverage([]).kinds


def asked(question: str) -> set[str]:
    talk = Conversation((user(question), assistant("Well.")))
    return {kind.key for kind in coverage([talk]).kinds if kind.count}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_its_example_is_of_the_kind(kind) -> None:  # type: ignore[no-untyped-def]
    assert kind.key in asked(kind.example)


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("hey, what\u2019s up", "greeting"),
        ("so who are you", "name"),
        ("Are you an AI?", "human"),
        ("thx", "thanks"),
        ("ok bye", "goodbye"),
        ("You\u2019re an idiot", "insult"),
        ("I feel really lonely today", "help"),
    ],
)
def test_other_words_are_known(question: str, key: str) -> None:
    assert key in asked(question)


def test_what_is_not_answered_does_not_count() -> None:
    talks = [Conversation((user("Hello!"),)), Conversation((user("Hello!"), assistant(" ")))]
    assert "greeting" in {kind.key for kind in coverage(talks).missing}


def test_plain_talk_is_of_no_kind() -> None:
    assert asked("The boat left at noon.") == set()


def test_a_conversation_counts_once_for_a_kind() -> None:
    talk = Conversation((user("Hi"), assistant("Hi."), user("Hello"), assistant("Again?")))
    (greeting,) = (kind for kind in coverage([talk]).kinds if kind.key == "greeting")
    assert greeting.count == 1


def test_another_language_is_not_judged() -> None:
    told = coverage([], "German")
    assert (told.judged, told.language, told.missing) == (False, "German", ())


def test_the_starter_persona_leaves_nothing_out() -> None:
    file = paths.shipped_dataset_path()
    assert coverage(read_strictly(file.read_bytes(), file.name), "English").missing == ()
