"""A thread beside the requests, from `start` to `stop`."""

import threading
from abc import ABC, abstractmethod


class Background(ABC):
    """Does its work in a thread of its own, which looks at `_stopping` before each further step."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the step at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _work(self) -> None: ...
