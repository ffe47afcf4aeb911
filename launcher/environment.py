"""The folder .venv: made, checked, repaired, and stamped when everything in it is in place.

The stamp is written last. Whatever an interrupted set-up left behind has none, and is put right by
the next start: a half-made environment is built anew, half-installed packages are installed again.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chatbot.errors import NotAvailable
from chatbot.files import write_atomically
from launcher import problems
from launcher.console import say

OLDEST_PYTHON = (3, 11)

_PROBE = """
import importlib.metadata, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        versions[name] = ""
print(json.dumps({"python": list(sys.version_info[:3]), "versions": versions}))
"""


@dataclass(frozen=True)
class _Found:
    python: list[int]
    versions: dict[str, str]  # "" where a package is missing


class Environment:
    """The virtual environment of the project in `project`."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.folder = project / ".venv"
        windows = sys.platform == "win32"
        self.python = self.folder / ("Scripts/python.exe" if windows else "bin/python")
        self.pip_log = self.folder / "pip.log"
        self._stamp = self.folder / "chatbot-lab.json"
        self._unfinished = self.folder / "unfinished"

    def is_ready(self, requirements: Path) -> bool:
        """True where `requirements` were installed completely and their pins still stand."""
        stamp = self._read_stamp()
        if self._unfinished.exists() or stamp.get(requirements.name) != fingerprint(requirements):
            return False
        pins = pinned(requirements)
        found = self._probe(*pins)
        return found is not None and found.python == stamp.get("python") and found.versions == pins

    def stamp(self, requirements: Path) -> None:
        """Remember that `requirements`, and the files they include, are installed completely."""
        found = self._probe()
        if found is None:
            raise NotAvailable("The Python in .venv stopped working.", remedy="Start again.")
        names = {path.name: fingerprint(path) for path in _with_included(requirements)}
        stamp = self._read_stamp() | names | {"python": found.python}
        write_atomically(self._stamp, json.dumps(stamp, indent=2))

    def make(self) -> bool:
        """Make .venv, or make it anew where it is damaged; one that works is left as it is.

        Returns True where it was made.

        Raises:
            NotAvailable: this Python can't make environments.
            OutOfResources, ChatbotError: the folder can't be written.
        """
        damage = self._damage()
        if damage is None:
            return False
        if self.folder.exists():
            say(f"The environment in .venv is not usable ({damage}): making it anew.")
        require_venv_module()
        say("Making a Python environment in .venv (a few seconds) ...")
        try:
            self._empty()
            self._create()
        except OSError as error:
            raise problems.write_failed(error, self.folder) from error
        self._unfinished.unlink(missing_ok=True)
        return True

    def forget_half_installed(self) -> None:
        """Let pip install again what it was killed in the middle of installing.

        pip writes a package's RECORD last; it takes a package without one for installed.
        """
        for entry in self._site_packages().iterdir():
            record = entry / "RECORD"
            complete = record.is_file() and record.stat().st_size
            half = entry.name.endswith(".dist-info") and not complete
            if half or entry.name.startswith("~"):  # "~": set aside during an update
                shutil.rmtree(entry, ignore_errors=True)

    def packages_installed_since(self, when: float) -> int:
        """How many packages pip finished after `when` (seconds since the epoch)."""
        count = 0
        for record in self._site_packages().glob("*.dist-info/RECORD"):
            with contextlib.suppress(OSError):  # pip removes old ones meanwhile
                count += record.stat().st_mtime >= when
        return count

    def variables(self) -> dict[str, str]:
        """The environment variables for programs in .venv, without what would mislead them."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
        return kept | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}

    def _site_packages(self) -> Path:
        posix = next(self.folder.glob("lib/python3*/site-packages"), None)
        return posix or self.folder / "Lib" / "site-packages"

    def _damage(self) -> str | None:
        """Why .venv can't be used, or None."""
        if not self.folder.exists():
            return "missing"
        if self._unfinished.exists():
            return "an earlier set-up was interrupted"
        found = self._probe()
        if found is None:
            return "its Python does not run"
        if found.python < list(OLDEST_PYTHON):
            return "its Python is too old"
        if self._run("-m", "pip", "--version") is None:
            return "its pip does not run"
        return None

    def _empty(self) -> None:
        """Remove everything in .venv. The mark stays throughout, so that a crash is noticed."""
        if self.folder.is_symlink():
            self.folder.unlink()
        self.folder.mkdir(exist_ok=True)
        self._unfinished.touch()
        for entry in self.folder.iterdir():
            if entry == self._unfinished:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _create(self) -> None:
        # Started from inside .venv, sys.executable would be the very file that is replaced.
        maker = getattr(sys, "_base_executable", None) or sys.executable
        done = subprocess.run(
            [maker, "-I", "-m", "venv", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise problems.venv_failed(done.stdout)

    def _probe(self, *packages: str) -> "_Found | None":
        """What the environment's Python says of itself and of `packages`; None where it can't."""
        answer = self._run("-c", _PROBE, *packages)
        try:
            return _Found(**json.loads(answer)) if answer is not None else None
        except (ValueError, TypeError):
            return None

    def _run(self, *arguments: str) -> str | None:
        """What the environment's Python prints, or None where it does not work."""
        try:
            done = subprocess.run(
                [str(self.python), "-I", *arguments],
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    def _read_stamp(self) -> dict[str, object]:
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}


def require_venv_module() -> None:
    """Raises NotAvailable where this Python came without venv or ensurepip (as on Debian)."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise problems.no_venv_module(missing[0])


def pinned(requirements: Path) -> dict[str, str]:
    """Name to version of every `name==version` line, in the included files as well."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _with_included(requirements))
    return dict(re.findall(r"^([\w.-]+)==([^\s;#]+)", text, re.MULTILINE))


def fingerprint(requirements: Path) -> str:
    """Changes whenever a line changes, here or in an included file."""
    parts = [path.read_bytes() for path in _with_included(requirements)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _with_included(requirements: Path) -> list[Path]:
    text = requirements.read_text(encoding="utf-8")
    included = re.findall(r"^-r\s+(\S+)", text, re.MULTILINE)
    return [requirements, *(requirements.parent / name for name in included)]
