"""Sizes and times as people say them, and the catalog for people."""

import pytest

from chatbot.fetching import pace
from chatbot.fetching.download import Progress
from chatbot.fetching.known import KNOWN, known
from chatbot.fetching.spoken import duration, progress_line, size


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0.0 MB"), (98e6, "98 MB"), (548e6, "548 MB"), (1.52e9, "1.5 GB")]
)
def test_sizes(count: float, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(4.4, "4 s"), (180, "3 min"), (5399, "1 h 30 min"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_line_of_progress() -> None:
    line = progress_line(Progress("downloading", 274 * 10**6, 548 * 10**6, 2e6))
    assert line == "50%: 274 MB of 548 MB, 2.0 MB/s, 2 min left"
    assert progress_line(Progress("asking")) == "Asking the hub"


def test_the_catalog_is_for_people() -> None:
    assert len({each.name for each in KNOWN}) == len(KNOWN)
    for each in KNOWN:
        assert each.good_for.endswith(".")
        assert not {"checkpoint", "parameter", "token"} & set(each.good_for.lower().split())
        assert each.memory("float32") == 2 * each.memory("bfloat16")
        assert all(known(name) is each for name in each.names)
    assert known("") is None


def test_the_speed_of_the_memory_sets_the_pace() -> None:
    smollm = known("smollm2-135m-instruct")
    assert smollm is not None
    slow, fast = pace.words_a_second(smollm, 12e9)
    assert fast == pytest.approx(2 * slow)
    assert fast / pace.WORDS_A_TOKEN == pytest.approx(44.6, abs=0.1)
    said = pace.spoken(smollm, 12e9)
    assert said == "at best 17 to 33 words a second on this processor"
    pocket = known("pocket-gpt2")
    assert pocket is not None
    assert pace.spoken(pocket, 12e9) == "answers at once"
    assert pace.memory_speed() > 0
