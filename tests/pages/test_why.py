"""“Why this word?” in its states: words, candidates, another word, and where nobody can look."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.engine.sampling import SamplingParams
from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from pages.ui import why, why_candidates, why_words
from pages.ui.lab_tokens import readable
from tests.pages.dataset_page import component
from tests.pages.test_chat import address, asked, button, click, opened, ran, rendered, texts, until

WHY = "Why this word?"


def loaded(at: AppTest) -> Transcript:
    transcript = TranscriptStore().load(address(at))
    assert transcript is not None
    return transcript


def drawn(at: AppTest, part: str) -> dict[str, Any] | None:
    """What a component of the open view shows; None where it is not there."""
    (turn,) = [each.id for each in loaded(at).turns if f"why-{each.id}" in keys(at)][-1:]
    try:
        return component(at, f"why-{part}-{turn}")
    except KeyError:
        return None


def keys(at: AppTest) -> list[str]:
    return [str(each.key) for each in at.button]


def read(at: AppTest) -> AppTest:
    """The answer was read to its end."""

    def whole(at: AppTest) -> bool:
        words = drawn(at, "words")
        return words is not None and min(words["levels"]) >= 0

    return until(at, whole)


def look_at(at: AppTest, index: int) -> AppTest:
    """As a click on a word does: components can't be clicked here."""
    at.session_state["own_chat_memory"].why_at = index
    return ran(at)


def answered() -> AppTest:
    """One answer of a few tokens, its words to be clicked on."""
    at = asked(opened(), "Hello")
    return read(click(at, WHY))


def test_the_words_of_an_answer_are_shown_as_tokens(with_model: Path) -> None:
    at = answered()
    (turn,) = loaded(at).turns
    words = drawn(at, "words")
    assert words is not None
    assert len(words["texts"]) == len(turn.tokens)
    assert texts(at) == ["Hello"]  # the plain text has given way
    assert "Click a word" in rendered(at)
    assert words["legend"] == []
    at.toggle(key=f"why-shade-{turn.id}").set_value(True)
    words = drawn(ran(at), "words")
    assert words is not None
    assert words["shaded"]
    assert len(words["legend"]) == 4
    at = click(at, "Plain text")
    assert texts(at) == ["Hello", turn.answer]


def test_a_word_shows_what_it_was_chosen_from(with_model: Path) -> None:
    at = look_at(answered(), 2)
    (turn,) = loaded(at).turns
    shown = drawn(at, "candidates")
    assert shown is not None
    assert shown["at"] == 2
    (chosen,) = [row for row in shown["rows"] if row["chosen"]]
    assert (chosen["id"], chosen["chosen"]) == (turn.tokens[2], "it was taken")
    assert not chosen["gone"]
    assert not chosen["go"]
    cut = [row for row in shown["rows"] if row["gone"]]
    assert all(row["note"].endswith(("cut by top-k 50", "cut by top-p 0.9")) for row in cut)
    assert all(row["after"] == 0 for row in cut)
    assert sum(row["after"] for row in shown["rows"]) <= 1.0 + 1e-9
    said = rendered(at).replace("\\", "")
    assert "Top-k 50 took away" in said
    assert "by the model alone" in said
    assert "were replaced" not in said
    assert "changed since" not in said


