from pathlib import Path

import pytest

from chatbot import paths

PROJECT = Path(__file__).resolve().parents[2]


def test_without_a_home_everything_is_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATBOT_HOME", raising=False)
    assert paths.home() == PROJECT
    assert paths.dataset_path() == PROJECT / "data" / "custom_chat_data.json"
    assert paths.models_dir() == PROJECT / "models"


def test_an_empty_home_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_HOME", "")
    assert paths.home() == PROJECT


def test_a_home_moves_data_and_models_together(home: Path) -> None:
    assert paths.data_dir() == home / "data"
    assert paths.chats_dir() == home / "data" / ".chats"
    assert paths.dataset_path() == home / "data" / "custom_chat_data.json"
    assert paths.models_dir() == home / "models"
    assert paths.runs_dir() == home / "models" / "runs"


def test_what_we_ship_stays_in_the_project(home: Path) -> None:
    assert paths.shipped_dataset_path() == PROJECT / "data" / "custom_chat_data.json"
    assert paths.shipped_models_dir() == PROJECT / "models"


def test_the_home_is_read_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("CHATBOT_HOME", str(tmp_path / name))
        assert paths.home() == tmp_path / name


def test_a_tilde_and_a_relative_home_become_whole_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CHATBOT_HOME", "~/lab")
    assert paths.home() == tmp_path / "lab"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATBOT_HOME", "lab")
    assert paths.home() == tmp_path / "lab"
