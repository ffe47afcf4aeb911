"""Which earlier sentences bear on a question: TF-IDF, by scikit-learn.

https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting
"""

import re
from collections.abc import Sequence

LEAST_ALIKE = 0.2
"""Cosine of a question and a sentence: below it they share a word by chance."""
MOST_RECALLED = 3


def bearing(question: str, sentences: Sequence[str], most: int = MOST_RECALLED) -> list[int]:
    """Places of the sentences that bear on the question, the nearest first; mostly none."""
    if not sentences or not re.search(r"\w", question):
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(
        stop_words="english", sublinear_tf=True, token_pattern=r"(?u)\b\w[\w'-]*\b"
    )
    try:
        known = vectors.fit_transform(sentences)
    except ValueError:  # nothing but stop words
        return []
    alike = (known @ vectors.transform([question[:2000]]).T).toarray().ravel()
    nearest = sorted(range(len(sentences)), key=lambda place: (-alike[place], -place))
    return [place for place in nearest[:most] if alike[place] >= LEAST_ALIKE]
