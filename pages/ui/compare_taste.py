"""The blind taste test: two answers without names, a vote by key, the result in plain words."""

import secrets
from collections.abc import Sequence
from itertools import combinations

import streamlit as st

from chatbot.comparing import statistics, taste
from chatbot.comparing.bench import Bench
from chatbot.comparing.columns import Column
from chatbot.comparing.taste import TasteTest
from chatbot.engine import default_model
from chatbot.engine.sampling import SamplingParams
from chatbot.engine_room import Choice
from chatbot.errors import ChatbotError, Conflict
from pages.ui import compare_answers, compare_state, errors
from pages.ui.compare_state import Tasting
from pages.ui.errors import plain
from pages.ui.resources import engine_room

TASK = "taste"
MOST_KEPT = 10
"""Earlier tests that are listed."""


def begin(columns: Sequence[Column], names: Sequence[str], prompts: Sequence[str]) -> None:
    """Start a test with a new shuffle.

    Raises:
        ChatbotError: it can't be asked or written.
    """
    bench = _bench(columns, prompts)
    try:
        test = TasteTest.begin(columns, names, prompts, secrets.randbelow(2**32))
    except ChatbotError:
        bench.close()
        raise
    compare_state.keep_tasting(TASK, Tasting(test, bench))


def panel() -> None:
    """The vote that is due, or the result."""
    now = compare_state.tasting()
    if now is None:
        return
    if now.ended or now.test.next is None:
        now.bench.close()
        result(now.test)
        if now.test.next is not None:
            _go_on_button(now.test)
        return
    compare_answers.follow(now.bench, lambda: _vote(now))


def earlier() -> None:
    """Tests on disk: their results, and the way to go on with one."""
    now = compare_state.tasting()
    tests = [test for test in taste.kept() if now is None or test.id != now.test.id]
    if not tests:
        return
    with st.expander(f"Earlier taste tests ({len(tests)})", icon=":material/history:"):
        for test in tests[:MOST_KEPT]:
            with st.container(border=True, key=f"compare-kept-{test.id}"):
                result(test)
                with st.container(horizontal=True):
                    if test.next is not None:
                        _go_on_button(test)
                    st.button("Delete", key=f"compare-drop-{test.id}", on_click=_drop,
                              args=(test,), icon=":material/delete:", type="tertiary")  # fmt: skip


def result(test: TasteTest) -> None:
    """Who was preferred, how sure that is, the votes as files, and the winner's promotion."""
    names, duels = test.names, test.duels
    st.caption(
        plain(
            f"{test.about['when'][:10]} · {len(test.votes)} of {len(test.meetings)} votes · "
            f"shuffled with seed {test.about['seed']}"
        )
    )
    for one, other in combinations(range(len(names)), 2):
        found = statistics.score(duels, one, other)
        st.markdown(plain(statistics.told(names[one], names[other], found)))
    ratings = statistics.elo(duels, len(names))
    if len(names) > 2 and duels:
        lines = ["| | Elo | Wins | Losses | Ties |", "|---|---|---|---|---|"]
        for index in sorted(range(len(names)), key=lambda at: -ratings[at]):
            got = statistics.score(duels, index)
            lines.append(
                f"| {plain(names[index])} | {ratings[index]:.0f} | {got.wins} | {got.losses} | "
                f"{got.ties} |"
            )
        st.markdown("\n".join(lines))
        st.caption("Elo as in chess: 1500 is the middle, 400 points more win ten times of eleven.")
    with st.container(horizontal=True):
        st.download_button("Votes as CSV", test.as_csv().encode("utf-8-sig"), f"{test.id}.csv",
                           "text/csv", key=f"compare-csv-{test.id}", on_click="ignore")  # fmt: skip
        st.download_button("Votes as JSON", test.as_json(), f"{test.id}.json", "application/json",
                           key=f"compare-json-{test.id}", on_click="ignore")  # fmt: skip
        best = max(range(len(names)), key=lambda at: ratings[at])
        if duels and sum(rating > ratings[best] - 1e-6 for rating in ratings) == 1:
            st.button(
                "Make the winner the default",
                icon=":material/star:",
                key=f"compare-promote-{test.id}",
                on_click=_promote,
                args=(test.models[best], names[best]),
                help="New chats begin with it.",
            )


def _vote(now: Tasting) -> None:
    meeting, number = now.test.next, len(now.test.votes)
    if meeting is None:
        st.rerun()
    compare_answers.how(now.bench)
    st.progress(
        number / len(now.test.meetings), text=f"Vote {number + 1} of {len(now.test.meetings)}"
    )
    st.text(now.test.prompts[meeting.prompt])
    cells = [now.bench.cell(meeting.prompt, side) for side in (meeting.left, meeting.right)]
    there = all(cell.over for cell in cells)
    failed = any(cell.state in ("failed", "stopped") for cell in cells)
    for place, cell, label in zip(st.columns(2), cells, ("Left", "Right"), strict=True):
        with place.container(border=True, height="stretch", key=f"compare-{label.lower()}"):
            st.caption(label)
            if there:  # both at once: the faster one would give itself away
                st.text(cell.text or "(no words)")
                if cell.state == "failed":
                    st.caption(plain(cell.problem))
            else:
                st.caption(":shimmer[Answering…]")
    with st.container(horizontal=True, horizontal_alignment="center", key="compare-votes"):
        for side, label, key in (
            ("left", "Left is better", "Left"),
            ("tie", "Equally good", "Down"),
            ("right", "Right is better", "Right"),
        ):
            st.button(label, key=f"compare-vote-{side}", shortcut=key, on_click=_give,
                      args=(now, number, side), disabled=not there or failed)  # fmt: skip
    with st.container(horizontal=True, key="compare-taste-foot"):
        if there and failed:
            st.button("Skip this one", key="compare-skip", on_click=_give,
                      args=(now, number, "skipped"))  # fmt: skip
        st.button("End here and see the result", key="compare-end", type="tertiary",
                  on_click=compare_state.end_tasting,
                  help="It is kept, and can be gone on with.")  # fmt: skip


def _give(now: Tasting, number: int, side: taste.Side) -> None:
    try:
        now.test.vote(number, side, now.bench)
    except Conflict:
        return  # a key that was pressed twice
    except ChatbotError as error:
        errors.say(error)


def _go_on_button(test: TasteTest) -> None:
    st.button("Go on", key=f"compare-go-on-{test.id}", on_click=_go_on, args=(test,),
              icon=":material/play_arrow:")  # fmt: skip


def _go_on(test: TasteTest) -> None:
    with errors.shown():
        columns = [
            Column(Choice(**kept["choice"]), SamplingParams(**kept["params"]))
            for kept in test.about["columns"]
        ]
        compare_state.keep_tasting(TASK, Tasting(test, _bench(columns, test.prompts)))


def _drop(test: TasteTest) -> None:
    with errors.shown():
        test.delete()


def _promote(model: str, name: str) -> None:
    try:
        default_model.promote(model)
    except ChatbotError as error:
        errors.say(error)
        return
    st.toast(plain(f"New chats begin with {name}."), icon=":material/star:")


def _bench(columns: Sequence[Column], prompts: Sequence[str]) -> Bench:
    return Bench(
        engine_room(),
        columns,
        prompts,
        on_unexpected=lambda error: errors.log().error("comparing", exc_info=error),
    )
