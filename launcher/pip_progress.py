"""Reads what pip prints and says how far it is.

pip runs through its packages one by one ("Collecting", "Downloading"), then installs them all at
once without a word; that part is counted by the RECORD files that it writes last.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

from launcher.console import in_words

PLAIN_DOWNLOAD = 362_000_000
PLAIN_DISK = 3_200_000_000
"""Bytes to fetch, and needed at the peak (environment, downloads, pip's cache, the model).

Measured on Linux with the CPU build of PyTorch, Python 3.11: 1.8 GB stay.
"""
NVIDIA_DOWNLOAD = 2_900_000_000
NVIDIA_DISK = 12_000_000_000
"""The same where pip picks PyTorch with NVIDIA support, the usual one on Linux: 6 GB stay."""
INSTALL_SECONDS = 60
"""From the last download to the end, measured on 2 cores with the CPU build of PyTorch."""

_UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


class PipProgress:
    """Where a running `pip install` is.

    Args:
        downloads: the folder for temporary files that pip was given.
        installed: how many packages are completely installed since pip was started.
    """

    def __init__(
        self,
        downloads: Path,
        installed: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.nvidia = False
        self.retrying = False
        self._downloads = downloads
        self._installed = installed
        self._clock = clock
        self._started = clock()
        self._packages = 0
        self._finished_bytes = 0.0
        self._file = ""
        self._file_bytes = 0.0
        self._to_install: tuple[str, ...] = ()
        self._installing_since = 0.0

    def read(self, line: str) -> None:
        """Take in one line of pip's output."""
        self.retrying = "Retrying" in line
        words = line.split()
        if not words:
            return
        if words[0] in ("Collecting", "Processing"):
            self._finish_file()
            self._packages += 1
            wanted = Path(words[1]).name if len(words) > 1 else ""
            self.nvidia = self.nvidia or wanted.startswith("nvidia")
            if words[0] == "Processing" and len(words) > 1:  # a wheel on this machine
                self._finished_bytes += _size_of(Path(words[1]))
        elif words[0] == "Downloading" or words[:2] == ["Using", "cached"]:
            self._finish_file()
            self._file = words[-3] if len(words) > 3 else words[-1]
            self._file_bytes = _size_in(line)
        elif words[0] == "Installing" and "packages:" in words:
            self._finish_file()
            self._to_install = tuple(words[words.index("packages:") + 1 :])
            self._installing_since = self._clock()

    @property
    def fetched(self) -> int:
        """Bytes fetched so far, of the file that is under way as well."""
        return int(self._finished_bytes + self._bytes_of_this_file())

    def text(self) -> str:
        """One line for people: what is done, how much of it, how long it will take."""
        if self.retrying:
            return "no answer from the package server, trying again ..."
        if self._to_install:
            return self._install_text()
        return self._download_text()

    def _download_text(self) -> str:
        now = self._bytes_of_this_file()
        fetched = self._finished_bytes + now
        elapsed = self._clock() - self._started
        total = max(NVIDIA_DOWNLOAD if self.nvidia else PLAIN_DOWNLOAD, fetched)
        part = f"fetching packages: {self._packages} so far, {fetched / 1e6:.0f} MB"
        if self._file_bytes > 5e6:
            name = self._file.partition("-")[0]
            part += f", {name} {now / 1e6:.0f} of {self._file_bytes / 1e6:.0f} MB"
        if elapsed > 5 and fetched:
            left = (total - fetched) / (fetched / elapsed) + INSTALL_SECONDS
            part += f", {in_words(left)} left"
        return part

    def _install_text(self) -> str:
        done = min(self._installed(), len(self._to_install))
        part = f"installing packages: {done} of {len(self._to_install)}"
        elapsed = self._clock() - self._installing_since
        if done and elapsed > 5:  # the large ones come late: the usual time is a lower bound
            left = elapsed / done * (len(self._to_install) - done)
            left = max(left, INSTALL_SECONDS - elapsed)
            part += f", {in_words(left)} left"
        return part

    def _bytes_of_this_file(self) -> float:
        if not self._file:
            return 0
        found = next(self._downloads.glob(f"*/{self._file}"), None)
        return min(_size_of(found) if found else 0, self._file_bytes)

    def _finish_file(self) -> None:
        self._finished_bytes += self._file_bytes
        self._file, self._file_bytes = "", 0


def _size_in(line: str) -> float:
    """Bytes that pip announces, as in `Downloading x.whl (12.4 MB)`."""
    found = re.search(r"\(([\d.]+) (bytes|kB|MB|GB)\)", line)
    return float(found[1]) * _UNITS[found[2]] if found else 0


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
