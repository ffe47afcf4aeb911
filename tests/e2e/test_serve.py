"""The bot for other programs, in a process of its own, while people chat in their browsers."""

import time
from collections.abc import Callable

import openai
from playwright.sync_api import expect

from chatbot.transcripts import Transcript, TranscriptStore, new_id
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import STORY, Visitor
from tests.e2e.lab import Lab

LENGTHS = (200, 160)
"""Words of the two people's answers; at most so many tokens, each a word."""
STREAMED = 60


def test_a_program_streams_while_two_people_chat(
    running: Lab, visitors: Callable[..., Visitor]
) -> None:
    with running.serving() as address:
        chats = [begun(running, visitors(), length) for length in LENGTHS]
        client = openai.OpenAI(base_url=address, api_key="none", max_retries=0, timeout=60)
        said(client, 1)  # the model is loaded there
        for number, chat in enumerate(chats):
            chat.ask(f"Tell me story {number}")
        for chat in chats:
            expect(chat.answer()).to_contain_text("word002")
        words, times = said(client, STREAMED, while_growing=chats)
        assert [word.strip() for word in words] == [word.strip() for word in STORY[:STREAMED]]
        assert times[0] < times[-1] / 2  # they came as they were made, not all at the end
        for number, (chat, length) in enumerate(zip(chats, LENGTHS, strict=True)):
            expect(chat.answer()).to_contain_text(STORY[length - 1].strip())
            expect(chat.regenerate).to_be_visible()
            assert chat.words().split() == "".join(STORY[:length]).split()
            expect(chat.page.get_by_text(f"Tell me story {1 - number}")).to_have_count(0)


def begun(lab: Lab, visitor: Visitor, length: int) -> ChatPage:
    """A chat with the story's model, whose answers have at most so many tokens."""
    chat = new_id()
    TranscriptStore(lab.data / ".chats").save(Transcript(chat, model="story"))
    page = visitor.page(f"{lab.url}/?chat={chat}&max_new_tokens={length}")
    expect(page.get_by_text("Loading the model")).to_have_count(0)
    return ChatPage(page)


def said(
    client: openai.OpenAI, length: int, *, while_growing: list[ChatPage] | None = None
) -> tuple[list[str], list[float]]:
    """The pieces of a streamed answer, and after how many seconds each came.

    Args:
        length: at most so many tokens.
        while_growing: chats whose answers are under way when the first piece comes.
    """
    asked = time.monotonic()
    stream = client.chat.completions.create(
        model="story:bare",
        messages=[{"role": "user", "content": "Tell me a story"}],
        max_tokens=length,
        stream=True,
    )
    words: list[str] = []
    times: list[float] = []
    for piece in stream:
        text = piece.choices[0].delta.content
        if not text:
            continue
        words.append(text)
        times.append(time.monotonic() - asked)
        if len(words) == 1:
            for chat in while_growing or ():
                assert chat.stop.is_visible()
    return words, times
