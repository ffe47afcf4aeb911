"""What a client may ask, and the sentence for what it may not."""

from typing import Any

import pytest

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.messages import assistant, user
from chatbot.serving.limits import Places, Rate
from chatbot.serving.wire import Asked, read

DEFAULTS = SamplingParams(temperature=0.5)
HELLO = [{"role": "user", "content": "Hello"}]


def asked(**body: Any) -> Asked:
    return read({"messages": HELLO, **body}, DEFAULTS)


def test_the_least_that_a_client_sends() -> None:
    found = asked()
    assert (found.model, found.bare, found.stream, found.usage) == ("", False, False, False)
    assert (found.question, found.before, found.persona) == ("Hello", (), "")
    assert found.params == DEFAULTS


def test_a_conversation_with_parts_and_system_texts() -> None:
    found = asked(
        model="tiny:bare",
        messages=[
            {"role": "developer", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": "Hello."},
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": part} for part in ("a", "b")]},
        ],
    )
    assert (found.model, found.bare) == ("tiny", True)
    assert found.persona == "Be short.\n\nBe kind."
    assert found.before == (user("Hi"), assistant("Hello."))
    assert found.question == "a\nb"


def test_settings_under_the_protocols_names() -> None:
    found = asked(temperature=0, top_p=0.5, max_tokens=7.0, seed=3, stop="END", top_k=4)
    assert found.params == SamplingParams(
        temperature=0, top_p=0.5, max_new_tokens=7, seed=3, stop=("END",), top_k=4
    )
    assert asked(max_completion_tokens=9, stop=None, seed=None).params.max_new_tokens == 9
    assert asked(stop=["a", "b"]).params.stop == ("a", "b")


def test_what_other_front_ends_send_along_is_no_trouble() -> None:
    found = asked(
        stream=True,
        stream_options={"include_usage": True},
        tools=[],
        user="somebody",
        metadata={"chat_id": "1"},
        session_id="x",
        n=1,
        frequency_penalty=0,
        response_format={"type": "text"},
    )
    assert (found.stream, found.usage) == (True, True)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"messages": []}, "no messages"),
        ({"messages": "Hello"}, "no messages"),
        ({"messages": ["Hello"]}, "Message 0 is not by"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "Message 0 is not by"),
        ({"messages": [{"role": "user", "content": None}]}, "has no text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "is no text"),
        ({"messages": [*HELLO, {"role": "assistant", "content": "x"}]}, "nothing to answer"),
        ({"messages": HELLO * 2001}, "too many messages"),
        ({"n": 2}, "One answer"),
        ({"tools": [{"type": "function"}]}, "Tools can't"),
        ({"logprobs": True}, "Log probabilities"),
        ({"presence_penalty": 0.5}, "presence penalty"),
        ({"response_format": {"type": "json_object"}}, "form can't be forced"),
        ({"temperature": 9}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_new_tokens"),
        ({"seed": -1}, "seed"),
        ({"stop": 7}, "stop is a text"),
        ({"stop": ["a"] * 9}, "stop"),
        ({"model": 7}, "model is a text"),
    ],
)
def test_what_can_not_be_answered(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        asked(**body)


@pytest.mark.parametrize("body", [None, [], "x", 7])
def test_no_object_at_all(body: object) -> None:
    with pytest.raises(BadInput, match="no JSON object"):
        read(body, DEFAULTS)


def test_a_client_that_asks_too_often_is_told_how_long_to_wait() -> None:
    now = 0.0
    rate = Rate(60, lambda: now)
    assert [rate.wait("a") for _ in range(60)] == [0.0] * 60
    assert rate.wait("a") == pytest.approx(1.0)
    assert rate.wait("b") == 0.0
    now = 1.5
    assert rate.wait("a") == 0.0
    assert rate.wait("a") == pytest.approx(0.5)


def test_places_are_taken_and_given_back() -> None:
    places = Places(1)
    assert places.take()
    assert not places.take()
    places.give_back()
    assert places.take()
