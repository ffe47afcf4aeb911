"""`python -m chatbot models export|push`: a model out of the lab, without a browser."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from chatbot.engine.device import DTYPES
from chatbot.exporting.export import export
from chatbot.exporting.formats import FORMATS, Wish
from chatbot.exporting.hub import Parcel, push


def add_commands(actions: Any) -> None:
    """`export` and `push` with their own words and options."""
    _add_export(actions)
    _add_push(actions)


def _add_export(actions: Any) -> None:
    parser = actions.add_parser(
        "export",
        help="write a model as a folder, a zip or a GGUF file that others read",
        description="An adapter comes merged into its base. What is at OUT is not overwritten.",
    )
    parser.add_argument("name", metavar="NAME", help="catalog name or folder of the model")
    parser.add_argument(
        "out",
        type=Path,
        metavar="OUT",
        help="the folder or zip file to write; for GGUF also a file NAME.gguf, which then comes "
        "without Modelfile and model card",
    )
    parser.add_argument("--format", choices=FORMATS, default="folder", help="default: folder")
    parser.add_argument(
        "--dtype", choices=DTYPES, default="bfloat16", help="of a folder or zip; default: bfloat16"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(command=_export)


def _add_push(actions: Any) -> None:
    parser = actions.add_parser(
        "push",
        help="send an export to an account of the Hugging Face hub",
        description="The access token comes from HF_TOKEN. Private unless --public is given.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what models export wrote")
    parser.add_argument("repo", metavar="OWNER/NAME")
    parser.add_argument("--public", action="store_true", help="everybody may read it")
    parser.add_argument(
        "--again", action="store_true", help="a new version of a repository that is there"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(command=_push)


def _push(options: argparse.Namespace) -> int:
    parcel = Parcel(options.folder, options.repo, not options.public, options.again)
    lines = _Lines()
    url = push(parcel, told=lambda fraction: lines(fraction, "Sending"))
    print(json.dumps({"url": url}) if options.json else f"It is at {url}")
    return 0


def _export(options: argparse.Namespace) -> int:
    lines = _Lines()
    made = export(options.name, options.out, Wish(options.format, options.dtype), told=lines)
    if options.json:
        result = {
            "path": str(made.path),
            "format": options.format,
            "bytes": made.size,
            "gguf": str(made.file) if made.file else None,
        }
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        print(f"The export is in {made.path} ({made.size / 1e6:,.1f} MB)")
    return 0


class _Lines:
    """A line on standard error for each new thing that is done."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, fraction: float, what: str) -> None:
        if what != self._said:
            self._said = what
            print(f"{fraction:4.0%}  {what}", file=sys.stderr, flush=True)
