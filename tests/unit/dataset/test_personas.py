"""Several personas: made, copied, renamed, deleted and brought back; nothing is ever erased."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot import paths
from chatbot.dataset import personas
from chatbot.dataset.importers import dump
from chatbot.dataset.personas import FIRST
from chatbot.dataset.store import ConversationStore
from chatbot.errors import BadInput, ChatbotError, NotAvailable, OutOfResources


@pytest.fixture(autouse=True)
def in_a_home(home: Path) -> Path:
    return home


def names() -> list[str]:
    return [persona.name for persona in personas.personas()]


def test_there_is_one_from_the_beginning_and_nothing_is_written_for_it(home):
    (only,) = personas.personas()

    assert only == personas.chosen()
    assert (only.key, only.path) == (FIRST, paths.dataset_path())
    assert not (home / "data" / "personas").exists()


def test_a_new_one_is_empty_chosen_and_has_a_store_of_its_own(talk):
    ada = personas.new("Ada")
    ConversationStore(ada.path).add(talk("Hi", "Ada here."))

    assert personas.chosen() == ada
    assert names() == ["My bot", "Ada"]
    assert len(ConversationStore(ada.path).snapshot().conversations) == 1
    assert not ConversationStore(paths.dataset_path()).snapshot().conversations


def test_a_copy_begins_with_the_same_conversations(dozen):
    copy = personas.new("Copy", dump(dozen))

    assert ConversationStore(copy.path).snapshot().conversations == dozen


def test_a_new_name_keeps_key_and_file():
    ada = personas.new("Ada")
    bea = personas.rename(ada.key, "  Bea   the 2nd ")

    assert bea.name == "Bea the 2nd"
    assert (bea.key, bea.path) == (ada.key, ada.path)
    personas.rename(FIRST, "Wick")
    assert names() == ["Wick", "Bea the 2nd"]
    assert personas.rename(bea.key, "bea the 2ND").name == "bea the 2ND"


@pytest.mark.parametrize("name", ["", "  ", "\x00\n", "…", "/", "x" * 61, "ADA", "my BOT"])
def test_a_name_that_can_t_be_is_said_and_changes_nothing(name):
    ada = personas.new("Ada")
    other = personas.new("Other")

    for attempt in (lambda: personas.new(name), lambda: personas.rename(other.key, name)):
        with pytest.raises(BadInput):
            attempt()
    assert names() == ["My bot", "Ada", "Other"]
    assert ada.path.exists()


@pytest.mark.parametrize("name", ["../../x", "con", "A.B/C\\D", "Ünï", "日本", "🙂1", "a\u202eb1"])
def test_any_name_is_a_safe_file(name, home):
    made = personas.new(name)

    assert made.path.parent == home / "data" / "personas"
    assert made.path.name.isascii()
    assert made.path.exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=70))
def test_whatever_is_typed_is_a_persona_or_is_refused(name, home):
    folder = home / "data" / "personas"
    before = set(folder.glob("*.json"))
    try:
        made = personas.new(name)
    except BadInput:
        assert set(folder.glob("*.json")) <= before | {folder / "personas.json"}
    else:
        assert made.path not in before
        assert personas.persona(made.key) == made


def test_a_deleted_one_comes_back_with_its_history(talk):
    ada = personas.new("Ada")
    ConversationStore(ada.path).add(talk("Hi", "Ada here."))
    gone = personas.delete(ada.key)

    assert names() == ["My bot"]
    assert personas.chosen().key == FIRST
    assert not ada.path.exists()
    assert [d.name for d in personas.deleted()] == ["Ada"]

    back = personas.restore(gone.key)
    assert back == ada == personas.chosen()
    store = ConversationStore(back.path)
    assert len(store.snapshot().conversations) == 1
    store.undo()
    assert personas.deleted() == ()


def test_one_of_the_same_name_made_meanwhile_stays_apart(talk):
    first = personas.new("Ada", dump([talk("Hi", "1")]))
    gone = personas.delete(first.key)
    second = personas.new("Ada", dump([talk("Hi", "2")]))
    back = personas.restore(gone.key)

    assert names() == ["My bot", "Ada", "Ada (2)"]
    said = [ConversationStore(p.path).snapshot().conversations[0] for p in (second, back)]
    assert [conversation.messages[1].text for conversation in said] == ["2", "1"]


def test_the_first_one_stays():
    with pytest.raises(BadInput, match="first persona stays"):
        personas.delete(FIRST)


@pytest.mark.parametrize("key", ["", "p-nobody", "../x", "p-ada.123", "personas"])
def test_a_key_of_nobody_is_said(key):
    for attempt in (personas.persona, personas.choose, personas.delete, personas.restore):
        with pytest.raises(NotAvailable):
            attempt(key)


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"names": 3, "chosen": 4}', "[" * 10_000])
def test_a_damaged_index_loses_no_persona(damage, home):
    ada = personas.new("Ada Byron")
    (home / "data" / "personas" / "personas.json").write_text(damage)

    assert [(p.key, p.name) for p in personas.personas()][1:] == [(ada.key, "ada-byron")]
    assert personas.chosen().key == FIRST
    personas.rename(ada.key, "Ada")
    assert names() == ["My bot", "Ada"]


def test_files_of_others_are_no_personas(home):
    folder = home / "data" / "personas"
    folder.mkdir(parents=True)
    for name in ("notes.json", "p-A B.json", "p-ok.json"):
        (folder / name).write_text("[]")

    assert [p.key for p in personas.personas()] == [FIRST, "p-ok"]


def test_a_full_disk_makes_no_persona(monkeypatch):
    def full(path, content):
        raise OutOfResources("The disk is full.")

    monkeypatch.setattr(personas, "write_atomically", full)
    with pytest.raises(OutOfResources):
        personas.new("Ada")
    assert names() == ["My bot"]


def test_the_choice_is_on_disk(home):
    ada = personas.new("Ada")
    personas.choose(FIRST)
    assert personas.chosen().key == FIRST
    personas.choose(ada.key)

    index = json.loads((home / "data" / "personas" / "personas.json").read_text("utf-8"))
    assert index == {"chosen": ada.key, "names": {ada.key: "Ada"}}


def test_a_persona_that_can_t_be_moved_away_stays_whole(monkeypatch, talk):
    ada = personas.new("Ada")
    ConversationStore(ada.path).add(talk("Hi", "Ada here."))
    replace = Path.replace

    def stubborn(source, target):
        if source == ada.path:
            raise PermissionError(13, "Permission denied")
        return replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stubborn)
        with pytest.raises(ChatbotError, match="could not be saved"):
            personas.delete(ada.key)
    assert names() == ["My bot", "Ada"]
    ConversationStore(ada.path).undo()  # its history is with it
    assert personas.deleted() == ()
