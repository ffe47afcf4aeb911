"""The page of jokes, and the switches in the chat."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.jokes import book as books
from chatbot.poems import book as poem_books
from tests.pages.test_chat import alone, asked, opened, with_model  # noqa: F401

PAGE = Path(__file__).parents[2] / "pages" / "services.py"


@pytest.fixture
def page(home: Path) -> AppTest:
    return ran(AppTest.from_file(str(PAGE), default_timeout=30))


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def write(at: AppTest, joke_id: str, setup: str, punchline: str, topics: str = "") -> AppTest:
    at.text_area(key=f"jokes_setup_{joke_id}").set_value(setup)
    at.text_area(key=f"jokes_punchline_{joke_id}").set_value(punchline)
    at.text_input(key=f"jokes_topics_{joke_id}").set_value(topics)
    at.button(key="joke_save").click()
    return ran(at)


def said(at: AppTest) -> str:
    return "\n".join(text.value for text in at.text)


def test_the_list_is_searched_by_words_and_topic(page: AppTest) -> None:
    assert "Show more" in page.button(key="jokes_more").label
    page.text_input(key="jokes_search").set_value("suitcase GULL")
    assert "gull bring a suitcase" in said(ran(page))
    assert any(caption.value.startswith("1 of ") for caption in page.caption)
    page.text_input(key="jokes_search").set_value("")
    page.selectbox(key="jokes_topic").set_value("cat")
    ran(page)
    cats = sum("cat" in joke.topics for joke in books.load().jokes)
    assert any(caption.value.startswith(f"{cats} of ") for caption in page.caption)
    page.text_input(key="jokes_search").set_value("zzz")
    ran(page)
    assert "No joke fits" in page.info[0].value


def test_a_joke_is_added_changed_deleted_and_brought_back(page: AppTest) -> None:
    count = len(books.load().jokes)
    page.button(key="jokes_add").click()
    write(ran(page), "new", "Why did the lamp go out?", "It had a date.", "lamps, time")
    added = books.load().jokes[-1]
    assert (added.id, added.topics, added.punchline) == (
        "own-1",
        ("lamps", "time"),
        "It had a date.",
    )

    page.text_input(key="jokes_search").set_value("lamp go out")
    ran(page)
    page.button(key="joke_edit_own-1").click()
    write(ran(page), "own-1", "Why did the lamp go out?", "It had two dates.", "lamps")
    assert books.load().jokes[-1].punchline == "It had two dates."
    page.button(key="jokes_undo").click()
    ran(page)
    assert books.load().jokes[-1].punchline == "It had a date."

    page.button(key="joke_delete_own-1").click()
    ran(page)
    assert len(books.load().jokes) == count
    page.button(key="jokes_undo").click()
    ran(page)
    assert books.load().jokes[-1].id == "own-1"


@pytest.mark.parametrize(
    ("setup", "punchline", "sentence"),
    [
        ("", "x", "setup is missing"),
        ("Why?", "", "no punchline"),
        ("Why did the gull bring a suitcase to the beach?", "It was always taking off.", "already"),
    ],
)
def test_what_is_no_joke_stays_in_the_form(
    page: AppTest, setup: str, punchline: str, sentence: str
) -> None:
    before = books.load()
    page.button(key="jokes_add").click()
    write(ran(page), "new", setup, punchline)
    assert sentence in page.error[0].value
    assert page.text_area(key="jokes_punchline_new").value == punchline
    assert books.load() == before


def test_undo_leaves_what_others_wrote_meanwhile(page: AppTest) -> None:
    page.button(key="jokes_add").click()
    write(ran(page), "new", "Why did the lamp go out?", "It had a date.")
    theirs = books.load()
    books.save(theirs.with_joke(books.Joke("theirs", (), "So.", setup="Why so?")))
    page.button(key="jokes_undo").click()
    ran(page)
    assert "changed elsewhere" in page.error[0].value
    assert [joke.id for joke in books.load().jokes[-2:]] == ["own-1", "theirs"]


def test_a_knock_knock_joke(page: AppTest) -> None:
    page.button(key="jokes_add").click()
    ran(page)
    page.segmented_control(key="jokes_kind_new").set_value("Knock knock")
    write(ran(page), "new", "Fog.", "Fog-et it.")
    assert (books.load().jokes[-1].knock, books.load().jokes[-1].setup) == ("Fog", "")


def test_a_damaged_file_is_named_and_not_overwritten(home: Path) -> None:
    books.path().write_text("{", encoding="utf-8")
    page = ran(AppTest.from_file(str(PAGE), default_timeout=30))
    assert "is no JSON" in page.warning[0].value
    assert page.button(key="jokes_add").disabled
    assert books.path().read_text(encoding="utf-8") == "{"


def test_hear_one(page: AppTest) -> None:
    page.button(key="joke_tell").click()
    ran(page)
    for _ in range(2):
        page.button(key="joke_why").click()
        ran(page)
    told = {joke.punchline for joke in books.load().jokes}
    assert any(text.value.removeprefix("Bot: ") in told for text in page.text)


def test_a_chat_tells_a_joke_and_can_do_without(with_model: Path) -> None:  # noqa: F811
    (with_model / "data" / "jokes.json").write_text(
        '[{"id": "a", "topics": [], "setup": "Why one?", "punchline": "Because two."}]',
        encoding="utf-8",
    )
    at = asked(opened(), "tell me a joke")
    at = asked(at, "why?")
    assert [text.value for text in at.text if text.value in ("Why one?", "Because two.")] == [
        "Why one?",
        "Because two.",
    ]
    next(toggle for toggle in at.toggle if toggle.label == "Jokes").set_value(False)
    at = asked(ran(at), "tell me a joke")
    assert [text.value for text in at.text].count("Why one?") == 1


@pytest.fixture
def poems_page(page: AppTest) -> AppTest:
    page.segmented_control(key="services_part").set_value("Poems")
    return ran(page)


def fill(at: AppTest, poem_id: str, title: str, lines: str, themes: str) -> AppTest:
    at.text_input(key=f"poems_title_{poem_id}").set_value(title)
    at.text_area(key=f"poems_lines_{poem_id}").set_value(lines)
    at.text_input(key=f"poems_themes_{poem_id}").set_value(themes)
    at.button(key="poem_save").click()
    return ran(at)


FOUR = "The lamp is lit,\nthe kettle sings,\nand where I sit\nthe evening rings."


def test_a_poem_is_added_found_deleted_and_brought_back(poems_page: AppTest) -> None:
    count = len(poem_books.load().poems)
    poems_page.button(key="poems_add").click()
    fill(ran(poems_page), "new", "Evening", FOUR, "home, Night")
    added = poem_books.load().poems[-1]
    assert (added.title, added.themes, len(added.lines)) == ("Evening", ("home", "night"), 4)
    poems_page.text_input(key="poems_search").set_value("kettle sings")
    assert "the evening rings." in said(ran(poems_page))
    poems_page.button(key=f"poem_delete_{added.id}").click()
    ran(poems_page)
    assert len(poem_books.load().poems) == count
    poems_page.button(key="poems_undo").click()
    ran(poems_page)
    assert poem_books.load().poems[-1] == added


@pytest.mark.parametrize(
    ("title", "lines", "themes", "sentence"),
    [
        ("", FOUR, "home", "needs a title"),
        ("Short", "One\nTwo", "home", "4 to 12 lines"),
        ("Nowhere", FOUR, "", "no theme"),
    ],
)
def test_what_is_no_poem_stays_in_the_form(
    poems_page: AppTest, title: str, lines: str, themes: str, sentence: str
) -> None:
    before = poem_books.load()
    poems_page.button(key="poems_add").click()
    fill(ran(poems_page), "new", title, lines, themes)
    assert sentence.replace(".", "\\.") in poems_page.error[0].value
    assert poems_page.text_area(key="poems_lines_new").value == lines
    assert poem_books.load() == before


def test_a_sentence_is_read(poems_page: AppTest) -> None:
    poems_page.text_input(key="poems_sentence").set_value("the waves and the harbour at high tide")
    assert "Theme: sea." in said(ran(poems_page))
