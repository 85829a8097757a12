"""A background thread, from `start` to `stop`."""

import threading
from abc import ABC, abstractmethod


class BackgroundThread(ABC):
    """Runs `_work` in a thread of its own, which must check `_stopping` before each step."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current step, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _work(self) -> None: ...
