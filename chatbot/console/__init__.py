"""The chat in a terminal: `python demo.py`."""
