"""The figures of a set of conversations: how long they are, how many turns, what they are about."""

import html
import math
from collections import Counter
from collections.abc import Iterable, Sequence

from chatbot.dataset.topics import TopicMap
from pages.ui.charts import Figure

MOST_BARS = 40
MOST_TURNS = 30
FEWEST_TURNS = 8
"""Between these the last bar of turns lies, which stands for so many and more."""
NEARLY_ALL = 0.995
"""Share of the conversations that decide how far a picture reaches; the others share its last
bar, or a few very long ones would squeeze all the rest together."""
FAR = 4
"""An edge is drawn where it is at most so many times as far away as the longest conversation."""
MAP_HEIGHT = 480
MANY_POINTS = 400
_SYMBOLS = (
    *("circle", "square", "diamond", "triangle-up", "cross", "x"),
    *("star", "triangle-left", "bowtie", "pentagon", "hourglass", "circle-open"),
)
"""As many as there are topics, as the colours come round again after six."""


def lengths_figure(counts: Sequence[int], limit: int, window: int) -> Figure:
    """Token lengths in bars, those that training would cut apart, and the edges as lines.

    Args:
        counts: tokens of each conversation.
        limit: tokens that training reads of one.
        window: tokens that the model can see.
    """
    highest = max(counts, default=0)
    most = _nearly_all(counts)
    top = highest if highest <= 2 * max(most, limit) else max(most, limit + limit // 4)
    width = _round_width((top + 1) / MOST_BARS)
    last = top // width
    edges = [("training reads", limit), ("window", window)]
    if limit == window:
        edges = edges[1:]
    seen = [(name, edge) for name, edge in edges if edge <= FAR * max(top, 1)]
    reach = max([top + width, *(edge * 1.02 for _, edge in seen)])
    return {
        "data": [
            _bars("Read whole", (c for c in counts if c <= limit), width, last, top < highest, 0),
            _bars("Cut", (c for c in counts if c > limit), width, last, top < highest, 1),
        ],
        "layout": {
            **_still("Tokens of a conversation", "Conversations"),
            "barmode": "stack",
            "xaxis": {
                "title": {"text": "Tokens of a conversation"},
                "range": [0, reach],
                "fixedrange": True,
            },
            "showlegend": any(c > limit for c in counts),
            "shapes": [_edge(edge) for _, edge in seen],
            "annotations": [_note(name, edge, reach) for name, edge in seen],
        },
    }


def turns_figure(turns: Sequence[int]) -> Figure:
    """How many conversations have so many turns."""
    last = min(max(_nearly_all(turns), FEWEST_TURNS), MOST_TURNS)
    counted = Counter(min(turn, last) for turn in turns)
    places = list(counted and range(min(counted), max(counted) + 1))
    ticks = {place: str(place) for place in places}
    names = {place: "1 turn" if place == 1 else f"{place} turns" for place in places}
    if max(turns, default=0) > last:
        ticks[last], names[last] = f"{last}+", f"{last} turns and more"
    labelled = places[:: 1 + len(places) // 16]
    labelled += [last] if last in ticks and last not in labelled else []
    return {
        "data": [
            {
                "type": "bar",
                "name": "Turns",
                "x": places,
                "y": [counted[place] for place in places],
                "text": [f"{names[place]}: {_counted(counted[place])}" for place in places],
                **_BAR,
                "meta": {"color": 0},
                "marker": {},
            }
        ],
        "layout": {
            **_still("Turns", "Conversations"),
            "xaxis": {
                "title": {"text": "Turns"},
                "fixedrange": True,
                "tickvals": labelled,
                "ticktext": [ticks[place] for place in labelled],
            },
        },
    }


def topics_figure(made: TopicMap, titles: Sequence[str]) -> Figure:
    """The topic map: a colour and a sign for each topic.

    Args:
        titles: one for each point; text of the data, shown letter by letter.
    """
    curves = []
    for number, topic in enumerate(made.topics):
        own = [n for n, point in enumerate(made.points) if point.topic == number]
        curves.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{_letters(topic.name)} ({topic.size:,})",
                "x": [round(made.points[n].x, 4) for n in own],
                "y": [round(made.points[n].y, 4) for n in own],
                "text": [_letters(titles[n]) for n in own],
                "customdata": [made.points[n].index for n in own],
                "hovertemplate": "%{text}<extra></extra>",
                "meta": {"color": number},
                "marker": {
                    "size": 6 if len(made.points) > MANY_POINTS else 9,
                    "opacity": 0.8,
                    "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                },
            }
        )
    bare = {"visible": False, "range": [-1.1, 1.1]}
    return {
        "data": curves,
        "layout": {
            "xaxis": bare,
            "yaxis": bare,
            "hovermode": "closest",
            "legend": {"y": -0.02, "yanchor": "top"},
        },
    }


_BAR = {"hovertemplate": "%{text}<extra></extra>", "textposition": "none"}


def _bars(
    name: str, counts: Iterable[int], width: int, last: int, more: bool, color: int
) -> Figure:
    """Bars of `width` tokens; where there is `more`, the last one holds all above."""
    counted = Counter(min(count // width, last) for count in counts)
    places = sorted(counted)
    texts = []
    for place in places:
        start = place * width
        span = f"{start:,} to {start + width - 1:,} tokens" if width > 1 else f"{start:,} tokens"
        if more and place == last:
            span = f"{start:,} tokens and more"
        texts.append(f"{span}: {_counted(counted[place])}")
    return {
        "type": "bar",
        "name": name,
        "x": [(place + 0.5) * width for place in places],
        "y": [counted[place] for place in places],
        "width": [width] * len(places),
        "text": texts,
        **_BAR,
        "meta": {"color": color},
        "marker": {} if color == 0 else {"pattern": {"shape": "/"}},
    }


def _nearly_all(values: Sequence[int]) -> int:
    return sorted(values)[int(NEARLY_ALL * len(values))] if values else 0


def _still(across: str, up: str) -> Figure:
    """A picture to look at: a finger on it scrolls the page."""
    return {
        "xaxis": {"title": {"text": across}, "fixedrange": True},
        "yaxis": {"title": {"text": up}, "fixedrange": True, "rangemode": "tozero"},
        "dragmode": False,
        "hovermode": "closest",
        "showlegend": False,
        "bargap": 0.08,
    }


def _edge(tokens: int) -> Figure:
    return {
        "type": "line",
        "x0": tokens,
        "x1": tokens,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"width": 2, "dash": "dash"},
    }


def _note(name: str, tokens: int, reach: float) -> Figure:
    return {
        "x": tokens,
        "y": 1,
        "yref": "paper",
        "text": f"{name} {tokens:,}",
        "showarrow": False,
        "xanchor": "right" if tokens > reach / 2 else "left",
        "yanchor": "top",
        "xshift": -4 if tokens > reach / 2 else 4,
    }


def _round_width(least: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, ..."""
    scale = 10 ** math.floor(math.log10(max(least, 1)))
    return next(int(step * scale) for step in (1, 2, 5, 10) if step * scale >= least)


def _counted(conversations: int) -> str:
    return "1 conversation" if conversations == 1 else f"{conversations:,} conversations"


def _letters(text: str) -> str:
    """Text in which the chart library finds no markup."""
    return html.escape(text, quote=False)
