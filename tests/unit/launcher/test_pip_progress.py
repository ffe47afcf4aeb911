"""What pip prints, as old and new versions print it, and what becomes of it."""

from pathlib import Path

import pytest

from launcher.pip_progress import NVIDIA_DOWNLOAD, PLAIN_DOWNLOAD, PipProgress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Installed:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def installed() -> Installed:
    return Installed()


@pytest.fixture
def progress(tmp_path: Path, clock: Clock, installed: Installed) -> PipProgress:
    return PipProgress(tmp_path, installed, clock)


def feed(progress: PipProgress, text: str) -> None:
    for line in text.splitlines():
        progress.read(line + "\n")


def test_counts_packages_and_what_was_fetched(progress: PipProgress) -> None:
    feed(
        progress,
        "Looking in indexes: somewhere\n"
        "Collecting streamlit==1.67.0 (from -r requirements.txt (line 9))\n"
        "  Downloading streamlit-1.67.0-py3-none-any.whl (11.2 MB)\n"
        "Collecting click (from streamlit==1.67.0->-r requirements.txt (line 9))\n"
        "  Using cached click-8.5.1-py3-none-any.whl (126 kB)\n"
        "Requirement already satisfied: pip in ./lib\n"
        "Collecting rich\n",
    )
    assert progress.text() == "fetching packages: 3 so far, 11 MB"
    assert progress.fetched == 11_326_000


def test_a_wheel_on_this_machine_counts_with_its_size(
    progress: PipProgress, tmp_path: Path
) -> None:
    wheel = tmp_path / "torch.whl"
    wheel.write_bytes(b"x" * 2_000_000)
    feed(progress, f"Processing {wheel} (from -r requirements.txt (line 10))\n")
    assert progress.text() == "fetching packages: 1 so far, 2 MB"


def test_a_large_file_is_followed_while_it_arrives(progress: PipProgress, tmp_path: Path) -> None:
    feed(
        progress,
        "Collecting torch==2.13.0\n"
        "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)\n",
    )
    assert "torch 0 of 527 MB" in progress.text()
    arriving = tmp_path / "pip-unpack-abc" / "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    arriving.parent.mkdir()
    arriving.write_bytes(b"x" * 30_000_000)
    assert "torch 30 of 527 MB" in progress.text()
    assert "30 MB, torch" in progress.text()


def test_the_time_left_follows_the_speed(progress: PipProgress, clock: Clock) -> None:
    feed(progress, "Collecting a\n  Downloading a-1-py3-none-any.whl (36.2 MB)\nCollecting b\n")
    assert "left" not in progress.text()  # too early to say
    clock.now += 30  # a tenth of everything in 30 s: 270 s more, and a minute to install
    assert PLAIN_DOWNLOAD == 362_000_000
    assert progress.text().endswith(", about 6 min left")


def test_the_large_build_of_pytorch_is_noticed(progress: PipProgress, clock: Clock) -> None:
    assert not progress.nvidia
    feed(
        progress,
        "Collecting nvidia-cudnn-cu13==9.20.0.48 (from torch==2.13.0)\n"
        "  Downloading nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl (290.0 MB)\n"
        "Collecting b\n",
    )
    clock.now += 60
    assert progress.nvidia
    assert NVIDIA_DOWNLOAD == 2_900_000_000
    assert progress.text().endswith(", about 10 min left")


def test_installing_is_counted(progress: PipProgress, clock: Clock, installed: Installed) -> None:
    feed(progress, "Collecting a\nInstalling collected packages: a, b, c, d, e, f, g, h\n")
    assert progress.text() == "installing packages: 0 of 8"
    clock.now += 80
    installed.count = 2
    assert progress.text() == "installing packages: 2 of 8, about 4 min left"
    installed.count = 9  # one was replaced: never more than all
    assert progress.text().startswith("installing packages: 8 of 8")


def test_the_usual_time_is_the_least_that_is_promised(
    progress: PipProgress, clock: Clock, installed: Installed
) -> None:
    """The small packages come first; they must not promise an early end."""
    feed(progress, "Installing collected packages: a, b, c, d\n")
    clock.now += 10
    installed.count = 3
    assert progress.text().endswith("about 50 s left")


def test_a_silent_server_is_said_and_forgotten(progress: PipProgress) -> None:
    feed(progress, "Collecting a\n")
    feed(progress, "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnect'\n")
    assert progress.text() == "no answer from the package server, trying again ..."
    feed(progress, "Collecting b\n")
    assert progress.text().startswith("fetching packages: 2 so far")


def test_a_folder_of_that_name_is_not_the_large_build(progress: PipProgress) -> None:
    feed(progress, "Processing /home/nvidia/wheels/rich-15.0.0-py3-none-any.whl\nCollecting b\n")
    assert not progress.nvidia


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "Downloading",
        "Processing",
        "Installing collected packages:",
        "Using cached",
        "😀",
    ],
)
def test_no_line_is_too_strange(progress: PipProgress, line: str) -> None:
    progress.read(line)
    assert progress.text()
