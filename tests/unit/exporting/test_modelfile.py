"""Ollama's template says what the model's own says; where it can't, it is left out."""

import re
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine.templates import CHATML_TEMPLATE, PLAIN_TEMPLATE
from chatbot.exporting.modelfile import around_messages, modelfile

CHAT = [
    ("system", "Be kind."),
    ("user", "Who?\nYou?"),
    ("assistant", "Me."),
    ("user", "Well"),
]


@pytest.fixture
def tokenizer(tiny_gpt2: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_gpt2)


def go(template: str, messages: list[tuple[str, str]]) -> str:
    """The little of Go's templates that is written here, run as Go would."""
    body = re.fullmatch(
        r"\{\{ range \.Messages \}\}(.*)\{\{ end \}\}\{\{ end \}\}(.*)", template, re.DOTALL
    )
    assert body is not None
    cases = re.findall(
        r'\{\{ (?:else )?if eq \.Role "(\w+)" \}\}(.*?)\{\{ \.Content \}\}(.*?)(?=\{\{|\Z)',
        body[1],
        re.DOTALL,
    )
    around = {role: (before, after) for role, before, after in cases}
    said = "".join(around[role][0] + text + around[role][1] for role, text in messages)
    return said + body[2]


@pytest.mark.parametrize("template", [CHATML_TEMPLATE, PLAIN_TEMPLATE])
def test_the_template_says_the_same_in_go(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = template
    text = modelfile(tokenizer, "a.gguf", 256)
    found = re.search(r'^TEMPLATE """(.*?)"""$', text, re.DOTALL | re.MULTILINE)
    assert found is not None
    chat = [{"role": role, "content": words} for role, words in CHAT]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert go(found[1], CHAT) == rendered
    assert "PARAMETER num_ctx 256\n" in text
    assert 'PARAMETER stop """<|im_end|>"""' in text


def test_stop_texts_of_a_plain_template_are_there(tokenizer: Any) -> None:
    tokenizer.chat_template = PLAIN_TEMPLATE
    assert 'PARAMETER stop """\nUser:"""' in modelfile(tokenizer, "a.gguf", 256)


@pytest.mark.parametrize(
    "template",
    [
        "{%- for m in messages -%}{{ loop.index }}{{ m.role }}: {{ m.content }}\n{%- endfor -%}",
        "{%- for m in messages -%}{{ m.content | upper }}{%- endfor -%}",
        "{{ raise_exception('no') }}",
        "{%- for m in messages -%}{{ '{{' + m.role }}{{ m.content }}{%- endfor -%}",
    ],
)
def test_a_template_that_does_more_is_left_out(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = template
    assert around_messages(tokenizer) is None
