"""CORS and compression of replies.

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
GZIP_ENCODED = (b"content-encoding", b"gzip")


@dataclass(frozen=True, slots=True)
class Cors:
    """The web pages that may call: those of `origins`; all if it has *, those of this machine if empty."""

    origins: frozenset[bytes] = frozenset()

    def allows(self, origin: bytes) -> bool:
        if not self.origins:
            return LOOPBACK_ORIGIN.fullmatch(origin) is not None
        return b"*" in self.origins or origin in self.origins

    def headers(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """The headers that let the page read the reply; none for a page that may not."""
        origin = headers[b"origin"]
        if not self.allows(origin):
            return []
        shown = b"*" if b"*" in self.origins else origin
        return [(b"access-control-allow-origin", shown), (b"access-control-expose-headers", EXPOSED)]

    def preflight(self, headers: Headers) -> Reply:
        """The reply to a browser's preflight request."""
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
    """Whether this is a CORS preflight request."""
    return method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


def should_compress(reply: Reply, headers: Headers, bytes_min: int = GZIP_BYTES_MIN) -> bool:
    """Whether the client accepts gzip, and the body is uncompressed and large enough."""
    return (
        len(reply.body) >= bytes_min
        and encoding(headers.get(b"accept-encoding", b"")) == "gzip"
        and GZIP_ENCODED not in reply.headers
    )


def is_slow_to_compress(reply: Reply, headers: Headers) -> bool:
    """Whether compressing the body takes so long that it belongs in a thread."""
    return should_compress(reply, headers, GZIP_IN_THREAD_BYTES_MIN)


def compress(reply: Reply) -> None:
    """Compress the body with gzip, in place."""
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    reply.body = compressor.compress(reply.body) + compressor.flush()
    reply.headers.append(GZIP_ENCODED)
