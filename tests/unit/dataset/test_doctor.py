"""The doctor names what is wrong, where, and what to do."""

import pytest

from chatbot.dataset.doctor import FEWEST, check
from chatbot.messages import Conversation, Message, assistant, user

FILLERS = [Conversation((user(f"Q{n}"), assistant(f"A{n}"))) for n in range(FEWEST)]


def found(*messages: Message) -> list[tuple[str, str]]:
    """Severity and sentence for one conversation among good ones."""
    findings = check([*FILLERS, Conversation(messages)])
    assert all(f.row == FEWEST + 1 and f.remedy for f in findings)
    return [(f.severity, f.message) for f in findings]


def test_good_conversations_have_no_findings():
    assert check(FILLERS) == []
    assert found(Message("system", "Be kind."), user("Hi"), assistant("Hello")) == []


@pytest.mark.parametrize("blank", ["", " \n\t", "\u00a0"])
def test_empty_turns_are_errors(blank):
    assert found(user("Hi"), assistant(blank)) == [("error", "Turn 2 (the bot) is empty.")]


@pytest.mark.parametrize(
    ("messages", "severity", "said"),
    [
        ((), "error", "It has no turns."),
        ((user("a"), user("b"), assistant("c")), "error", "Turn 2 is the user speaking twice"),
        ((assistant("a"), user("b"), assistant("c")), "error", "begins with the bot"),
        ((user("a"), Message("system", "b"), assistant("c")), "error", "Turn 2 is a system text"),
        ((user("a"),), "error", "The bot says nothing"),
        ((user("a"), assistant("b"), user("c")), "warning", "ends with the user"),
    ],
)
def test_order_and_ending(messages, severity, said):
    ((actual, message),) = found(*messages)
    assert (actual, said in message) == (severity, True)


def test_exact_duplicates_point_at_the_first_one():
    (finding,) = check([*FILLERS, FILLERS[3]])
    assert (finding.severity, finding.row) == ("warning", FEWEST + 1)
    assert "conversation 4" in finding.message


def test_too_few_and_none_speak_of_the_whole_set():
    (few,) = check(FILLERS[:-1])
    (one,) = check(FILLERS[:1])
    (none,) = check([])
    assert (few.severity, few.row) == ("warning", None)
    assert f"{FEWEST - 1} conversations" in few.message
    assert one.message == "One conversation is very little."
    assert (none.severity, none.row) == ("error", None)


def test_rows_can_be_those_of_a_file():
    (finding,) = check([*FILLERS, Conversation(())], rows=[*range(1, FEWEST + 1), 99])
    assert finding.row == 99
