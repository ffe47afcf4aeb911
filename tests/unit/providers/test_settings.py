"""Addresses, keys and limits: what is taken, what is refused, and that a key is shown nowhere."""

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, replace

import pytest

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, ChatbotError, OutOfResources
from chatbot.messages import user
from chatbot.providers import Key, Provider, ProviderSettings, Spending, key_from_environment
from tests.unit.provider_server import KEY, ProviderServer
from tests.unit.providers.conftest import MakeProvider


def own(address: str, **more: object) -> ProviderSettings:
    return ProviderSettings("own", address, "m", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://localhost:8080/v1", "localhost:8080"),
        ("http://127.0.0.1:11434/v1/", "127.0.0.1:11434"),
        ("http://192.168.1.20/v1", "192.168.1.20"),
        ("http://[::1]:9/v1", "[::1]:9"),
        ("http://gpu-box:8000/v1", "gpu-box:8000"),
        ("http://study.local/v1", "study.local"),
        (" https://models.example.org/v1 ", "models.example.org"),
    ],
)
def test_addresses_that_are_taken(address: str, host: str) -> None:
    assert own(address).host == host
    assert own(address).name == f"m at {host}"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "localhost:8080",
            "ftp://localhost/v1",
            "file:///etc/passwd",
            "http://",
            "https:///v1",
        ),
        *("http://local host/v1", "http://localhost:99999/v1", "http://[::1/v1", "javascript:1"),
        *("https://user:secret@example.org/v1", "https://example.org/v1?key=secret"),
        *("https://example.org/v1#secret", "http://example.org/v1", "http://8.8.8.8/v1"),
        *("http://0.0.0.0/v1", "https://example.org\\@localhost/v1", "https://exam\nple.org/v1"),
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        own(address)
    assert "secret" not in str(caught.value)


def test_a_public_host_without_encryption_needs_a_word() -> None:
    assert own("http://example.org/v1", unencrypted=True).host == "example.org"


def test_a_key_goes_to_its_own_provider_only() -> None:
    for kind, host in (
        ("openai", "api.openai.com"),
        ("gemini", "generativelanguage.googleapis.com"),
    ):
        made = ProviderSettings(kind, "", "m", KEY)  # type: ignore[arg-type]
        assert made.host == host
        with pytest.raises(BadInput, match="another address"):
            ProviderSettings(kind, "https://evil.example/v1", "m", KEY)  # type: ignore[arg-type]
        with pytest.raises(BadInput, match="only with a key"):
            ProviderSettings(kind, "", "m")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        *({"model": ""}, {"model": "x" * 201}, {"model": "a\nb"}, {"kind": "telepathy"}),
        *({"timeout": 0}, {"timeout": float("nan")}, {"most_tokens_per_session": 0}),
        *({"key": "two words"}, {"key": "schlüssel"}, {"key": "x" * 1001}, {"key": "a\r\nX: b"}),
    ],
)
def test_settings_that_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(own("http://localhost/v1"), **changes)  # type: ignore[arg-type]


def test_keys_from_the_environment_and_from_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "PROVIDER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert not key_from_environment("openai")
    secrets = {"OPENAI_API_KEY": "sk-file", "GEMINI_API_KEY": 5}
    assert key_from_environment("openai", secrets).reveal() == "sk-file"
    assert not key_from_environment("gemini", secrets)
    monkeypatch.setenv("OPENAI_API_KEY", " sk-env\n")
    assert key_from_environment("openai", secrets).reveal() == "sk-env"
    assert not key_from_environment("own", secrets)  # a server of one's own never gets it


def test_nothing_that_prints_or_copies_shows_a_key(
    provider_of: MakeProvider, server: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    """In words, in logs of every library at their most talkative, in errors and tracebacks."""
    caplog.set_level(logging.DEBUG)
    params = SamplingParams(max_new_tokens=4)
    shown = []
    for temper in ("kind", "down", "bad", "unknown", "torn", "failing-later", "gibberish"):
        for key in (KEY, "sk-wrong-" + KEY):
            provider = provider_of(temper, key=key)
            answer = provider.stream([user("Hi")], params)
            try:
                for _ in answer:
                    pass
            except ChatbotError as error:
                shown += traceback.format_exception(error)
                shown.append(str(error.__cause__) + str(error.__context__))
            if answer.receipt is not None:
                shown += [repr(answer.receipt), json.dumps(asdict(answer.receipt))]
            settings = provider.settings
            shown += [repr(provider), repr(settings), str(settings.key), f"{settings.key}"]
            shown += [repr(asdict(settings)), repr(vars(provider)), repr(copy.deepcopy(settings))]
            shown += [settings.name, settings.address]
    shown += [record.getMessage() + repr(record.__dict__) for record in caplog.records]
    assert len(caplog.records) > 10
    assert server.asked
    assert not [text for text in shown if KEY in text]


def test_a_key_is_not_written() -> None:
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(own("http://localhost/v1", key=KEY))
    with pytest.raises(TypeError):
        json.dumps(asdict(own("http://localhost/v1", key=KEY)))


def test_keys_compare_by_what_they_are() -> None:
    assert Key("a") == Key(" a ")
    assert Key("a") != Key("b")
    assert len({Key("a"), Key("a"), Key()}) == 2
    assert bool(Key("a"))
    assert not Key()
    assert own("http://localhost/v1", key="a") != own("http://localhost/v1", key="b")


def test_spending_counts_what_is_under_way() -> None:
    spending = Spending(100)
    assert spending.reserve(30, 200) == 70
    with pytest.raises(OutOfResources):
        spending.reserve(1, 1)
    spending.settle(100, 40)
    assert spending.used == 40
    assert spending.reserve(10, 20) == 20
    with pytest.raises(BadInput):
        Spending(0)


def test_a_provider_has_its_sessions_spending() -> None:
    spending = Spending(5)
    provider = Provider(own("http://localhost/v1"), spending)
    assert provider.spending is spending
    assert Provider(own("http://localhost/v1", most_tokens_per_session=7)).spending.most == 7