def test_another_word_makes_a_version_that_goes_on(
    with_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = look_at(answered(), 2)
    (turn,) = loaded(at).turns
    shown = drawn(at, "candidates")
    assert shown is not None
    other = next(row["id"] for row in shown["rows"] if row["go"])
    gone: list[object] = []
    real = why_candidates.candidates

    def pressed(data: dict[str, Any], *, key: str, on_go: Any) -> None:
        real(data, key=key, on_go=on_go)
        if not gone:
            gone.append(on_go(2, 10**9))  # no candidate: not heard
            assert len(loaded(at).turns[0].tokens) == len(turn.tokens)
            gone.append(on_go(2, other))

    monkeypatch.setattr(why_candidates, "candidates", pressed)
    at = until(ran(at), lambda at: button(at, WHY) and "2/2" in rendered(at))
    (new,) = loaded(at).turns
    assert new.tokens[:3] == (*turn.tokens[:2], other)
    assert len(new.tokens) > 3
    assert loaded(at).aside[turn.id].answer == turn.answer
    at = look_at(read(click(at, WHY)), 2)
    shown = drawn(at, "candidates")
    assert shown is not None
    assert [row["chosen"] for row in shown["rows"] if row["id"] == other] == ["your choice"]
    words = drawn(at, "words")
    assert words is not None
    assert words["picked"] == [2]
    assert "You picked it" in rendered(at)


def saved(model: str = "tiny", **changes: Any) -> AppTest:
    """A chat with one answer, as another day or another program left it, its words opened."""
    receipt = {"model": model, "params": {}, "new_tokens": 6, "hash": "0" * 12, "device": "cpu",
               "dtype": "bfloat16", "prompt_tokens": 3}  # fmt: skip
    turn = Turn("Hello", "Rain.", "done", receipt, tokens=(70, 71, 72, 73, 74, 75))
    chat = Transcript(new_id(), (replace(turn, **changes),), "tiny")
    TranscriptStore().save(chat)
    return click(opened(chat.id), WHY)


def test_doubts_are_told(with_model: Path) -> None:
    said = rendered(read(saved())).replace("\\", "")
    assert "figures of today's weights" in said
    assert "answered on cpu in bfloat16 and is read on cpu in float32" in said
    assert "was changed since" in said


def test_a_model_that_is_gone_is_told(with_model: Path) -> None:
    said = rendered(read(saved("gone")))
    assert "gone, which chose these words, is not on this machine" in said


def test_words_of_a_person_are_read_as_the_model_takes_them(with_model: Path) -> None:
    at = saved(answer="I like tea.", tokens=(), receipt=None, edited=True)
    at = look_at(read(at), 1)
    assert "No model's choices are recorded" in rendered(at)
    shown = drawn(at, "candidates")
    assert shown is not None
    assert shown["alone"]
    assert "only reads it" in rendered(at)


def test_another_model_is_offered_where_it_answered(with_model: Path, tiny_gpt2: Path) -> None:
    shutil.copytree(tiny_gpt2, with_model / "models" / "zither")
    at = saved("zither")
    assert "zither chose these words, and tiny is in memory now" in rendered(at)
    assert len(texts(at)) == 2  # the plain text stays
    assert at.selectbox(key="model").value == "tiny"
    at.button(key="why-choose").click()
    at = read(ran(at))
    assert at.selectbox(key="model").value == "zither"
    assert "is in memory now" not in rendered(at)


def test_what_can_not_be_read_is_told(with_model: Path) -> None:
    at = saved(answer="tea " * 300, tokens=(), receipt=None)
    at = until(at, lambda at: bool(at.error))
    assert "as long as this model's window" in at.error[0].value
    assert at.button(key="why-retry").label == "Try again"


def test_there_is_nothing_to_ask_about_no_answer(with_model: Path) -> None:
    assert not why.is_open(Turn("", "Hi"))
    at = opened()
    assert not button(at, WHY)


def test_a_running_text_keeps_its_blanks(tiny_tokenizer: Any) -> None:
    text = "I like tea,\n\tsailor"
    ids = tiny_tokenizer.encode(text, add_special_tokens=False)
    assert "".join(readable(tiny_tokenizer, ids, running=True)) == text
    ids = tiny_tokenizer.encode("\x07\u200b", add_special_tokens=False)
    assert "U+0007" in "".join(readable(tiny_tokenizer, ids, running=True))


def test_surprise_has_four_levels() -> None:
    assert [why_words.level(bits) for bits in (0.0, 1.0, 1.1, 3.5, 6.0, 20.0)] == [0, 0, 1, 2, 2, 3]


def test_figures_and_reasons_in_words(tiny_tokenizer: Any) -> None:
    import torch

    from chatbot.engine.looking_back import place

    scores = torch.full((len(tiny_tokenizer),), -9.0)
    like, tea = (tiny_tokenizer.encode(w, add_special_tokens=False)[0] for w in ("l", "t"))
    end = tiny_tokenizer.eos_token_id
    scores[like], scores[tea], scores[end] = 3.0, 2.2, 2.5
    params = SamplingParams(temperature=0.5, top_k=2, top_p=1.0, repetition_penalty=1.5)
    found = place(scores, [like], end, params)
    data = why_candidates.picture(
        tiny_tokenizer, (end,), 0, found, frozenset({end}), picked=False, busy=True
    )
    rows = {row["id"]: row for row in data["rows"]}
    assert rows[end]["note"] == "ends the answer"
    assert rows[tea]["note"] == ""
    assert rows[like]["note"] == "cut by top-k 2"
    assert rows[like]["steps"] == (
        "score 3.0 → repetition penalty 1.5: 2.0 → temperature 0.5: 4.0 → top-k 2 ✕"
    )
    wide = place(scores, [like], end, replace(params, top_k=3))
    data = why_candidates.picture(
        tiny_tokenizer, (end,), 0, wide, frozenset({end}), picked=False, busy=True
    )
    rows = {row["id"]: row for row in data["rows"]}
    assert rows[like]["note"] == "said before: repetition penalty 1.5"
    assert data["busy"]
    greedy = place(scores, [], like, SamplingParams(temperature=0))
    assert "**nothing else**" in why_candidates.sentence(greedy, "l", picked=False)
    data = why_candidates.picture(
        tiny_tokenizer, (like,), 0, greedy, frozenset(), picked=False, busy=False
    )
    notes = {row["note"] for row in data["rows"]}
    assert notes == {"", "not the likeliest (temperature 0)"}
