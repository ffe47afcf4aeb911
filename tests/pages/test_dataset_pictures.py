"""The Pictures view and "see what the model sees": drawn from the real tokenizer, never waiting."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.dataset.topic_maps import TopicMaps
from chatbot.dataset.topics import Point, Topic, TopicMap, topic_map
from chatbot.messages import Conversation
from chatbot.training.seen import Seen, Token, reader_of
from pages.ui.dataset_figures import lengths_figure, topics_figure, turns_figure
from pages.ui.errors import UNEXPECTED
from pages.ui.token_view import counted, cut_sentence
from tests.unit.training.small import conversations, install
from tests.unit.training.told import LEARNED

SCRIPTS = {
    "pictures": """
from pages.ui import dataset_pictures
from pages.ui.resources import store
dataset_pictures.panel(store().snapshot(), open_conversation=lambda index, version: None)
""",
    "tokens": """
from pages.ui import token_view
from pages.ui.resources import store
snapshot = store().snapshot()
token_view.panel(snapshot.conversations[0], snapshot)
""",
}


@pytest.fixture
def model(home: Path, tiny_gpt2: Path) -> str:
    return install(tiny_gpt2, home)


def write(home: Path, rows: list[Conversation]) -> None:
    (home / "data" / "custom_chat_data.json").write_bytes(dump(rows))


def page(script: str) -> AppTest:
    return ran(AppTest.from_string(SCRIPTS[script], default_timeout=30))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def choose(at: AppTest, model: str) -> AppTest:
    at.selectbox[0].select(model)
    return ran(at)


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption)


def test_the_pictures_come_by_themselves(home: Path, model: str) -> None:
    write(home, conversations(30))
    at = choose(page("pictures"), model)
    end = time.monotonic() + 60
    while "All fit" not in captions(at) or "island" not in captions(at):
        assert time.monotonic() < end
        time.sleep(0.05)
        ran(at)
    assert "window is 256" in captions(at)
    assert "33% go on" in captions(at)


def test_one_conversation_is_no_picture(home: Path) -> None:
    write(home, conversations(1))
    at = page("pictures")
    assert "from two conversations on" in at.info[0].value
    assert not at.selectbox


def test_what_the_model_sees_is_counted_for_the_chosen_model(home: Path, model: str) -> None:
    rows = conversations(1)
    write(home, rows)
    at = choose(page("tokens"), model)
    seen = reader_of(model).look(rows[0])
    assert f"**{len(seen.tokens):,} tokens, {seen.learned:,} of them learned**" in [
        text.value.partition(";")[0] for text in at.markdown
    ]


def test_words_that_tell_what_was_asked_for_are_explained_where_there_are_some(
    home: Path, model: str
) -> None:
    write(home, LEARNED)
    assert "tell what was asked for" in captions(choose(page("tokens"), model))
    write(home, conversations(2))
    assert "tell what was asked for" not in captions(choose(page("tokens"), model))


def test_from_scratch_shows_pocket_gpt2s_and_says_so(home: Path) -> None:
    write(home, conversations(1))
    at = choose(page("tokens"), "from scratch")
    assert "Pocket GPT-2" in captions(at)
    assert any("of them learned" in text.value for text in at.markdown)


def test_a_damaged_tokenizer_is_a_sentence(home: Path, model: str) -> None:
    write(home, conversations(3))
    (home / "models" / model / "tokenizer.json").write_text("{}")
    at = choose(page("tokens"), model)
    assert "can't be read" in at.error[0].value.replace("\\", "")


def test_an_edit_does_not_mix_up_the_map() -> None:
    maps, rows = TopicMaps(), tuple(conversations(12))
    made = wait_for(maps, rows)
    assert made == topic_map(rows)
    shorter = rows[:5]
    assert maps.of(shorter) is None
    assert wait_for(maps, shorter) == topic_map(shorter)


def wait_for(maps: TopicMaps, rows: tuple[Conversation, ...]) -> TopicMap:
    end = time.monotonic() + 60
    while (made := maps.of(rows)) is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    return made


def seen_of(count: int, limit: int, cut: int | None, kept: int) -> Seen:
    return Seen((Token(1, "a", "assistant", 1, True),) * count, limit, cut, kept)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (seen_of(5, 9, None, 2), None),
        (seen_of(20, 9, 5, 2), "turns 3 to 4"),
        (seen_of(20, 9, 5, 3), "cut off turn 4"),
        (seen_of(20, 9, 0, 0), "leave it out"),
        (seen_of(5, 9, 0, 0), "Nothing in it can be learned"),
    ],
)
def test_the_cut_in_words(seen: Seen, said: str | None) -> None:
    sentence = cut_sentence(seen, 4)
    assert sentence is None if said is None else said in str(sentence)


def test_the_counts_in_words() -> None:
    assert counted(seen_of(1, 9, None, 2), 9) == "**1 token, 1 of them learned**; window 9"
    assert counted(seen_of(20, 9, 5, 2), 2048) == (
        "**20 tokens, 5 of them learned**; window 2,048; training reads 9"
    )


def test_every_conversation_stands_in_one_bar_of_the_lengths() -> None:
    counts = [*range(40, 240), 3, 513, 600, 90_000]
    whole, cut = lengths_figure(counts, 512, 8192)["data"]
    assert (sum(whole["y"]), sum(cut["y"])) == (201, 3)
    assert max(cut["x"]) < 800  # the very long one does not squeeze the others
    assert "and more: 1 conversation" in cut["text"][-1] or cut["y"][-1] > 1


def test_the_edges_are_drawn_where_they_are_near() -> None:
    near = lengths_figure([100, 300], 512, 1024)["layout"]
    assert [shape["x0"] for shape in near["shapes"]] == [512, 1024]
    far = lengths_figure([10, 20], 512, 8192)["layout"]
    assert far["shapes"] == []
    same = lengths_figure([100, 300], 512, 512)["layout"]
    assert [note["text"] for note in same["annotations"]] == ["window 512"]


@pytest.mark.parametrize("turns", [[], [2], [0, 1], [2] * 500 + [4] * 300 + [80]])
def test_turns_are_all_counted(turns: list[int]) -> None:
    figure = turns_figure(turns)
    assert sum(figure["data"][0]["y"]) == len(turns)
    axis = figure["layout"]["xaxis"]
    assert len(axis["tickvals"]) == len(axis["ticktext"]) <= 20
    assert ("8+" in axis["ticktext"]) == (80 in turns)


def test_titles_on_the_map_are_text_and_a_click_knows_the_conversation() -> None:
    made = TopicMap((Point(0, 0, 7, 0), Point(1, 1, 9, 0)), (Topic("<b>", 2),), 2)
    (curve,) = topics_figure(made, ["<a href='http://x'>a</a>", "b & c"])["data"]
    assert curve["customdata"] == [7, 9]
    assert curve["name"] == "&lt;b&gt; (2)"
    assert curve["text"] == ["&lt;a href='http://x'&gt;a&lt;/a&gt;", "b &amp; c"]
