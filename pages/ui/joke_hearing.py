"""Hear a joke as the chat tells it."""

from dataclasses import dataclass, field

import streamlit as st

from chatbot.jokemanager import JokeManager

ASK = "Tell me a joke."


@dataclass
class Hearing:
    """Who tells, and what was said so far: by whom, and the words."""

    teller: JokeManager = field(default_factory=JokeManager)
    lines: list[tuple[str, str]] = field(default_factory=list)


def draw() -> None:
    """A joke line by line, at each press of a button."""
    lines = _hearing().lines
    with st.expander("Hear one", icon=":material/record_voice_over:", key="joke-try"):
        for who, line in lines:
            st.text(f"{who}: {line}")
        with st.container(horizontal=True):
            st.button("Tell me a joke", key="joke_tell", on_click=_say, args=(ASK,))
            if lines:
                waits = lines[-1][1]
                answer = "Who's there?" if waits == "Knock knock!" else "Why?"
                if len(lines) == 4 and lines[1][1] == "Knock knock!":
                    answer = f"{waits.rstrip('.')} who?"
                st.button(answer, key="joke_why", on_click=_say, args=(answer,))


def _hearing() -> Hearing:
    found: Hearing = st.session_state.setdefault("own_joke_hearing", Hearing())
    return found


def _say(line: str) -> None:
    hearing = _hearing()
    if line == ASK:
        hearing.lines = []
    heard = hearing.teller.respond(line)
    hearing.lines += [("You", line), ("Bot", heard or "(The joke is over.)")]
