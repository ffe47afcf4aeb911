"""Answers over real HTTP: how they come, and every way in which a server can fail."""

import threading

import pytest

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError, NotAvailable, OutOfResources
from chatbot.messages import Message, assistant, user
from chatbot.providers import Provider, ProviderAnswer, ProviderSettings, Spending
from tests.unit.provider_server import ANSWER, KEY, WORDS, ProviderServer, until
from tests.unit.providers.conftest import MakeProvider

PARAMS = SamplingParams(temperature=0.5, top_p=0.8, max_new_tokens=32, seed=7, stop=("END",))
QUESTION = [Message("system", "You are a keeper."), user("Hi"), assistant("Ahoy"), user("And you?")]


def ended(provider: Provider, params: SamplingParams = PARAMS) -> ProviderAnswer:
    answer = provider.stream(QUESTION, params)
    for _ in answer:
        pass
    return answer


def failure(provider: Provider) -> ChatbotError:
    with pytest.raises(ChatbotError) as caught:
        ended(provider)
    return caught.value


def test_an_answer_comes_in_pieces_with_its_receipt(
    provider_of: MakeProvider, server: ProviderServer
) -> None:
    answer = provider_of("kind").stream(QUESTION, PARAMS)
    assert answer.receipt is None
    assert answer.begun == ()
    assert [(chunk.text, chunk.tokens) for chunk in answer] == [(word, ()) for word in WORDS]
    assert answer.text == ANSWER
    made = answer.receipt
    assert made is not None
    assert (made.provider, made.host, made.model) == (
        f"kind at {server.host}",
        server.host,
        "kind",
    )
    assert (made.finish, made.prompt_tokens, made.new_tokens, made.tokens) == ("end", 11, 6, 17)
    assert made.sent == ("temperature", "top_p", "seed", "stop", "max_new_tokens")
    assert made.seed == 7
    assert made.seconds_to_first > 0


