"""`models fetch` and `models import`: what they print, and their exit codes."""

import json
from pathlib import Path

import pytest

from chatbot.__main__ import main
from tests.unit.fetching.conftest import hub, repository
from tests.unit.fetching.hub_server import Hub

__all__ = ["hub", "repository"]  # fixtures


def test_fetch_tells_how_far_it_is_and_what_came(
    hub: Hub, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "someone/tiny-gpt2", "--json"]) == 0
    out, err = capsys.readouterr()
    row = json.loads(out)
    assert (row["name"], row["family"]) == ("someone--tiny-gpt2", "gpt2")
    assert "Asking the hub" in err
    assert "Checking" in err
    assert "MB of" in err
    assert main(["models", "fetch", "nobody/nothing"]) == 1
    out, err = capsys.readouterr()
    assert (out, "no such model" in err) == ("", True)


def test_import_names_and_refuses(
    home: Path, tiny_gpt2: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "import", str(tiny_gpt2), "--name", "mine"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("mine  GPT-2, 2 layers")
    assert main(["models", "import", str(tiny_gpt2), "--name", "a/b"]) == 1
    _, err = capsys.readouterr()
    assert "name of a model" in err
