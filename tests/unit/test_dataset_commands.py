"""`python -m chatbot dataset check|convert|stats` on files of other formats."""

import json
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.dataset.incoming import read
from chatbot.messages import assistant, user

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
