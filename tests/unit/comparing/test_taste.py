"""Blind tests on disk: shuffled by a seed, every vote kept, exported for programs and people."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from chatbot.comparing import taste
from chatbot.comparing.bench import Bench, Cell
from chatbot.comparing.columns import Column
from chatbot.comparing.taste import TasteTest, drawn
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError, Conflict

COLUMNS = [Column(Choice(name), SamplingParams()) for name in ("base", "tuned")]
PROMPTS = ["Who are you?", "=1+1", "Bye"]


class Answers:
    """As a bench gives them, without a model."""

    def cell(self, prompt: int, column: int) -> Cell:
        return Cell("done", f"=answer {prompt} of {column} </script>")


BENCH = cast("Bench", Answers())


@pytest.fixture
def test(home: Path) -> TasteTest:
    return TasteTest.begin(COLUMNS, ["the base", "the tuned one"], PROMPTS, seed=3)


def test_sides_are_shuffled_and_the_seed_tells_how() -> None:
    meetings = drawn(200, 2, 11)
    assert meetings == drawn(200, 2, 11) != drawn(200, 2, 12)
    assert 60 < Counter(m.left for m in meetings)[0] < 140
    pairs = Counter(frozenset((m.left, m.right)) for m in drawn(5, 4, 1))
    assert len(pairs) == 6
    assert set(pairs.values()) == {5}


def test_votes_are_on_disk_as_they_are_given(test: TasteTest) -> None:
    for number, side in enumerate(("left", "tie")):
        meeting = test.next
        assert meeting is not None
        test.vote(number, side, BENCH)  # type: ignore[arg-type]
        again = TasteTest(test.path)
        assert again.votes == test.votes
        assert again.votes[number]["left_answer"] == f"=answer {number} of {meeting.left} </script>"
    assert test.duels[0].winner == test.meetings[0].left
    assert test.duels[1].winner is None
    assert [each.id for each in taste.kept()] == [test.id]


def test_a_second_press_of_the_key_is_no_second_vote(test: TasteTest) -> None:
    test.vote(0, "left", BENCH)
    with pytest.raises(Conflict):
        test.vote(0, "right", BENCH)
    assert len(TasteTest(test.path).votes) == 1


def test_a_vote_torn_by_a_crash_takes_no_other_with_it(test: TasteTest) -> None:
    test.vote(0, "left", BENCH)
    with test.path.open("ab") as handle:
        handle.write(b'{"prompt": 1, "le')
    again = TasteTest(test.path)
    again.vote(1, "right", BENCH)
    assert [vote["vote"] for vote in TasteTest(test.path).votes] == ["left", "right"]


def test_a_skipped_meeting_counts_for_nobody(test: TasteTest) -> None:
    test.vote(0, "skipped", BENCH)
    assert test.duels == []
    assert test.next == test.meetings[1]


def test_exports(test: TasteTest) -> None:
    test.vote(0, "right", BENCH)
    test.vote(1, "left", BENCH)
    rows = list(csv.DictReader(io.StringIO(test.as_csv())))
    assert rows[0]["winner"] == test.names[test.meetings[0].right]
    assert rows[1]["prompt"] == "'=1+1"  # no formula in a spreadsheet
    assert rows[1]["left_answer"].startswith("'=")
    told = json.loads(test.as_json())
    assert told["seed"] == 3
    assert told["columns"][1]["choice"]["model"] == "tuned"
    assert len(told["votes"]) == 2


def test_damaged_files_are_passed_over(test: TasteTest) -> None:
    (test.path.parent / "20990101-x.jsonl").write_text('{"kind": "other"}\n')
    (test.path.parent / "20990102-x.jsonl").write_text('no\n{"kind": "taste test"}\n')
    for _ in range(2):
        assert [each.id for each in taste.kept()] == [test.id]
    with pytest.raises(ChatbotError):
        TasteTest(test.path.with_name("gone.jsonl"))
    test.delete()
    assert taste.kept() == []
