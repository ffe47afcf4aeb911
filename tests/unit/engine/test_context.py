"""What a model would read next is what it reads, and what no longer fits is counted."""

from pathlib import Path

import pytest

from chatbot.engine.context import NEXT, context
from chatbot.engine.generation import Engine
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.messages import Message, assistant, user

SHORT = SamplingParams(max_new_tokens=16, seed=1)


def test_it_is_the_prompt_of_the_next_answer(tiny_engine: Engine) -> None:
    said = [Message("system", "You are Wick."), user("Hello"), assistant("Ahoy.")]
    found = context(tiny_engine, said, SHORT)
    answer = tiny_engine.stream([*said, user(NEXT)], SHORT)
    assert found.tokens == len(answer.prompt.ids)
    assert (found.window, found.kept_free, found.left_out) == (256, 16, 0)
    for text in ("You are Wick.", "Hello", "Ahoy.", NEXT, "<|im_start|>"):
        assert text in found.prompt
    assert found.prompt.endswith("assistant\n")


def test_old_messages_that_no_longer_fit_are_counted(tiny_engine: Engine) -> None:
    said: list[Message] = []
    for number in range(12):
        said += [user(f"What about {number}?"), assistant("I had tea with rain and old radios.")]
    found = context(tiny_engine, said, SHORT)
    assert 0 < found.left_out < len(said)
    assert found.left_out % 2 == 0
    assert found.tokens + found.kept_free <= found.window
    assert "What about 11?" in found.prompt
    assert "What about 0?" not in found.prompt


def test_a_system_text_that_fills_the_window_is_told(tiny_engine: Engine, tiny_gpt2: Path) -> None:
    with pytest.raises(BadInput, match="too long"):
        context(tiny_engine, [Message("system", "tea and rain " * 300), user("Hello")], SHORT)
