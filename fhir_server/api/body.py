"""The request body: limits, decompression, media type, and parsing as JSON or as a form.

https://hl7.org/fhir/R4/http.html#mime-type
"""

import zlib
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from fhir_server.api import binary, messages
from fhir_server.api.asgi import Receive
from fhir_server.api.headers import Headers, text
from fhir_server.api.negotiation import (
    FHIR_JSON,
    FHIR_VERSIONS,
    JSON_NAMES,
    XML_NAMES,
    cached,
    media_range,
)
from fhir_server.api.target import query
from fhir_server.core import json
from fhir_server.errors import (
    ContentTooLarge,
    InvalidRequest,
    MalformedContent,
    NotSupported,
    UnsupportedMediaType,
)

FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"
XML_PATCH = "application/xml-patch+xml"
FORM_NAMES = frozenset({FORM})
PATCH_NAMES = JSON_NAMES | {JSON_PATCH}
UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii"})
FORM_BYTES_MAX = 1_048_576
"""The same limit as for a URL."""
GZIP_WINDOW = 31
GZIP_STEP_BYTES = 4_096
"""Bytes per call of the decompressor, which returns a copy of all that follows a member."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """`bytes_max` holds for the body as sent and as decompressed."""

    bytes_max: int
    depth_max: int


class Body(Struct, frozen=True):
    """What a request carries: parsed JSON, or the fields of a form."""

    content: Any = None
    content_type: str = ""
    form: tuple[tuple[str, str], ...] = ()


EMPTY = Body()


class ClientGone(Exception):
    """The client disconnected before its body was complete; no response is possible."""


async def read_body(
    method: str, path: tuple[str, ...], headers: Headers, receive: Receive, limits: BodyLimits
) -> Body:
    """The body of a POST, PUT or PATCH, checked and parsed.

    Raises `ContentTooLarge`, `UnsupportedMediaType`, `NotSupported`, `InvalidRequest` or `MalformedContent`.
    """
    _refuse_transfer_codings(headers)
    _refuse_announced_excess(headers, limits.bytes_max)
    return parse_body(await _received(receive, limits.bytes_max), method, path, headers, limits)


def parse_body(raw: bytes, method: str, path: tuple[str, ...], headers: Headers, limits: BodyLimits) -> Body:
    """A complete body within the limit, checked and parsed. Raises as `read_body` does."""
    if not raw:
        return EMPTY
    if binary.is_sent_as_it_is(method, path, headers):
        document = _decompressed(raw, headers, limits.bytes_max)
        return Body(binary.resource_of(document, path, headers), FHIR_JSON)
    content_type = _checked_type(headers.get(b"content-type", b""), _accepted(method, path))
    raw = _decompressed(raw, headers, limits.bytes_max)
    if content_type == FORM:
        if len(raw) > FORM_BYTES_MAX:
            raise _too_large(FORM_BYTES_MAX)
        return Body(content_type=content_type, form=query(raw.strip()))
    content = json.parse(raw, limits.depth_max)
    if binary.is_other_json(content, content_type, method, path):
        return Body(binary.resource_of(raw, path, headers), FHIR_JSON)
    return Body(content, content_type)


def _refuse_transfer_codings(headers: Headers) -> None:
    """Raise `NotSupported` for any other than chunked, which the HTTP parser has decoded.

    https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    """
    given = (text(headers, b"transfer-encoding") or "chunked").strip().lower()
    if given != "chunked":
        raise NotSupported.of(messages.TRANSFER_NOT_READ(given=given[:40]))


def _refuse_announced_excess(headers: Headers, bytes_max: int) -> None:
    announced = headers.get(b"content-length")
    if announced is None:
        return
    if not announced.isdigit():
        raise InvalidRequest.of(messages.BAD_LENGTH())
    if int(announced) > bytes_max:
        raise _too_large(bytes_max)


async def _received(receive: Receive, bytes_max: int) -> bytes:
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and len(body) <= bytes_max:
        return body
    return await _received_in_parts(receive, body, bytes_max)


async def _received_in_parts(receive: Receive, first: bytes, bytes_max: int) -> bytes:
    body, more = bytearray(first), True
    while more:
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if len(body) > bytes_max:
        raise _too_large(bytes_max)
    return bytes(body)


def _too_large(bytes_max: int) -> ContentTooLarge:
    return ContentTooLarge.of(messages.BODY_TOO_LARGE(limit=bytes_max))


def _accepted(method: str, path: tuple[str, ...]) -> frozenset[str]:
    if method == "POST" and path and path[-1] == "_search":
        return FORM_NAMES
    return PATCH_NAMES if method == "PATCH" else JSON_NAMES


@cached
def _checked_type(header: bytes, accepted: frozenset[str]) -> str:
    """The media type of the body without its parameters, in lower case."""
    expected = _expected(accepted)
    if not header:
        raise UnsupportedMediaType.of(messages.NO_CONTENT_TYPE(expected=expected))
    given = media_range(header.decode("latin-1"))
    if given.name not in accepted:
        raise _unread_type(given.name, expected)
    charset = given.parameter("charset")
    if charset is not None and charset.lower() not in UTF8_NAMES:
        raise UnsupportedMediaType.of(messages.CHARSET_NOT_READ(given=charset[:40]))
    version = given.parameter("fhirversion")
    if version is not None and version not in FHIR_VERSIONS:
        raise UnsupportedMediaType.of(messages.VERSION_NOT_READ(given=version[:40]))
    return given.name


def _expected(accepted: frozenset[str]) -> str:
    if FORM in accepted:
        return FORM
    return f"{JSON_PATCH} / {FHIR_JSON}" if JSON_PATCH in accepted else FHIR_JSON


def _unread_type(name: str, expected: str) -> UnsupportedMediaType:
    if name in XML_NAMES or name == XML_PATCH:
        return UnsupportedMediaType.of(messages.XML_NOT_READ())
    return UnsupportedMediaType.of(messages.NOT_READ(given=name[:100], expected=expected))


def _decompressed(raw: bytes, headers: Headers, bytes_max: int) -> bytes:
    name = (text(headers, b"content-encoding") or "identity").strip().lower()
    if name == "identity":
        return raw
    if name not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType.of(messages.ENCODING_NOT_READ(given=name[:40]))
    try:
        return _gunzipped(raw, bytes_max)
    except zlib.error as error:
        raise MalformedContent.of(messages.BROKEN_GZIP()) from error


def _gunzipped(raw: bytes, bytes_max: int) -> bytes:
    """All members of a gzip stream; never decompresses more than one byte beyond the limit."""
    body, at = bytearray(), 0
    while at < len(raw):
        member = zlib.decompressobj(GZIP_WINDOW)
        while not member.eof:
            step = raw[at : at + GZIP_STEP_BYTES]
            if not step:
                raise zlib.error
            at += len(step)
            body += member.decompress(step, bytes_max + 1 - len(body))
            if len(body) > bytes_max:
                raise _too_large(bytes_max)
        at -= len(member.unused_data)
    return bytes(body)
