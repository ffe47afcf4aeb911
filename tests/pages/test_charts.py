"""Figures: what the curves show, and that they stay small."""

import pytest

from chatbot.training.curves import smoothed
from pages.ui.charts import MOST_POINTS, loss_figure, single_figure, thinned
from pages.ui.measures import duration


def test_the_curves_are_the_rows_of_the_run() -> None:
    rows = [
        {"step": 0, "eval_loss": 5.0},
        {"step": 1, "loss": 4.0, "learning_rate": 1e-3},
        {"step": 2, "loss": 2.0},
        {"step": 2, "eval_loss": 3.0},
    ]
    raw, average, held_out = loss_figure(rows)["data"]
    assert (raw["x"], raw["y"]) == ([1, 2], [4.0, 2.0])
    assert average["x"] == [1, 2]
    assert 2.0 < average["y"][1] < 4.0
    assert (held_out["x"], held_out["y"]) == ([0, 2], [5.0, 3.0])


def test_time_logarithm_checkpoints_and_the_turn_are_drawn() -> None:
    rows = [
        {"step": 0, "eval_loss": 5.0, "seconds": 0.0},
        {"step": 1, "loss": 4.0, "grad_norm": 1.5, "seconds": 60.0},
        {"step": 2, "loss": 2.0, "grad_norm": 0.5, "seconds": 120.0},
        {"step": 2, "eval_loss": 3.0, "seconds": 120.0},
    ]
    figure = loss_figure(rows, over_time=True, logarithmic=True, checkpoints=[2, 9], since=2)
    assert figure["data"][0]["x"] == [1.0, 2.0]
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert (figure["data"][3]["x"], figure["data"][3]["y"]) == ([2.0], [3.0])
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [2.0]

    (curve,) = single_figure(rows, "grad_norm", "Gradient norm")["data"]
    assert (curve["x"], curve["y"]) == ([1, 2], [1.5, 0.5])


def test_a_run_without_rows_is_an_empty_picture() -> None:
    assert all(curve["x"] == [] for curve in loss_figure([])["data"])


def test_the_average_of_a_constant_is_the_constant_from_the_start() -> None:
    assert smoothed([3.0] * 5) == pytest.approx([3.0] * 5)


def test_the_average_follows_slowly() -> None:
    curve = smoothed([0.0] * 20 + [1.0] * 20)
    assert curve[19] == 0.0
    assert 0.05 < curve[20] < 0.2
    assert curve[-1] > 0.8


def test_long_curves_are_thinned_but_keep_both_ends() -> None:
    points = [(float(n), 0.0) for n in range(25_000)]
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS + 1
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (45, "45 s"),
        (89, "89 s"),
        (180, "3 min"),
        (4800, "80 min"),
        (6000, "1 h 40 min"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
