"""Which provider: its address, its model, its key, and the limits that a person sets."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import urlsplit

from chatbot.errors import BadInput
from chatbot.providers.keys import Key
from chatbot.providers.spending import DEFAULT_MOST

Kind = Literal["openai", "gemini", "own"]
KINDS: Mapping[Kind, str] = {
    "openai": "OpenAI",
    "gemini": "Google Gemini",
    "own": "Another server (vLLM, Ollama, llama.cpp, LM Studio)",
}
ADDRESSES: Mapping[Kind, str] = {
    "openai": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
}
"""As the providers' documentation says. Fixed, so that a key can't be lured to another host."""
LONGEST_NAME = 200
SECONDS = 30.0
"""To wait for the first word, and from word to word: a large model on a busy server thinks."""


@dataclass(frozen=True)
class ProviderSettings:
    """A provider as a person has set it. Checks itself.

    Args:
        kind: whose server it is.
        address: of the protocol's root, such as `http://localhost:8080/v1`; "" for the usual one.
        model: the name under which the server knows it.
        key: goes to that host alone; "" where the server wants none.
        timeout: seconds to wait for the first word, and from word to word.
        most_tokens_per_session: the spending limit.
        unencrypted: a person has agreed to send to a public host without encryption.

    Raises:
        BadInput: one of them is not usable; says which.
    """

    kind: Kind
    address: str = ""
    model: str = ""
    key: Key | str = field(default="", repr=False)
    timeout: float = SECONDS
    most_tokens_per_session: int = DEFAULT_MOST
    unencrypted: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput("There is no such kind of provider.", value=self.kind)
        key = self.key if isinstance(self.key, Key) else Key(self.key)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "model", self.model.strip())
        if not self.model or len(self.model) > LONGEST_NAME or not self.model.isprintable():
            raise BadInput(
                "The provider's model has no usable name.",
                value=self.model,
                remedy="Write it as the provider lists it, such as gpt-4o-mini.",
            )
        object.__setattr__(self, "address", _address(self.kind, self.address, self.unencrypted))
        if self.kind != "own" and not key:
            raise BadInput(
                f"{KINDS[self.kind]} answers only with a key.",
                remedy="Type one, or set it in the environment before the start.",
            )
        if not 0 < self.timeout <= 600:
            raise BadInput("The time limit must be above 0, up to 600 s.", value=self.timeout)
        if self.most_tokens_per_session < 1:
            raise BadInput(
                "The spending limit must be at least 1 token.", value=self.most_tokens_per_session
            )

    @property
    def secret(self) -> Key:
        return cast("Key", self.key)

    @property
    def host(self) -> str:
        """With the port where it is not the usual one, as people know it."""
        return urlsplit(self.address).netloc

    @property
    def hostname(self) -> str:
        """Without the port."""
        return urlsplit(self.address).hostname or ""

    @property
    def name(self) -> str:
        return f"{self.model} at {self.host}"


def _address(kind: Kind, address: str, unencrypted: bool) -> str:
    address = address.strip().rstrip("/")
    usual = ADDRESSES.get(kind)
    if usual is not None:
        if address not in ("", usual):
            raise BadInput(
                f"{KINDS[kind]} has another address.",
                value=address,
                remedy=f"Leave the address empty, or choose {KINDS['own']}.",
            )
        return usual
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    usable = host and parts.scheme in ("http", "https") and address.isprintable()
    if not usable or port == 0 or any(mark in address for mark in " \\"):
        raise BadInput(
            "This is not the address of a server.",
            value=address if "@" not in address else None,
            remedy="It begins with https:// (or http:// for one on your own network), such as "
            "http://localhost:8080/v1.",
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadInput(  # without its value: what stands there may be a key
            "The address has more in it than a host, a port and a path.",
            remedy="Leave out everything from ? or # on, and names before @. A key has its own "
            "field.",
        )
    if parts.scheme == "http" and not unencrypted and not is_near(str(host)):
        raise BadInput(
            "This address is not encrypted, and its host is not on your own network: anybody on "
            "the way could read what is sent.",
            value=address,
            remedy="Use https://, or agree to send it unencrypted.",
        )
    return address


def is_near(host: str) -> bool:
    """Whether a host is this machine or on the own network, by its name alone."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return "." not in name or name.endswith((".localhost", ".local"))
    return number.is_loopback or (number.is_private and not number.is_unspecified)
