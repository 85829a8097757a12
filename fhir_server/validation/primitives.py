"""The formats of R4's primitive types.

Each check first tries the cheapest test that accepts almost every value.
https://hl7.org/fhir/R4/datatypes.html#primitive
"""

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fhir_server.core.reference import ID
from fhir_server.issues import Template, Text
from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import Check, Finding, Findings, excerpt, wrong_json_type

STRING_MAX = 1024 * 1024

_YEAR = r"(?!0000)[0-9]{4}"
_LEAP_YEAR = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEAR_OR_MONTH = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"

OID = r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"
UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

is_date = re.compile(rf"{_DAY}|{_YEAR_OR_MONTH}").fullmatch
is_date_time = re.compile(rf"{_DAY}(?:T{_TIME}{_ZONE})?|{_YEAR_OR_MONTH}").fullmatch
is_instant = re.compile(rf"{_DAY}T{_TIME}{_ZONE}").fullmatch
is_time = re.compile(_TIME).fullmatch
is_id = re.compile(ID).fullmatch
_is_spaced_code = re.compile(r"[^\x00- ]+(?: [^\x00- ]+)*").fullmatch
_has_control_character = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_has_space = re.compile(r"[\x00- ]").search
_is_div = re.compile(r"\s*<div[\s>].*</div\s*>\s*", re.DOTALL).fullmatch

INTEGER_MAX = 2**31 - 1
INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    "integer": (-(2**31), INTEGER_MAX),
    "unsignedInt": (0, INTEGER_MAX),
    "positiveInt": (1, INTEGER_MAX),
}


def is_text(value: str) -> bool:
    """Whether a string has no control characters except tabs and line ends."""
    if value.isprintable():
        return True
    # much faster than the regex for the many texts that are printable except for line ends
    if value.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return True
    return not _has_control_character(value)


def is_uri(value: str) -> bool:
    """Whether a string has no white space. R4 means XML's white space: a no-break space is allowed."""
    return (value.isprintable() and " " not in value) or not _has_space(value)


def is_code(value: str) -> bool:
    """Whether a string is one or more words with single spaces between them."""
    return (value.isprintable() and " " not in value) or _is_spaced_code(value) is not None


def is_base64(value: str) -> bool:
    """Whether a string is base64; white space within it is allowed."""
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        compact = "".join(value.split())
        return compact != value and is_base64(compact)
    # the decoder ignores padding after a complete group
    return len(value) % 4 == 0 and not value.endswith("===")


def is_xhtml(value: str) -> bool:
    """Whether a string looks like one div element; the content is not checked."""
    return _is_div(value) is not None and is_text(value)


STRING_FORMATS: Mapping[str, tuple[Callable[[str], object], Template]] = {
    "base64Binary": (is_base64, messages.FORM_BASE64),
    "canonical": (is_uri, messages.FORM_URI),
    "code": (is_code, messages.FORM_CODE),
    "date": (is_date, messages.FORM_DATE),
    "dateTime": (is_date_time, messages.FORM_DATE_TIME),
    "id": (is_id, messages.FORM_ID),
    "instant": (is_instant, messages.FORM_INSTANT),
    "markdown": (is_text, messages.FORM_TEXT),
    "oid": (re.compile(OID).fullmatch, messages.FORM_OID),
    "string": (is_text, messages.FORM_TEXT),
    "time": (is_time, messages.FORM_TIME),
    "uri": (is_uri, messages.FORM_URI),
    "url": (is_uri, messages.FORM_URI),
    "uuid": (re.compile(UUID).fullmatch, messages.FORM_UUID),
    "xhtml": (is_xhtml, messages.FORM_XHTML),
}


def primitive_check(type_name: str) -> Check:
    """The check of values of a primitive type. Raises KeyError for any other type."""
    if type_name == "boolean":
        return check_boolean
    if type_name == "decimal":
        return check_decimal
    if type_name in INTEGER_RANGES:
        return _integer_check(type_name)
    if type_name in ("string", "markdown"):
        return _text_check(type_name)
    return _string_check(type_name)


def _wrong_format(type_name: str, form: Text, value: Any) -> list[Finding]:
    return [Finding("value", messages.WRONG_FORMAT(value=excerpt(value), type=type_name, form=form))]


def _string_check(type_name: str) -> Check:
    is_valid, form = STRING_FORMATS[type_name]

    def check(value: Any, _holder: Any, _scope: Any) -> Findings:
        if type(value) is str and value and is_valid(value):
            return None
        if type(value) is not str:
            return wrong_json_type(messages.A_STRING(), value)
        if not value:
            return [Finding("structure", messages.EMPTY_STRING())]
        return _wrong_format(type_name, form(), value)

    return check


def _text_check(type_name: str) -> Check:
    check_format = _string_check(type_name)

    def check(value: Any, holder: Any, contained_types: ContainedTypes) -> Findings:
        if type(value) is str and value and value.isprintable() and len(value) <= STRING_MAX:
            return None
        if type(value) is str and len(value) > STRING_MAX:
            return [Finding("too-long", messages.TOO_LONG(length=len(value), limit=STRING_MAX))]
        return check_format(value, holder, contained_types)

    return check


def check_boolean(value: Any, _holder: Any, _scope: Any) -> Findings:
    """The check of a JSON boolean."""
    if value is True or value is False:
        return None
    return wrong_json_type(messages.A_BOOLEAN(), value)


def check_decimal(value: Any, _holder: Any, _scope: Any) -> Findings:
    """The check of a JSON number of any precision."""
    if type(value) is int or type(value) is msgspec.Raw:
        return None
    return wrong_json_type(messages.A_NUMBER(), value)


def _integer_check(type_name: str) -> Check:
    low, high = INTEGER_RANGES[type_name]

    def check(value: Any, _holder: Any, _scope: Any) -> Findings:
        if type(value) is int and low <= value <= high:
            return None
        if type(value) is int or type(value) is msgspec.Raw:
            return _wrong_format(type_name, messages.FORM_RANGE(low=low, high=high), value)
        return wrong_json_type(messages.A_WHOLE_NUMBER(), value)

    return check
