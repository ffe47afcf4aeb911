"""What votes are worth; expected numbers are scipy's (`binomtest`, method="wilson")."""

import pytest

from chatbot.comparing.statistics import Duel, Score, elo, interval, score, sign_test, told


@pytest.mark.parametrize(
    ("wins", "losses", "chance", "low", "high"),
    [
        (17, 5, 0.01690053939819336, 0.5656004682477829, 0.898769600147515),
        (11, 11, 1.0, 0.3072210627372502, 0.6927789372627497),
        (0, 5, 0.0625, 0.0, 0.43448246478317476),
        (60, 40, 0.05688793364098089, 0.5020025867910618, 0.6905987135675411),
    ],
)
def test_as_scipy_computes_it(
    wins: int, losses: int, chance: float, low: float, high: float
) -> None:
    assert sign_test(wins, losses) == pytest.approx(chance)
    assert interval(wins, losses) == pytest.approx((low, high), abs=1e-9)


def test_without_votes_nothing_is_claimed() -> None:
    assert sign_test(0, 0) == 1
    assert interval(0, 0) == (0, 1)
    assert told("A", "B", Score(0, 0, 0)) == "Nobody has voted yet."
    assert "equal" in told("A", "B", Score(0, 0, 3))


def test_in_plain_words() -> None:
    clear = told("the base", "the tuned one", Score(5, 17, 2))
    assert clear.startswith("the tuned one was preferred 17 of 22 times (2 times")
    assert "unlikely to be chance" in clear
    assert "57% and 90%" in clear
    assert "may well be chance" in told("A", "B", Score(3, 1, 0))
    assert "no difference" in told("A", "B", Score(4, 4, 0))


def test_scores_of_a_pair_and_of_all() -> None:
    duels = [Duel(0, 1, 0), Duel(1, 0, 0), Duel(0, 1, None), Duel(2, 0, 2)]
    assert score(duels, 0, 1) == Score(2, 0, 1)
    assert score(duels, 0) == Score(2, 1, 1)


def test_ratings_follow_the_votes_and_not_their_order() -> None:
    duels = [Duel(0, 1, 0)] * 6 + [Duel(1, 2, 1)] * 6 + [Duel(0, 2, None)] * 2
    rated = elo(duels, 3)
    assert rated[0] > rated[1] > rated[2]
    assert sum(rated) / 3 == pytest.approx(1500)
    assert elo(duels[::-1], 3) == pytest.approx(rated, abs=1e-6)
    assert elo([], 2) == pytest.approx([1500, 1500])


def test_ten_wins_to_one_are_four_hundred_points() -> None:
    votes = [Duel(0, 1, 0)] * 1000 + [Duel(0, 1, 1)] * 100
    high, low = elo(votes, 2)
    assert high - low == pytest.approx(400, abs=2)
