"""Fine-tune in a real browser: to the end and into the chat; through refresh, second tab, crash."""

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visitor, write_data
from tests.e2e.fine_tune_page import expect_running, opened, train_a_tiny_one, wait_for_step
from tests.e2e.lab import Lab

pytestmark = pytest.mark.timeout(300)

POINTS = "node => Math.max(...node.data.map((curve) => curve.x.length))"


def train_for_long(page: Page) -> None:
    """The one click that trains a GPT-2 from scratch."""
    page.get_by_role("button", name="Train", exact=True).click()
    expect_running(page)


def test_a_run_is_seen_from_everywhere_and_stopped(
    lab: Lab, visitors: Callable[..., Visitor]
) -> None:
    write_data(lab, conversations=600, cups=4)
    lab.start()
    page = opened(visitors(), lab)
    train_for_long(page)
    wait_for_step(page, 2)
    keeps_its_node_and_zoom(page)

    page.reload()
    expect_running(page)
    wait_for_step(page, 3)

    second = opened(visitors(), lab)
    expect_running(second)
    second.get_by_text("Plan another run").click()
    second.get_by_role("button", name="Add to the queue", exact=True).first.click()
    expect(second.get_by_text("The first one begins by itself").first).to_be_visible()
    second.get_by_role("button", name="Remove").click()
    expect(second.get_by_text("The first one begins by itself")).to_have_count(0)

    page.get_by_role("link", name="Chat").click()
    chat = ChatPage(page)
    chat.choose("tiny")
    chat.few_tokens()
    chat.ask("Are you there, while another one learns?")
    expect(chat.regenerate).to_be_visible()

    second.get_by_role("button", name="Stop and keep").first.click()
    expect(second.get_by_text("Stopped, kept").first).to_be_visible(timeout=150_000)
    expect(second.get_by_role("button", name="Chat with it").first).to_be_visible()
    expect(second.get_by_role("button", name="Resume").first).to_be_visible()


def keeps_its_node_and_zoom(page: Page) -> None:
    """Several updates of the live chart: the same node, the same zoom, more points."""
    chart = page.locator(".js-plotly-plot")
    expect(chart).to_have_count(1)
    expect(chart).to_be_visible()
    chart.evaluate("node => { window.chart = node }")
    for _ in range(5):  # the page above may grow by a line while the mouse is on its way
        drag_across(page, chart)
        with suppress(TimeoutError):
            zoomed = "() => window.chart.layout.xaxis.autorange === false"
            page.wait_for_function(zoomed, timeout=6_000)
            break
    zoom = chart.evaluate("node => node.layout.xaxis.range.map((x) => Math.round(x * 1e6))")
    seen = chart.evaluate(POINTS)
    for _ in range(3):
        page.wait_for_function(f"seen => ({POINTS})(window.chart) > seen", arg=seen)
        seen = chart.evaluate(POINTS)
    assert chart.evaluate("node => node.layout.xaxis.autorange") is False
    assert chart.evaluate("node => node === window.chart && node.isConnected")
    after = chart.evaluate("node => node.layout.xaxis.range.map((x) => Math.round(x * 1e6))")
    assert after == zoom


def drag_across(page: Page, chart: Locator) -> None:
    area = chart.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.8, area["y"] + area["height"] * 0.5, steps=5)
    page.mouse.up()


def test_to_the_end_and_into_the_chat(lab: Lab, visitor: Visitor) -> None:
    lab.start()
    page = opened(visitor, lab)
    train_a_tiny_one(page, evaluations=2, max_steps=30)
    expect(page.get_by_role("heading", name="Waiting", exact=True)).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("The same questions, answered again").first).to_be_visible()
    page.get_by_role("button", name="Chat with it").first.click()
    chat = ChatPage(page)
    expect(chat.model).to_have_value(re.compile(r"gpt2-scratch · step \d+"))
    chat.few_tokens()
    chat.ask("What about 7?")
    expect(chat.regenerate).to_be_visible()
    expect(chat.answer().locator("summary")).to_contain_text("checkpoint-")


def test_paused_it_waits_and_resumed_it_ends(lab: Lab, visitor: Visitor) -> None:
    lab.start()
    page = opened(visitor, lab)
    train_a_tiny_one(page, evaluations=10, max_steps=200)
    expect(page.get_by_role("button", name="Chat with the best so far").first).to_be_visible()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused", exact=True).first).to_be_visible(timeout=150_000)
    expect(page.get_by_text("Paused at step").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("Paused", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=200_000)


def test_a_killed_server_finds_the_run_interrupted_and_resumes_it(
    lab: Lab, visitor: Visitor
) -> None:
    lab.start()
    page = opened(visitor, lab)
    train_a_tiny_one(page, evaluations=10, max_steps=200)
    wait_for_step(page, 45)  # its state is saved with every evaluation, here each 20 steps
    lab.kill()
    page.close()
    visitor.complaints.clear()  # the lost connection is the test's doing
    lab.start()
    page = opened(visitor, lab)
    expect(page.get_by_text("Interrupted", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Resume").first.click()
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=200_000)
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    (metrics,) = (lab.models / "runs").glob("*/metrics.jsonl")
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    steps = [row["step"] for row in rows if "loss" in row]
    assert steps == list(range(1, 201))  # none lost, none twice
