"""Chatbot Lab without a screen: conversations, fine-tuning, checkpoints, chat."""

import os

# Read by torch's thread library when torch is first imported. Threads that wait for each other in a
# product shall sleep, as a spinning one takes the processor from a chat, a training or a browser;
# but not at once: the next product comes within a tenth of a millisecond, and to wake up takes as
# long. The second is for libgomp (Linux), whose own choice is 300,000 turns, some 3 ms.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "8000")
