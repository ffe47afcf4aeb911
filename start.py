#!/usr/bin/env python3
"""One command from nothing to the page: `python3 start.py` (`--help` says the rest).

Only the version check lives here, in words that every old Python can still parse; the work is done
by `launcher/`, with the standard library alone.
"""

import sys

NEEDED = (3, 11)

if sys.version_info[:2] < NEEDED:
    sys.exit(
        "Chatbot Lab needs Python %d.%d or newer; this is Python %d.%d.\n"  # noqa: UP031
        "Install a newer one, then start with it: python%d.%d start.py"
        % (NEEDED + tuple(sys.version_info[:2]) + NEEDED)
    )

from launcher.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
