"""The tour notices what a person did, and only that."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatbot.engine.sampling import SamplingParams
from pages.ui.lab_tour_steps import STEPS, Situation, Tour

START = Situation("Who are you?", SamplingParams(temperature=0.7, top_p=0.9), left=31)


def moved(now: Situation, **settings: float) -> Situation:
    return replace(now, params=replace(now.params, **settings))  # type: ignore[arg-type]


def test_a_whole_tour() -> None:
    tour, now = Tour().begin().notice(START), START
    assert (tour.done, tour.armed) == (0, True)
    now = replace(now, prompt="Tell me a joke.")
    tour = tour.notice(now)
    assert tour.done == 1
    now = moved(now, temperature=0.0)
    tour = tour.notice(replace(now, left=1))
    assert tour.done == 2
    for temperature in (0.6, 1.2):
        now = moved(now, temperature=temperature)
        tour = tour.notice(now)
        assert tour.done == 2  # not yet above
    now = replace(moved(now, temperature=1.25), left=400)
    tour = tour.notice(now)
    assert tour.done == 3
    tour = tour.notice(replace(moved(now, top_p=0.5), left=5))
    assert tour.done == 3
    now = replace(moved(now, top_p=0.3), left=4)
    tour = tour.notice(now)
    assert tour.done == 4
    tour = tour.notice(replace(now, rolls=1))
    assert tour.finished
    assert tour.step is None
    assert tour.notice(START) == tour


def test_what_stood_there_from_the_start_is_not_done() -> None:
    cold = moved(START, temperature=0.0)
    tour = Tour(done=1, running=True).notice(cold)
    tour = tour.notice(cold)
    assert (tour.done, tour.armed) == (1, False)
    tour = tour.notice(moved(cold, temperature=0.5)).notice(cold)
    assert tour.done == 2


def test_an_emptied_prompt_is_none() -> None:
    tour = Tour().begin().notice(START)
    for prompt in ("", "  \n", " Who are you? "):
        tour = tour.notice(replace(START, prompt=prompt))
        assert tour.done == 0
    assert tour.notice(replace(START, prompt="Who am I?")).done == 1


def test_few_tokens_count_only_as_the_work_of_top_p() -> None:
    tour = Tour(done=3, running=True).notice(START)
    for now in (
        replace(moved(START, temperature=0.0), left=1),
        replace(moved(START, top_k=3), left=3),
        replace(moved(START, top_p=1.0), left=3),
        replace(START, left=None),
    ):
        tour = tour.notice(now)
        assert tour.done == 3
    assert tour.notice(replace(moved(START, top_p=0.1), left=4)).done == 4


def test_earlier_rolls_are_not_this_one() -> None:
    tour = Tour(done=4, running=True).notice(replace(START, rolls=3))
    assert tour.notice(replace(START, rolls=3)).done == 4
    assert tour.notice(replace(START, rolls=4)).finished


def test_left_and_taken_up_again() -> None:
    tour = Tour(done=2, running=True).notice(START).leave()
    assert tour.notice(moved(START, temperature=1.9)) == tour  # left is left
    again = tour.begin()
    assert (again.done, again.running) == (2, True)
    hot = moved(START, temperature=1.9)
    assert again.notice(hot).done == 2  # so it stood when the tour was taken up
    assert again.notice(START).notice(hot).done == 3
    finished = Tour(done=len(STEPS), running=True)
    assert finished.leave().begin() == Tour(running=True)


@given(
    st.lists(
        st.builds(
            Situation,
            st.sampled_from(["", "a", "b"]),
            st.builds(
                SamplingParams,
                temperature=st.sampled_from([0.0, 0.7, 1.5]),
                top_p=st.sampled_from([0.1, 1.0]),
            ),
            st.sampled_from([None, 1, 4, 5]),
            st.integers(0, 3),
        ),
        max_size=30,
    )
)
def test_one_step_at_a_time_and_never_back(looks: list[Situation]) -> None:
    tour = Tour().begin()
    for now in looks:
        further = tour.notice(now)
        assert further.done - tour.done in (0, 1)
        assert further.notice(now).done == further.done  # the same look twice is no deed
        tour = further


def test_every_step_says_what_to_do_and_what_was_seen() -> None:
    assert len(STEPS) == 5
    for step in STEPS:
        assert step.task.endswith(".")
        assert step.seen.endswith(".")
