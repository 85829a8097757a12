"""The request headers that the server reads, selected in one pass, and request ids.

https://hl7.org/fhir/R4/http.html#custom
"""

import os
import re
from collections.abc import Iterable
from itertools import count

Headers = dict[bytes, bytes]

READ_HEADERS = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"if-match",
        b"if-modified-since",
        b"if-none-exist",
        b"if-none-match",
        b"if-unmodified-since",
        b"origin",
        b"prefer",
        b"transfer-encoding",
        b"x-correlation-id",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
        b"x-security-context",
    }
)
SAFE_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")


def select_headers(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of an ASGI scope that are `READ_HEADERS`; one that comes twice is joined by a comma."""
    found: Headers = {}
    for name, value in pairs:
        if name in READ_HEADERS:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def text(headers: Headers, name: bytes) -> str | None:
    """A header as text, None when absent."""
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


class RequestIds:
    """Assigns request ids: the client's own if it is safe to log, else the next of this process."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex().encode() + b"-"
        self._numbers = count(1)

    def of(self, headers: Headers) -> bytes:
        given = headers.get(b"x-request-id")
        if given is not None and SAFE_ID.fullmatch(given):
            return given
        return self._prefix + b"%d" % next(self._numbers)
