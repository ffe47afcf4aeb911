"""Facts read off a conversation."""

from chatbot.memory.ledger import MOST_FACTS, Ledger


def lines(*questions: str) -> list[str]:
    return [known.fact.line for known in Ledger.of(questions).facts]


def test_told_kept_in_order_with_the_question_that_told_it() -> None:
    ledger = Ledger.of(["Hi!", "my name is Anna", "remember that I have a dog"])
    assert [(known.fact.line, known.told) for known in ledger.facts] == [
        ("My name is Anna", 2),
        ("I have a dog", 3),
    ]


def test_another_name_takes_the_place_of_the_first() -> None:
    assert lines("my name is Anna", "remember that I like tea", "my name is Eva") == [
        "I like tea",
        "My name is Eva",
    ]


def test_that_is_what_was_told_last() -> None:
    told = ["my name is Anna", "remember that I have a dog", "forget that"]
    assert lines(*told) == ["My name is Anna"]
    assert lines(*told, "forget that") == []
    assert lines("forget that") == []


def test_forgetting_by_kind_by_words_and_altogether() -> None:
    told = ["my name is Anna and I live in Rome", "remember that my dog is called Rex"]
    assert lines(*told, "forget my name") == ["I live in Rome", "my dog is called Rex"]
    assert lines(*told, "forget about my dog") == ["My name is Anna", "I live in Rome"]
    assert lines(*told, "forget about my canary") == [*lines(*told)]
    assert lines(*told, "forget everything") == []
    assert lines(*told, "forget everything", "my name is Eva") == ["My name is Eva"]


def test_a_fact_told_again_is_one_fact_under_another_name() -> None:
    first = Ledger.of(["remember that I like tea"]).facts
    again = Ledger.of(["remember that I like tea", "Hm", "Remember that I like TEA"]).facts
    assert [known.fact.line for known in again] == ["I like TEA"]
    assert again[0].key != first[0].key


def test_a_key_does_not_depend_on_what_else_is_told() -> None:
    (alone,) = Ledger.of(["remember that I like tea"]).facts
    among = Ledger.of(["Hi", "my name is Anna", "remember that I like tea"]).facts
    assert alone.key in {known.key for known in among}


def test_ten_thousand_facts_are_refused_from_some_number_on() -> None:
    ledger = Ledger.of(f"remember that number {n} is mine" for n in range(10_000))
    assert len(ledger.facts) == MOST_FACTS
    outcome = ledger.take("remember that this is too much", 10_001)
    assert outcome is not None
    assert (outcome.added, outcome.refused) == ((), 1)
    assert ledger.take("forget that", 10_002)
    assert len(ledger.facts) == MOST_FACTS - 1


def test_what_was_forgotten_is_known_to_be_private() -> None:
    ledger = Ledger.of(["Hi", "my name is Anna, and yours?", "forget my name"])
    assert ledger.private == {2}
    assert Ledger.of(["Hi", "forget everything"]).since == 2
