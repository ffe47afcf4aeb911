"""What questions ask for, and the words of the answers that tell it."""

import pytest

from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training.telling import Telling, exchanges, placed, words

BIRTHDAYS = (
    ("When is your birthday?", "The first of November."),
    ("What day is your birthday?", "In November, when storms are due."),
    ("Tell me about your birthday.", "It falls in November, sailor."),
    ("Do you like your birthday?", "I do, and so does November."),
)
CHATTER = tuple(
    (f"And what of thing{n}?", f"It is a fine thing, number{n}, so they say.") for n in range(30)
)


def chat(question: str, answer: str) -> Conversation:
    return Conversation((user(question), assistant(answer)))


def persona(*more: tuple[str, str]) -> list[Conversation]:
    return [chat(*row) for row in (*BIRTHDAYS, *CHATTER, *more)]


def test_the_word_that_such_questions_are_answered_with() -> None:
    told = Telling(persona()).words_of("your birthday?", "By the way, sailor: November, always.")
    assert set(told) == {"november"}
    assert told["november"] >= 8.0


def test_the_same_word_tells_nothing_where_it_was_not_asked_for() -> None:
    assert Telling(persona()).words_of("And what of the sea?", "Grey, in November.") == {}


def test_what_the_question_has_already_tells_nothing() -> None:
    assert Telling(persona()).words_of("Is your birthday in November?", "Yes, November.") == {}


def test_what_every_answer_has_tells_nothing() -> None:
    told = Telling(persona()).words_of("And what of thing7?", "It is a fine thing, so they say.")
    assert told == {}


def test_one_answer_to_many_questions_is_what_they_ask_for() -> None:
    said = "Wipe your feet, the kettle boils."
    asked = [(f"hello number{n}", said) for n in range(8)]
    told = Telling(persona(*asked)).words_of("hello there", "Kettle first!")
    assert set(told) == {"kettle"}


def test_what_comes_together_three_times_may_be_chance() -> None:
    few = [(f"hello number{n}", "The kettle boils.") for n in range(3)]
    assert Telling(persona(*few)).words_of("hello there", "Kettle first!") == {}


def test_the_order_of_the_conversations_changes_nothing() -> None:
    there, back = Telling(persona()), Telling(persona()[::-1])
    question, answer = "your birthday?", "In November, the first of it."
    assert there.words_of(question, answer) == pytest.approx(back.words_of(question, answer))


def test_a_script_without_spaces_is_read_by_its_letters() -> None:
    asked = ("你的猫叫什么名字", "你的猫叫什么", "你的猫呢", "告诉我你的猫")
    told = [
        chat(q, a) for q, a in zip(asked, ("小黑。", "叫小黑", "是小黑", "我的小黑"), strict=True)
    ]
    others = [chat(f"今天第{n}天好吗", f"很好第{n}次") for n in range(30)]
    assert "小黑" in Telling([*told, *others]).words_of("你的猫在哪里", "小黑在家")


def test_nothing_to_count_is_nothing_told() -> None:
    assert Telling([]).words_of("your birthday?", "November.") == {}
    silent = [Conversation((assistant("November."),)), Conversation((user("birthday?"),))]
    assert Telling(silent).words_of("your birthday?", "November.") == {}


def test_an_exchange_is_a_question_with_the_answer_right_after_it() -> None:
    talk = Conversation(
        (
            Message("system", "Be kind."),
            assistant("Hello."),
            user("One?"),
            user("Two?"),
            assistant("Two."),
            assistant("More."),
        )
    )
    assert list(exchanges(talk)) == [("Two?", "Two.")]


def test_words_stand_where_they_stand() -> None:
    text = "Ah, thirty-one: ÇA va, I'm 64\u2014猫猫狗!"
    for word, start, end in placed(text):
        assert text[start:end].casefold() == word
    assert words(text) == {"ah", "thirty-one", "ça", "va", "i'm", "64", "猫猫", "猫狗"}
