"""Ollama's Modelfile for a GGUF file: its template in Go's notation, stop texts, sampling.

Ollama does not read Jinja, so the template is found out by trying: what is written before and
after a message of each role. Where that can't be told, the file says so and leaves it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.engine.sampling import SamplingParams
from chatbot.engine.shapes import shape_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

ROLES = ("system", "user", "assistant")
_WORDS = ("qqA", "qqB", "qqC", "qqD", "qqE")
_CONTEXT = 4096
"""Tokens at most that Ollama shall keep: memory for more is taken at once."""


@dataclass(frozen=True)
class Around:
    """What a template writes: (before, after) a message by its role, and before an answer."""

    roles: Mapping[str, tuple[str, str]]
    answer: str

    def text(self, messages: Sequence[tuple[str, str]]) -> str:
        said = (self.roles[role][0] + words + self.roles[role][1] for role, words in messages)
        return "".join(said) + self.answer


def modelfile(tokenizer: "PreTrainedTokenizerFast", gguf_name: str, window: int) -> str:
    """The whole file, to lie beside the GGUF file of this name."""
    shape = shape_of(tokenizer)
    stops = [tokenizer.convert_ids_to_tokens(number) for number in sorted(shape.stop_ids)]
    params = SamplingParams()
    around = around_messages(tokenizer)
    lines = [f"FROM ./{gguf_name}"]
    if around is not None:
        lines.append(f'TEMPLATE """{_go(around)}"""')
    else:
        lines.append("# No TEMPLATE: this model's own can't be said in Ollama's notation.")
    lines += [f'PARAMETER stop """{stop}"""' for stop in (*stops, *shape.stop_strings)]
    lines += [
        f"PARAMETER temperature {params.temperature:g}",
        f"PARAMETER top_p {params.top_p:g}",
        f"PARAMETER top_k {params.top_k}",
        f"PARAMETER repeat_penalty {params.repetition_penalty:g}",
        f"PARAMETER num_predict {params.max_new_tokens}",
        f"PARAMETER num_ctx {min(window, _CONTEXT)}",
    ]
    return "\n".join(lines) + "\n"


def around_messages(tokenizer: "PreTrainedTokenizerFast") -> Around | None:
    """None where the template does more than write something around each message."""
    from jinja2 import TemplateError

    def rendered(messages: Sequence[tuple[str, str]], answer: bool = False) -> str:
        chat = [{"role": role, "content": words} for role, words in messages]
        text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=answer)
        return str(text)

    try:
        roles = {}
        begun: list[tuple[str, str]] = []
        for role, word in zip(ROLES, _WORDS, strict=False):
            before = rendered(begun) if begun else ""
            begun.append((role, word))
            piece = rendered(begun).removeprefix(before)
            start, found, end = piece.partition(word)
            if not found:
                return None
            roles[role] = (start, end)
        answer = rendered(begun, answer=True).removeprefix(rendered(begun))
        around = Around(roles, answer)
        probes = (
            [("user", "qqA"), ("assistant", "qqB"), ("user", "qqC")],
            [("system", "qqD"), ("user", "qqA"), ("assistant", "qqB"), ("user", "qqE")],
        )
        if any(around.text(probe) != rendered(probe, answer=True) for probe in probes):
            return None
    except (TemplateError, TypeError, ValueError):
        return None
    parts = [answer, *(part for pair in roles.values() for part in pair)]
    return None if any("{{" in part or '"""' in part for part in parts) else around


def _go(around: Around) -> str:
    """All messages in a row. Go's `{{-` would eat line breaks of the template's own: none is used.

    A last quote would run into the three that end the text, so none may stand there.
    """
    pieces = ["{{ range .Messages }}"]
    for number, role in enumerate(("user", "assistant", "system")):
        before, after = around.roles[role]
        test = "if" if number == 0 else "else if"
        pieces.append(f'{{{{ {test} eq .Role "{role}" }}}}{before}{{{{ .Content }}}}{after}')
    pieces.append("{{ end }}{{ end }}")
    return "".join(pieces) + around.answer
