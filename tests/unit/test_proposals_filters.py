"""Which sentences are proposed: wording, filters, grammar, nearness."""

import pytest

from chatbot.messages import Conversation, Message, assistant, user
from chatbot.proposals.examples import SHOWN, WORDINGS, wordings_for
from chatbot.proposals.filters import (
    another_wording,
    bare,
    lines,
    new_question,
    trimmed_answer,
    usable_answer,
)
from chatbot.proposals.nearest import LOOKED_THROUGH, first_exchange, nearest
from chatbot.proposals.phrasings import phrasings
from chatbot.proposals.wording import asks, essence, stands_apart

JOB = "what's your favourite thing about your job?"


@pytest.mark.parametrize(
    ("candidate", "question"),
    [
        ("What kind of cat is it?", "what breed is the cat"),
        ("What do you love about your job?", JOB),
        ("Which part of your work do you like best?", JOB),
        ("Have you ever been a sailor?", "were you ever a sailor yourself"),
        ("I'd like to know how old you are.", "How old are you?"),
        ("Can you tell me a joke?", "tell me a joke"),
        ("I like tea best.", "My favourite is tea."),
    ],
)
def test_another_wording_passes(candidate, question):
    assert another_wording(candidate, question)


@pytest.mark.parametrize(
    ("candidate", "question", "why"),
    [
        ("what's your favorite thing about your job", JOB, "only the spelling differs"),
        ("My favourite thing about my job is tea.", JOB, "an answer"),
        ("What's your favourite hobby?", JOB, "the job is gone"),
        ("Is your job your favourite thing?", JOB, "yes or no instead of what"),
        ("What kind of sailor were you?", "were you ever a sailor yourself", "what, not yes or no"),
        ("What is my favourite thing about my job?", JOB, "of me, not of you"),
        ("A cat?", "what breed is the cat", "no sentence"),
        ("What breed is the cat? It is grey.", "what breed is the cat", "two sentences"),
        ("What breed is\nthe fine cat?", "what breed is the cat", "two lines"),
        ("Can you rephrase what breed the cat is?", "what breed is the cat", "about the task"),
        ("Какой породы cat breed?", "what breed is the cat", "another script"),
        ("What breed is the cat,", "what breed is the cat", "ends in the middle"),
        ("What breed is the cat...", "what breed is the cat", "trails off"),
        ("The cat breed?", "what breed is the cat", "no verb of a question"),
        ("What kind of cat do you have?", "what breed is the cat", "of you, who was not named"),
        ("Is it warm on December 1st?", "is it warm on november 1st", "another name"),
        ("Is it warm on 2 May?", "is it warm on 1 May", "another number"),
        ("Your best colour?", "is your favourite colour blue", "blue is gone"),
        ("What breed is the cat with hat, scarf, boots?", "what breed is the cat", "adds"),
    ],
)
def test_another_wording_refuses(candidate, question, why):
    assert not another_wording(candidate, question), why


def test_another_wording_is_no_repeat_of_one_that_is_taken():
    assert not another_wording(
        "what do you love about your job", JOB, ["What do you love about your job?"]
    )


@pytest.mark.parametrize(
    ("candidate", "fits"),
    [
        ("What do you like about the sea?", True),
        ("Tell me a story about the sea", True),
        ("What do you like about hats?", False),
        ("The sea is wide.", False),
        ("What is the sea? And why?", False),
    ],
)
def test_a_new_question_is_one_about_the_topic(candidate, fits):
    assert new_question(candidate, "the sea") is fits


def test_a_new_question_is_new():
    assert not new_question("How deep is the sea?", "the sea", ["How deep is the sea"])


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("1. What is it?", "What is it?"),
        ("- “What is it?”", "What is it?"),
        ("  * What\tis it?", "What is it?"),
        ("Q: What is it?", "What is it?"),
        ("2 cats?", "2 cats?"),
        ("", ""),
        ('"', ""),
    ],
)
def test_a_line_loses_its_number_and_quotation_marks(raw, line):
    assert bare(raw) == line


def test_lines_leaves_out_empty_ones():
    assert lines("1. One?\n\n2. Two?") == ["One?", "Two?"]


@pytest.mark.parametrize(
    ("text", "cut_off", "kept"),
    [
        ("Tea. And then I wen", True, "Tea."),
        ("Tea. And then I wen", False, "Tea. And then I wen"),
        ("Not one sentence", True, "Not one"),
        ('He said "no." The', True, 'He said "no."'),
        ("It costs 3.50 in all", True, "It costs 3.50 in"),
    ],
)
def test_an_answer_ends_with_a_sentence(text, cut_off, kept):
    assert trimmed_answer(text, cut_off=cut_off) == kept


@pytest.mark.parametrize(
    ("answer", "fits"),
    [("Tea.", True), ("?!", False), ("who are you", False), ("I am the one " * 3, False)],
)
def test_an_answer_says_something(answer, fits):
    assert usable_answer(answer, "Who are you?") is fits


