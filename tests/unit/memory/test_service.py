"""The memory in a conversation: what it answers, keeps, changes by hand, and for whom."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.engine.sampling import SamplingParams
from chatbot.errors import BadInput
from chatbot.memory import MOST_FACTS, Memory, MemoryService, Notes
from chatbot.messages import Message, assistant, user
from chatbot.services import Situation
from chatbot.transcripts import Transcript, TranscriptStore

CHAT, OTHER = "a" * 32, "b" * 32
ANNA, EVE = "1" * 32, "2" * 32
"""Fingerprints of two browsers."""
Talk = Callable[..., str]


@pytest.fixture
def service(tmp_path: Path) -> MemoryService:
    return MemoryService(Memory(Notes(tmp_path)))


class Conversation:
    """Says things to the service; what it leaves to the model is answered with a dash."""

    def __init__(self, service: MemoryService, chat: str = CHAT, owner: str = ANNA) -> None:
        self.service, self.chat, self.owner = service, chat, owner
        self.messages: list[Message] = []

    def say(self, text: str) -> str:
        def nobody(*args: object, **kwargs: object) -> None:
            raise AssertionError("no model is asked")

        situation = Situation(
            text,
            tuple(self.messages),
            (None,) * (len(self.messages) // 2),
            SamplingParams(),
            write=nobody,  # type: ignore[arg-type]
            conversation=self.chat,
            owner=self.owner,
        )
        answer = self.service.answer(situation)
        said = "".join(piece.text for piece in answer) if answer is not None else "-"
        self.messages += [user(text), assistant(said)]
        self.service.keep_up(self.chat, self.owner, self.messages)
        return said

    def known(self) -> list[str]:
        view = self.service.memory.look(self.chat, self.owner, self.messages)
        return [known.fact.line for known in view.facts]

    def memory(self) -> Memory:
        return self.service.memory

    def keep(self, on: bool = True) -> None:
        self.service.memory.keep(self.chat, self.owner, self.messages, on)


def test_it_takes_tells_and_forgets(service: MemoryService) -> None:
    talk = Conversation(service)
    assert talk.say("What do you know about me?").startswith("Nothing yet.")
    assert talk.say("What's my name?") == "-"
    assert talk.say("Hi, my name is Anna!").startswith("Nice to meet you, Anna.")
    assert talk.say("remember that my dog is called Rex") == "I'll remember: my dog is called Rex"
    assert talk.say("I live in Rome. What should I see there?") == "-"
    assert talk.say("What's my name?") == "Your name is Anna."
    assert talk.say("What do you know about me?") == (
        "Your name is Anna.\nYou told me: my dog is called Rex\nYou live in Rome."
    )
    assert talk.say("Forget that.") == "I have forgotten “I live in Rome”."
    assert "“My name is Anna”" in talk.say("forget my name")
    assert talk.say("forget about my canary") == "There is nothing like that in my memory."
    assert talk.known() == ["my dog is called Rex"]
    assert talk.say("forget everything") == "I have forgotten everything you told me."
    assert talk.known() == []


def test_too_much_is_refused_in_a_sentence(service: MemoryService) -> None:
    talk = Conversation(service)
    assert "1,000,000 characters" in talk.say("remember that " + "x" * 1_000_000)
    for number in range(MOST_FACTS):
        talk.messages += [user(f"remember that {number} is mine"), assistant("-")]
    assert "no room" in talk.say("remember that there is one more")
    assert "The last 30 of 100 things" in talk.say("What do you know about me?")


def test_by_hand(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.say("My name is Anna and I live in Rome.")
    memory = talk.memory()
    name, home = memory.look(CHAT, ANNA, talk.messages).own
    memory.add(CHAT, " I have\n a dog ", talk.messages)
    memory.change(CHAT, ANNA, name, "My name is Ann")
    memory.forget(CHAT, ANNA, [home])
    assert talk.known() == ["My name is Ann", "I have a dog"]
    with pytest.raises(BadInput, match="nothing"):
        memory.add(CHAT, " \n", talk.messages)
    with pytest.raises(BadInput, match="too long"):
        memory.add(CHAT, "x" * 301, talk.messages)
    # What was erased is not recalled in the words it was told in.
    assert memory.look(CHAT, ANNA, talk.messages).remembered.private == {1}
    talk.say("I live in Rome.")  # said once more, it is known again
    assert "I live in Rome" in talk.known()
    talk.say("forget everything")
    assert talk.known() == []
    assert not (memory.notes.folder / f"{CHAT}.json").is_file() or talk.known() == []


def test_of_two_names_the_later_one_counts(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.say("My name is Anna")
    talk.memory().add(CHAT, "My name is Ann", talk.messages)
    assert talk.known() == ["My name is Ann"]
    talk.say("My name is Eva")
    assert talk.known() == ["My name is Eva"]


def test_erasing_all_can_be_undone(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    talk.memory().add(CHAT, "I have a dog", talk.messages)
    before = talk.memory().forget_all(CHAT, ANNA, talk.messages)
    assert talk.known() == []
    assert Conversation(service, OTHER).known() == []
    talk.memory().bring_back(CHAT, ANNA, before)
    assert talk.known() == ["My name is Anna", "I have a dog"]
    assert Conversation(service, OTHER).known() == ["My name is Anna"]


def test_an_undone_turn_takes_its_fact_along(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    talk.say("remember that I like tea")
    del talk.messages[-2:]
    assert talk.known() == ["My name is Anna"]
    talk.say("Hello")
    assert Conversation(service, OTHER).known() == ["My name is Anna"]


def test_nothing_is_kept_for_the_next_chat_unless_asked(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.say("My name is Anna")
    following = Conversation(service, OTHER)
    assert following.known() == []
    talk.keep()
    assert following.known() == ["My name is Anna"]
    assert "next chats" in talk.say("remember that I like tea")
    assert following.say("What do you know about me?").splitlines() == [
        "Your name is Anna.",
        "You told me: I like tea",
    ]
    talk.keep(on=False)
    assert following.known() == []


def test_never_across_browsers(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    assert Conversation(service, OTHER, EVE).known() == []
    assert Conversation(service, OTHER, "").known() == []
    with pytest.raises(BadInput, match="no cookies"):
        Conversation(service, OTHER, "").keep()


def test_forgetting_reaches_what_was_kept_and_it_stays_forgotten(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    talk.say("remember that I like tea")
    following = Conversation(service, OTHER)
    following.say("My name is Eva")
    assert following.known() == ["I like tea", "My name is Eva"]
    following.say("forget my name")
    assert following.known() == ["I like tea"]  # and not Anna
    talk.say("Hello")  # its words still tell the name: here it is known, but no more elsewhere
    assert talk.known() == ["My name is Anna", "I like tea"]
    assert Conversation(service, "c" * 32).known() == ["I like tea"]
    following.say("forget everything")
    assert Conversation(service, "c" * 32).known() == []


def test_a_damaged_file_is_told_of_and_the_chat_goes_on(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    folder = talk.memory().notes.folder
    for name in (f"{CHAT}.json", f"owner-{ANNA}.json"):
        for damage in ("{", '{"added": 3}', "[]", '{"on": true, "facts": [{"key": 1}]}', "\x00"):
            (folder / name).write_text(damage)
            view = talk.memory().look(CHAT, ANNA, talk.messages)
            assert [known.fact.line for known in view.own] == ["My name is Anna"]
            assert name in view.problem
        (folder / name).unlink()
    (folder / f"{CHAT}.json").write_text("{")
    assert "Your name is Anna." in talk.say("What do you know about me?")
    talk.memory().add(CHAT, "I have a dog", talk.messages)
    assert talk.known() == ["My name is Anna", "I have a dog"]
    assert (folder / f"{CHAT}.damaged").read_text() == "{"


def test_two_tabs_lose_nothing(service: MemoryService, tmp_path: Path) -> None:
    other_tab = Memory(Notes(tmp_path))
    talk = Conversation(service)
    for number in range(5):
        talk.memory().add(CHAT, f"left {number}", talk.messages)
        other_tab.add(CHAT, f"right {number}", talk.messages)
    assert len(talk.known()) == 10
    left = service.memory.look(CHAT, ANNA, talk.messages).own[0]
    talk.memory().forget(CHAT, ANNA, [left])
    other_tab.forget(CHAT, ANNA, [left])  # the other tab still showed it
    assert len(talk.known()) == 9


def test_the_file_goes_with_its_chat(home: Path) -> None:
    service = MemoryService()
    Conversation(service).memory().add(CHAT, "I have a dog", [])
    store = TranscriptStore()
    store.save(Transcript(CHAT))
    (path,) = (home / "data" / ".memory").iterdir()
    assert json.loads(path.read_text())["added"][0]["text"] == "I have a dog"
    store.delete(CHAT)
    assert not path.exists()


def test_what_was_erased_is_not_on_disk_any_more(service: MemoryService) -> None:
    talk = Conversation(service)
    talk.keep()
    talk.say("My name is Anna")
    memory = talk.memory()
    memory.add(CHAT, "I like tea", talk.messages)
    memory.change(CHAT, ANNA, memory.look(CHAT, ANNA, talk.messages).own[0], "My name is Anneke")
    talk.say("Hello")
    assert "Anneke" in (memory.notes.folder / f"owner-{ANNA}.json").read_text()
    memory.forget_all(CHAT, ANNA, talk.messages)
    left = "".join(path.read_text() for path in memory.notes.folder.iterdir()).casefold()
    assert left
    assert "ann" not in left
    assert "tea" not in left
