"""The models page as a person uses it: from a hub whose connection is cut to a file for llama.cpp,
with a persona taught on the way."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.llama_cpp import LlamaCpp
from chatbot.dataset.importers import dump
from chatbot.engine.device import Placement
from chatbot.engine.loading import load
from chatbot.exporting.formats import FORMATS
from chatbot.messages import user
from chatbot.training.scores import greedy
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor, wait_until_at_rest
from tests.e2e.fine_tune_page import choose_base, train
from tests.e2e.lab import Lab
from tests.e2e.select_box import pick
from tests.e2e.slider import slider
from tests.unit.base_gpt2 import base_gpt2, starter
from tests.unit.fetching.hub_server import Hub

pytestmark = pytest.mark.timeout(300)  # a server, a run and an export on a busy machine

ID, NAME = "someone/gpt2", "someone--gpt2"
FLOAT32 = Placement("cpu", "float32", "as the laboratory")
RECIPE = {"learning_rate": 0.005, "evaluations": 1, "max_steps": 120}


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def fetch_over_a_cut_connection(page: Page, hub: Hub) -> None:
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


def compare_greedily(page: Page, question: str) -> tuple[Locator, Locator]:
    """The answers of both columns, which are chosen already: the base, and what came of it."""
    for column in range(2):
        page.locator(f".st-key-compare-settings-{column} button").click()
        temperature = slider(page, "Temperature")
        temperature.press("Home")
        expect(temperature).to_have_value("0")
        page.keyboard.press("Escape")
    expect(page.get_by_text("temperature 0, ")).to_have_count(2)
    page.get_by_label("Prompt", exact=True).fill(question)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("summary", has_text="Weights")).to_have_count(2, timeout=90_000)
    return page.locator(".st-key-compare-cell-0-0"), page.locator(".st-key-compare-cell-0-1")


def export_and_download(page: Page, row: Locator, target: Path) -> None:
    row.get_by_role("button", name="Details").click()
    wait_until_at_rest(page)
    box = page.locator(".st-key-model_export")
    pick(box.get_by_role("combobox", name="As"), FORMATS["gguf-f16"])
    box.get_by_role("button", name="Export", exact=True).click()
    expect(box.get_by_text("Done: ")).to_be_visible()
    with page.expect_download() as download:
        box.get_by_role("link", name="Download").click()
    download.value.save_as(target)


def test_from_the_hub_to_llama_cpp(
    lab: Lab, visitors: Callable[..., Visitor], tmp_path: Path
) -> None:
    talks = starter(8)
    question, answer = (message.text for message in talks[1].messages)
    (lab.data / "custom_chat_data.json").write_bytes(dump(talks))
    with Hub({ID: base_gpt2()}) as hub:
        hub.cut_after, hub.cuts, hub.goes_away = 100_000, 1, True
        lab.environment = {
            "HF_ENDPOINT": hub.address,
            "HF_HUB_OFFLINE": "0",
            "no_proxy": "127.0.0.1,localhost",
        }
        lab.start()
        page = visitors().page(f"{lab.url}/models")
        fetch_over_a_cut_connection(page, hub)
    page.locator(f".st-key-models-here-{NAME}").get_by_role("button", name="Chat with it").click()
    chat = ChatPage(page)
    expect(chat.model).to_have_value(NAME)
    expect(page.get_by_text("Fine-tuning makes the difference")).to_be_visible()
    expect(page.get_by_text("Bring the cleared chat back")).to_have_count(0)
    chat.few_tokens()
    chat.ask("Who are you?")
    expect(chat.regenerate).to_be_visible()
    assert f"Checkpoint {NAME}" in (chat.answer().locator("details").text_content() or "")

    go(page, "Fine-tune")
    choose_base(page, NAME)
    train(page, "full", RECIPE)
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=200_000)

    go(page, "Compare")
    expect(page.get_by_role("combobox", name="Model A")).to_have_value(NAME)
    untuned, tuned = compare_greedily(page, question)
    expect(tuned).to_contain_text(answer)
    expect(untuned).not_to_contain_text(answer)

    go(page, "Models")
    file = tmp_path / "mine.gguf"
    export_and_download(page, page.locator("[class*=st-key-models-here-runs-]"), file)
    (checkpoint,) = (lab.models / "runs").glob("*/checkpoint-*")
    questions = [talk.messages[0].text for talk in talks]
    ours = greedy.answers(
        load(checkpoint, FLOAT32), [[user(text)] for text in questions], longest=64
    )
    assert ours[1] == answer
    with LlamaCpp(file) as program:
        assert [program.chat(text, 64).strip() for text in questions] == ours