def test_an_answer_is_no_repeat():
    assert not usable_answer("tea", "Who?", ["Tea!"])


@pytest.mark.parametrize(
    ("question", "wordings"),
    [
        ("Where are you from?", "Can you tell me where you are from?"),
        ("what do you like to read", "I'd like to know what you like to read."),
        ("Do you like cats?", "I'd like to know whether you like cats."),
        ("what kind of books do you read", "Can you tell me what kind of books you read?"),
        ("tell me a joke", "Can you tell me a joke?"),
        ("Could you tell me a joke please?", "I'd like you to tell me a joke."),
        ("What's the cat's name?", "Can you tell me what the cat's name is?"),
        ("What's the cat's name?", "What is the cat's name?"),
        ("where is Gannet Rock", "I'd like to know where Gannet Rock is."),
        ("what is the sea like?", "Can you tell me what the sea is like?"),
        ("who won the match", "I was wondering who won the match."),
        ("how long have you been there", "Can you tell me how long you have been there?"),
        ("What did you do?", "I was wondering: what did you do?"),
        ("where is the cat sleeping", "I was wondering: where is the cat sleeping?"),
        ("what is the cat made of", "I was wondering: what is the cat made of?"),
        ("what is wrong", "I was wondering: what is wrong?"),
        ("where is the cat now", "I was wondering: where is the cat now?"),
        ("is your favourite colour blue", "I was wondering: is your favourite colour blue?"),
        ("Should I stay?", "Can you tell me whether I should stay?"),
        ("How are you called?", "how r u called"),
        ("tell me a joke", "can u tell me a joke pls"),
        ("Hi!", "Hello there"),
        ("thank you.", "thx"),
    ],
)
def test_grammar_turns_a_question(question, wordings):
    assert wordings in phrasings(question)


@pytest.mark.parametrize(
    "text",
    ["hi Jake", "", "I am Jake.", "Wer bist du?", "¿Quién eres?", "Hi. Who are you?", "a\nb?"],
)
def test_grammar_leaves_alone_what_it_does_not_know(text):
    assert phrasings(text) == []


@pytest.mark.parametrize(
    "question",
    ["what did you do?", "tell me a joke", "Is it the cat?", "Where are you from?", "hi", "bye"],
)
def test_grammar_never_says_the_same_twice(question):
    found = [essence(text) for text in phrasings(question)]

    assert len({*found, essence(question)}) == len(found) + 1


@pytest.mark.parametrize(
    "question", ["Where are you from?", "sing a song", "thanks", "Did it rain?"]
)
def test_grammar_alone_brings_nearly_ten(question):
    taken: list[str] = []
    for text in phrasings(question):
        if stands_apart(text, [question, *taken]):
            taken.append(text)

    assert len(taken) >= 8


def test_examples_are_the_same_for_a_question_and_begin_as_it_does():
    sets = wordings_for("Where do you come from", 3)

    assert sets == wordings_for("where do you come from?", 3)
    assert [len({*shown}) for shown in sets] == [SHOWN] * 3
    assert all(any(asked.startswith("where") for asked, _ in shown[-3:]) for shown in sets)


def test_the_examples_are_what_the_filter_would_let_through_as_to_their_form():
    assert all(asks(said) or said.startswith("I would like") for _, said in WORDINGS)


def test_signs_and_spelling_make_no_difference():
    assert essence("What’s your COLOR?!") == essence("whats your colour")  # noqa: RUF001
    assert not stands_apart("Who are you", ["who are you?"])
    assert asks("where is it")
    assert not asks("it is there")


def talk(question: str, answer: str) -> Conversation:
    return Conversation((user(question), assistant(answer)))


def test_the_nearest_conversation_stands_last():
    rows = [talk("Do you like tea?", "Yes."), talk("What breed is the cat?", "Grey.")]
    rows += [talk(f"Do you like number {n}?", f"{n}") for n in range(20)]

    found = nearest(rows, "which breed of cat", 3)

    assert found[-1] == ("What breed is the cat?", "Grey.")
    assert len(set(found)) == 3


def test_the_question_itself_is_no_example():
    rows = [talk("Who are you?", "Wick."), talk("Hi", "Hello.")]

    assert nearest(rows, "Who are you?", 5, leave_out=" Who are you? ") == [("Hi", "Hello.")]


def test_of_a_large_set_a_spread_sample_is_looked_through():
    rows = [talk(f"Number {n}?", "So.") for n in range(LOOKED_THROUGH * 3)]

    assert nearest(rows, "Number 3?", 1) == [("Number 3?", "So.")]
    assert nearest(rows, "Number 4?", 1) != [("Number 4?", "So.")]


def test_the_first_exchange_passes_over_the_system_text_and_what_is_empty():
    turns = (
        Message("system", "Be Wick."),
        user("Hi"),
        assistant(" "),
        user("Who?"),
        assistant("I"),
    )

    assert first_exchange(Conversation(turns)) == ("Who?", "I")
    assert first_exchange(Conversation((user("Hi"),))) is None
    assert nearest([], "x", 3) == []
