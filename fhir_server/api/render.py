"""A FhirResponse as an HTTP reply: status, headers, bytes.

https://hl7.org/fhir/R4/http.html#versions
"""

import time
from functools import lru_cache

from msgspec import Struct

from fhir_server.api.negotiation import FHIR_JSON
from fhir_server.core import json
from fhir_server.core.request import FhirResponse

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_BODY = frozenset({204, 304})
VARY = (b"vary", b"Accept, Accept-Encoding, Accept-Language, Origin")
# Health data may be stored by the client alone, and must be revalidated before each use.
CACHE = (b"cache-control", b"private, no-cache")
# Prevents that a browser runs a stored text as a page.
NO_SNIFFING = (b"x-content-type-options", b"nosniff")


Header = tuple[bytes, bytes]


class Reply(Struct):
    """An HTTP reply. Headers are added to it until it is sent."""

    status: int
    headers: list[Header] = []
    body: bytes = b""


def render(response: FhirResponse, base_url: str, content_type: bytes, pretty: bool = False) -> Reply:
    """The HTTP reply. `content_type` is used for FHIR resources; locations become absolute URLs."""
    headers = [CACHE]
    body = response.body or b""
    if body and response.status not in NO_BODY:
        if response.media_type != FHIR_JSON:
            content_type = response.media_type.encode("latin-1")
            headers.append(NO_SNIFFING)
        elif pretty:
            body = json.indent(body)
        headers.append((b"content-type", content_type))
    else:
        body = b""
    if response.version is not None:
        headers.append((b"etag", b'W/"%d"' % response.version))
    if response.last_updated is not None:
        headers.append((b"last-modified", http_date(response.last_updated // 1_000_000)))
    if response.location is not None:
        headers.append((b"location", absolute(base_url, response.location)))
    if response.content_location is not None:
        headers.append((b"content-location", absolute(base_url, response.content_location)))
    return Reply(response.status, headers, body)


@lru_cache(maxsize=1_024)
def http_date(seconds: int) -> bytes:
    """`Wed, 21 Oct 2015 07:28:00 GMT`, of a UTC time in seconds.

    https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
    """
    at = time.gmtime(seconds)
    date = f"{WEEKDAYS[at.tm_wday]}, {at.tm_mday:02} {MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
    return f"{date} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT".encode()


def absolute(base_url: str, location: str) -> bytes:
    """A location below the base, as an absolute URL."""
    url = location if "://" in location else f"{base_url}/{location}"
    return url.encode("latin-1", "replace")
