"""The gist of what no longer fits, and what of it bears on a question."""

from chatbot.memory.gist import gist, said
from chatbot.memory.recall import bearing
from chatbot.messages import Message, assistant, user


def words(texts: list[str] | tuple[str, ...]) -> list[int]:
    return [len(text.split()) for text in texts]


TALK = [
    user("I work as a nurse in Porto since 2019. What should I cook?"),
    assistant("You could try a soup. It is quick."),
    user("ok"),
    assistant("Great!"),
    user("My sister Clara visits on 4 May."),
    assistant("That sounds lovely."),
    user("remember that I like tea"),
    assistant("I'll remember: I like tea"),
]


def lines(messages: list[Message], room: int = 1000) -> list[str]:
    return [one.line for one in gist(said(messages), room, lambda texts: words(list(texts)))]


def test_sentences_that_tell_something_word_for_word_in_their_order() -> None:
    assert lines(TALK) == [
        "User said: I work as a nurse in Porto since 2019.",
        "User said: My sister Clara visits on 4 May.",
    ]


def test_no_more_than_there_is_room_for_and_whole_sentences_only() -> None:
    assert lines(TALK, 13) == ["User said: I work as a nurse in Porto since 2019."]
    assert lines(TALK, 5) == []


def test_the_same_turns_have_the_same_gist() -> None:
    assert lines(TALK * 30) == lines(TALK)


def test_questions_and_wishes_to_the_memory_are_no_gist() -> None:
    texts = [one.text for one in said(TALK)]
    assert "What should I cook?" not in texts
    assert not any("tea" in text for text in texts)


def test_what_was_forgotten_is_not_said_again() -> None:
    talk = [user("My name is Anna. I paint boats in Faro."), assistant("Nice boats in Faro!")]
    assert said(talk)
    assert said(talk, private={1}) == []
    assert said(talk, since=1) == []


def test_recall_finds_what_bears_on_the_question_and_nothing_else() -> None:
    sentences = [
        "User said: My sister Clara visits on 4 May.",
        "User said: I paint boats in the harbour.",
        "Assistant said: The soup needs an hour on the stove.",
    ]
    assert bearing("When does my sister come to visit?", sentences) == [0]
    assert bearing("How long does the soup need?", sentences) == [2]
    assert bearing("What is the capital of France?", sentences) == []
    assert bearing("and of the?", sentences) == []
    assert bearing("", sentences) == []
    assert bearing("anything", ["the of and"]) == []
