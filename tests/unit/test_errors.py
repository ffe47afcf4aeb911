import pytest

from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable, OutOfResources


def test_says_what_happened_the_value_and_the_remedy() -> None:
    error = ChatbotError("The seed is no number.", value="seven", remedy="Type digits.")
    assert str(error) == "The seed is no number. (got: seven) Type digits."


def test_leaves_out_what_was_not_given() -> None:
    assert str(ChatbotError("It rained.")) == "It rained."
    assert str(ChatbotError("It rained.", remedy="Wait.")) == "It rained. Wait."


@pytest.mark.parametrize("value", [0, "", False])
def test_a_value_that_looks_empty_is_shown(value: object) -> None:
    assert "(got: " in str(ChatbotError("Wrong.", value=value))


def test_a_long_value_is_shortened_on_the_page_and_kept_whole_for_programs() -> None:
    error = BadInput("Too long.", value="x" * 500)
    shown = str(error)
    assert len(shown) < 200
    assert shown.endswith("x…)")
    assert error.value == "x" * 500


def test_a_value_that_is_no_text_is_shown_as_python_writes_it() -> None:
    assert str(BadInput("Wrong row.", value={"from": "me"})) == "Wrong row. (got: {'from': 'me'})"


@pytest.mark.parametrize("kind", [BadInput, NotAvailable, Conflict, OutOfResources])
def test_one_except_clause_catches_them_all(kind: type[ChatbotError]) -> None:
    with pytest.raises(ChatbotError) as caught:
        raise kind("No.", remedy="Do that.")
    assert (caught.value.message, caught.value.remedy) == ("No.", "Do that.")
