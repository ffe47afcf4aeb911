"""Where things are. `CHATBOT_HOME` moves both data/ and models/; what we ship stays in the project.

Every function reads the environment anew, so that a test or a second home needs no reload.
"""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The folder that holds the user's data/ and models/."""
    configured = os.environ.get("CHATBOT_HOME")
    return Path(configured).expanduser().resolve() if configured else PROJECT


def data_dir() -> Path:
    return home() / "data"


def models_dir() -> Path:
    return home() / "models"


def runs_dir() -> Path:
    return models_dir() / "runs"


def chats_dir() -> Path:
    return data_dir() / ".chats"


def memory_dir() -> Path:
    """What people changed by hand in the memory of a chat, and what they keep for all of theirs."""
    return data_dir() / ".memory"


def dataset_path() -> Path:
    """The persona's conversations, the file that the editor edits and fine-tuning reads."""
    return data_dir() / "custom_chat_data.json"


def shipped_dataset_path() -> Path:
    """The starter persona as it came with the project; read only."""
    return PROJECT / "data" / "custom_chat_data.json"


def shipped_models_dir() -> Path:
    """The models that came with the project; read only where `CHATBOT_HOME` points elsewhere."""
    return PROJECT / "models"
