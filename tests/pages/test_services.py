"""The page of jokes, and the switches in the chat."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.jokes import book as books
from chatbot.poems import book as poem_books
from tests.pages.test_chat import asked, opened

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
    at.button(key=f"jokes_save_{joke_id}").click()
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
    page.button(key="jokes_edit_own-1").click()
    write(ran(page), "own-1", "Why did the lamp go out?", "It had two dates.", "lamps")
    assert books.load().jokes[-1].punchline == "It had two dates."
    page.button(key="jokes_undo").click()
    ran(page)
    assert books.load().jokes[-1].punchline == "It had a date."

    page.button(key="jokes_delete_own-1").click()
    ran(page)
    assert len(books.load().jokes) == count
    page.button(key="jokes_undo").click()
    ran(page)
    assert books.load().jokes[-1].id == "own-1"


@pytest.mark.parametrize(
    ("setup", "punchline", "sentences"),
    [
        ("", "x", ["first is missing"]),
        ("Why?", "", ["no punchline"]),
        ("", "", ["first is missing", "no punchline"]),
    ],
)
def test_what_is_no_joke_stays_in_the_form(
    page: AppTest, setup: str, punchline: str, sentences: list[str]
) -> None:
    before = books.load()
    page.button(key="jokes_add").click()
    assert beside(ran(page)) == []  # nobody has tried to save it yet
    write(page, "new", setup, punchline)
    assert len(beside(page)) == len(sentences)
    for said_there, sentence in zip(beside(page), sentences, strict=True):
        assert sentence in said_there
    assert not page.error
    assert page.text_area(key="jokes_punchline_new").value == punchline
    assert books.load() == before
    page.text_area(key="jokes_setup_new").set_value("Why did the lamp go out?")
    page.text_area(key="jokes_punchline_new").set_value("It had a date.")
    assert beside(ran(page)) == []  # mended, before it is saved


def test_a_joke_that_is_there_already_is_told_in_its_form(page: AppTest) -> None:
    page.button(key="jokes_add").click()
    known = books.load().jokes[0]
    write(ran(page), "new", known.setup, known.punchline)
    assert "already" in page.error[0].value
    assert page.text_area(key="jokes_setup_new").value == known.setup
    page.button(key="jokes_cancel_new").click()
    assert not ran(page).error


def test_nothing_typed_is_lost_on_the_way(page: AppTest) -> None:
    first, second = (joke.id for joke in books.load().jokes[:2])
    page.button(key="jokes_add").click()
    ran(page)
    page.text_area(key="jokes_setup_new").set_value("Why so half?")
    for joke_id in (first, second):
        page.button(key=f"jokes_edit_{joke_id}").click()
        ran(page)
        page.text_area(key=f"jokes_punchline_{joke_id}").set_value(f"Half of {joke_id}")
    page.text_input(key="jokes_search").set_value("zzz")
    ran(page)
    page.segmented_control(key="services_part").set_value("Poems")
    ran(page)
    page.segmented_control(key="services_part").set_value("Jokes")
    ran(page)
    assert page.text_area(key="jokes_setup_new").value == "Why so half?"
    for joke_id in (first, second):
        assert page.text_area(key=f"jokes_punchline_{joke_id}").value == f"Half of {joke_id}"
    page.button(key=f"jokes_save_{first}").click()
    ran(page)
    assert {joke.id: joke.punchline for joke in books.load().jokes}[first] == f"Half of {first}"
    assert page.text_area(key=f"jokes_punchline_{second}").value == f"Half of {second}"


def test_a_joke_deleted_elsewhere_stays_in_its_form_and_comes_back(page: AppTest) -> None:
    joke = books.load().jokes[0]
    page.button(key=f"jokes_edit_{joke.id}").click()
    ran(page)
    page.text_area(key=f"jokes_punchline_{joke.id}").set_value("Another end.")
    books.save(books.load().without(joke.id))
    ran(page)
    page.button(key=f"jokes_save_{joke.id}").click()
    ran(page)
    assert books.load().jokes[-1].punchline == "Another end."


def beside(at: AppTest) -> list[str]:
    """What is said to be wrong, beside the fields."""
    return [found.value for found in at.markdown if found.value.startswith(":small[:red[")]


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


def test_a_chat_tells_a_joke_and_can_do_without(with_model: Path) -> None:
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
    at.button(key=f"poems_save_{poem_id}").click()
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
    poems_page.button(key=f"poems_delete_{added.id}").click()
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
    (said_there,) = beside(poems_page)
    assert sentence in said_there
    assert poems_page.text_area(key="poems_lines_new").value == lines
    assert poem_books.load() == before


def test_a_sentence_is_read(poems_page: AppTest) -> None:
    poems_page.text_input(key="poems_sentence").set_value("the waves and the harbour at high tide")
    assert "Theme: sea." in said(ran(poems_page))
