"""A bigger model elsewhere: off, until a person has named it and agreed to what is sent to whom."""

import time

import streamlit as st

from chatbot.errors import BadInput, ChatbotError
from chatbot.providers import KINDS, Kind, Provider, ProviderSettings
from chatbot.providers.settings import LONGEST_NAME, is_near
from chatbot.providers.spending import DEFAULT_MOST
from pages.ui import errors, presses, provider_state
from pages.ui.errors import plain
from pages.ui.provider_state import Key

_EXAMPLES: dict[Kind, str] = {
    "openai": "gpt-4o-mini",
    "gemini": "gemini-2.5-flash",
    "own": "as the server calls it",
}


def section() -> None:
    """The box in the sidebar of the chat."""
    now = provider_state.current()
    # One label for both states: a box with another label is another box, and closed.
    with st.expander(
        "A bigger model", icon=":material/cloud:", key=Key.BOX, on_change="rerun"
    ) as box:
        if box.open:
            with errors.shown():
                if now is None:
                    _form()
                else:
                    _is_on(now)
    st.caption("Off: nothing leaves this machine." if now is None else plain(f"On: {now.name}"))


def _form() -> None:
    st.caption(
        "A larger model can help out where yours is too small: *Ask the bigger model* under an "
        "answer, jokes and poems, comparing, drafts. It runs on somebody else's computer or on "
        "another one of yours."
    )
    kind = st.radio(
        "Provider",
        list(KINDS),
        key=Key.KIND,
        format_func=lambda each: KINDS[each],
        persist_state="session",
    )
    address = ""
    if kind == "own":
        address = st.text_input(
            "Address",
            key=Key.ADDRESS,
            placeholder="http://localhost:8080/v1",
            persist_state="session",
            help="Where the server speaks OpenAI's protocol; it mostly ends with /v1.",
        )
    model = st.text_input(
        "Name of the model",
        key=Key.MODEL,
        max_chars=LONGEST_NAME,
        placeholder=f"such as {_EXAMPLES[kind]}" if kind != "own" else _EXAMPLES[kind],
        persist_state="session",
    )
    known = provider_state.known_key(kind)
    typed = st.text_input(
        "Key (API key)",
        key=Key.TYPED,
        type="password",
        autocomplete="off",
        placeholder="known from this machine's set-up" if known else "",
        help="For this session only: it is not saved, and goes to this provider alone. "
        "It can also be set before the start, in the environment or in .streamlit/secrets.toml.",
    )
    most = st.number_input(
        "At most so many tokens in this session",
        min_value=100,
        max_value=10_000_000,
        value=DEFAULT_MOST,
        step=5_000,
        key=Key.MOST,
        persist_state="session",
        help="The spending limit: read and written tokens together. A word is about 1.3 tokens.",
    )
    unencrypted = _unencrypted(address) if kind == "own" else False
    missing = _missing(kind, address, model, bool(typed or known))
    if missing:
        st.caption(f"Still missing: {missing}.")
        return
    try:
        settings = ProviderSettings(
            kind, address, model, typed or known,
            most_tokens_per_session=int(most), unencrypted=unencrypted,
        )  # fmt: skip
    except BadInput as error:
        errors.say(error)
        return
    _consent(settings)


def _consent(settings: ProviderSettings) -> None:
    """What is sent to whom, before anything is."""
    with st.container(border=True, key="provider-consent", gap="xsmall"):
        st.markdown(f"**What is sent to {plain(settings.host)}**")
        st.caption(what_is_sent(settings))
        agreed = st.checkbox(
            f"I agree that this goes to {plain(settings.host)}",
            key=provider_state.agreed_key(settings),
        )
        st.button(
            "Switch on",
            key=Key.ON,
            type="primary",
            disabled=not agreed,
            on_click=provider_state.switch_on,
            args=(settings,),
        )


def what_is_sent(settings: ProviderSettings) -> str:
    """In Markdown, for the model that is chosen."""
    where = "on your own network" if _near(settings) else "on the internet"
    key = "the key, " if settings.secret else ""
    return (
        f"To the model {plain(settings.model)} there, {where}, and to nobody else, each time you "
        f"ask it:\n\n"
        f"- {key}the settings temperature, top-p, length, seed and stop words\n"
        "- in the chat: the conversation up to your question, and the persona text\n"
        "- for a joke or a poem: what you asked for\n"
        "- in Compare: the prompt\n"
        "- for drafts, where you choose it: the topic or question, and up to 5 conversations of "
        "the persona\n\n"
        "Other chats, files and your name stay here. What happens with the rest is up to that "
        "provider's terms, and it may cost money."
    )


def _is_on(now: Provider) -> None:
    st.markdown(f"**{plain(now.settings.model)}**  \nat {plain(now.host)}")
    st.caption(
        f"Used in this session: {now.spending.used:,} of {now.spending.most:,} tokens. Each answer "
        "says who made it."
    )
    with st.container(horizontal=True):
        tested = presses.button(
            "Test",
            key=Key.TEST,
            icon=":material/network_check:",
            help="Sends “Say hello.” and nothing of yours.",
        )
        st.button(
            "Switch off",
            key=Key.OFF,
            icon=":material/cloud_off:",
            on_click=provider_state.switch_off,
            help="Nothing is sent any more, and the key is forgotten.",
        )
    if tested:
        _test(now)
    with st.expander("What is sent", type="compact"):
        st.caption(what_is_sent(now.settings))


def _test(now: Provider) -> None:
    began = time.monotonic()
    with st.spinner("Asking…"):
        try:
            said = now.test()
        except ChatbotError as error:
            errors.say(error)
            return
    took = time.monotonic() - began
    words = f": “{said.strip()[:80]}”" if said.strip() else ", without a word"
    st.success(plain(f"It answered after {took:.1f} s{words}"), icon=":material/check:")


def _unencrypted(address: str) -> bool:
    rest = address.strip().removeprefix("http://")
    if rest == address.strip() or not rest:
        return False
    host = rest.partition("/")[0].rpartition(":")[0] or rest.partition("/")[0]
    if is_near(host.strip("[]")):
        return False
    return st.checkbox("Send it unencrypted: anybody on the way can read it", key=Key.UNENCRYPTED)


def _missing(kind: Kind, address: str, model: str, key: bool) -> str:
    found = []
    if kind == "own" and not address.strip():
        found.append("an address")
    if not model.strip():
        found.append("the name of a model")
    if kind != "own" and not key:
        found.append("a key")
    return ", ".join(found)


def _near(settings: ProviderSettings) -> bool:
    return is_near(settings.hostname)
