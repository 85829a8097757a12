"""The request log: one line of JSON per request, with its kind, status and duration, never a value of it."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from fhir_server.api.target import log_path

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


_Request = tuple[float, str, tuple[str, ...], int, float, bytes]
"""The time of the reply, and the arguments of `RequestLog.add`."""


class RequestLog:
    """Buffers lines and writes them a few times per second. `known` are the path segments to show."""

    def __init__(self, write: Callable[[str], object], known: frozenset[str]) -> None:
        self._write = write
        self._known = known
        self._buffer: list[_Request] = []
        self._second = 0
        self._clock = ""

    def add(self, method: str, path: tuple[str, ...], status: int, seconds: float, request_id: bytes) -> None:
        """Buffer the line of a request that took `seconds`."""
        buffered = self._buffer
        buffered.append((time.time(), method, path, status, seconds, request_id))
        if len(buffered) == 1:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        elif len(buffered) >= LINES_MAX:
            self.flush()

    def flush(self) -> None:
        """Write the buffered lines."""
        buffered, self._buffer = self._buffer, []
        if buffered:
            self._write(_encode_lines([self._line(*note) for note in buffered]).decode())

    def _line(
        self, now: float, method: str, path: tuple[str, ...], status: int, seconds: float, request_id: bytes
    ) -> _Line:
        second = int(now)
        if second != self._second:
            self._second, self._clock = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return _Line(
            f"{self._clock}{int((now - second) * 1_000):03}Z",
            method,
            log_path(path, self._known),
            status,
            int(seconds * 10_000 + 0.5) / 10,
            request_id.decode(),
        )
