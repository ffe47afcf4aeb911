"""From a wrong answer to a run that learns the right one, in three clicks; jokes on the way."""

import json

import pytest
from playwright.sync_api import expect

from chatbot.transcripts import Transcript, TranscriptStore, Turn, new_id
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab

pytestmark = pytest.mark.timeout(300)  # a server and a run on a busy machine


def test_a_wrong_answer_is_put_right_and_learned(lab: Lab, visitor: Visitor) -> None:
    turn = Turn("Who are you?", "A whale.", "done", {"model": "tiny"}, id=1, asked=1)
    chat = Transcript(new_id(), (turn,), model="tiny")
    TranscriptStore(lab.data / ".chats").save(chat)
    lab.start()
    page = visitor.page(f"{lab.url}/?chat={chat.id}")
    ChatPage(page).wait_until_at_rest()
    page.locator(".st-key-dislike-1 button").first.click()
    field = page.locator(".st-key-chat-edit textarea")
    expect(field).to_be_focused()
    field.fill("A keeper of lights.")
    page.get_by_role("button", name="Save and teach").click()  # one
    expect(page.get_by_text("A keeper of lights.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Fine-tune on it").click()  # two
    start = page.get_by_role("button", name="Fine-tune", exact=True)
    expect(start).to_be_enabled()
    expect(page.get_by_role("combobox", name="Base model")).to_have_value("tiny")
    start.click()  # three
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=200_000)
    expect(page.get_by_role("button", name="Chat with it").first).to_be_visible()
    (run,) = (lab.models / "runs").glob("*/data.json")
    learned = json.loads(run.read_text(encoding="utf-8"))
    assert learned[-1]["conversations"][-1] == {"from": "gpt", "value": "A keeper of lights."}


def test_a_joke_waits_for_its_why_over_a_restart_and_an_own_one_is_told(
    lab: Lab, visitor: Visitor
) -> None:
    chat = new_id()
    TranscriptStore(lab.data / ".chats").save(Transcript(chat, model="tiny"))
    (lab.data / "jokes.json").write_text(
        '[{"id": "a", "topics": ["tea"], "setup": "Why is tea late?", "punchline": "It steeps."},'
        '{"id": "b", "topics": ["door"], "knock": "Olive", "punchline": "Olive you too."}]',
        encoding="utf-8",
    )
    lab.start()
    page = visitor.page(f"{lab.url}/?chat={chat}")
    ChatPage(page).ask("Tell me a joke about tea!")
    expect(ChatPage(page).answer(0)).to_contain_text("Why is tea late?")
    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = visitor.page(f"{lab.url}/?chat={chat}")
    said = (
        ("why?", "It steeps."),
        ("a knock-knock joke", "Knock knock!"),
        ("Who's there?", "Olive."),
        ("Olive who?", "Olive you too."),
    )
    for place, (question, answer) in enumerate(said, start=1):
        ChatPage(page).ask(question)
        expect(ChatPage(page).answer(place)).to_contain_text(answer)

    page.get_by_role("link", name="Jokes and poems").click()
    page.get_by_role("button", name="Add a joke").click()
    form = page.locator(".st-key-joke-form-new")
    form.get_by_label("Punchline").fill("It was anchored in the past.")
    form.get_by_role("textbox", name="Topics").fill("anchors, history")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("What is said first is missing.")
    form.get_by_label("Setup").fill("Why did the old ship never sail?")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(page.get_by_text("Why did the old ship never sail?")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    chat = ChatPage(page)
    for place, (question, answer) in enumerate(
        (
            ("Do you know a joke about anchors?", "Why did the old ship never sail?"),
            ("why", "It was anchored in the past."),
        ),
        start=5,
    ):
        chat.ask(question)
        expect(chat.answer(place)).to_contain_text(answer)
