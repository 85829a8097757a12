"""Checks records against their JSON Schema; each issue has a JSON pointer and says what to do.

https://json-schema.org/draft/2020-12 and https://www.rfc-editor.org/rfc/rfc6901
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from msgspec import Raw

from fhir_server.conversion import messages
from fhir_server.conversion.field_kinds import DAY_PATTERN, LINE_PATTERN, MOMENT_PATTERN, TEXT_PATTERN
from fhir_server.conversion.members import pointer
from fhir_server.core.json import decimal
from fhir_server.issues import Issue, Text

FORMATS: Mapping[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
}
NOT_OF_FORMAT = {"date": messages.NOT_A_DATE, "date-time": messages.NOT_A_MOMENT}
IN_WORDS = {
    LINE_PATTERN: messages.NOT_A_LINE,
    TEXT_PATTERN: messages.NOT_A_TEXT,
    DAY_PATTERN: messages.NOT_A_DATE,
    MOMENT_PATTERN: messages.NOT_A_MOMENT,
}
LIMITS = {
    "minimum": "≥",
    "maximum": "≤",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
}
LENGTHS = {
    "minLength": messages.TOO_SHORT,
    "maxLength": messages.TOO_LONG,
    "minItems": messages.TOO_FEW,
    "maxItems": messages.TOO_MANY,
}

_MISSING = re.compile(r"'(.*?)' is a (?:required property|dependency of)")
"""The beginning of jsonschema's message on a missing name, of which there is one per name."""


class RecordSchema:
    """The JSON Schema of one record."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _Validator(schema, format_checker=_formats())

    def problems(self, record: Any) -> list[Issue]:
        """All issues of a parsed record against its schema."""
        errors = list(self._validator.iter_errors(_plain(record)))
        no_dates = {error.json_path for error in errors if error.validator == "format"}
        return [
            issue
            for error in errors
            if not (error.validator == "pattern" and error.json_path in no_dates)
            for issue in _issues(error)
        ]


def _formats() -> FormatChecker:
    checker = FormatChecker(())
    for name, read in FORMATS.items():
        checker.checks(name, raises=ValueError)(partial(_is_read, read))
    return checker


def _is_read(read: Callable[[str], object], instance: object) -> bool:
    return not isinstance(instance, str) or read(instance) is not None


def _plain(value: Any) -> Any:
    """The value with decimals instead of raw numbers, so that they can be compared."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return decimal(value) if isinstance(value, Raw) else value


def _issues(error: ValidationError) -> Iterator[Issue]:
    place = pointer(list(error.absolute_path))
    at: Any = place or messages.THE_RECORD()
    for name, text in _sentences(error, at):
        member = place + pointer([name]) if name else place
        yield Issue("error", "invalid", text, (member or "/",), f"record-{error.validator}")


def _sentences(error: ValidationError, at: Any) -> Iterator[tuple[str, Text]]:
    """The member that a problem concerns, empty for the value itself, and the message."""
    if error.validator in ABOUT_MEMBERS:
        yield from ABOUT_MEMBERS[error.validator](error, at)
    else:
        yield "", _sentence(error, at)


def _sentence(error: ValidationError, at: Any) -> Text:
    if error.validator in ABOUT_VALUES:
        return ABOUT_VALUES[error.validator](error, at)
    if error.validator in LIMITS:
        return messages.OUT_OF_RANGE(at=at, limit=f"{LIMITS[error.validator]} {error.validator_value}")
    if error.validator in LENGTHS:
        return LENGTHS[error.validator](at=at, limit=error.validator_value)
    return messages.AGAINST_SCHEMA(at=at, rule=error.validator)


def _missing(error: ValidationError, at: Any) -> Iterator[tuple[str, Text]]:
    name = _MISSING.match(error.message)
    yield (name[1] if name else ""), messages.MISSING(name=name[1] if name else "?", at=at)


def _unknown(error: ValidationError, at: Any) -> Iterator[tuple[str, Text]]:
    known = error.schema.get("properties", {})
    for name in error.instance:
        if name not in known:
            yield name, messages.UNKNOWN(name=name[:80], at=at, known=", ".join(known))


def _misfit(pattern: str, at: Any) -> Text:
    """The message for a text that does not match; the pattern is shown only where there is no better one."""
    in_words = IN_WORDS.get(pattern)
    return in_words(at=at) if in_words else messages.WRONG_FORM(at=at, pattern=pattern)


ABOUT_MEMBERS: Mapping[str, Callable[[ValidationError, Any], Iterator[tuple[str, Text]]]] = {
    "required": _missing,
    "dependentRequired": _missing,
    "additionalProperties": _unknown,
}
ABOUT_VALUES: Mapping[str, Callable[[ValidationError, Any], Text]] = {
    "not": lambda _, at: messages.NOT_BESIDE(at=at),
    "type": lambda error, at: messages.WRONG_TYPE(at=at, wanted=error.validator_value),
    "enum": lambda error, at: messages.NOT_ONE_OF(at=at, allowed=", ".join(error.validator_value)),
    "const": lambda error, at: messages.NOT_ONE_OF(at=at, allowed=error.validator_value),
    "pattern": lambda error, at: _misfit(error.validator_value, at),
    "format": lambda error, at: NOT_OF_FORMAT[error.validator_value](at=at),
}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. JSON Schema's `$` is the end of the text; Python's also matches before a final
    newline.
    """
    return re.compile(re.sub(r"(?<!\\)\$(?=$|\|)", r"\\Z", pattern))


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"does not match {pattern!r}")


_Validator = extend(Draft202012Validator, {"pattern": _pattern})
