"""A bigger model on the pages: the box that switches it on, and where it may be chosen then."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chatbot.dataset.importers import dump
from chatbot.providers import Key as Secret
from chatbot.providers import Provider, ProviderSettings, Spending
from pages.ui.compare_columns import ELSEWHERE
from pages.ui.compare_state import Key as Compare
from pages.ui.provider_state import Key
from tests.pages.dataset_page import ran, talk
from tests.unit.provider_server import ANSWER, KEY, ProviderServer

PAGES = Path(__file__).parents[2] / "pages"
BOX = """
from pages.ui import provider_settings
provider_settings.section()
"""


@pytest.fixture
def box(home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "PROVIDER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    at = AppTest.from_string(BOX, default_timeout=30)
    at.session_state[Key.BOX] = True
    return ran(at)


def said(at: AppTest) -> str:
    told = [*at.caption, *at.markdown, *at.error, *at.success]
    return "\n".join(each.value for each in told).replace("\\", "")


def filled(at: AppTest, address: str, model: str = "kind", key: str = KEY) -> AppTest:
    at.radio(key=Key.KIND).set_value("own")
    ran(at)
    at.text_input(key=Key.ADDRESS).set_value(address)
    at.text_input(key=Key.MODEL).set_value(model)
    at.text_input(key=Key.TYPED).set_value(key)
    return ran(at)


def until(at: AppTest, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
    ran(at)


def switch_on(at: AppTest) -> AppTest:
    at.checkbox[-1].check()
    ran(at)
    at.button(key=Key.ON).click()
    return ran(at)


def switched_on(at: AppTest, server: ProviderServer) -> Provider:
    """As after the box was used on another page of the same session."""
    settings = ProviderSettings("own", server.address, "kind", Secret(KEY))
    provider = Provider(settings, Spending(settings.most_tokens_per_session))
    at.session_state["own_provider"] = provider
    return provider


def test_it_is_off_and_says_what_is_missing(box: AppTest) -> None:
    assert "Off: nothing leaves this machine." in said(box)
    assert "Still missing: the name of a model, a key." in said(box)
    assert not [button for button in box.button if button.key == Key.ON]
    filled(box, "", model="", key="")
    assert "Still missing: an address, the name of a model." in said(box)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("cake", "http"),
        ("ftp://127.0.0.1/v1", "http"),
        ("http://somewhere.example/v1", "unencrypted"),
    ],
)
def test_what_is_no_address_is_said_and_nothing_is_offered(
    box: AppTest, address: str, sentence: str
) -> None:
    filled(box, address)
    assert sentence in said(box)
    assert not [button for button in box.button if button.key == Key.ON]


def test_it_is_switched_on_only_after_one_agreed_tested_and_switched_off(box: AppTest) -> None:
    with ProviderServer() as server:
        filled(box, server.address)
        assert f"What is sent to {server.host}" in said(box)
        assert box.button(key=Key.ON).disabled
        switch_on(box)
        assert f"On: kind at {server.host}" in said(box)
        assert server.asked == []
        box.button(key=Key.TEST).click()
        assert ANSWER in said(ran(box))
        assert [each.body["messages"][-1]["content"] for each in server.asked] == ["Say hello."]
        assert KEY not in said(box)
        box.button(key=Key.OFF).click()
        assert "Off: nothing leaves this machine." in said(ran(box))
        assert box.text_input(key=Key.TYPED).value == ""
        assert box.text_input(key=Key.ADDRESS).value == server.address


def test_agreeing_to_one_server_is_not_agreeing_to_another(box: AppTest) -> None:
    with ProviderServer() as server:
        filled(box, server.address)
        box.checkbox[-1].check()
        assert not ran(box).button(key=Key.ON).disabled
        box.text_input(key=Key.MODEL).set_value("other")
        assert ran(box).button(key=Key.ON).disabled


def test_a_test_that_fails_is_a_sentence(box: AppTest) -> None:
    with ProviderServer() as server:
        switch_on(filled(box, server.address, key="sk-wrong-0000"))
        box.button(key=Key.TEST).click()
        assert "does not accept the key" in ran(box).error[0].value
        assert "sk-wrong" not in said(box)


def test_compare_offers_it_as_a_column_and_says_where_prompts_go(
    home: Path, tiny_gpt2: Path
) -> None:
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    at = AppTest.from_file(str(PAGES / "compare.py"), default_timeout=60)
    ran(at)
    assert not [name for name in at.selectbox(f"{Compare.MODEL}1").options if "kind" in name]
    with ProviderServer() as server:
        provider = switched_on(at, server)
        ran(at)
        at.selectbox(f"{Compare.MODEL}0").set_value("tiny")
        at.selectbox(f"{Compare.MODEL}1").set_value(ELSEWHERE + provider.name)
        at.slider(f"{Compare.SETTING}max_new_tokens_0").set_value(8)
        ran(at)
        assert f"The prompts are sent to {server.host}." in said(at)
        assert server.asked == []
        at.text_area(Compare.PROMPT).input("How is the sea?")
        at.button("compare-start").click()
        ran(at)
        bench = at.session_state["own_compare_benches"]["Side by side"]
        assert bench.wait(60)
        ran(at)
        assert bench.cell(0, 1).text == ANSWER
        assert f"Sent to** {server.host}" in said(at)
        (asked,) = server.asked
        assert asked.body["messages"][-1]["content"] == "How is the sea?"
        del at.session_state["own_provider"]
        assert ELSEWHERE not in str(ran(at).selectbox(f"{Compare.MODEL}1").value)


def test_drafts_are_written_there_only_where_it_is_chosen(home: Path, tiny_gpt2: Path) -> None:
    rows = [talk("Where are you from?", "The rock."), talk("Who are you?", "Wick.")]
    (home / "data" / "custom_chat_data.json").write_bytes(dump(rows))
    shutil.copytree(tiny_gpt2, home / "models" / "tiny")
    at = AppTest.from_file(str(Path(__file__).with_name("proposals_page.py")), default_timeout=60)
    at.session_state["model"], at.session_state["proposals"] = "tiny", True
    at.session_state["proposals_kind"] = "drafts"
    assert not [each for each in ran(at).checkbox if each.key == Key.DRAFTS]
    with ProviderServer() as server:
        provider = switched_on(at, server)
        ran(at)
        choice = at.checkbox(key=Key.DRAFTS)
        assert not choice.value  # never by itself
        assert provider.host in choice.label.replace("\\", "")
        choice.check()
        at.text_input(key="proposals_topic").set_value("the tide")
        ran(at)
        at.button(key="proposals_begin").click()
        ran(at)
        until(at, lambda: at.session_state["own_proposals"][-1].job.done)
        assert server.asked
        assert all("the tide" in str(each.body["messages"]) for each in server.asked)
        asked = len(server.asked)
        ran(at).checkbox(key=Key.DRAFTS).uncheck()
        ran(at)
        at.button(key="proposals_begin").click()
        ran(at)
        at.session_state["own_proposals"][-1].job.stop()
        until(at, lambda: at.session_state["own_proposals"][-1].job.done)
        assert len(server.asked) == asked
