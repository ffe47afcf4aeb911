"""The console's switch for a larger model elsewhere; its key comes from the environment alone."""

from typing import TYPE_CHECKING, cast

from chatbot.errors import BadInput
from chatbot.providers import KINDS, Kind, Provider, ProviderSettings, key_from_environment

if TYPE_CHECKING:
    from chatbot.console.session import Session

USAGE = "Such as: /provider openai gpt-4o-mini, or /provider http://localhost:8080/v1 my-model"


def switch(session: "Session", words: list[str]) -> list[str]:
    """Turn a provider on or off, or tell how it stands. Returns what to say.

    Raises:
        BadInput: the words are not understood, or the provider can't be used so.
    """
    if not words:
        return [f"{session.provider_name} may help with jokes and poems. /provider off ends that."
                if session.provider_name else f"No provider is on. {USAGE}"]  # fmt: skip
    if words == ["off"]:
        session.use_provider(None, "")
        return ["Nothing leaves this machine any more."]
    if len(words) != 2:
        raise BadInput("A provider has an address or a name, and a model.", remedy=USAGE)
    where, model = words
    kind = cast("Kind", where if where in KINDS else "own")
    settings = ProviderSettings(
        kind,
        address="" if kind != "own" else where,
        model=model,
        key=key_from_environment(kind),
    )
    session.use_provider(Provider(settings).stream, settings.name)
    return [
        f"{settings.name} may help with jokes and poems from now on.",
        f"When you ask for one, {settings.host} is sent that request and what it is about, and "
        "nothing else of the conversation. /provider off ends that.",
    ]
