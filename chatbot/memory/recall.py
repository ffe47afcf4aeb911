"""Which earlier sentences bear on a question: TF-IDF, by scikit-learn.

https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting
"""

import re
from collections.abc import Sequence

LEAST_ALIKE = 0.2
"""Cosine of a question and a sentence: below it they share a word by chance."""
MOST_RECALLED = 3
LONGEST_QUESTION = 2000
"""Characters that are looked at."""
_LITTLE = frozenset(
    re.split(
        r"\s+",
        "a about again all also am an and any are as at be been but by can could did do does for "
        "from get go had has have he her him his how i if in is it its just like me more my no "
        "not of on or our please say she should so some tell than that the their them then there "
        "these they this to too up us was we were what when where which who whom whose why will "
        "with would yes you your said know remember think much many",
    )
)
"""Words that say nothing of what a sentence is about. The library's own list takes "name" and
"call" for such words."""


def bearing(question: str, sentences: Sequence[str], most: int = MOST_RECALLED) -> list[int]:
    """Places of the sentences that bear on the question, the nearest first; mostly none."""
    asked = question[:LONGEST_QUESTION]
    if not sentences or not words(asked):
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer=words, sublinear_tf=True)
    try:
        known = vectors.fit_transform(sentences)
    except ValueError:  # nothing but little words
        return []
    alike = (known @ vectors.transform([asked]).T).toarray().ravel()
    nearest = sorted(range(len(sentences)), key=lambda place: (-alike[place], -place))
    return [place for place in nearest[:most] if alike[place] >= LEAST_ALIKE]


def words(text: str) -> list[str]:
    """What a text is about: its words without the little ones, and without the s of a plural."""
    found = re.findall(r"\w+", text.casefold().replace("'s ", " "))
    return [re.sub(r"(?<=\w{3})(?<!s)s$", "", word) for word in found if word not in _LITTLE]
