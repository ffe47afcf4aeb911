"""The doctor's round: the same as one look at all, after every edit, without looking twice."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.dataset import checkup as module
from chatbot.dataset.checkup import Checkup
from chatbot.dataset.doctor import check
from chatbot.dataset.findings import Finding
from chatbot.messages import Conversation, assistant, user

TALKS = (
    *(Conversation((user(f"Question {n}"), assistant(f"Answer {n}"))) for n in range(25)),
    Conversation((user("Hi"), assistant(""))),
    Conversation((user("Hi"), assistant("My name is Ada."))),
    Conversation((user("Ho"), assistant("My name is Bob."))),
    Conversation((user("Question 3!"), assistant("answer 3"))),
    Conversation((user("<b>Bold</b>"),)),
)


def all_of(checkup: Checkup, conversations: Sequence[Conversation], version: str) -> list[Finding]:
    checkup.request(tuple(conversations), version)
    report = checkup.wait(20)
    assert report.version == version
    assert report.conversations == len(conversations)
    return [*report.of_the_set, *(f for index in report.faulty for f in report.findings(index))]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(TALKS), max_size=30), min_size=1, max_size=4))
def test_after_every_edit_it_says_what_a_look_at_all_says(
    versions: list[list[Conversation]],
) -> None:
    checkup = Checkup()
    for number, conversations in enumerate(versions):
        assert all_of(checkup, conversations, str(number)) == check(conversations)


@pytest.mark.parametrize(
    "edited",
    [
        (*TALKS[:5], TALKS[26], *TALKS[6:]),
        (*TALKS[:5], *TALKS[6:]),
        (*TALKS[:5], TALKS[26], *TALKS[5:]),
        (*TALKS, TALKS[0]),
    ],
)
def test_only_what_changed_is_looked_at_again(
    edited: tuple[Conversation, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkup = Checkup()
    all_of(checkup, TALKS, "before")
    looked: list[Conversation] = []
    real = module.examine

    def examine(conversation: Conversation) -> module.Signs:
        looked.append(conversation)
        return real(conversation)

    monkeypatch.setattr(module, "examine", examine)
    assert all_of(checkup, edited, "after") == check(edited)
    assert len(looked) <= 1


def test_a_newer_version_takes_the_place_of_one_under_way() -> None:
    checkup = Checkup()
    many = tuple(Conversation((user(f"q{n}"), assistant(f"a{n} " * 30))) for n in range(3000))
    checkup.request(many, "long", wait=0)
    checkup.request(TALKS, "short", wait=0)
    assert checkup.wait(20).version == "short"
    state = checkup.state()
    assert (state.version, state.running, state.done) == ("short", False, len(TALKS))


def test_what_another_asks_for_is_told_as_well() -> None:
    odd = Finding("warning", None, "It speaks of tea.", "Take it out.", kind="tea")
    checkup = Checkup(lambda c: [odd] if "tea" in c.messages[-1].text else [])
    tea = Conversation((user("Drink?"), assistant("Some tea.")))
    assert odd.at(26) in all_of(checkup, (*TALKS[:25], tea), "1")


def test_the_report_counts_by_kind_and_by_mend() -> None:
    checkup = Checkup()
    checkup.request(TALKS, "1")
    report = checkup.wait(20)
    assert report.kinds == {
        "empty-turn": 1,
        "contradiction": 1,
        "near-copy": 1,
        "no-answer": 1,
        "markup": 1,
    }
    assert report.mends == {"empty": 1, "copy": 1, "markup": 1}
    assert report.of_kind("near-copy") == report.of_mend("copy") == [28]
    assert report.errors == 2
    assert report.health is not None


def test_an_empty_set_has_no_health() -> None:
    checkup = Checkup()
    state = checkup.request((), "none")
    report = checkup.wait(20)
    assert report.health is None
    assert [f.kind for f in report.of_the_set] == ["set"]
    assert not checkup.state().running
    assert state.total == 1
