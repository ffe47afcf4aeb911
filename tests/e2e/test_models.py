"""The models page as a person uses it: a model from a hub whose connection is cut, then a chat."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor
from tests.e2e.lab import Lab
from tests.unit.fetching.hub_server import Hub
from tests.unit.fetching.real_layout import gpt2_of_the_hub

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

ID, NAME = "someone/tiny-gpt2", "someone--tiny-gpt2"


def test_a_model_is_fetched_over_a_cut_connection_and_answers(
    lab: Lab,
    visitors: Callable[..., Visitor],
    tiny_gpt2: Path,
    tiny_tokenizer: "PreTrainedTokenizerFast",
    tmp_path: Path,
) -> None:
    files = gpt2_of_the_hub(tiny_gpt2, tiny_tokenizer, tmp_path / "made")
    with Hub({ID: files}) as hub:
        hub.cut_after, hub.cuts, hub.goes_away = 100_000, 1, True
        lab.environment = {
            "HF_ENDPOINT": hub.address,
            "HF_HUB_OFFLINE": "0",
            "no_proxy": "127.0.0.1,localhost",
        }
        lab.start()
        page = visitors().page(f"{lab.url}/models")
        page.get_by_text("By its id", exact=True).click()
        page.get_by_label("Model", exact=True).fill(ID)
        page.get_by_label("Model", exact=True).press("Enter")
        page.locator(".st-key-models-fetch-id button").click()
        expect(page.get_by_text("out of order")).to_be_visible()
        expect(page.locator(f".st-key-models-here-{NAME}")).to_have_count(0)
        hub.closed.clear()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("is here and checked")).to_be_visible()
        assert [each["range"] for each in hub.of_file("model.safetensors")][-1] == "bytes=100000-"
    page.locator(f".st-key-models-here-{NAME}").get_by_role("button", name="Chat with it").click()
    chat = ChatPage(page)
    expect(chat.model).to_have_value(NAME)
    chat.few_tokens()
    chat.ask("Who are you?")
    expect(chat.regenerate).to_be_visible()
    assert f"Checkpoint {NAME}" in (chat.answer().locator("details").text_content() or "")
