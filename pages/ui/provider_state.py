"""What a tab knows of a bigger model elsewhere: the form's fields, and the one that is switched on.

All of it, a typed key above all, is this session's own and is gone with it.
"""

from collections.abc import Mapping
from enum import StrEnum

import streamlit as st

from chatbot.providers import Key as ProviderKey
from chatbot.providers import Kind, Provider, ProviderSettings, Spending, key_from_environment
from chatbot.providers.keys import NAMES


class Key(StrEnum):
    """Keys of widgets."""

    BOX = "provider"
    KIND = "provider_kind"
    ADDRESS = "provider_address"
    MODEL = "provider_model"
    TYPED = "provider_typed"
    MOST = "provider_most"
    UNENCRYPTED = "provider_unencrypted"
    AGREED = "provider_agreed_"
    ON = "provider_on"
    OFF = "provider_off"
    TEST = "provider_test"
    DRAFTS = "provider_drafts"


class _Own(StrEnum):
    PROVIDER = "own_provider"
    SPENDING = "own_provider_spending"


def current() -> Provider | None:
    """The bigger model that is switched on; None: nothing leaves this machine."""
    found: Provider | None = st.session_state.get(_Own.PROVIDER)
    return found


def switch_on(settings: ProviderSettings) -> None:
    """From now on; what the session has spent stays spent, whichever provider it was."""
    spending: Spending = st.session_state.setdefault(
        _Own.SPENDING, Spending(settings.most_tokens_per_session)
    )
    spending.most = settings.most_tokens_per_session
    st.session_state[_Own.PROVIDER] = Provider(settings, spending)
    st.session_state.pop(Key.TYPED, None)


def switch_off() -> None:
    st.session_state.pop(_Own.PROVIDER, None)


def kind() -> Kind:
    chosen: Kind = st.session_state.get(Key.KIND) or "openai"
    return chosen


def known_key(kind: Kind) -> ProviderKey:
    """The key from the environment or from `.streamlit/secrets.toml`; an empty one without.

    Raises:
        BadInput: what stands there is no key.
    """
    return key_from_environment(kind, _secrets())


def agreed_key(settings: ProviderSettings) -> str:
    """The key of the agreement to send to just this host and model."""
    return f"{Key.AGREED}{settings.name}"


def drafts_elsewhere() -> Provider | None:
    """The bigger model, where it shall write the drafts of the dataset page."""
    return current() if st.session_state.get(Key.DRAFTS) else None


def _secrets() -> Mapping[str, object]:
    if not st.secrets.load_if_toml_exists():
        return {}
    return {name: st.secrets[name] for name in NAMES.values() if name in st.secrets}
