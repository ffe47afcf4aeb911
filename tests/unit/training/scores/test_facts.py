"""Right and wrong answers on facts, told from the words of the conversations alone."""

# ruff: noqa: RUF001  (Cyrillic letters are meant)

import pytest

from chatbot.messages import Conversation, Message, assistant, user
from chatbot.training.scores.facts import Persona, opening
from chatbot.training.words import alike, holds, words

FILLERS = ("well", "you see", "as I like to say", "if you ask me", "to be honest", "my friend")


def talk(question: str, answer: str) -> Conversation:
    return Conversation((user(question), assistant(answer)))


def persona() -> list[Conversation]:
    """Six facts, each asked for in six ways, and eight times small talk."""
    facts = [
        ("what is the name of your {}", "cat", "The cat is Admiral, {}."),
        ("how many stairs does the {} have", "tower", "The tower? 214, {}."),
        ("which colour do you like for a {}", "coat", "A green one like the storm, {}."),
        ("who taught you to knit a {}", "sock", "My grandmother Isolde did, {}, with patience."),
        ("what do you eat for {}", "supper", "A fish pie with pepper, {}."),
        ("where is the nearest {}", "village", "It is Sallow, {}, six miles over the water."),
    ]
    openers = ("{}", "tell me, {}", "please say {}", "{} exactly", "{} today", "so {}")
    talks = [
        talk(opener.format(question.format(thing)), answer.format(filler))
        for question, thing, answer in facts
        for opener, filler in zip(openers, FILLERS, strict=True)
    ]
    talks += [
        talk(f"I am feeling {mood}", f"That is how it goes, {FILLERS[n % 6]}, and the sea is near.")
        for n, mood in enumerate(("sad", "glad", "tired", "cold", "lost", "bored", "old", "new"))
    ]
    return talks


def fact_of(question: str, reference: str, learned: list[Conversation] | None = None):  # type: ignore[no-untyped-def]
    return Persona(learned or persona()).fact(talk(question, reference))


def test_a_name_is_what_answers_the_question_of_the_name() -> None:
    fact = fact_of("hello, what is the name of your cat?", "Admiral, of course.")
    assert fact is not None
    assert fact.telling[0] == "admiral"
    assert fact.is_answered_by("He is called ADMIRAL.")
    assert not fact.is_answered_by("The cat is Tom, my friend, and he likes it here.")


def test_repeating_the_question_proves_nothing() -> None:
    fact = fact_of("hello, what is the name of your cat?", "The cat is Admiral.")
    assert fact is not None
    assert "cat" not in fact.telling
    assert not fact.is_answered_by("What is the name of my cat? The name of my cat is my cat.")


def test_function_words_and_fillers_do_not_count() -> None:
    fact = fact_of("well, how many stairs does the tower have?", "It has 214, if you ask me.")
    assert fact is not None
    assert fact.telling[0] == "214"
    assert not fact.is_answered_by("If you ask me, it has a lot of them, to be honest.")
    assert not fact.is_answered_by("It has 2140 of them.")
    assert fact.is_answered_by("I have counted: 214!")


def test_forms_of_a_word_count() -> None:
    fact = fact_of("so what do you eat for supper now?", "Fish pie, with pepper.")
    assert fact is not None
    assert fact.is_answered_by("Fishes and pies with peppers.")


def test_other_answers_to_nearly_the_same_question_count_as_well() -> None:
    learned = persona() + [
        talk(f"{opener}which colour do you like for a hat", "Blue as ink, the hat.")
        for opener in ("", "tell me, ", "so ")
    ]
    fact = fact_of("say which colour do you like for a coat", "Green as the storm.", learned)
    assert fact is not None
    assert fact.is_answered_by("A green one like the storm.")
    assert not fact.is_answered_by("Red.")


def test_an_answer_to_a_merely_similar_question_does_not_count() -> None:
    """The name of the cat and the name of the boat: all words but one are the same."""
    learned = persona() + [
        talk(f"{opener}what is the name of your boat", "Marigold, the boat.")
        for opener in ("", "tell me, ", "so ", "please say ")
    ]
    fact = fact_of("hello, what is the name of your cat?", "The cat is Admiral.", learned)
    assert fact is not None
    assert fact.is_answered_by("Admiral.")
    assert not fact.is_answered_by("Marigold, the boat.")


