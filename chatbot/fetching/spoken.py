"""Sizes, speeds and times of a download, for people."""

from chatbot.fetching.download import Progress


def size(count: float) -> str:
    """`548 MB`, `1.5 GB`: decimal units, as disks and downloads are sold."""
    if count >= 999.5e6:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 9.5e6 else f"{count / 1e6:.1f} MB"


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def progress_line(progress: Progress) -> str:
    """`42 %: 230 of 548 MB, 3.1 MB/s, 2 min left`."""
    if progress.phase == "asking":
        return "Asking the hub"
    if progress.phase == "checking":
        return "Checking what has arrived"
    parts = [f"{progress.fraction:.0%}: {size(progress.done)} of {size(progress.total)}"]
    if progress.speed:
        parts.append(f"{size(progress.speed)}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{duration(progress.seconds_left)} left")
    return ", ".join(parts)
