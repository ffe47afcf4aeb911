"""The panel of proposals: bound to its conversation, edited, accepted once, dropped for good."""

import shutil
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.engine.sampling import SamplingParams
from chatbot.messages import assistant, user
from chatbot.proposals import makers
from chatbot.proposals.job import COUNTS
from tests.pages.dataset_page import click, ran, talk

PAGE = Path(__file__).with_name("proposals_page.py")
WORDING = "Can you tell me where you are from?"


@pytest.fixture
def page(home: Path, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(makers, "PATIENCE", 1)
    monkeypatch.setitem(COUNTS, "questions", 19)
    monkeypatch.setitem(COUNTS, "answer", 1)
    rows = [talk("Where are you from?", "The rock."), talk("Who are you?", "Wick."), talk("Hi")]
    (home / "data" / "custom_chat_data.json").write_bytes(dump(rows))
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    at = AppTest.from_file(str(PAGE), default_timeout=20)
    at.session_state["model"] = "tiny"
    at.session_state["proposals"] = True
    for name, value in asdict(SamplingParams(max_new_tokens=40)).items():
        at.session_state[name] = value
    return ran(at)


def proposed(at: AppTest) -> list[str]:
    return [area.value for area in at.text_area if str(area.key).startswith("proposal-")]


def finished(at: AppTest) -> AppTest:
    end = time.monotonic() + 60
    while not at.session_state["own_proposals"][-1].job.done:
        assert time.monotonic() < end
        time.sleep(0.05)
    return ran(at)


def ask(at: AppTest, kind: str = "questions") -> AppTest:
    at.session_state["proposals_kind"] = kind
    ran(at)
    click(at, "proposals_begin")
    return finished(at)


def of_proposal(at: AppTest, action: str) -> AppTest:
    keys = [str(button.key) for button in at.button]
    return click(at, next(key for key in keys if key.startswith(f"{action}-")))


def test_another_wording_is_accepted_as_edited_with_the_answer_of_the_conversation(page):
    ask(page)
    assert proposed(page)[0] == WORDING

    page.text_area[0].set_value("Where do you come from?")
    of_proposal(page, "accept")

    ((made, label),) = page.session_state["took"]
    assert [c.messages for c in made] == [(user("Where do you come from?"), assistant("The rock."))]
    assert "Other ways" in label
    assert WORDING not in proposed(page)


def test_all_are_accepted_in_one_go(page):
    ask(page)
    count = len(proposed(page))
    assert count > 1

    click(page, "proposals_accept_all")

    ((made, _),) = page.session_state["took"]
    assert len(made) == count
    assert proposed(page) == []


def test_what_is_dropped_is_gone_and_nothing_was_handed_over(page):
    ask(page)
    before = proposed(page)
    of_proposal(page, "drop")
    assert proposed(page) == before[1:]

    click(page, "proposals_drop_all")

    assert proposed(page) == []
    assert page.session_state["took"] == []


def test_proposals_wait_for_their_conversation_and_show_in_no_other(page):
    before = proposed(ask(page))

    page.session_state["opened"] = 1
    assert proposed(ran(page)) == []
    assert any(
        "wait there: “Where are you from?”" in c.value.replace("\\", "") for c in page.caption
    )

    page.session_state["opened"] = 0
    assert proposed(ran(page)) == before


def test_an_accepted_answer_goes_into_the_open_conversation_and_the_others_are_dropped(page):
    ask(page, "answer")
    first = proposed(page)[0]

    of_proposal(page, "accept")

    assert page.session_state["took"] == [first]
    assert proposed(page) == []


def test_what_is_missing_is_said(page):
    page.session_state["opened"] = 2
    page.session_state["proposals_kind"] = "questions"
    ran(page)

    assert page.button(key="proposals_begin").disabled
    assert "Write a question and its answer first." in [c.value for c in page.caption]
    page.session_state["proposals_kind"] = "drafts"
    ran(page)
    assert page.button(key="proposals_begin").disabled


def test_how_many_were_found_is_said_honestly(page):
    ask(page)

    assert any("of 19: the other attempts were no use" in c.value for c in page.caption)
