"""Import conversations: what is in a file or a text, what is left out and why, then add or replace.

Nothing is changed before the person has seen what was found and said so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from chatbot.dataset.formats import tables
from chatbot.dataset.formats.rows import Row
from chatbot.dataset.incoming import Choices, Incoming, read, shown_name
from chatbot.dataset.json_rows import MAX_BYTES
from chatbot.errors import ChatbotError
from pages.ui import dataset_bulk as bulk
from pages.ui import dataset_hub, dataset_state, errors
from pages.ui.conversation_editor import transcript
from pages.ui.dataset_hub import Reader, Source
from pages.ui.dataset_state import Upload, counted
from pages.ui.errors import plain

PREVIEWED = 3
PREVIEWED_TURNS = 4
ROWS_SHOWN = 5
"""Rows of each reason; the rest is counted."""
FIELDS_SHOWN = 12
"""Placeholders with a field to fill in; a set with more of them is code, not a template."""
_NONE = "(none)"
_FILE, _HUB = "A file or a text", "Hugging Face hub"


def panel(existing: int | None) -> None:
    """The panel, where it was opened.

    Args:
        existing: how many conversations there are; None where the file is broken.
    """
    memory = dataset_state.memory()
    if not memory.uploading:
        return
    with st.container(border=True, key="dataset_upload"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Import conversations", anchor=False)
            st.space("stretch")
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key="dataset_close_upload",
                on_click=bulk.open_upload,
                kwargs={"wanted": False},
            )
        source = _source(memory.upload_round)
        if source is None:
            memory.upload = None
            st.caption(
                "Nothing is changed before you have seen what is in it and said so.",
            )
            return
        if memory.upload is None or memory.upload.file_id != source.id:
            memory.upload = Upload(source.name, source.id)
        _offer(memory.upload, source.read, existing)


def _source(round_: int) -> Source | None:
    """What was brought; None as long as there is nothing."""
    chosen = st.segmented_control(
        "Import from",
        [_FILE, _HUB],
        default=_FILE,
        required=True,
        key=f"dataset_from_{round_}",
        label_visibility="collapsed",
    )
    return dataset_hub.source(round_) if chosen == _HUB else _file_or_text(round_)


def _file_or_text(round_: int) -> Source | None:
    """A file before a text."""
    file = st.file_uploader(
        "A file: ShareGPT, OpenAI or Alpaca JSON, CSV, Excel, Parquet, a transcript, "
        "a WhatsApp or Telegram export",
        max_upload_size=MAX_BYTES // 1024**2,
        key=f"dataset_file_{round_}",
    )
    pasted = st.text_area(
        "Or paste a text",
        placeholder="User: Hi, who are you?\nBot: I am …",
        height=96,
        key=f"dataset_paste_{round_}",
        disabled=file is not None,
    )
    if file is not None:
        name = shown_name(file.name)
        return Source(name, file.file_id, partial(read, file.getvalue(), name))
    if pasted.strip():
        name, data = "The pasted text", pasted.encode("utf-8", errors="replace")
        return Source(name, f"pasted {pasted}", partial(read, data, name))
    return None


def _read(upload: Upload, reader: Reader, choices: Choices) -> None:
    """Read it with these choices, where they are new."""
    if choices == upload.choices and (upload.result or upload.problem) is not None:
        return
    upload.choices = choices
    try:
        upload.result, upload.problem = reader(choices), None
    except ChatbotError as error:
        upload.problem = error
    else:
        upload.choices = replace(choices, mapping=upload.result.mapping)


def _offer(upload: Upload, reader: Reader, existing: int | None) -> None:
    _read(upload, reader, upload.choices)
    if upload.result is not None:
        _ask(upload, reader, upload.result)
    result = upload.result
    if upload.problem is not None or result is None:
        if upload.problem is not None:
            errors.say(upload.problem)
        st.caption("Your conversations are as they were.")
        return
    _summary(upload.name, result)
    _left_out(result.left_out)
    _converted(result.converted)
    if not result.conversations:
        if result.table is not None and result.mapping is None:
            st.info("Choose the columns of question and answer above.", icon=":material/info:")
        st.caption("There is nothing to take yet; your conversations are as they were.")
        return
    _preview(result)
    _take(len(result.conversations), existing)


def _ask(upload: Upload, reader: Reader, result: Incoming) -> None:
    """What the content leaves open, each with a proposal."""
    named = result.table is not None and _names_first(result.table, upload)
    if named != upload.choices.names_first:  # before the columns are offered: it names them
        _read(upload, reader, replace(upload.choices, names_first=named, mapping=None))
    result = upload.result or result
    mapping = _mapping(result, upload) if result.table is not None else None
    bot = _bot(result, upload.file_id) if result.people else ""
    values = _values(list(result.placeholders), upload.file_id)
    _read(upload, reader, replace(upload.choices, mapping=mapping, bot=bot, values=values))


def _names_first(table: tables.Table, upload: Upload) -> bool:
    """Asked where the columns have no names, or have them because of this."""
    if table.named and not upload.choices.names_first:
        return False
    return st.checkbox(
        "The first row holds the names of the columns",
        key=f"dataset_names_{upload.file_id}",
    )


def _mapping(result: Incoming, upload: Upload) -> tables.Mapping | None:
    """Which column is what."""
    assert result.table is not None
    scope = f"{upload.choices.names_first}_{upload.file_id}"
    columns, proposed = result.table.columns, result.mapping
    st.caption("Which column is what?")
    fields = (
        ("question", "Question", True),
        ("answer", "Answer", True),
        ("system", "System text", False),
        ("conversation", "Conversation (rows that belong together)", False),
    )
    chosen: dict[str, str] = {}
    for column, (field, label, needed) in zip(st.columns(2) * 2, fields, strict=True):
        options = [*columns] if needed else [_NONE, *columns]
        wanted = getattr(proposed, field) if proposed is not None else ""
        value = column.selectbox(
            label,
            options,
            index=options.index(wanted) if wanted in options else (None if needed else 0),
            key=f"dataset_{field}_{scope}",
            placeholder="Choose a column",
        )
        chosen[field] = "" if value in (None, _NONE) else str(value)
    if not chosen["question"] or not chosen["answer"]:
        return None
    return tables.Mapping(**chosen)


def _bot(result: Incoming, file_id: str) -> str:
    """Whose lines the bot learns; "" is the one who was proposed."""
    chosen = st.selectbox(
        "Whose words shall the bot learn?",
        result.people,
        index=result.people.index(result.bot) if result.bot in result.people else None,
        format_func=plain,
        key=f"dataset_bot_{file_id}",
        placeholder="Choose a name",
        width=320,
    )
    return "" if chosen is None or chosen == result.bot else str(chosen)


def _values(names: Sequence[str], file_id: str) -> Mapping[str, str]:
    """What stands for the placeholders."""
    if not names:
        return {}
    st.caption("These places are to be filled in; an empty field leaves them as they are.")
    with st.container(horizontal=True):
        given = {
            name: st.text_input(f"{{{{{plain(name)}}}}}", key=f"dataset_fill_{name}_{file_id}")
            for name in names[:FIELDS_SHOWN]
        }
    return {name: value for name, value in given.items() if value}


def _summary(name: str, result: Incoming) -> None:
    taken = result.conversations
    turns = sum(len(conversation.messages) for conversation in taken)
    parts = [f"**{counted(len(taken))}** with {turns:,} turns"]
    if result.converted:
        parts.append(f"{len(result.converted):,} of them converted")
    if result.left_out:
        parts.append(f"**{_rows(len(result.left_out))} left out**, for the reasons below")
    encoding = f", {result.encoding}" if result.encoding else ""
    st.markdown(f"{plain(name)}: {'; '.join(parts)}.")
    st.caption(f"**{plain(result.format)}{encoding}**: {plain(result.why)}.")


def _left_out(rows: Sequence[Row]) -> None:
    if not rows:
        return
    reasons = Counter(row.reason for row in rows)
    with st.expander(
        f"{len(rows):,} left out" if len(rows) > 1 else "1 left out",
        icon=":material/rule:",
        expanded=True,
    ):
        for reason, count in reasons.most_common():
            same = [row for row in rows if row.reason == reason]
            st.markdown(f"**{plain(reason)}** {plain(same[0].remedy)} · {_rows(count)}")
            for row in same[:ROWS_SHOWN]:
                st.text(f"Row {row.number}: {row.text}")
            if count > ROWS_SHOWN:
                st.caption(f"and {count - ROWS_SHOWN:,} more")


def _converted(rows: Sequence[Row]) -> None:
    if not rows:
        return
    reasons = Counter(remark for row in rows for remark in row.remarks)
    with st.expander(f"{len(rows):,} converted", icon=":material/swap_horiz:"):
        for remark, count in reasons.most_common(ROWS_SHOWN):
            first = next(row.number for row in rows if remark in row.remarks)
            st.markdown(f"{plain(remark)} · {_rows(count)}, the first is row {first:,}")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _preview(result: Incoming) -> None:
    shown = result.conversations[:PREVIEWED]
    st.caption("How the first ones will look" if len(shown) > 1 else "How it will look")
    for conversation, column in zip(shown, st.columns(len(shown)), strict=True):
        with column.container(border=True):
            transcript(conversation, at_most=PREVIEWED_TURNS)


def _take(count: int, existing: int | None) -> None:
    with st.container(horizontal=True):
        if existing:
            st.button(
                f"Add to the {existing:,} there are",
                icon=":material/add:",
                type="primary",
                key="dataset_add_upload",
                on_click=bulk.add_upload,
            )
        if existing is not None:
            st.button(
                f"Replace all {existing:,}" if existing else f"Take these {count:,}",
                icon=":material/sync:" if existing else ":material/add:",
                type="secondary" if existing else "primary",
                key="dataset_replace_by_upload",
                on_click=bulk.replace_by_upload,
                help="Undo brings the present ones back." if existing else None,
            )
