"""Addresses under which a browser fetches an exported file: nobody can guess one.

A ticket is a keyed hash of the path. The key lives as long as this process, so an address of
yesterday leads nowhere.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from urllib.parse import quote

from chatbot import paths

_KEY = secrets.token_bytes(32)


def address_of(file: Path) -> str:
    """The part of an address that leads to a file of an export: ticket and path, quoted."""
    inside = file.resolve().relative_to(paths.exports_dir().resolve()).as_posix()
    return f"{_ticket(inside)}/{quote(inside)}"


def file_at(ticket: str, inside: str) -> Path | None:
    """The file of such an address; None where there is none, or the ticket is not ours."""
    if not hmac.compare_digest(ticket.encode(), _ticket(inside).encode()):
        return None
    root = paths.exports_dir().resolve()
    file = (root / inside).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def _ticket(inside: str) -> str:
    return hmac.new(_KEY, inside.encode(), hashlib.sha256).hexdigest()[:40]
