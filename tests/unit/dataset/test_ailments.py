"""What words suffer from is found, what is well is left alone, and a mend mends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot import paths
from chatbot.dataset import ailments
from chatbot.dataset.doctor import check
from chatbot.dataset.importers import read_strictly
from chatbot.messages import Conversation, assistant, user


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("<|im_start|>user", "markers"),
        ("[INST] Hi [/INST]", "markers"),
        ("Hi</s>", "markers"),
        ("### Response:\nHi", "markers"),
        ("Hi<br>you", "markup"),
        ("<p class='x'>Hi</p>", "markup"),
        ("Tom &amp; Anna", "markup"),
        ("schÃ¶n", "rubble"),
        ("donâ€™t", "rubble"),
        ("lo\ufffdst", "lost"),
        ("a\u200bb", "unseen"),
        ("I am {{name}}.", "place"),
        ("sk-abcdefghij0123456789", "key"),
        ("AKIAABCDEFGHIJKLMNOP", "key"),
        ("Write to anna.b@example.co.uk.", "mail"),
        ("Call +49 171 1234567", "phone"),
        ("Call (030) 123 45-67", "phone"),
        ("See https://example.org/x", "link"),
        ("See www.example.org", "link"),
    ],
)
def test_each_kind_is_found(text: str, key: str) -> None:
    assert ailments.of_text(text) == (key,)


@pytest.mark.parametrize(
    "text",
    [
        "I <3 you, a < b > c, and 2 > 1",
        "Rock & roll; R&D",
        "Über Öl, Ärger, naïve café, São Paulo, Ãngelo",
        "“Quoted” — „and so“ … €5",
        "In 1984, 1,000,000 people; 2023-01-02; 10.5 and 192.168.0.1; 3.14159265",
        "Room 101, version 1.2.3, order 0815",
        "me@home, @anna, a@b",
        "A {brace} and {{}} and code {x: {y: 1}}",
        "👨‍👩‍👧 👍🏽 שלום مرحبا",
        "### Notes on response",
        "HTTP is a protocol; www is short",
        "sk-ip this",
    ],
)
def test_what_is_well_is_left_alone(text: str) -> None:
    assert ailments.of_text(text) == ()


@pytest.mark.parametrize(
    ("key", "text", "mended"),
    [
        ("markers", "<|im_start|>Hi<|im_end|>", "Hi"),
        ("markers", "### Response:\nHi", "Hi"),
        ("markup", "Hi<br/>you<p>there &amp; here</p>", "Hi\nyouthere & here"),
        ("markup", "a&nbsp;b", "a b"),
        ("rubble", "schÃ¶n, â€œsoâ€\u009d â€” ðŸŒŠ", "schön, “so” — 🌊"),
        ("rubble", "schÃ¶n 👋", "schön 👋"),
        ("unseen", "a\u200bb\x00", "ab"),
    ],
)
def test_a_mend_mends(key: str, text: str, mended: str) -> None:
    before = Conversation((user("Hi"), assistant(text)), {"note": "kept"})
    after = ailments.mend(before, key)
    assert after == Conversation((user("Hi"), assistant(mended)), {"note": "kept"})
    assert key not in ailments.of_text(mended)


def test_what_only_a_person_can_decide_stays() -> None:
    talk = Conversation((user("anna@example.org"), assistant("<br>")))
    assert ailments.mend(talk, "mail") == talk
    assert ailments.mend(talk, "markup") == talk  # nothing would be left of it


def test_each_kind_is_told_once_with_its_turn() -> None:
    talk = Conversation((user("Hi"), assistant("<b>a</b>"), user("<b>c</b>"), assistant("d")))
    findings = check([talk])[1:]  # the first speaks of the whole set
    assert [(f.row, f.message, f.mend) for f in findings] == [
        (1, "Turn 2 holds leftover markup of a web page.", "markup")
    ]


def test_a_very_long_answer_is_told_and_a_long_question_is_not() -> None:
    talk = Conversation((user("a" * 5000), assistant("b" * 2001)))
    findings = check([talk])[1:]
    assert [f.message for f in findings] == ["Turn 2 is very long (2,001 characters)."]


def test_near_duplicates_point_at_the_first_one() -> None:
    talks = [
        Conversation((user("Who are you?"), assistant("Wick."))),
        Conversation((user("who are you"), assistant("Wick!"))),
        Conversation((user("?!"), assistant("…"))),
        Conversation((user("!!"), assistant("..."))),
    ]
    near = [f for f in check(talks) if "signs and capitals" in f.message]
    assert [(f.row, "conversation 1 " in f.message) for f in near] == [(2, True)]


def test_the_starter_persona_is_well() -> None:
    file = paths.shipped_dataset_path()
    assert check(read_strictly(file.read_bytes(), file.name)) == []


SIGNS = (
    *("<b>", "&amp;", "{{name}}", "{{ x }}", "[INST]", "</s>", "<|im_end|>", "\n### Response:\n"),
    *(
        "sk-0123456789abcdef01",
        "AKIA0123456789ABCDEF",
        "ghp_0123456789abcdefghij",
        "xoxb-0123456789",
    ),
    *("HTTP://x.org", "Www.x.org/a", "a@b.cd", "+49 30 1234567", "(030) 1234567", " ", "x", "0"),
    *("\u00c3\u00a4", "\u00e2\u20ac\u2122", "\ufffd", "\u200b", "\u00c2", "\u00f0\u0178"),
)


@given(st.lists(st.sampled_from(SIGNS), max_size=6).map("".join))
def test_the_quick_look_misses_nothing(text: str) -> None:
    closely = [key for key, ailment in ailments.AILMENTS.items() if ailment.shows(text)]
    assert list(ailments.of_text(text)) == closely
