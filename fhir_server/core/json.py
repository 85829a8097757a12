"""Exact JSON: numbers keep their text, duplicate keys and too deep nesting are refused.

A number with a fraction or an exponent becomes a `msgspec.Raw` that holds its text, so that 1.50 and 187e0
come back as they were written; whole numbers become `int` of any size. https://hl7.org/fhir/R4/json.html
"""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from fhir_server.core import messages
from fhir_server.errors import MalformedContent

Number = int | msgspec.Raw

DEPTH_MAX = 100
_BOM = b"\xef\xbb\xbf"
_NEGATIVE_ZERO = re.compile(rb"-0(?![\d.eE])")
_BEFORE_NUMBERS = (b"", *(bytes([byte]) for byte in b":,[ \t\r\n"))
"""What may precede a number. Bundles are full of UUIDs such as 435eaed6-0f12-4d8b-9a3f-1f2e3d4c5b6a."""
_OWN_NEGATIVES = (b":-0", b",-0", b"[-0")
"""How a number that may be a negative zero begins in compact JSON."""
_ESCAPED_COLON = re.compile(rb"\\u003a", re.IGNORECASE)
_CALCULABLE_LENGTH = 20
"""Numbers up to this length, even with an exponent, are neither too large nor too small to calculate with."""


def _verbatim(text: str) -> msgspec.Raw:
    if len(text) > _CALCULABLE_LENGTH and ("e" in text or "E" in text):
        _check_exponent(text)
    return msgspec.Raw(text.encode())


def _check_exponent(text: str) -> None:
    try:
        Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text[:60]} is too large or too small a number") from error


_decoder = msgspec.json.Decoder(float_hook=_verbatim)
_encoder = msgspec.json.Encoder()


def parse(body: bytes, depth_max: int = DEPTH_MAX) -> Any:
    """The value that `body` holds as dicts, lists, strings, ints, bools, None and `msgspec.Raw` decimals.

    Raises `MalformedContent` for invalid JSON, for duplicate keys in an object, and for nesting deeper than
    `depth_max`.
    """
    whole = body
    body = body.removeprefix(_BOM)
    try:
        value = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise _not_utf8(whole) from error
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise MalformedContent.of(messages.NOT_JSON(reason=reason)) from error
    except (RecursionError, ValueError) as error:
        raise MalformedContent.of(messages.TOO_DEEP(limit=depth_max)) from error
    if body.count(b"{") + body.count(b"[") > depth_max and _depth(value) > depth_max:
        raise MalformedContent.of(messages.TOO_DEEP(limit=depth_max))
    if _needs_careful_reading(body, value):
        return _parse_carefully(body)
    return value


def parse_own(body: bytes) -> Any:
    """Like `parse`, for JSON that this server has serialised itself, where only a negative zero can
    get lost.
    """
    if any(start in body for start in _OWN_NEGATIVES):
        return parse(body)
    return _decoder.decode(body)


def serialise(value: Any) -> bytes:
    """Compact JSON in UTF-8, decimals as they were written."""
    return _encoder.encode(value)


def indent(body: bytes) -> bytes:
    """The same JSON, indented for a human reader."""
    return msgspec.json.format(body, indent=2)


def is_number(value: Any) -> bool:
    """Whether a parsed value is a number."""
    return type(value) is int or type(value) is msgspec.Raw


def decimal(number: Number) -> Decimal:
    """The exact value of a parsed number."""
    return Decimal(number) if type(number) is int else Decimal(bytes(number).decode())


def number(value: Decimal | str) -> msgspec.Raw:
    """A number to be written with exactly the digits of `value`."""
    return msgspec.Raw(str(value).encode())


def _not_utf8(body: bytes) -> MalformedContent:
    """The error, with its position in the body: the decoder counts from the start of a string."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        byte = f"0x{body[error.start]:02X}"
        return MalformedContent.of(messages.NOT_UTF8(position=error.start, byte=byte))
    raise AssertionError("what is refused as a part is refused as a whole")


def _depth(value: Any) -> int:
    depth, level = 0, [value] if type(value) is dict or type(value) is list else []
    while level:
        depth += 1
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
    return depth


def _needs_careful_reading(body: bytes, value: Any) -> bool:
    """Whether the fast decoder may have lost something: a duplicate key, or the sign of -0.

    If serialising the value gives the same bytes, as it does for most clients, nothing was lost. A dropped
    key takes at least one colon with it, so equal counts of colons prove that none was dropped.
    """
    again = serialise(value)
    if again == body:
        return False
    if body.count(b":") != again.count(b":") or _ESCAPED_COLON.search(body):
        return True
    starts = (found.start() for found in _NEGATIVE_ZERO.finditer(body))
    return any(body[max(start - 1, 0) : start] in _BEFORE_NUMBERS for start in starts)


def _parse_carefully(body: bytes) -> Any:
    return json.loads(
        body,
        object_pairs_hook=_object_without_duplicates,
        parse_float=_verbatim,
        parse_int=lambda text: _verbatim(text) if text == "-0" else int(text),
        parse_constant=_refuse_constant,
    )


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise MalformedContent.of(messages.DUPLICATE_KEY(key=twice))
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedContent.of(messages.NOT_JSON(reason=name))
