"""The conversations of one browser: its own and no other's, and nothing lost."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot import chat_list
from chatbot.chat_list import LONGEST_TITLE, ChatList, fingerprint, shortened
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id

ME, YOU = fingerprint("1" * 32), fingerprint("2" * 32)


@pytest.fixture
def store(tmp_path: Path) -> TranscriptStore:
    return TranscriptStore(tmp_path / "chats")


@pytest.fixture
def mine(store: TranscriptStore) -> ChatList:
    return ChatList(ME, store)


def written(chats: ChatList, question: str, answer: str = "Yes.") -> str:
    chat = Transcript(new_id(), (Turn(question, answer, "done"),), owner=chats.owner)
    chats.transcripts.save(chat)
    chats.note(chat)
    return chat.id


def titles(chats: ChatList) -> list[str]:
    return [entry.title for entry in chats.entries()]


def test_a_new_one_is_named_by_its_first_question_and_stands_first(mine: ChatList) -> None:
    assert mine.entries() == []
    written(mine, "Who are you?")
    written(mine, "  What\ndo you\x00 like?\nTell me all. ")
    assert titles(mine) == ["What do you like? Tell me all.", "Who are you?"]
    assert mine.entries()[0].turns == 1


def test_it_is_kept_and_nobody_else_sees_it(mine: ChatList, store: TranscriptStore) -> None:
    chat = written(mine, "My secret")
    assert titles(ChatList(ME, TranscriptStore(store.folder))) == ["My secret"]
    yours = ChatList(YOU, store)
    assert yours.entries() == []
    transcript = store.load(chat)
    assert transcript is not None
    yours.note(transcript)  # its address was given away: it stays the list of who began it
    assert yours.entries() == []
    assert "1" * 32 not in "".join(path.name for path in store.folder.rglob("*"))


def test_names_and_pins_stay(mine: ChatList, store: TranscriptStore) -> None:
    first, second = written(mine, "First"), written(mine, "Second")
    mine.rename(first, "  My\nfavourite ")
    mine.pin(first, True)
    written(mine, "Third")
    assert titles(mine) == ["My favourite", "Third", "Second"]
    transcript = store.load(first)
    assert transcript is not None
    mine.note(replace(transcript, turns=(*transcript.turns, Turn("More", "ok", "done"))))
    assert titles(mine)[0] == "My favourite"
    mine.rename(first, "")
    mine.pin(first, False)
    assert titles(mine) == ["First", "Third", "Second"]
    assert mine.entry(second) is not None


def test_what_is_deleted_comes_back_and_is_gone_after_a_week(
    mine: ChatList, store: TranscriptStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = written(mine, "First"), written(mine, "Second")
    mine.delete(first)
    assert titles(mine) == ["Second"]
    assert mine.entry(first) is None
    deleted = ChatList(ME, store).last_deleted()
    assert deleted is not None
    assert deleted.id == first
    mine.restore(first)
    assert sorted(titles(mine)) == ["First", "Second"]
    assert mine.last_deleted() is None
    mine.delete(second)
    later = time.time() + chat_list.KEPT_AFTER_DELETION + 1
    monkeypatch.setattr("chatbot.chat_list.time.time", lambda: later)
    assert store.exists(second)
    written(mine, "Third")
    assert not store.exists(second)
    assert store.exists(first)
    assert mine.last_deleted() is None


def test_search_finds_titles_and_words_of_both(mine: ChatList) -> None:
    written(mine, "Who are you?", 'A "keeper"\nof lights.')
    written(mine, "Tea?", "With salt.")
    assert [entry.title for entry in mine.search("SALT")] == ["Tea?"]
    assert [entry.title for entry in mine.search('"keeper" who')] == ["Who are you?"]
    assert [entry.title for entry in mine.search("tea salt")] == ["Tea?"]
    assert mine.search("receipt") == []  # a word of the file, not of the conversation
    assert mine.search("question") == []
    assert mine.search("gull") == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"chats": [7]}', '{"chats": [{"id": "../x"}]}']
)
def test_a_damaged_list_is_put_together_again(
    mine: ChatList, store: TranscriptStore, content: str
) -> None:
    written(mine, "First")
    written(ChatList(YOU, store), "Not mine")
    mine.path.write_text(content, encoding="utf-8")
    (store.folder / f"{new_id()}.json").write_text(f'{{"owner": "{ME}"', encoding="utf-8")
    again = ChatList(ME, store)
    assert titles(again) == ["First"]
    assert again.mended
    assert titles(ChatList(ME, store)) == ["First"]
    if content:
        assert mine.path.with_suffix(".damaged").read_text("utf-8") == content


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", ""),
        ("\x00\x01", ""),
        ("🦭" * 3, "🦭🦭🦭"),
        ("x" * 100, "x" * (LONGEST_TITLE - 1) + "…"),
        ("word " * 40, "word word word word word word word word word word word…"),
        ("<script>$x$</script>", "<script>$x$</script>"),
    ],
)
def test_titles_are_short_and_on_one_line(text: str, title: str) -> None:
    assert shortened(text) == title
    assert len(shortened(text)) <= LONGEST_TITLE