def test_what_is_sent_is_the_conversation_the_settings_and_nothing_about_us(
    provider_of: MakeProvider, server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: yes")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    ended(provider_of("kind"))
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == {
        "model": "kind",
        "messages": [
            {"role": "system", "content": "You are a keeper."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Ahoy"},
            {"role": "user", "content": "And you?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.8,
        "max_tokens": 32,
        "seed": 7,
        "stop": ["END"],
    }
    assert set(asked.headers) <= {
        *("host", "accept", "connection", "content-type", "content-length", "authorization"),
        "user-agent",
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_a_server_without_a_key_is_asked_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with ProviderServer("") as server:
        settings = ProviderSettings("own", server.address, "kind")
        with pytest.raises(BadInput, match="wants a key"):
            Provider(settings).ask(QUESTION, PARAMS)
        assert "authorization" not in server.asked[0].headers


def test_a_limit_is_told(provider_of: MakeProvider) -> None:
    made = ended(provider_of("short")).receipt
    assert made is not None
    assert made.finish == "length"


def test_settings_that_a_model_does_not_take_are_left_out(
    provider_of: MakeProvider, server: ProviderServer
) -> None:
    answer = ended(provider_of("picky"))
    assert answer.text == ANSWER
    assert answer.receipt is not None
    assert answer.receipt.sent == ("top_p", "seed", "stop", "max_new_tokens")
    assert server.asked[-1].body["max_completion_tokens"] == 32


@pytest.mark.parametrize(("temper", "tries"), [("busy-once", 2), ("broken-twice", 3)])
def test_a_busy_server_is_asked_again(
    provider_of: MakeProvider, server: ProviderServer, temper: str, tries: int
) -> None:
    assert ended(provider_of(temper)).text == ANSWER
    assert len(server.asked) == tries


@pytest.mark.parametrize(
    ("temper", "tries", "says"),
    [
        ("always-busy", 4, "too many requests"),
        ("long-wait", 1, "Come back tomorrow"),
        ("poor", 1, "no credit left"),
        ("down", 4, "trouble of its own (status 500)"),
        ("bad", 1, "The context is too long"),
        ("unheard-of", 1, "knows no model unheard-of"),
        ("elsewhere", 1, "sends on to another address"),
        ("forbidden", 1, "declined to answer"),
        ("filtered", 1, "declined to answer"),
        ("html", 1, "not as a server for chat completions"),
        ("whole", 1, "not as a server for chat completions"),
        ("gibberish", 1, "not as a server for chat completions"),
        ("nested", 1, "not as a server for chat completions"),
        ("zipped", 1, "not as a server for chat completions"),
        ("gigabyte", 1, "far more than was asked for"),
    ],
)
def test_a_failure_is_a_sentence(
    provider_of: MakeProvider, server: ProviderServer, temper: str, tries: int, says: str
) -> None:
    provider = provider_of(temper)
    problem = str(failure(provider))
    assert says in problem
    assert KEY not in problem
    assert len(problem) < 500
    assert len(server.asked) == tries
    until(lambda: provider.spending.reserve(1, 20_000) == 19_999)  # nothing was used


def test_a_wrong_key_is_a_sentence_without_the_key(provider_of: MakeProvider) -> None:
    problem = str(failure(provider_of("kind", key="sk-wrong-key-0000")))
    assert "does not accept the key" in problem
    assert "sk-wrong" not in problem


def test_nobody_there_is_a_sentence(provider_of: MakeProvider, server: ProviderServer) -> None:
    server.kill()
    assert "can't be reached" in str(failure(provider_of("kind")))


@pytest.mark.parametrize(
    ("temper", "finish", "kept", "says"),
    [
        ("torn", "cut off", "The sea ", "broke in the middle"),
        ("unfinished", "cut off", "The sea ", "without saying that its answer was complete"),
        ("failing-later", "cut off", "The sea ", "CUDA out of memory"),
        ("filtered-later", "refused", "The sea ", "did not want to go on"),
        ("refusing", "refused", "I can't help with that.", "did not want to go on"),
        ("endless", "cut off", "", "far more than was asked for"),
    ],
)
def test_what_came_before_a_break_is_kept_and_marked(
    provider_of: MakeProvider, temper: str, finish: str, kept: str, says: str
) -> None:
    provider = provider_of(temper)
    answer = ended(provider)
    made = answer.receipt
    assert made is not None
    assert made.finish == finish
    assert says in made.note
    assert KEY not in made.note
    assert answer.text == kept if kept else len(answer.text) == 2_000
    with pytest.raises(NotAvailable, match=r".*"):
        provider.ask(QUESTION, PARAMS)


def test_wrong_shapes_are_passed_over(provider_of: MakeProvider) -> None:
    answer = ended(provider_of("odd-shapes"))
    assert answer.text == "fine ?!"
    assert answer.receipt is not None
    assert answer.receipt.prompt_tokens is None
    assert answer.receipt.new_tokens is None


@pytest.mark.parametrize("temper", ["silent", "chatty-silence"])
def test_silence_has_an_end(
    provider_of: MakeProvider, monkeypatch: pytest.MonkeyPatch, temper: str
) -> None:
    monkeypatch.setattr("chatbot.providers.asking._SLACK", 0.1)
    problem = failure(provider_of(temper, timeout=0.3))
    assert isinstance(problem, OutOfResources)
    assert "too slow" in str(problem)


def test_silence_in_the_middle_keeps_what_came(
    provider_of: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.asking._SLACK", 0.1)
    answer = ended(provider_of("silent-later", timeout=1.0))
    assert answer.text == "The sea "
    assert answer.receipt is not None
    assert answer.receipt.finish == "cut off"


def test_a_server_that_does_not_hang_up_is_not_waited_for(
    provider_of: MakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.asking.AFTER_THE_END", 0.1)
    answer = ended(provider_of("open-end"))
    assert answer.text == ANSWER
    assert answer.receipt is not None
    assert answer.receipt.finish == "end"


def test_a_whole_answer_has_a_time_limit(provider_of: MakeProvider) -> None:
    with pytest.raises(OutOfResources, match="too slow"):
        provider_of("silent").ask(QUESTION, PARAMS, seconds=0.2)
    assert provider_of("kind").ask(QUESTION, PARAMS) == ANSWER
    assert provider_of("kind").test() == ANSWER


@pytest.mark.parametrize("how", ["stop", "event", "close"])
def test_a_stop_counts_at_once_and_what_came_stays(provider_of: MakeProvider, how: str) -> None:
    stop = threading.Event()
    answer = provider_of("waiting").stream(QUESTION, PARAMS, stop=stop)
    assert [next(answer).text, next(answer).text] == ["The ", "sea "]
    {"stop": answer.stop, "event": stop.set, "close": answer.close}[how]()
    assert list(answer) == []
    assert answer.text == "The sea "
    assert answer.receipt is not None
    assert answer.receipt.finish == "stopped"


def test_nothing_is_asked_without_a_question(provider_of: MakeProvider) -> None:
    for messages in ([], [user("  ")]):
        with pytest.raises(BadInput, match="nothing to answer"):
            provider_of("kind").stream(messages, PARAMS)


def test_the_spending_limit_holds_over_all_answers(
    provider_of: MakeProvider, server: ProviderServer
) -> None:
    spending = Spending(100)
    ended(provider_of("kind", spending))
    until(lambda: spending.used == 17)
    ended(provider_of("kind", spending))
    until(lambda: spending.used == 34)
    small = Spending(60)
    ended(provider_of("kind", small))
    assert server.asked[-1].body["max_tokens"] < 32  # what the limit leaves
    until(lambda: small.used == 17)
    problem = failure(provider_of("kind", Spending(10)))
    assert "spending limit" in str(problem)
    assert len(server.asked) == 3


def test_what_was_cut_counts_as_estimated(provider_of: MakeProvider) -> None:
    spending = Spending(10_000)
    ended(provider_of("unfinished", spending))
    until(lambda: 10 < spending.used < 100)
