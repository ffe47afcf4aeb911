"""The engine: which models there are, how they are loaded, and how they answer."""

import os

# Read by torch's thread library when torch is first imported. A waiting thread sleeps instead of
# spinning: chatting while a model is trained, on the same two cores, is 15 times as fast.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
