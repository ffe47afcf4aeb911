"""The topic map of the present conversations, made in the background."""

import threading
from collections.abc import Sequence

from chatbot.dataset.topics import TopicMap, topic_map
from chatbot.messages import Conversation


class TopicMaps:
    """Makes one map at a time, in a thread of its own, and keeps the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made_of: Sequence[Conversation] | None = None
        self._map: TopicMap | None = None
        self._working = False

    def of(self, conversations: Sequence[Conversation]) -> TopicMap | None:
        """Their map; None while it is being made. Returns at once.

        Where something unforeseen goes wrong the map is empty, and the thread says why.
        """
        with self._lock:
            if self._made_of is conversations:
                return self._map
            if not self._working:
                self._working = True
                threading.Thread(
                    target=self._work, args=(conversations,), name="topics", daemon=True
                ).start()
            return None

    def _work(self, conversations: Sequence[Conversation]) -> None:
        made = TopicMap((), (), 0)
        try:
            made = topic_map(conversations)
        finally:
            with self._lock:
                self._made_of, self._map, self._working = conversations, made, False
