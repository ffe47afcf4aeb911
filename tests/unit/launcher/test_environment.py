from pathlib import Path

import pytest

from launcher.environment import fingerprint, pinned
from tests.unit.launcher.small_project import PROJECT


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    plain, dev = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    plain.write_text("# what the app needs\nalpha==1.0\nbeta_two==2.5.1  # why\n", encoding="utf-8")
    dev.write_text('-r requirements.txt\ngamma==3.0; python_version > "3"\n', encoding="utf-8")
    return plain, dev


def test_pins_of_a_file_and_of_those_it_includes(two_files: tuple[Path, Path]) -> None:
    plain, dev = two_files
    assert pinned(plain) == {"alpha": "1.0", "beta_two": "2.5.1"}
    assert pinned(dev) == {"alpha": "1.0", "beta_two": "2.5.1", "gamma": "3.0"}


def test_the_fingerprint_changes_with_either_file(two_files: tuple[Path, Path]) -> None:
    plain, dev = two_files
    before = fingerprint(plain), fingerprint(dev)
    assert before[0] != before[1]
    dev.write_text("-r requirements.txt\ngamma==3.1\n", encoding="utf-8")
    assert fingerprint(plain) == before[0]
    changed = fingerprint(dev)
    assert changed != before[1]
    plain.write_text("alpha==1.1\n", encoding="utf-8")
    assert fingerprint(plain) != before[0]
    assert fingerprint(dev) != changed


def test_our_own_requirements_are_pinned_to_the_letter() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
        wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
        assert wanted
        assert set(wanted) <= {f"{k}=={v}" for k, v in pinned(PROJECT / name).items()}
