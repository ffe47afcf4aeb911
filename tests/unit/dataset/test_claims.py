"""What the bot says of itself is read where it is plain, and nowhere else."""

import pytest

from chatbot.dataset.claims import of_conversation, stance
from chatbot.dataset.doctor import check
from chatbot.messages import Conversation, Message, assistant, user


def claimed(answer: str, question: str = "Hm?") -> list[tuple[str, str]]:
    return [(c.about, c.value) for c in of_conversation((user(question), assistant(answer)))]


@pytest.mark.parametrize(
    ("answer", "about", "value"),
    [
        ("My name is Ada.", "name", "ada"),
        ("Well, my name\u2019s Ada, and yours?", "name", "ada"),
        ("I'm called Ada.", "name", "ada"),
        ("I am 31 years old.", "age", "31"),
        ("I'm thirty-one years old", "age", "31"),
        ("I am 31, by the way.", "age", "31"),
        ("I live in New York.", "home", "new york"),
        ("I come from Spain.", "origin", "spain"),
        ("I was born in Rome, long ago.", "birthplace", "rome"),
        ("I was born in 1990.", "year of birth", "1990"),
        ("My birthday is on the 3rd of May.", "birthday", "may 3"),
        ("I work as a baker.", "job", "baker"),
        ("Ich heiße Ada.", "name", "ada"),
        ("Ich bin 31 Jahre alt.", "age", "31"),
        ("Ich wohne in Kiel.", "home", "kiel"),
        ("J'ai 31 ans.", "age", "31"),
        ("J'habite à Lyon.", "home", "lyon"),
        ("Me llamo Ada.", "name", "ada"),
    ],
)
def test_plain_statements_are_read(answer: str, about: str, value: str) -> None:
    assert claimed(answer) == [(about, value)]


@pytest.mark.parametrize(
    "answer",
    [
        "I am 31 metres away.",
        "I live in hope.",
        "My name is not important.",
        "Her name is Ada and she is 31 years old.",
        "I was born in a storm.",
        "My birthday is a secret.",
        "I work as hard as I can.",
        "I was born in May.",
        "People ask what I do if I'm 30 years old.",
        'She said: "I\'m 30 years old".',
    ],
)
def test_what_is_no_claim_is_left_alone(answer: str) -> None:
    assert claimed(answer) == []


def test_a_name_counts_as_the_answer_to_who_are_you() -> None:
    assert claimed("I'm Ada.", "Who are you?") == [("name", "ada")]
    assert claimed("I'm Ada.", "Where is she?") == []


def test_each_other_value_is_told_once_and_names_the_usual_one() -> None:
    answers = ["I am 27 years old."] * 3 + ["I am 31 years old."] * 2 + ["I live in Rome."]
    talks = [
        Conversation((user(f"Say {n}"), assistant(answer))) for n, answer in enumerate(answers)
    ]
    found = [f for f in check(talks) if f.kind == "contradiction"]
    assert [(f.row, "31" in f.message, "conversation 1 it is 27" in f.message) for f in found] == [
        (4, True, True)
    ]


@pytest.mark.parametrize(
    ("question", "answer", "settled"),
    [
        ("Do you like tea?", "Yes, very.", "yes"),
        ("Do you like tea?", "No.", "no"),
        ("Do you like tea?", "Tea is wet.", ""),
        ("How many steps are there?", "There are 214.", "214"),
        ("How many steps are there?", "Between 200 and 214.", ""),
        ("What is tea?", "Yes.", ""),
    ],
)
def test_what_an_answer_settles(question: str, answer: str, settled: str) -> None:
    assert stance(question, answer) == settled


def test_the_same_question_with_opposite_answers_is_told() -> None:
    talks = [
        Conversation((user("Do you like tea?"), assistant("Yes, very."))),
        Conversation((user("do you like tea"), assistant("No, never."))),
        Conversation((user("Do you like rain?"), assistant("No."))),
    ]
    found = [f for f in check(talks) if f.kind == "contradiction"]
    assert [(f.row, "conversation 1" in f.message) for f in found] == [(2, True)]


def test_a_place_with_an_and_in_it_is_read_whole() -> None:
    assert claimed("I live in Holland and like it.") == [("home", "holland")]
    assert claimed("I live in Holland now.") == []  # no end of a place: better missed than cut


def test_a_mood_is_no_name() -> None:
    assert claimed("I'm Happy to help.", "Who are you?") == []


@pytest.mark.parametrize("answer", ["No problem.", "No idea.", "No one does."])
def test_a_no_that_is_none_settles_nothing(answer: str) -> None:
    assert stance("Can you swim?", answer) == ""


def test_two_personas_by_their_system_texts_don_t_contradict_each_other() -> None:
    talks = [
        Conversation(
            (Message("system", f"You are {n}."), user("Hi"), assistant(f"My name is {n}."))
        )
        for n in ("Ada", "Bea")
    ]
    assert not [f for f in check(talks) if f.kind == "contradiction"]
    bare = [Conversation(talk.messages[1:]) for talk in talks]
    assert [f.kind for f in check(bare) if f.row] == ["contradiction"]
