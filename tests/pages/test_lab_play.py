"""The lab's strip, dice, steps, tour and glossary, on a tiny real model."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.lab_dice import MOST_ROUNDS, ROLLS, how_near
from pages.ui.lab_play_state import Key
from pages.ui.lab_terms import TERMS
from tests.pages.lab_page import SCRIPT, captions, click, lab_home, opened, ran, shown, until

__all__ = ["lab_home"]


def with_prompt(at: AppTest, text: str) -> AppTest:
    at.text_area(key="prompt").set_value(text)
    return ran(at)


def answered(at: AppTest) -> AppTest:
    click(at, Key.STRIP_GO)
    return until(at, lambda at: not at.button(key=Key.STRIP_GO).disabled)


def rolled(at: AppTest, key: str = Key.DICE_ROLL) -> AppTest:
    click(at, key)
    return until(at, lambda at: bool(shown(at, Key.DICE)))


def recorded(at: AppTest) -> AppTest:
    click(at, Key.STEPS_GO)
    return until(at, lambda at: bool(shown(at, Key.STEPS_CANDIDATES)))


# --- strip ------------------------------------------------------------------------------------


def test_five_temperatures_side_by_side(lab_home: Path) -> None:
    at = answered(opened())
    strip = shown(at, Key.STRIP)
    assert [column["title"] for column in strip["columns"]] == ["0", "0.4", "0.8", "1.2", "1.6"]
    assert [column["middle"] for column in strip["columns"]] == [False, False, True, False, False]
    middle = strip["columns"][2]
    assert all(same for same, _ in middle["pieces"])
    for column in strip["columns"]:
        assert "".join(words for _, words in column["pieces"])
        assert not column["growing"]
        assert column["note"].startswith(("ended by itself", "reached the limit"))
    assert "tiny · seed " in captions(at)


def test_the_strips_seed_is_the_pages_where_there_is_one(lab_home: Path) -> None:
    at = opened()
    at.number_input(key="seed").set_value(77)
    first = answered(ran(at))
    assert "tiny · seed 77" in captions(first)
    pieces = [column["pieces"] for column in shown(first, Key.STRIP)["columns"]]
    again = answered(first)
    assert [column["pieces"] for column in shown(again, Key.STRIP)["columns"]] == pieces


def test_another_setting_and_another_range(lab_home: Path) -> None:
    at = opened(temperature=0)
    at.get_by_key(Key.STRIP_SETTING).set_value("top_p")
    ran(at)
    assert "Top-p changes nothing" in captions(at)
    assert "All five are the same" in captions(answered(at))
    at.slider(key=f"{Key.STRIP_RANGE}_top_p").set_value((0.1, 0.9))
    ran(at)
    titles = [column["title"] for column in shown(answered(at), Key.STRIP)["columns"]]
    assert titles == ["0.1", "0.3", "0.5", "0.7", "0.9"]
    at.slider(key=f"{Key.STRIP_RANGE}_top_p").set_value((0.5, 0.5))
    click(at, Key.STRIP_GO)
    assert "five times the same answer" in at.error[0].value


def test_answers_to_an_earlier_prompt_say_so(lab_home: Path) -> None:
    at = with_prompt(answered(opened()), "Something else")
    assert "to an earlier prompt" in captions(at)


def test_a_prompt_that_is_too_long_is_refused_in_words(lab_home: Path) -> None:
    at = answered(with_prompt(opened(), "tea " * 2000))
    assert "too long for this model" in at.error[0].value
    rolled_for = click(at, Key.DICE_ROLL)
    until(rolled_for, lambda at: len(at.error) > 1)


def test_a_stopped_strip_can_be_begun_again(lab_home: Path) -> None:
    at = opened(max_new_tokens=160)
    click(at, Key.STRIP_GO)
    click(at, Key.STRIP_STOP)
    until(at, lambda at: not at.button(key=Key.STRIP_GO).disabled)
    assert at.button(key=Key.STRIP_STOP).disabled


# --- dice -------------------------------------------------------------------------------------


def test_two_hundred_rolls_beside_what_is_expected(lab_home: Path) -> None:
    at = rolled(opened(temperature=1.3))
    dice = shown(at, Key.DICE)
    assert len(dice["rolls"]) == ROLLS
    assert set(dice["rolls"]) <= set(range(len(dice["rows"])))
    assert sum(row["expected"] for row in dice["rows"]) > 0.999
    assert "Total variation distance" in dice["told"]
    more = shown(rolled(at, Key.DICE_MORE), Key.DICE)
    assert more["rolls"][:ROLLS] == dice["rolls"]
    assert (len(more["rolls"]), more["from"]) == (2 * ROLLS, ROLLS)
    anew = shown(rolled(at), Key.DICE)
    assert len(anew["rolls"]) == ROLLS
    assert anew["rolls"] != dice["rolls"]


def test_a_slider_loads_the_dice_at_once(lab_home: Path) -> None:
    at = rolled(opened(temperature=1.3))
    before = shown(at, Key.DICE)
    at.slider(key="top_k").set_value(2)
    ran(at)
    after = shown(at, Key.DICE)
    assert len(after["rows"]) == 2 < len(before["rows"])
    assert after["name"] == before["name"]  # the rolls are not rolled again
    at.slider(key="temperature").set_value(0)
    ran(at)
    assert "nothing to roll for" in shown(at, Key.DICE)["told"]


def test_a_fixed_seed_rolls_the_same_and_says_so(lab_home: Path) -> None:
    at = opened(temperature=1.3)
    at.number_input(key="seed").set_value(5)
    first = shown(rolled(ran(at)), Key.DICE)["rolls"]
    assert "rolls the very same" in captions(at)
    assert shown(rolled(at), Key.DICE)["rolls"] == first


def test_rolls_are_for_one_prompt(lab_home: Path) -> None:
    at = with_prompt(rolled(opened(temperature=1.3)), "Tell me a joke")
    assert not shown(at, Key.DICE)
    assert "for another prompt" in captions(at)
    assert at.button(key=Key.DICE_MORE).disabled
    assert at.button(key=Key.DICE_ROLL).label == f"Roll {ROLLS} times"


def test_an_end_to_rolling(lab_home: Path) -> None:
    at = rolled(opened(temperature=1.3))
    for _ in range(MOST_ROUNDS - 1):
        click(at, Key.DICE_MORE)
    assert at.button(key=Key.DICE_MORE).disabled
    assert len(shown(at, Key.DICE)["rolls"]) == ROLLS * MOST_ROUNDS


@pytest.mark.parametrize(
    ("distance", "usual", "said"),
    [
        (0.07, 0.065, "14 rolls of 200 (7.0 %) would have to fall elsewhere; fair dice miss about"),
        (0.2, 0.05, "that is more than the 10 that fair dice miss"),
        (0.01, 0.05, "2 rolls of 200 (1.0 %) would have to fall elsewhere; that is nearer"),
        (0.001, 0.002, "They match the chances as well as they can"),
    ],
)
def test_how_near_the_rolls_came_in_words(distance: float, usual: float, said: str) -> None:
    import torch

    from chatbot.engine.dice import Odds

    two = Odds(torch.tensor([1, 5]), torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert said in how_near(two, ROLLS, distance, usual)


# --- steps ------------------------------------------------------------------------------------


def test_walk_through_an_answer_forward_and_back(lab_home: Path) -> None:
    at = recorded(opened(temperature=1.3, top_k=6))
    answer = shown(at, Key.STEPS_ANSWER)
    assert len(answer["texts"]) >= 2
    assert answer["at"] == 0
    assert at.button(key=Key.STEPS_BACK).disabled
    first = shown(at, Key.STEPS_CANDIDATES)["rows"]
    assert [row["chosen"] for row in first].count(True) == 1
    assert any("cut by top-" in row["figures"] for row in first)
    click(at, Key.STEPS_FORWARD)
    assert shown(at, Key.STEPS_ANSWER)["at"] == 1
    assert shown(at, Key.STEPS_CANDIDATES)["rows"] != first
    assert any("Token 2 of" in text.value for text in at.markdown)
    click(at, Key.STEPS_BACK)
    assert shown(at, Key.STEPS_CANDIDATES)["rows"] == first
    at.slider(key=Key.STEPS_AT).set_value(len(answer["texts"]))
    ran(at)
    assert at.button(key=Key.STEPS_FORWARD).disabled


def test_another_recording_begins_at_its_first_token(lab_home: Path) -> None:
    at = recorded(opened(temperature=1.3))
    click(at, Key.STEPS_FORWARD)
    at.slider(key="temperature").set_value(0.5)
    ran(at)
    assert "not with those that stand there now" in captions(at)
    click(at, Key.STEPS_GO)
    until(at, lambda at: not at.button(key=Key.STEPS_GO).disabled)
    assert shown(at, Key.STEPS_ANSWER)["at"] == 0
    assert "temperature 0.5" in captions(at)


# --- without a prompt, tour, glossary ---------------------------------------------------------


def test_without_a_prompt_nothing_can_be_begun(lab_home: Path) -> None:
    at = with_prompt(opened(), "  ")
    for key in (Key.STRIP_GO, Key.DICE_ROLL, Key.STEPS_GO):
        assert at.button(key=key).disabled
    assert captions(at).count("Write a prompt first") == 3


def test_the_tour_from_end_to_end(lab_home: Path) -> None:
    at = opened(temperature=0.7, top_p=0.9)

    def shown_text() -> str:
        return "\n".join(text.value for text in at.markdown)

    click(at, Key.TOUR_BEGIN)
    assert "Step 1: Write a prompt" in shown_text()
    with_prompt(at, "What do you like?")
    assert "Step 2: Set Temperature to 0" in shown_text()
    at.slider(key="temperature").set_value(0)
    ran(at)
    assert "Step 3: Raise Temperature above 1.2" in shown_text()
    click(at, Key.TOUR_LEAVE)
    assert "Step" not in shown_text()
    assert "step 3 of 5" in at.button(key=Key.TOUR_BEGIN).label
    click(at, Key.TOUR_BEGIN)
    at.slider(key="temperature").set_value(1.4)
    ran(at)
    assert "Step 4: Lower Top-p" in shown_text()
    at.slider(key="top_p").set_value(0.3)
    ran(at)
    assert "Step 5: Roll the dice" in shown_text()
    click(at, Key.DICE_ROLL)
    assert "whole way from a prompt to a token" in shown_text()
    click(at, Key.TOUR_LEAVE)
    assert at.button(key=Key.TOUR_BEGIN).label == "Take the tour"


@pytest.mark.parametrize(("asked", "shown"), [("3", "Step 3:"), ("9", ""), ("x", ""), ("0", "")])
def test_a_refresh_goes_on_with_the_tour(lab_home: Path, asked: str, shown: str) -> None:
    at = AppTest.from_file(str(SCRIPT), default_timeout=30)
    at.query_params["tour"] = asked
    ran(at)
    told = "\n".join(text.value for text in at.markdown)
    assert (shown in told) if shown else "Step" not in told
    if shown:
        click(at, Key.TOUR_LEAVE)
    assert "tour" not in at.query_params


def test_the_glossary_has_every_word_of_the_page(lab_home: Path) -> None:
    names = " ".join(term.name.lower() for term in TERMS)
    wanted = (
        "token,logit,softmax,temperature,top-k,top-p,min-p,typical-p,repetition penalty,"
        "no-repeat n-gram,entropy,perplexity,seed,greedy,total variation distance"
    )
    for word in wanted.split(","):
        assert word in names
    at = opened()
    assert not at.latex
    at.toggle(key=Key.GLOSSARY_FORMULAS).set_value(True)
    ran(at)
    assert len(at.latex) == len(TERMS)
    at.text_input(key=Key.GLOSSARY_SEARCH).set_value("Mersenne *?")
    ran(at)
    assert not at.latex
    assert "No term has" in captions(at)
    at.text_input(key=Key.GLOSSARY_SEARCH).set_value("NUCLEUS")
    ran(at)
    assert len(at.latex) == 1


def test_every_term_names_a_year_and_its_braces_match() -> None:
    for term in TERMS:
        assert any(
            year.isdigit() and len(year) == 4 for year in term.source.replace(",", " ").split()
        )
        assert term.formula.count("{") == term.formula.count("}")
        assert term.formula.count(r"\begin") == term.formula.count(r"\end")
        assert term.legend.count("$") % 2 == 0
        assert not term.source.endswith(".")
