"""One line of JSON per request: what kind of request, how it ended, how long it took; never a value of it."""

import asyncio
import time
from collections.abc import Callable

from fhir_server.api.target import template

FLUSH_SECONDS = 0.2
LINES_MAX = 500


class RequestLog:
    """Gathers lines and writes them a few times per second. `known` are the words that a path may show."""

    def __init__(self, write: Callable[[str], object], known: frozenset[str]) -> None:
        self._write = write
        self._known = known
        self._lines: list[str] = []
        self._second = 0
        self._clock = ""

    def add(
        self, method: str, path: tuple[str, ...], status: int, milliseconds: float, request_id: bytes
    ) -> None:
        now = time.time()
        if (second := int(now)) != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        self._lines.append(
            f'{{"time":"{self._clock}.{int(now % 1 * 1000):03}Z","method":"{method}",'
            f'"path":"{template(path, self._known)}","status":{status},"ms":{milliseconds:.1f},'
            f'"request":"{request_id.decode()}"}}\n'
        )
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        elif len(self._lines) >= LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        if lines:
            self._write("".join(lines))
