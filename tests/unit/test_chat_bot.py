"""One conversation: what it remembers of complete, stopped, dropped and repeated answers."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.chat_bot import ChatBot
from chatbot.engine.generation import Engine
from chatbot.engine.loading import load
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, NotAvailable
from chatbot.messages import assistant, user

PARAMS = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=40, seed=5)


@pytest.fixture
def engine(tiny_gpt2: Path) -> Iterator[Engine]:
    engine = Engine(load(tiny_gpt2))
    yield engine
    engine.close()


@pytest.fixture
def bot(engine: Engine) -> ChatBot:
    return ChatBot(engine=engine, params=PARAMS)


def test_a_conversation(bot: ChatBot) -> None:
    first = bot.get_response("Hello!")
    second = bot.get_response("Who are you?")
    assert first
    assert bot.messages == [
        user("Hello!"),
        assistant(first),
        user("Who are you?"),
        assistant(second),
    ]
    assert bot.last_receipt is not None
    assert bot.last_receipt.seed == 5


def test_the_second_turn_finds_the_first_one_read(bot: ChatBot, engine: Engine) -> None:
    bot.get_response("Hello!")
    assert engine.wait_until_idle(20)
    bot.get_response("Who are you?")
    assert bot.last_receipt is not None
    assert bot.last_receipt.cached_tokens > 10


def test_a_question_is_recorded_at_once_and_the_answer_as_it_comes(bot: ChatBot) -> None:
    reply = bot.stream("Hello!")
    assert bot.messages == [user("Hello!")]
    shown = ""
    for chunk in reply:
        shown += chunk.text
        assert bot.messages == [user("Hello!"), assistant(shown)]
        assert reply.text == shown
    assert reply.receipt is bot.last_receipt is not None


def test_a_stopped_answer_keeps_what_was_shown(bot: ChatBot) -> None:
    reply = bot.stream("Hello!")
    shown = next(reply).text
    reply.stop()
    shown += "".join(chunk.text for chunk in reply)
    assert bot.messages[-1] == assistant(shown)
    assert reply.receipt is not None
    assert reply.receipt.finish == "stopped"


def test_a_dropped_answer_keeps_what_was_shown(bot: ChatBot, engine: Engine) -> None:
    for chunk in bot.stream("Hello!"):
        shown = chunk.text
        break
    bot._reply = None
    gc.collect()
    assert bot.messages == [user("Hello!"), assistant(shown)]
    assert engine.wait_until_idle(20)


def test_an_event_from_outside_stops(bot: ChatBot) -> None:
    stop = threading.Event()
    reply = bot.stream("Hello!", stop)
    next(reply)
    stop.set()
    for _ in reply:
        pass
    assert reply.receipt is not None
    assert reply.receipt.finish == "stopped"


def test_a_new_question_ends_the_answer_before(bot: ChatBot, engine: Engine) -> None:
    first = bot.stream("Hello!")
    shown = next(first).text
    second = bot.stream("Who are you?")
    answer = "".join(chunk.text for chunk in second)
    late = "".join(chunk.text for chunk in first)
    assert bot.messages[:3] == [user("Hello!"), assistant(shown), user("Who are you?")]
    assert bot.messages[3:] == [assistant(answer)]
    assert isinstance(late, str)


def test_regenerate_answers_the_last_question_again(bot: ChatBot) -> None:
    first = bot.get_response("Hello!")
    assert "".join(chunk.text for chunk in bot.regenerate()) == first  # the same seed
    bot.params = SamplingParams(temperature=1.5, top_k=0, top_p=1.0, max_new_tokens=40, seed=6)
    other = "".join(chunk.text for chunk in bot.regenerate())
    assert other != first
    assert bot.messages == [user("Hello!"), assistant(other)]


def test_regenerate_needs_a_question(bot: ChatBot) -> None:
    with pytest.raises(BadInput, match="no question"):
        bot.regenerate()


def test_a_refused_question_is_not_recorded(bot: ChatBot) -> None:
    bot.get_response("Hello!")
    before = list(bot.messages)
    with pytest.raises(BadInput, match="too long"):
        bot.stream("word " * 500)
    for empty in ("", "  \n"):
        with pytest.raises(BadInput, match="nothing to answer"):
            bot.stream(empty)
    assert bot.messages == before


def test_the_persona_is_told_first_and_not_recorded(engine: Engine) -> None:
    bot = ChatBot(engine=engine, params=PARAMS, persona="You keep a lighthouse.")
    reply = bot.stream("Hello!")
    prompt = engine.loaded.tokenizer.decode(reply._generation.prompt.ids)
    assert prompt.startswith(
        "<|im_start|>system\nYou keep a lighthouse.<|im_end|>\n<|im_start|>user"
    )
    reply.stop()
    assert [message.role for message in bot.messages][:1] == ["user"]


def test_reset_begins_anew(bot: ChatBot) -> None:
    reply = bot.stream("Hello!")
    next(reply)
    key = bot.conversation
    bot.reset()
    for _ in reply:
        pass
    assert bot.messages == []
    assert bot.conversation != key


def test_earlier_messages_can_be_given(engine: Engine) -> None:
    past = [user("Hello!"), assistant("Tea?")]
    bot = ChatBot(engine=engine, params=PARAMS, messages=past, conversation="mine")
    bot.get_response("Yes.")
    assert bot.messages[:3] == [*past, user("Yes.")]
    assert len(past) == 2
    assert engine.wait_until_idle(20)
    assert "mine" in engine._worker._readings


def test_it_loads_its_model_itself_and_lets_go(tiny_gpt2: Path) -> None:
    bot = ChatBot(tiny_gpt2, params=PARAMS)
    assert bot._engine is None
    assert bot.get_response("Hello!")
    engine = bot.engine
    bot.close()
    with pytest.raises(NotAvailable):
        _ = engine.loaded


def test_a_shared_engine_is_not_closed(bot: ChatBot, engine: Engine) -> None:
    bot.close()
    assert engine.loaded


def test_an_unknown_model_is_said_at_once(home: Path) -> None:
    with pytest.raises(NotAvailable, match="no such model"):
        ChatBot("nowhere/at-all")
