"""The sampling lab in its states, on a tiny real model."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.messages import assistant, user
from chatbot.training.config import TrainingConfig
from pages.ui import lab_state, resources
from pages.ui.errors import UNEXPECTED
from pages.ui.lab_tokens import percent, readable
from pages.ui.state import Key

PAGE = Path(__file__).parents[2] / "pages" / "sampling_lab.py"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, Any]]:
    """What the bars' component was last given, by its key."""
    found: dict[str, Mapping[str, Any]] = {}
    monkeypatch.setattr("pages.ui.lab_bars._component", lambda key, data: found.update({key: data}))
    return found


def opened() -> AppTest:
    return ran(AppTest.from_file(str(PAGE), default_timeout=30))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert UNEXPECTED not in [error.value for error in at.error]
    return at


def until(at: AppTest, condition: Callable[[], bool], seconds: float = 40) -> AppTest:
    """Look again, as the page's fragment does in a browser, until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, said(at)
        time.sleep(0.05)
        ran(at)
    return at


def said(at: AppTest) -> str:
    parts = [*at.markdown, *at.caption, *at.error, *at.info]
    return "\n".join(part.value for part in parts).replace("\\", "")


def asked(at: AppTest, prompt: str) -> AppTest:
    at.text_area(key=lab_state.Key.PROMPT).set_value(prompt)
    return ran(at)


def test_sliders_act_on_remembered_scores(
    with_model: Path, drawn: dict[str, Mapping[str, Any]]
) -> None:
    at = until(opened(), lambda: "lab_bars" in drawn)
    data = drawn["lab_bars"]
    assert len(data["rows"]) == 40
    assert [c["name"] for c in data["columns"]] == [
        "Logit",
        "Repetition penalty",
        "Temperature",
        "Top-k",
        "Top-p",
    ]
    before = {row["id"]: row["share"] for row in data["rows"]}
    assert sum(before.values()) + data["rest"]["share"] == pytest.approx(1)
    assert "to choose from" in said(at) or "1 token is left" in said(at)
    for key, value in ((Key.TEMPERATURE, 2.0), (Key.TOP_P, 1.0), (Key.TOP_K, 3)):
        at.slider(key=key).set_value(value)
    ran(at)
    after = drawn["lab_bars"]
    assert [row["gone"] for row in after["rows"]] == [False] * 3 + [True] * 37
    assert after["lines"][0]["above"] == 3
    assert "Top-k 3 cuts here" in after["lines"][0]["text"]
    assert after["rest"]["gone"]
    assert "3 of" in said(at)
    assert {row["id"]: row["share"] for row in after["rows"]} != before
    at.slider(key=Key.TEMPERATURE).set_value(0.0)
    ran(at)
    assert "1 token is left" in said(at)
    assert drawn["lab_bars"]["rows"][0]["percent"] == "100 %"
    assert resources.scores_memory().passes == 1


def test_bad_prompts_are_met_calmly_and_kept(
    with_model: Path, drawn: dict[str, Mapping[str, Any]]
) -> None:
    at = until(opened(), lambda: "lab_bars" in drawn)
    for prompt, words in (
        ("   ", "Write a prompt"),
        ("x" * 1_000_000, "1,000,000 characters"),
        ("tea " * 2000, "too long for this model"),
    ):
        drawn.clear()
        asked(at, prompt)
        assert words in said(at)
        assert at.text_area(key=lab_state.Key.PROMPT).value == prompt
        assert not drawn
    for prompt in ("\U0001f600\U0001f44b", "\x00\x07", "</script><b>$x^2$"):
        drawn.clear()
        asked(at, prompt)
        assert drawn["lab_bars"]["rows"]


def test_a_prompt_from_a_chat_brings_what_was_said(
    with_model: Path, drawn: dict[str, Mapping[str, Any]]
) -> None:
    at = AppTest.from_file(str(PAGE), default_timeout=30)
    at.session_state["own_lab_earlier"] = (user("Hello!"), assistant("Good evening."))
    at.session_state[lab_state.Key.PROMPT] = "Really?"
    at = until(ran(at), lambda: "lab_bars" in drawn)
    assert "with the 2 messages before it" in said(at)
    logits = drawn["lab_bars"]["rows"][0]["cells"][0]
    at.button(key=lab_state.Key.ALONE).click()
    ran(at)
    assert "messages before it" not in said(at)
    assert at.text_area(key=lab_state.Key.PROMPT).value == "Really?"
    assert drawn["lab_bars"]["rows"][0]["cells"][0] != logits


def test_base_against_tuned(with_model: Path, drawn: dict[str, Mapping[str, Any]]) -> None:
    run = with_model / "models" / "runs" / "mine"
    shutil.copytree(with_model / "models" / "tiny", run / "checkpoint-8")
    _other_weights(run / "checkpoint-8")
    config = asdict(TrainingConfig(method="full", base_model="tiny"))
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    at = AppTest.from_file(str(PAGE), default_timeout=30)
    at.session_state[Key.MODEL] = "runs/mine/checkpoint-8"
    at = until(ran(at), lambda: "lab_bars" in drawn)
    drawn.clear()
    at.toggle(key=lab_state.Key.BASE).set_value(True)
    ran(at)
    assert "Loading tiny to compare" in said(at)
    assert "never more than one in memory" in said(at)
    assert "lab_bars" in drawn  # the tuned model's picture goes on
    at = until(at, lambda: "lab_changes" in drawn)
    assert [slot.choice.model for slot in resources.engine_room()._slots] == ["tiny"]
    changes = [float(row["percent"].replace("\u2212", "-")) for row in drawn["lab_changes"]["rows"]]
    raised = [change for change in changes if change > 0]
    assert raised == sorted(raised, reverse=True)
    assert changes[len(raised) :] == sorted(changes[len(raised) :])
    assert "Fine-tuning moved" in said(at)
    assert resources.scores_memory().passes == 2
    at.slider(key=Key.TEMPERATURE).set_value(1.5)
    ran(at)
    assert resources.scores_memory().passes == 2
    at.selectbox(key=Key.MODEL).select("tiny")
    ran(at)
    assert resources.scores_memory().passes == 2  # remembered from the comparison
    assert "Choose a model that you fine-tuned" in said(at)


def test_a_model_that_is_deleted_while_it_is_shown(
    with_model: Path, drawn: dict[str, Mapping[str, Any]], tiny_gpt2: Path
) -> None:
    shutil.copytree(tiny_gpt2, with_model / "models" / "other")
    at = AppTest.from_file(str(PAGE), default_timeout=30)
    at.session_state[Key.MODEL] = "other"
    at = until(ran(at), lambda: "lab_bars" in drawn)
    asked(at, "What I wrote")
    shutil.rmtree(with_model / "models" / "other")
    drawn.clear()
    at = until(ran(at), lambda: "lab_bars" in drawn or "not on this machine" in all_said(at))
    assert at.selectbox(key=Key.MODEL).value != "other"
    at.selectbox(key=Key.MODEL).select("tiny")
    at = until(ran(at), lambda: "lab_bars" in drawn)
    assert at.text_area(key=lab_state.Key.PROMPT).value == "What I wrote"


def all_said(at: AppTest) -> str:
    return said(at) + "".join(part.value for part in at.subheader)


def _other_weights(folder: Path) -> None:
    import torch
    from transformers import GPT2LMHeadModel

    model: Any = GPT2LMHeadModel.from_pretrained(folder)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(5)
        for weights in model.parameters():
            weights += 0.05 * torch.randn(weights.shape, generator=generator)
    model.save_pretrained(folder)


def test_every_token_can_be_seen(tiny_tokenizer: Any) -> None:
    ids = tiny_tokenizer("a b\n\t", add_special_tokens=False).input_ids
    assert "".join(readable(tiny_tokenizer, ids)) == "a·b↵→"
    half = tiny_tokenizer("\U0001f600", add_special_tokens=False).input_ids
    assert "".join(readable(tiny_tokenizer, half)) == "⟨F0⟩⟨9F⟩⟨98⟩⟨80⟩"
    assert readable(tiny_tokenizer, [len(tiny_tokenizer) + 3]) == [
        f"(unused {len(tiny_tokenizer) + 3})"
    ]


def test_small_shares_are_not_nothing() -> None:
    assert [percent(s) for s in (0, 1e-9, 0.0005, 0.03, 0.31, 0.9997, 1)] == [
        "0 %",
        "< 0.01 %",
        "0.05 %",
        "3.0 %",
        "31 %",
        "99.9 %",
        "100 %",
    ]
