"""Fine-tuning: settings, data, the Trainer, the background job, and the runs on the disk."""

import os

# Threads of a matrix product that wait for each other shall sleep, not spin. Spinning, the default,
# makes a step several times slower as soon as anything else wants the processor, such as a chat.
# Read when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
