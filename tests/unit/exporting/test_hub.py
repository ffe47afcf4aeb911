"""Exports sent to an account, against a small server that takes them as the hub does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.errors import BadInput, ChatbotError, Conflict, NotAvailable
from chatbot.exporting.hub import Parcel, Pushing, push
from tests.unit.exporting.account_server import Account


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with Account() as account:
        monkeypatch.setenv("HF_ENDPOINT", account.address)
        yield account


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    (made / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    (made / "model.safetensors").write_bytes(bytes(range(256)) * 1000)
    return made


def test_an_export_arrives_whole_and_private(account: Account, folder: Path) -> None:
    told: list[float] = []
    url = push(Parcel(folder, "ada/mine"), "good", told=told.append)
    assert url == f"{account.address}/ada/mine"
    assert account.private == {"ada/mine": True}
    sent = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert account.repos["ada/mine"] == sent
    assert told
    assert told == sorted(told)


def test_a_second_version_only_where_it_is_wanted(
    account: Account, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "good")
    push(Parcel(folder, "mine", private=False))
    assert account.private == {"ada/mine": False}
    (folder / "README.md").write_text("# Second\n")
    with pytest.raises(Conflict, match="already"):
        push(Parcel(folder, "ada/mine"))
    assert account.repos["ada/mine"]["README.md"] != b"# Second\n"
    push(Parcel(folder, "ada/mine", again=True))
    assert account.repos["ada/mine"]["README.md"] == b"# Second\n"


@pytest.mark.parametrize(
    ("token", "repo", "said"),
    [
        ("stale-secret", "ada/mine", "no valid access token"),
        ("read-only", "ada/mine", "may not write"),
        ("good", "bob/mine", "may not write"),
        ("busy", "ada/mine", "refused the model"),
    ],
)
def test_a_refusal_is_a_sentence_without_the_token(
    account: Account, folder: Path, token: str, repo: str, said: str
) -> None:
    with pytest.raises(NotAvailable) as caught:
        push(Parcel(folder, repo), token)
    assert said in str(caught.value)
    assert "stale-secret" not in str(caught.value)
    assert account.repos == {}


def test_without_a_token_nobody_is_asked(account: Account, folder: Path) -> None:
    with pytest.raises(NotAvailable, match="token"):
        push(Parcel(folder, "ada/mine"))
    with pytest.raises(BadInput, match="no access token"):
        push(Parcel(folder, "ada/mine"), "two words")
    assert account.asked == []


def test_without_a_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NotAvailable, match="offline"):
        push(Parcel(folder, "ada/mine"), "good")


def test_a_stop_ends_it_in_the_middle(account: Account, folder: Path) -> None:
    pushing = Pushing(Parcel(folder, "ada/mine"), "slow")
    assert account.hanging.wait(60)
    pushing.stop()
    assert pushing.wait(60)
    assert (pushing.url, pushing.problem) == ("", None)
    assert account.repos["ada/mine"] == {}


@pytest.mark.parametrize("repo", ["", "a/b/c", "../up", "a b", "ada/-x", "ada/x--y", "a\nb", "ä"])
def test_names_that_no_repository_has(folder: Path, repo: str) -> None:
    with pytest.raises(BadInput, match="no name"):
        Parcel(folder, repo)


def test_an_export_that_was_removed_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(ChatbotError, match="no export"):
        Parcel(tmp_path / "gone", "ada/mine")
