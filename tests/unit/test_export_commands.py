"""`python -m chatbot models export`: what it writes and says, and its exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from chatbot.__main__ import main
from tests.unit.exporting.account_server import Account


@pytest.fixture
def tiny(home: Path, tiny_gpt2: Path) -> Path:
    return shutil.copytree(tiny_gpt2, home / "models" / "tiny")


def test_a_zip_is_made(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["models", "export", "tiny", str(tmp_path / "mine"), "--format", "zip", "--json"]
    assert main([*words, "--dtype", "float16"]) == 0
    said = capsys.readouterr()
    made = json.loads(said.out)
    assert made["path"] == str(tmp_path / "mine.zip")
    assert made["bytes"] == (tmp_path / "mine.zip").stat().st_size
    assert made["gguf"] is None
    assert "Packing" in said.err
    assert "Writing model shards" not in said.err


def test_a_gguf_is_made(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "export", str(tiny), str(tmp_path / "m"), "--format", "gguf-f16"]) == 0
    assert "The export is in" in capsys.readouterr().out
    assert (tmp_path / "m" / "m.gguf").is_file()


def test_what_is_wrong_is_one_sentence(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "no such", str(tmp_path / "a")]) == 1
    assert main(["models", "export", "tiny", str(tiny)]) == 1
    said = capsys.readouterr().err
    assert "There is no such model." in said
    assert "already" in said
    assert "Traceback" not in said
    with pytest.raises(SystemExit) as caught:
        main(["models", "export", "tiny", "out", "--format", "exe"])
    assert caught.value.code == 2


def test_an_export_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("# Mine")
    with Account() as account:
        monkeypatch.setenv("HF_ENDPOINT", account.address)
        monkeypatch.setenv("HF_TOKEN", "good")
        words = ["models", "push", str(tmp_path / "mine"), "ada/mine"]
        assert main([*words, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"url": f"{account.address}/ada/mine"}
        assert account.private["ada/mine"]
        assert main(words) == 1
        assert "already" in capsys.readouterr().err
