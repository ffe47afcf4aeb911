"""Which of a model's sentences are worth proposing. Pure functions on texts."""

import re
from collections.abc import Iterable

from chatbot.proposals.wording import (
    alike,
    asks,
    content,
    essence,
    has_question_word,
    listed,
    names,
    numbers,
    requests,
    same_script,
    stands_apart,
    words,
)

LONGEST_QUESTION = 30
"""Words; a question beyond this is mostly two."""
KEPT = 2 / 3
"""Share of the meaning words of a question that another wording must keep."""
ADDED = 2
"""Meaning words that another wording may bring along."""
_LEAD = re.compile(r"^\s*(?:[-*•>]+|\(?\d{1,2}[.):]|[Qq](?:uestion)?\s*\d*:|=>)\s*")
_QUOTES = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb`* "
_SENTENCE = re.compile(r"[.!?…]+[\"'\u201d\u2019)]*(?=\s|$)")
_W = re.compile(r"^(?:wh(?:at|o|om|ose|ich|ere|en|y)|how)(?:'?\w+)?$")
_YOU = listed("you your yours yourself you're you've you'd you'll")
_ME = listed("i me my mine i'm i've")
_ABOUT_ITSELF = re.compile(
    r"\b(?:rephras\w*|rewrit\w*|reword\w*|paraphras\w*|(?:in )?other words|as an ai|the question|"
    r"language model)\b",
    re.I,
)


def lines(text: str) -> list[str]:
    """The lines of a model's answer without numbers, bullets and quotation marks around them."""
    return [line for raw in text.splitlines() if (line := bare(raw))]


def bare(text: str) -> str:
    """One line without the sign of a list before it and the quotation marks around it."""
    line = _LEAD.sub("", " ".join(text.split()))
    if line[:1] in _QUOTES or line[-1:] in _QUOTES:
        line = line.strip(_QUOTES)
    return line


def another_wording(candidate: str, question: str, taken: Iterable[str] = ()) -> bool:
    """Whether a line asks what `question` asks, in other words than it and those `taken`."""
    if not _one_sentence(candidate) or _ABOUT_ITSELF.search(candidate):
        return False
    if not same_script(candidate, question):
        return False
    if not _same_kind(candidate, question) or not stands_apart(candidate, (question, *taken)):
        return False
    return _same_direction(candidate, question) and _means_the_same(candidate, question)


def new_question(candidate: str, topic: str, taken: Iterable[str] = ()) -> bool:
    """Whether a line is one question (or request) about the topic, and not one of those `taken`."""
    wanted = content(topic)
    return (
        _one_sentence(candidate)
        and not _ABOUT_ITSELF.search(candidate)
        and (candidate.rstrip().endswith("?") or requests(candidate))
        and same_script(candidate, topic)
        and (not wanted or bool(wanted & content(candidate)))
        and stands_apart(candidate, taken, closest=0.7)
    )


def trimmed_answer(text: str, *, cut_off: bool) -> str:
    """The answer up to its last complete sentence where the limit of tokens cut it off.

    Returns:
        All but the last word where not one sentence was completed.
    """
    answer = text.strip()
    if not cut_off:
        return answer
    ends = [match.end() for match in _SENTENCE.finditer(answer)]
    return answer[: ends[-1]] if ends else answer.rpartition(" ")[0].rstrip()


def usable_answer(answer: str, question: str, taken: Iterable[str] = ()) -> bool:
    """Whether it has words, does not only repeat the question, goes in no circle and is new."""
    said = essence(answer)
    return (
        bool(said)
        and said != essence(question)
        and not _circles(answer)
        and all(said != essence(other) for other in taken)
    )


def _one_sentence(text: str) -> bool:
    if "\n" in text or not 3 <= len(words(text)) <= LONGEST_QUESTION:
        return False
    if any(sign in text for sign in ("=>", "->", "<|", ": ")):
        return False
    if text[-1] in ",;:-(" or text.endswith(("...", "…")):
        return False
    inner = text.rstrip("?!.… ")
    return not _SENTENCE.search(inner)


def _same_kind(candidate: str, question: str) -> bool:
    """A question for a question; a request may be put as a question or as a wish."""
    if asks(question):
        return _wishes(candidate) or (
            candidate.rstrip().endswith("?") and has_question_word(candidate)
        )
    if requests(question):
        return asks(candidate) or requests(candidate) or _wishes(candidate)
    return not candidate.rstrip().endswith("?")


def _same_direction(candidate: str, question: str) -> bool:
    """What is asked for (a fact, or yes or no), and of whom: of *you*, about *me*."""
    asked, said = words(question), words(candidate)
    if asks(question):
        open_question = _W.search(asked[0]) is not None
        if open_question != any(map(_W.search, said)) and not _wishes(candidate):
            return False
    wished = said[3:] if _wishes(candidate) else said
    return all(group.isdisjoint(asked) == group.isdisjoint(wished) for group in (_YOU, _ME))


def _wishes(text: str) -> bool:
    start = " ".join(words(text)[:3])
    return start.startswith(
        ("i'd like to", "i would like", "i wonder", "tell me", "i want to", "can you tell",
         "could you tell")
    )  # fmt: skip


def _means_the_same(candidate: str, question: str) -> bool:
    """Most meaning words are kept or replaced, few added, no number and no name among them."""
    wanted, got = content(question), content(candidate)
    if not wanted:
        return len(got) <= 1 and alike(candidate, question) >= 0.4
    lost, added = wanted - got, got - wanted
    return (
        len(lost) <= min((1 - KEPT) * len(wanted), len(added))
        and len(added) <= ADDED
        and numbers(candidate) == numbers(question)
        and names(candidate).isdisjoint(added)
    )


def _circles(text: str) -> bool:
    """Whether the same four words come up three times."""
    said = words(text)
    runs = [tuple(said[n : n + 4]) for n in range(len(said) - 3)]
    return any(runs.count(run) >= 3 for run in set(runs))
