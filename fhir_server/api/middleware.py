"""What is added around every FHIR answer: CORS, compression, the request's id.

https://hl7.org/fhir/R4/http.html#gen and https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import re
import zlib
from dataclasses import dataclass

from fhir_server.api.body import GZIP_WINDOW
from fhir_server.api.headers import Headers
from fhir_server.api.negotiation import encoding
from fhir_server.api.render import CACHE, Reply

EXPOSED = b"ETag, Location, Content-Location, Last-Modified, X-Request-Id, X-Correlation-Id, Retry-After"
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
PREFLIGHT_SECONDS = b"600"
LOOPBACK_ORIGIN = re.compile(rb"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{0,1000}")
GZIP_BYTES_MIN = 1_024
GZIP_IN_THREAD_BYTES_MIN = 262_144
GZIP_LEVEL = 1
PACKED = (b"content-encoding", b"gzip")


@dataclass(frozen=True, slots=True)
class Cors:
    """Which web pages may call: those of `origins`, all when it holds *, this machine's own when it is
    empty."""

    origins: frozenset[bytes] = frozenset()

    def allows(self, origin: bytes) -> bool:
        if not self.origins:
            return LOOPBACK_ORIGIN.fullmatch(origin) is not None
        return b"*" in self.origins or origin in self.origins

    def headers(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """What to add to an answer so that the page may read it; nothing for a page that may not."""
        origin = headers[b"origin"]
        if not self.allows(origin):
            return []
        shown = b"*" if b"*" in self.origins else origin
        return [(b"access-control-allow-origin", shown), (b"access-control-expose-headers", EXPOSED)]

    def preflight(self, headers: Headers) -> Reply:
        """The answer to the question that a browser asks before a call."""
        reply = Reply(204, [CACHE])
        if not self.allows(headers[b"origin"]):
            return reply
        asked = headers.get(b"access-control-request-headers", b"")
        reply.headers += [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", asked if HEADER_NAMES.fullmatch(asked) else b"*"),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
        ]
        return reply


def is_preflight(method: str, headers: Headers) -> bool:
    """Whether this is a browser's question rather than a client's request."""
    return method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


def may_pack(reply: Reply, headers: Headers, bytes_min: int = GZIP_BYTES_MIN) -> bool:
    """Whether the client reads gzip, and the body is plain and so large that it gains."""
    return (
        len(reply.body) >= bytes_min
        and encoding(headers.get(b"accept-encoding", b"")) == "gzip"
        and PACKED not in reply.headers
    )


def packs_long(reply: Reply, headers: Headers) -> bool:
    """Whether to pack the body takes so long that it ought to be done in a thread."""
    return may_pack(reply, headers, GZIP_IN_THREAD_BYTES_MIN)


def pack(reply: Reply) -> None:
    """Replace the body by its gzip."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    reply.body = packer.compress(reply.body) + packer.flush()
    reply.headers.append(PACKED)
