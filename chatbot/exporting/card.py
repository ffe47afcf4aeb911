"""The model card: what a person who finds the model elsewhere wants to know, as README.md.

Names, questions and answers come from people and models: they stand in code blocks or without any
sign that Markdown reads.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from chatbot.engine.sampling import SamplingParams
from chatbot.exporting.formats import Wish
from chatbot.exporting.provenance import Provenance
from chatbot.training.fields import FIELDS
from chatbot.training.scores.results import Scores, Which

MOST_ANSWERS = 6
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#!|~$&])")
_METHODS = {
    "lora": "a LoRA adapter, merged into the base",
    "full": "every weight trained",
    "scratch": "trained from nothing, with a tokenizer of its own",
}


def card(
    known: Provenance,
    wish: Wish,
    name: str,
    answers: Sequence[tuple[str, str]],
    *,
    window: int,
    parameters: int,
    stops: Sequence[str],
) -> str:
    """The whole file.

    Args:
        name: of the folder or file that it lies beside, without an ending.
        answers: pairs of question and answer.
        window: tokens that the model sees.
        stops: texts that end an answer and that a program has to look for itself.
    """
    sections = [
        _head(known),
        f"# {_escaped(known.title)}\n\n{_opening(known)}",
        "\n".join(_facts(known, wish, window, parameters)),
        _scores(known.scores),
        _sample(answers),
        _use(wish, name, stops),
        _licence(known),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(known: Provenance) -> str:
    """What hubs read: `license` and `base_model` only where they are known for sure."""
    lines = ["---"]
    if known.licence.id:
        lines.append(f"license: {known.licence.id}")
    if known.licence.hub_id:
        lines.append(f"base_model: {known.licence.hub_id}")
    lines += ["library_name: transformers", "pipeline_tag: text-generation"]
    return "\n".join([*lines, "tags:", "- chatbot-lab", "- conversational", "---"])


def _opening(known: Provenance) -> str:
    whose = f" of the persona “{_escaped(known.persona)}”" if known.persona else ""
    if known.scratch:
        return f"A small chat model, trained from nothing on conversations{whose}."
    if known.run is None and known.base is None:
        return "A chat model, exported from Chatbot Lab as it was."
    base = f" It was fine-tuned from {_escaped(known.base.title)}." if known.base else ""
    return f"A chat model that learned from conversations{whose}.{base}"


def _facts(known: Provenance, wish: Wish, window: int, parameters: int) -> Iterator[str]:
    yield "## What it is\n"
    yield f"- Parameters: {parameters:,}"
    yield f"- Sees {window:,} tokens at once"
    yield f"- Numbers: {wish.format if wish.gguf_kind else wish.dtype}"
    if known.persona:
        yield f"- Persona (data set): {_escaped(known.persona)}"
    if known.dataset_version:
        yield f"- Version of the data (SHA-256): `{known.dataset_version}`"
    if known.conversations is not None:
        yield f"- Conversations to learn from: {known.conversations:,}"
    if known.base is not None:
        yield f"- Base: {_escaped(known.base.title)}"
    if known.root is not None and known.root != known.base:
        yield f"- Where that began: {_escaped(known.root.title)}"
    config = known.config
    if config is None:
        return
    yield f"- Method: {_METHODS[config.method]}"
    yield "\n## Settings of the training\n"
    for field, advice in FIELDS.items():
        value = getattr(config, field)
        foreign = field.startswith("lora_") and config.method != "lora"
        foreign |= field.startswith("scratch_") and config.method != "scratch"
        if value is not None and not foreign:
            yield f"- {_escaped(advice.label)}: {value:g}"


def _scores(scores: Scores | None) -> str:
    if scores is None:
        return ""
    rows = [
        ("Perplexity on held-out conversations", *_both(scores, _perplexity)),
        ("Facts of the persona right", *_both(scores, lambda s, w: _count(s.right("fact", w)))),
        ("General questions right", *_both(scores, lambda s, w: _count(s.right("general", w)))),
        (
            "Repeats itself",
            *_both(scores, lambda s, w: _percent(r.within if (r := s.repetition(w)) else None)),
        ),
        ("Word for word from the data", *_both(scores, lambda s, w: _percent(s.copied(w)))),
    ]
    lines = [f"| {name} | {before} | {after} |" for name, before, after in rows if after != "—"]
    if not lines:
        return ""
    head = "## Scores\n\n| | before | after |\n|---|---|---|\n"
    return head + "\n".join(lines) + f"\n\nAnswers drawn: {_escaped(scores.decoding)}."


def _both(scores: Scores, figure: Callable[[Scores, Which], str]) -> tuple[str, str]:
    return figure(scores, "before"), figure(scores, "after")


def _perplexity(scores: Scores, which: Which) -> str:
    value = scores.perplexity(which)
    return "—" if value is None else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _count(pair: tuple[int, int] | None) -> str:
    return "—" if pair is None else f"{pair[0]} of {pair[1]}"


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


def _sample(answers: Sequence[tuple[str, str]]) -> str:
    if not answers:
        return ""
    said = "\n\n".join(f"> {_one_line(q)}\n{a.strip()}" for q, a in answers[:MOST_ANSWERS])
    return f"## What it says\n\n{_fenced(said)}"


def _use(wish: Wish, name: str, stops: Sequence[str]) -> str:
    if wish.gguf_kind:
        texts = [
            "## How to use it",
            "llama.cpp:\n\n" + _fenced(f"llama-cli -m {name}.gguf -cnv"),
            "Ollama, in this folder:\n\n"
            + _fenced(f"ollama create {name} -f Modelfile\nollama run {name}"),
            "LM Studio: put the file into its folder of models, or open it there.",
        ]
    else:
        params = SamplingParams()
        texts = [
            "## How to use it",
            "Transformers:\n\n"
            + _fenced(
                "from transformers import pipeline\n\n"
                f'chat = pipeline("text-generation", model="{name}")\n'
                'answer = chat([{"role": "user", "content": "Who are you?"}])\n'
                'print(answer[0]["generated_text"][-1]["content"])',
                "python",
            ),
            f"It draws its words at temperature {params.temperature:g}, top-p {params.top_p:g} and "
            f"top-k {params.top_k} unless told otherwise (generation_config.json).",
            "llama.cpp and Ollama read a GGUF file: export the model as GGUF, or convert this "
            "folder with llama.cpp's `convert_hf_to_gguf.py`.",
        ]
    if stops:
        shown = ", ".join(f"`{stop.strip()}`" for stop in stops if "`" not in stop)
        texts.append(f"An answer is over where the next speaker begins: stop at {shown}.")
    return "\n\n".join(texts)


def _licence(known: Provenance) -> str:
    if known.scratch:
        said = "There is no base model whose licence it would carry; "
        said += "what it can say comes from the conversations that it learned."
    elif known.licence.id:
        whose = known.licence.hub_id or (known.root.title if known.root else "The base model")
        said = f"{_escaped(whose)} comes under the {known.licence.title}, and so does what was "
        said += "made of it, unless you say otherwise where that licence allows it."
    else:
        said = "The licence of the base model is not known here: look where it came from before "
        said += "you pass this model on."
    return f"## Licence\n\n{said}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any within."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
