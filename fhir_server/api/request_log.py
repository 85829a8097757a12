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


_Noted = tuple[float, str, tuple[str, ...], int, float, bytes]
"""When a request was answered, and what `RequestLog.add` is told of it."""


class RequestLog:
    """Gathers lines and writes them a few times per second. `known` are the words that a path may show."""

    def __init__(self, write: Callable[[str], object], known: frozenset[str]) -> None:
        self._write = write
        self._known = known
        self._noted: list[_Noted] = []
        self._second = 0
        self._clock = ""

    def add(self, method: str, path: tuple[str, ...], status: int, seconds: float, request_id: bytes) -> None:
        """Take note of a request that took so many seconds."""
        noted = self._noted
        noted.append((time.time(), method, path, status, seconds, request_id))
        if len(noted) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        elif len(noted) >= LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        noted, self._noted = self._noted, []
        if noted:
            self._write(_encode_lines([self._line(*note) for note in noted]).decode())

    def _line(
        self, now: float, method: str, path: tuple[str, ...], status: int, seconds: float, request_id: bytes
    ) -> _Line:
        second = int(now)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return _Line(
            f"{self._clock}{int((now - second) * 1_000):03}Z",
            method,
            template(path, self._known),
            status,
            int(seconds * 10_000 + 0.5) / 10,
            request_id.decode(),
        )
