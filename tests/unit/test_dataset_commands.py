"""`python -m chatbot dataset check|convert|stats|import` on files of any format."""

import errno
import json
import os
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.dataset import personas
from chatbot.dataset.importers import dump
from chatbot.dataset.incoming import read
from chatbot.dataset.store import ConversationStore
from chatbot.messages import Conversation, assistant, user

MINE = Conversation((user("Mine"), assistant("Yours")))
TABLE = "question,answer\nHi,Ahoy\nWho?,Wick\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "talks.csv"
    file.write_text(TABLE, encoding="utf-8")
    return file


def test_any_format_is_checked(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(TABLE + ",no question\n", encoding="utf-8")
    assert main(["dataset", "check", str(table)]) == 1
    assert "error: conversation 4: The question is empty." in capsys.readouterr().out


def test_stats_count_what_is_there(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "stats", str(table), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["format"] == "Table"
    assert (facts["conversations"], facts["turns"], facts["left_out"]) == (2, 4, 0)
    assert main(["dataset", "stats", str(table)]) == 0
    assert "conversations: 2" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["out.json", "out.jsonl", "out.xlsx", "out.txt", "out.parquet"])
def test_convert_writes_what_the_ending_asks_for(table: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    assert main(["dataset", "convert", str(table), str(out)]) == 0
    talks = read(out.read_bytes(), name).conversations
    assert [talk.messages for talk in talks] == [
        (user("Hi"), assistant("Ahoy")),
        (user("Who?"), assistant("Wick")),
    ]


def test_convert_says_what_was_left_out(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(TABLE + ",no question\n", encoding="utf-8")
    out = tmp_path / "out.json"
    assert main(["dataset", "convert", str(table), str(out), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["conversations"] == 2
    assert told["left_out"] == [{"row": 4, "reason": "The question is empty."}]
    assert len(read(out.read_bytes()).conversations) == 2


def test_convert_takes_columns_names_and_values(tmp_path: Path) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "out.json"
    source.write_text("frage,antwort,nr\nHi,Ahoy from {{name}},1\n", encoding="utf-8")
    columns = ["--question", "frage", "--answer", "antwort", "--fill", "name=Wick"]
    assert main(["dataset", "convert", str(source), str(out), *columns]) == 0
    assert read(out.read_bytes()).conversations[0].messages == (
        user("Hi"),
        assistant("Ahoy from Wick"),
    )


def test_convert_asks_whose_lines_are_the_bots(tmp_path: Path) -> None:
    source, out = tmp_path / "a.txt", tmp_path / "out.json"
    source.write_text("Wick: Ahoy?\nAnna: Hi\nWick: Sit.\nAnna: Thanks\n", encoding="utf-8")
    assert main(["dataset", "convert", str(source), str(out), "--bot", "Wick"]) == 0
    assert read(out.read_bytes()).conversations[0].messages == (user("Hi"), assistant("Sit."))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{table}", "{table}"], "not overwritten"),
        (["{table}", "{folder}/out.doc"], "Add --to with one of"),
        (["{folder}/none.csv", "{folder}/out.json"], "can't be read"),
        (["{table}", "{folder}/out.json", "--question", "x"], "belong together"),
        (["{table}", "{folder}/out.json", "--fill", "name"], "--fill needs"),
    ],
)
def test_what_can_not_be_converted_says_why(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    filled = [argument.format(table=table, folder=tmp_path) for argument in arguments]
    assert main(["dataset", "convert", *filled]) == 1
    assert said in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == TABLE
    assert not (tmp_path / "out.json").exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as handle:
        handle.truncate(10 * 1024**3)  # a file with holes takes no room
    assert main(["dataset", "stats", str(huge)]) == 1
    assert "larger than 50 MB" in capsys.readouterr().err


def own(home: Path) -> Path:
    file = home / "data" / "custom_chat_data.json"
    file.write_bytes(dump([MINE]))
    return file


def test_import_adds_to_the_persona_and_can_be_undone(
    table: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own(home)
    assert main(["dataset", "import", str(table)]) == 0
    assert "holds 3 conversations" in capsys.readouterr().out
    store = ConversationStore()
    assert [len(c.messages) for c in store.snapshot().conversations] == [2, 2, 2]
    assert store.snapshot().undo == "Added 2 conversations from talks.csv"
    store.undo()
    assert store.snapshot().conversations == (MINE,)


def test_import_can_replace_and_tells_programs(
    table: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own(home)
    table.write_text(TABLE + ",no question\n", encoding="utf-8")
    assert main(["dataset", "import", str(table), "--replace", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["taken"], told["before"], told["after"]) == (2, 1, 2)
    assert told["left_out"] == [{"row": 4, "reason": "The question is empty."}]
    assert MINE not in ConversationStore().snapshot().conversations


def test_a_dry_run_changes_nothing(
    table: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = own(home)
    before = file.read_bytes()
    assert main(["dataset", "import", str(table), "--dry-run"]) == 0
    assert "would hold 3 conversations" in capsys.readouterr().out
    assert file.read_bytes() == before
    assert ConversationStore().snapshot().undo is None


def test_a_table_without_known_columns_is_not_imported_blindly(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = own(home).read_bytes()
    odd = tmp_path / "odd.csv"
    odd.write_text("nr,frage,antwort\n1,Hi,Ahoy\n", encoding="utf-8")
    assert main(["dataset", "import", str(odd)]) == 1
    assert "--question and --answer" in capsys.readouterr().err
    assert own(home).read_bytes() == before
    chosen = ["--question", "frage", "--answer", "antwort"]
    assert main(["dataset", "import", str(odd), *chosen]) == 0


def test_a_full_disk_leaves_the_persona_as_it_was(
    table: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = own(home)
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert main(["dataset", "import", str(table)]) == 1
        assert main(["dataset", "convert", str(table), str(home / "out.json")]) == 1
    assert capsys.readouterr().err.count("disk is full") == 2
    assert file.read_bytes() == before
    assert ConversationStore().snapshot().conversations == (MINE,)
    assert not (home / "out.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_ordinary_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    for place, said in (
        (tmp_path, "This is a folder"),
        (tmp_path / "pipe", "no ordinary file"),
        (Path("/dev/zero"), "no ordinary file"),
        (tmp_path / "gone", "No such file"),
        (tmp_path / ("x" * 300), "too long"),
        (Path("a\0b"), "null"),
    ):
        assert main(["dataset", "stats", str(place)]) == 1
        assert said in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_we_may_not_read_is_named(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.chmod(0)
    assert main(["dataset", "check", str(table)]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_nothing_in_a_file_steers_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = tmp_path / "e\x1b[2Jvil.csv"
    evil.write_text("question,answer\n\x1b]0;owned\x07Hi,\n", encoding="utf-8")
    out = tmp_path / "out.json"
    assert main(["dataset", "convert", str(evil), str(out)]) == 1
    assert main(["dataset", "check", str(evil)]) == 1
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err


def test_the_hub_is_asked_by_its_id(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "stats", "hub:own/talks"]) == 1  # tests have no network
    assert "offline" in capsys.readouterr().err
    assert main(["dataset", "check", "hub:../talks"]) == 1
    assert "no id of a data set" in capsys.readouterr().err


def test_import_takes_a_persona_by_name_or_key(
    table: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = own(home).read_bytes()
    sailor = personas.new("Old sailor")
    assert main(["dataset", "import", str(table), "--to-persona", "Old sailor"]) == 0
    assert main(["dataset", "import", str(table), "--to-persona", sailor.key]) == 0
    assert len(ConversationStore(sailor.path).snapshot().conversations) == 4
    assert main(["dataset", "import", str(table), "--to-persona", "Nobody"]) == 1
    assert "Old sailor" in capsys.readouterr().err
    assert own(home).read_bytes() == before
