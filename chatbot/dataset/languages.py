"""In which language a text is, where that can be told with certainty from its letters and its
commonest words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

LEAST_LETTERS = 12
"""Below this many letters nothing is said of a text."""
_CLEAR = 2
"""So many more common words of one language than of any other make it that one."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that are frequent in one of these languages and rare in the others.
_COMMON: Mapping[str, frozenset[str]] = {
    "English": _words(
        "the and you of that it is was for are with they this have from what your not but can "
        "there were would when who will my how i'm it's don't do does about which"
    ),
    "German": _words(
        "der die das und ist nicht ich du sie wir ihr ein eine einen auf mit für von dem den "
        "auch wie aber wenn oder bin bist sind hast dein mein kein nur noch schon sehr zu im"
    ),
    "French": _words(
        "le les des est une dans pour pas vous que qui sur avec je tu il elle nous mais ou où "
        "être sont mon ton son cette très bien c'est j'ai suis aux du et"
    ),
    "Spanish": _words(
        "el los las una que es por con para como pero más muy soy eres está yo tú mi mis tu "
        "sus cuando donde qué cómo porque también hay del al y"
    ),
    "Italian": _words(
        "il gli che di è per con non sono una della del nel ma come più mi ti ci questo "
        "questa sei ho hai anche molto perché cosa dove e"
    ),
    "Portuguese": _words(
        "os que não uma com para você eu por mais como mas muito seu sua está são também meu "
        "minha é tem foi quando onde isso do da em um"
    ),
    "Dutch": _words(
        "het een van is niet dat ik je jij wij zijn met voor op maar ook als hoe wat waar "
        "bent heb hebt mijn jouw geen nog wel naar aan en"
    ),
    "Polish": _words(
        "nie jest się na że jak ale czy co mam jestem jesteś dla przez tylko już jego mój "
        "twój bardzo kiedy gdzie i w z"
    ),
    "Turkish": _words(
        "ve bir bu için ile ben sen çok ne nas\u0131l değil var m\u0131 mi da de ama gibi benim "
        "senin"
    ),
    "Swedish": _words(
        "och att det är jag du inte som en ett på med för av men var hur vad har min din "
        "också till från"
    ),
}
_SCRIPTS: Mapping[str, str] = {
    "CYRILLIC": "a Cyrillic script",
    "GREEK": "Greek",
    "ARABIC": "Arabic script",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "HANGUL": "Korean",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "CJK": "Chinese characters",
    "THAI": "Thai",
}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language_of(text: str) -> str:
    """Its name, or the script's; "" where it can't be told."""
    if text.isascii():
        return _by_words(text) if len(text) >= LEAST_LETTERS else ""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return ""
    scripts = Counter(map(_script, letters))
    if scripts["HIRAGANA"] or scripts["KATAKANA"]:
        return "Japanese" if scripts["LATIN"] < len(letters) / 2 else ""
    script, count = scripts.most_common(1)[0]
    if script == "LATIN":
        return _by_words(text) if len(letters) >= LEAST_LETTERS else ""
    return _SCRIPTS.get(script, "") if 2 * count > len(letters) > 3 else ""


def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "").partition(" ")[0]


def _by_words(text: str) -> str:
    words = {word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())}
    counts = sorted(((len(words & common), name) for name, common in _COMMON.items()), reverse=True)
    (first, name), (second, _) = counts[:2]
    return name if first >= second + _CLEAR else ""
