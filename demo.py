"""Console chat: `python demo.py [--model M] [--seed N]`. Streams; reads a pipe line by line."""

import sys

from chatbot.console.talk import main

if __name__ == "__main__":
    sys.exit(main())
