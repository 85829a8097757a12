"""HTTP/1.1 for the load client: builds whole requests and parses whole responses.

https://www.rfc-editor.org/rfc/rfc9112
"""

import re
from typing import NamedTuple

FHIR_JSON = b"application/fhir+json"
HEAD_END = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
NO_BODY = frozenset({204, 304})


class UnsupportedResponse(Exception):
    """Bytes that are not one response with a Content-Length."""


class Response(NamedTuple):
    """One response: `head` runs from the status line to the last header."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header. Raises `UnsupportedResponse` when it is absent."""
        found = re.search(rb"\r\n" + re.escape(name) + rb":[ \t]*([^\r\n]*)", self.head, re.IGNORECASE)
        if found is None:
            raise UnsupportedResponse(f"no {name.decode()} header in {self.head[:300]!r}")
        return found[1].strip()


def request(
    method: str, target: str, body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """The bytes of one request on a persistent connection."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", f"Accept: {FHIR_JSON.decode()}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines += [f"Content-Type: {FHIR_JSON.decode()}", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + HEAD_END + (body or b"")


def response(received: bytes) -> Response | None:
    """The response in `received`, or None while it is incomplete.

    Raises `UnsupportedResponse` for chunked responses, and for bytes beyond one response.
    """
    end = received.find(HEAD_END)
    if end < 0:
        return None
    head = received[:end]
    status = int(head[9:12])
    total = end + len(HEAD_END) + _body_length(status, head)
    if len(received) < total:
        return None
    if len(received) > total:
        raise UnsupportedResponse(f"{len(received) - total} bytes after the response {head[:300]!r}")
    return Response(status, head, received[end + len(HEAD_END) :])


def _body_length(status: int, head: bytes) -> int:
    if status in NO_BODY:
        return 0
    found = CONTENT_LENGTH.search(head)
    if found is None:
        raise UnsupportedResponse(f"no Content-Length in {head[:300]!r}")
    return int(found[1])
