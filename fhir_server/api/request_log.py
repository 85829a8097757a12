"""One line of JSON per request: what kind of request, how it ended, how long it took; never a value of it."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from fhir_server.api.target import template

FLUSH_SECONDS = 0.2
LINES_MAX = 500


_encode_lines = msgspec.json.Encoder().encode_lines


class _Line(msgspec.Struct, frozen=True):
    time: str
    method: str
    path: str
    status: int
    ms: float
    request: str


class RequestLog:
    """Gathers lines and writes them a few times per second. `known` are the words that a path may show."""

    def __init__(self, write: Callable[[str], object], known: frozenset[str]) -> None:
        self._write = write
        self._known = known
        self._lines: list[_Line] = []
        self._second = 0
        self._clock = ""

    def add(self, method: str, path: tuple[str, ...], status: int, seconds: float, request_id: bytes) -> None:
        """Take note of a request that took so many seconds."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        self._lines.append(
            _Line(
                f"{self._clock}{int((now - second) * 1_000):03}Z",
                method,
                template(path, self._known),
                status,
                int(seconds * 10_000 + 0.5) / 10,
                request_id.decode(),
            )
        )
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        elif len(self._lines) >= LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        if lines:
            self._write(_encode_lines(lines).decode())