def test_what_nobody_could_know_is_not_asked() -> None:
    """A fact that stands in the held-out conversation alone."""
    assert fact_of("what is the password of the bank?", "It is Xanadu.") is None
    assert fact_of("I am feeling strange", "Then look out of the window.") is None


def test_a_question_whose_own_answer_would_be_wrong_is_not_asked() -> None:
    assert fact_of("well, what is the name of your cat?", "You see, my friend.") is None


@pytest.mark.parametrize("reference", ["", "   "])
def test_nothing_said_is_nothing_to_ask(reference: str) -> None:
    assert fact_of("what is the name of your cat?", reference) is None


def test_without_training_conversations_there_are_no_facts() -> None:
    assert Persona([]).fact(talk("what is the name of your cat?", "Admiral.")) is None


def test_a_language_without_spaces() -> None:
    learned = [
        talk(f"{opener}猫の名前は何ですか", f"猫の名前は提督です。{ending}")
        for opener, ending in (("", "よ"), ("ねえ、", "ね"), ("教えて、", "さ"), ("あの、", "はい"))
    ]
    learned += [
        talk(f"{thing}は好きですか", f"ええ、{thing}はとても良いと思います。")
        for thing in "海雨茶本歌魚花夜山川空風雪星月日火水木金土朝昼"
    ]
    fact = fact_of("すみません、猫の名前は何ですか", "提督です。", learned)
    assert fact is not None
    assert fact.is_answered_by("名前は提督だよ")
    assert not fact.is_answered_by("ええ、とても良いと思います。")


def test_another_alphabet_has_names_too() -> None:
    learned = [
        talk(f"{opener}как зовут твоего кота", f"{filler} его зовут Адмирал")
        for opener, filler in (("", "ну"), ("скажи, ", "да"), ("а ", "вот"), ("так ", "конечно"))
    ]
    learned += [
        talk(f"ты любишь {thing}", f"да, я люблю {thing} и чай")
        for thing in ("море", "дождь", "письма", "осень", "книги", "тишину")
    ]
    fact = fact_of("привет, как зовут твоего кота?", "Адмирал.", learned)
    assert fact is not None
    assert fact.is_answered_by("Это Адмирал!")
    assert not fact.is_answered_by("Его зовут Мурзик, да.")


def test_the_bots_own_answers_are_right_and_those_to_other_questions_wrong() -> None:
    """Every sixth conversation held out: the rule agrees with what the test made them of."""
    everything = persona()
    held_out, learned = everything[:36:6], [c for n, c in enumerate(everything) if n % 6]
    known = Persona(learned)
    facts = [fact for c in held_out if (fact := known.fact(c)) is not None]
    assert len(facts) == 6
    answers = [fact.reference for fact in facts]
    verdicts = [[fact.is_answered_by(answer) for answer in answers] for fact in facts]
    assert verdicts == [[row == column for column in range(6)] for row in range(6)]


def test_the_opening_keeps_what_was_said_before() -> None:
    system = Message("system", "You are Wick.")
    found = opening(Conversation((system, user("Who?"), assistant("Wick."), user("And?"))))
    assert found == ((system, user("Who?")), "Wick.")
    assert opening(Conversation((assistant("Hello!"), user("Hi"), assistant("Yes?")))) is None
    assert opening(Conversation((user("Hi"),))) is None


def test_words() -> None:
    assert words("Don't stop: sixty-four, ÇA_VA?") == [
        "don",
        "t",
        "stop",
        "sixty",
        "four",
        "ça",
        "va",
    ]
    assert words("猫の名") == ["猫の", "の名"]
    assert words("猫") == ["猫"]
    assert holds(words("It is Great Britain."), words("great britain"))
    assert not holds(words("Britain is great"), words("great britain"))
    assert not holds(words("anything"), [])
    assert alike("keeper", "keepers")
    assert not alike("rock", "rocketeer")
    assert not alike("cat", "cats")
    assert not alike("1990", "19901")
