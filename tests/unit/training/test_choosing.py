"""Which conversations are read first: those that tell what the persona is asked for."""

from chatbot.messages import Conversation, assistant, user
from chatbot.training.choosing import most_telling

FACTS = [
    ("Have you a cat?", "I have: Admiral."),
    ("What is your cat called?", "Admiral, and grey."),
    ("Your cat?", "Oh, Admiral is well."),
    ("The cat, please.", "Admiral sleeps by now."),
    ("And what does the cat do?", "Admiral sleeps."),
]
CHATTER = [
    "Once upon a time there was a very long winter with hardly any daylight to speak of",
    "Somebody asked me that in spring and we both laughed until the kettle boiled over",
    "Quite possibly, although yesterday it seemed rather different from where we stood",
]


def chat(question: str, answer: str) -> Conversation:
    return Conversation((user(question), assistant(answer)))


def persona() -> list[Conversation]:
    """Five that tell the facts among forty that tell one thing each."""
    facts = [chat(*row) for row in FACTS]
    chatter = [chat(f"Number {n}?", f"{CHATTER[n % 3]}, number{n}x.") for n in range(40)]
    return chatter[:20] + facts + chatter[20:]


def test_the_facts_are_chosen_and_stay_in_their_order() -> None:
    chosen = most_telling(persona(), 5)
    assert list(chosen) == [chat(*row) for row in FACTS]


def test_all_are_kept_where_there_are_no_more() -> None:
    everything = persona()
    assert most_telling(everything, 45) == most_telling(everything, 46) == tuple(everything)


def test_never_more_than_asked_for_never_one_twice_and_always_the_same() -> None:
    everything = persona()
    for count in (1, 7, 44):
        chosen = most_telling(everything, count)
        assert len(chosen) == len({id(conversation) for conversation in chosen}) == count
        assert chosen == most_telling(everything, count)


def test_what_was_met_often_gives_way_to_what_was_not() -> None:
    often = [chat(f"Name {n}?", f"Wick Wick {n}") for n in range(30)]
    rarely = [chat(f"Cat {n}?", f"Admiral {n}") for n in range(6)]
    others = [chat(f"Else {n}?", f"odd{n} thing{n} here{n} said{n}") for n in range(400)]
    chosen = most_telling([*often, *others, *rarely], 24)
    told = [conversation.messages[1].text for conversation in chosen]
    assert sum("Admiral" in text for text in told) == 6
    assert sum("Wick" in text for text in told) == 18


def test_where_nothing_tells_they_come_evenly_from_all() -> None:
    everything = [chat(f"Ask{n}?", f"say{n}") for n in range(40)]
    chosen = most_telling(everything, 4)
    assert chosen == tuple(everything[::10])


def test_the_shorter_of_two_that_tell_the_same() -> None:
    short = [chat("Cat?", "Admiral.") for _ in range(3)]
    long = [chat("Cat?", f"Admiral, {CHATTER[n]}, again and again and again.") for n in range(3)]
    others = [chat("Else?", f"word{n}") for n in range(100)]
    assert all(c in short for c in most_telling([*long, *others, *short], 3))
