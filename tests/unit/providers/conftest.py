"""A local server that misbehaves on request, and providers that ask it without long waits."""

from collections.abc import Callable, Iterator

import pytest

from chatbot.providers import Provider, ProviderSettings, Spending
from tests.unit.provider_server import KEY, ProviderServer

MakeProvider = Callable[..., Provider]


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as made:
        yield made


@pytest.fixture
def provider_of(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> MakeProvider:
    """Makes a provider whose model has a temper; retries come at once."""
    monkeypatch.setattr("chatbot.providers.asking.FIRST_WAIT", 0.001)

    def make(temper: str, spending: Spending | None = None, **settings: object) -> Provider:
        given = {"key": KEY, "timeout": 30.0, **settings}
        return Provider(ProviderSettings("own", server.address, temper, **given), spending)  # type: ignore[arg-type]

    return make
