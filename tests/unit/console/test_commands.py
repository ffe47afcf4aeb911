"""What begins with a slash: whole conversations typed at a pretended terminal, on a tiny model."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.console import commands
from chatbot.console.session import Session
from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput, Conflict, NotAvailable
from chatbot.messages import assistant, user
from chatbot.services import ServiceAnswer, Situation, said

PARAMS = SamplingParams(temperature=1.5, top_k=0, max_new_tokens=6, seed=3)


class Parrot:
    """Answers "say X" with X, and what is to be remembered with a nod."""

    name = "parrot"

    def answer(self, situation: Situation) -> ServiceAnswer | None:
        verb, _, rest = situation.text.partition(" ")
        if verb == "say":
            return said(self.name, rest, "a parrot", situation)
        if verb == "remember":
            return said(self.name, f"Noted: {rest}", "a parrot", situation)
        return None


@pytest.fixture
def session(home: Path, tiny_gpt2: Path) -> Iterator[Session]:
    session = Session(str(tiny_gpt2), PARAMS, services=[Parrot()])
    yield session
    session.close()


@pytest.fixture
def told(session: Session) -> Callable[[str], str]:
    """Carry out a line; what it says, or answers."""

    def tell(line: str) -> str:
        if not line.startswith("/"):
            return session.bot.get_response(line)
        outcome = commands.run(session, line)
        if outcome.reply is not None:
            return "".join(chunk.text for chunk in outcome.reply)
        return "\n".join(outcome.lines)

    return tell


Told = Callable[[str], str]


def test_help_names_every_command(told: Told) -> None:
    for name in commands.COMMANDS:
        assert f"/{name}" in told("/help")


def test_settings_are_shown_and_changed(told: Told, session: Session) -> None:
    assert "temperature 1.5" in told("/set")
    assert told("/set temperature 0.7") == "temperature is 0.7."
    assert told("/set max-new-tokens 9") == "max_new_tokens is 9."
    assert "drawn anew" in told("/set seed off")
    assert told("/set stop END,STOP") == "stop is 'END', 'STOP'."
    assert session.bot.params == SamplingParams(
        temperature=0.7, top_k=0, max_new_tokens=9, stop=("END", "STOP")
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/set temperature hot", "temperature is a number from 0 to 2"),
        ("/set temperature 9", "must be"),
        ("/set top-k 1.5", "whole number"),
        ("/set heat 1", "no such setting"),
        ("/set temperature", "value is missing"),
        ("/setting temperature 1", "Did you mean /set?"),
        ("/", "no such command"),
        ("/remember", "nothing to remember"),
        ("/save", "name of a file is missing"),
        ("/load nowhere.json", "can't be read"),
        ("/undo", "nothing to take back"),
        ("/regenerate", "no question"),
    ],
)
def test_what_can_not_be_done_is_a_sentence_and_changes_nothing(
    told: Told, session: Session, line: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        told(line)
    assert session.bot.params == PARAMS
    assert session.bot.messages == []


def test_undo_and_regenerate(told: Told, session: Session) -> None:
    told("say one")
    told("say two")
    told("/undo")
    assert session.bot.messages == [user("say one"), assistant("one")]
    assert told("/regenerate") == "one"
    assert session.bot.messages == [user("say one"), assistant("one")]
    told("/reset")
    assert session.bot.messages == []


def test_a_conversation_is_saved_and_goes_on_later(
    told: Told, session: Session, tmp_path: Path
) -> None:
    told("say tea, please")
    file = tmp_path / "my chat.json"
    assert "2 messages" in told(f'/save "{file}"')
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert saved[0]["conversations"][1] == {"from": "gpt", "value": "tea, please"}
    with pytest.raises(Conflict, match="already"):
        told(f"/save {file}")
    told("/reset")
    assert "2 messages" in told(f"/load {file}")
    assert session.bot.messages == [user("say tea, please"), assistant("tea, please")]
    assert told("say more") == "more"


def test_remember_goes_through_the_bot(told: Told) -> None:
    assert told("/remember I keep two cats") == "Noted: that I keep two cats"


def test_another_model_goes_on_with_the_conversation(
    told: Told, session: Session, tiny_llama: Path
) -> None:
    told("say hello")
    assert "stays" in told(f"/model {tiny_llama}")
    assert session.bot.entry.family == "llama"
    assert session.bot.messages == [user("say hello"), assistant("hello")]
    assert told("And now?")
    with pytest.raises(NotAvailable):
        told("/model nobody/nothing")
    assert told("say still here") == "still here"


def test_the_models_that_are_here_are_listed(told: Told, home: Path, tiny_gpt2: Path) -> None:
    (home / "models" / "mine").symlink_to(tiny_gpt2)
    assert "pocket-gpt2" in told("/model")
