"""The lab without a browser: `python -m chatbot train | dataset | models | serve`.

Exit code 0: done; 1: not done, or there are findings; 2: the command was not understood.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatbot import dataset_commands, export_commands, model_commands, paths
from chatbot.dataset.hub import LIMIT
from chatbot.dataset.incoming import Choices
from chatbot.dataset.outgoing import FORMATS
from chatbot.errors import ChatbotError
from chatbot.serving import command as serve
from chatbot.training.config import FIELDS, METHODS, PRESETS, TrainingConfig, preset
from chatbot.training.processes import only_main_speaks
from chatbot.training.runs import Run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    with only_main_speaks():
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        try:
            return command(options)
        except ChatbotError as error:
            print(error, file=sys.stderr)
            return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatbot", description="Chatbot Lab.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)
    dataset = commands.add_parser("dataset", help="look after conversations")
    actions = dataset.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="find what is wrong with conversations")
    _add_source(check, "?")
    _add_json(check)
    check.set_defaults(command=_dataset_check)
    _add_convert(actions)
    stats = actions.add_parser("stats", help="count what is in conversations")
    _add_source(stats, "?")
    _add_json(stats)
    stats.set_defaults(command=_dataset_stats)
    _add_import(actions)
    models = commands.add_parser("models", help="see which models there are")
    actions = models.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the models that can be chatted with")
    listing.add_argument("--all", action="store_true", help="every checkpoint of every run")
    _add_json(listing)
    listing.set_defaults(command=_models_list)
    export_commands.add_commands(actions)
    model_commands.add_to(actions)
    serve.add(commands)
    return parser


def _add_convert(actions: Any) -> None:
    convert = actions.add_parser(
        "convert",
        help="turn a file of conversations into another format",
        description="Reads any format and writes the one that the ending of OUT asks for. "
        "Exit code 1 where something was left out.",
    )
    _add_source(convert)
    convert.add_argument("out", type=Path, metavar="OUT", help="is not overwritten")
    convert.add_argument("--to", choices=FORMATS, help="where the ending does not say it")
    _add_choices(convert)
    _add_json(convert)
    convert.set_defaults(command=_dataset_convert)


def _add_import(actions: Any) -> None:
    taking = actions.add_parser(
        "import",
        help="take conversations into the lab's own",
        description="Adds the conversations to those of a persona; Undo on the Dataset page "
        "takes it back. Exit code 1 where something was left out.",
    )
    _add_source(taking)
    taking.add_argument(
        "--to-persona", metavar="NAME", default="", help="name or key; default: the chosen one"
    )
    taking.add_argument("--replace", action="store_true", help="instead of the present ones")
    taking.add_argument("--dry-run", action="store_true", help="only tell what would happen")
    _add_choices(taking)
    _add_json(taking)
    taking.set_defaults(command=_dataset_import)


def _add_source(parser: argparse.ArgumentParser, count: str | None = None) -> None:
    parser.add_argument(
        "file",
        nargs=count,
        default="",
        metavar="SOURCE",
        help="a file of any format, or hub:owner/name for a data set of the Hugging Face hub"
        + ("; without it, the persona of the editor" if count else ""),
    )
    hub = parser.add_argument_group("of the hub")
    hub.add_argument("--split", default="train", help="default: train")
    hub.add_argument("--config", metavar="NAME", help="where the data set has several")
    hub.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"default: {LIMIT}")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--question", metavar="COLUMN", help="of a table")
    parser.add_argument("--answer", metavar="COLUMN", help="of a table")
    parser.add_argument("--bot", metavar="NAME", default="", help="whose lines are the bot's")
    parser.add_argument(
        "--fill", metavar="NAME=TEXT", action="append", default=[], help="for {{NAME}}"
    )


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="fine-tune a model on conversations",
        description="Fine-tune a model on conversations. Ctrl-C stops and keeps what is there.",
    )
    train.add_argument("--base", metavar="MODEL", help="catalog name or folder to start from")
    train.add_argument("--method", choices=METHODS, default="lora", help="default: lora")
    train.add_argument("--preset", choices=PRESETS, default="Balanced", help="default: Balanced")
    train.add_argument("--dataset", metavar="FILE", default="", help="ShareGPT JSON")
    train.add_argument("--question", action="append", metavar="TEXT", help="asked before and after")
    train.add_argument("--recipe", choices=["pocket"], help="make a shipped model again")
    train.add_argument("--resume", metavar="RUN", help="go on with a run that ended early")
    train.add_argument("--run-id", metavar="NAME", help="name of the run")
    _add_json(train)
    settings = train.add_argument_group("settings", "instead of what the preset chooses")
    for name, advice in FIELDS.items():
        settings.add_argument(
            f"--{name.replace('_', '-')}",
            type=int if advice.whole else float,
            metavar="N",
            help=advice.help.replace("%", "%%"),
        )
    train.set_defaults(command=_train)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _train(options: argparse.Namespace) -> int:
    from chatbot.training.along import together

    return together(lambda: _carry_out(options))


def _carry_out(options: argparse.Namespace) -> int:
    from chatbot.training.job import resume_training, run_training
    from chatbot.training.progress import ProgressLines
    from chatbot.training.recipe import make_pocket

    lines = ProgressLines(lambda line: print(line, file=sys.stderr, flush=True))
    with _interrupt_stops():
        if options.recipe:
            folder = make_pocket(on_progress=lines)
            _print_result({"checkpoint": str(folder)}, options.json)
            return 0
        if options.resume:
            run = resume_training(options.resume, on_progress=lines)
        else:
            run = run_training(_config(options), run_id=options.run_id, on_progress=lines)
    status = run.status()
    if status.error:
        print(status.error, file=sys.stderr)
    _print_result(_result(run), options.json)
    return 0 if status.state in ("finished", "stopped", "paused") else 1


def _config(options: argparse.Namespace) -> TrainingConfig:
    from chatbot.engine.catalog import name_of
    from chatbot.training import data, learning_on

    base = name_of(options.base or TrainingConfig.base_model)
    count = len(data.read(options.dataset).usable)
    usual = preset(options.preset, method=options.method, base_model=base, conversations=count)
    values = vars(learning_on.suited(usual))
    given = {name: getattr(options, name) for name in FIELDS}
    return TrainingConfig.of(
        **{
            **values,
            "dataset": options.dataset,
            "questions": tuple(options.question or ()),
            **{name: value for name, value in given.items() if value is not None},
        }
    )


def _result(run: Run) -> dict[str, Any]:
    status, best = run.status(), run.best_checkpoint
    losses = {row["step"]: row["eval_loss"] for row in run.metrics() if "eval_loss" in row}
    return {
        "run": run.id,
        "state": status.state,
        "step": status.step,
        "total_steps": status.total_steps,
        "checkpoint": str(best) if best else None,
        "model": best.relative_to(paths.models_dir()).as_posix() if best else None,
        "held_out_loss": {str(step): loss for step, loss in losses.items()},
        "error": status.error or None,
    }


def _print_result(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, indent=2))
    elif result["checkpoint"]:
        print(f"The checkpoint is in {result['checkpoint']}")


@contextmanager
def _interrupt_stops() -> Iterator[None]:
    """The first Ctrl-C asks the run to stop and to keep what it has; the second breaks it off."""
    from chatbot.training.runlog import request_stop
    from chatbot.training.runs import active_run

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("Stopping after this step; Ctrl-C again breaks it off.", file=sys.stderr, flush=True)
        run = active_run()
        if run is not None:
            request_stop(run)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _source(options: argparse.Namespace) -> dataset_commands.Source:
    return dataset_commands.Source(options.file, options.split, options.config, options.limit)


def _choices(options: argparse.Namespace) -> Choices:
    return dataset_commands.choices_of(options.question, options.answer, options.bot, options.fill)


def _dataset_check(options: argparse.Namespace) -> int:
    return dataset_commands.check(_source(options), as_json=options.json)


def _dataset_stats(options: argparse.Namespace) -> int:
    return dataset_commands.stats(_source(options), as_json=options.json)


def _dataset_convert(options: argparse.Namespace) -> int:
    return dataset_commands.convert(
        _source(options), options.out, _choices(options), to=options.to, as_json=options.json
    )


def _dataset_import(options: argparse.Namespace) -> int:
    return dataset_commands.import_(
        _source(options),
        _choices(options),
        persona=options.to_persona,
        replace=options.replace,
        dry_run=options.dry_run,
        as_json=options.json,
    )


def _models_list(options: argparse.Namespace) -> int:
    from chatbot.engine.catalog import list_models

    entries = list_models(all_checkpoints=options.all)
    if options.json:
        rows = [
            {
                "name": entry.name,
                "title": entry.title,
                "path": str(entry.path),
                "family": entry.family,
                "kind": entry.kind,
                "installed": entry.installed,
                "note": entry.note,
                "base": entry.base,
            }
            for entry in entries
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        print(f"{entry.name:<{width}}  {entry.note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
