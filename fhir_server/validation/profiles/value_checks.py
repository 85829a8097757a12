"""Checks of single values by their ElementDefinition: fixed and pattern values, limits, lengths, regex.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.minValue_x_
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.safe_regex import matches as matches_whole
from fhir_server.definitions.elements import STRUCTURES, type_suffix
from fhir_server.definitions.snapshot.base_types import REGEX
from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive, bare_value, compare, equal
from fhir_server.validation.fhirpath.date_arithmetic import add_duration
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.quantities import calendar_duration, comparable_quantity
from fhir_server.validation.fhirpath.static_types import TEMPORAL
from fhir_server.validation.findings import Finding, Findings, excerpt
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext

ValueCheck = Callable[[Any, ValidationContext], Findings]
"""Checks one value of an element in its context."""

PropertyCheck = Callable[[Any, dict[str, Any], ValidationContext], Findings]
"""Checks the whole value of a JSON property, given the object that holds it and the context."""

MIN_LENGTH = STRUCTURES + "minLength"
_LIMITS = ((1, "maxValue", messages.ABOVE), (-1, "minValue", messages.BELOW))


def choice_value(facts: dict[str, Any], prefix: str) -> tuple[str, Any] | None:
    """The type and value of a choice such as `fixed[x]` in an element's definition."""
    for name, value in facts.items():
        if suffix := type_suffix(name, prefix):
            return suffix, value
    return None


def value_checks(facts: dict[str, Any]) -> Iterator[ValueCheck]:
    """The checks that an element's definition requires of each of its values."""
    if (fixed := choice_value(facts, "fixed")) is not None:
        yield _fixed_check(fixed[1])
    if (pattern := choice_value(facts, "pattern")) is not None:
        yield _pattern_check(pattern[1])
    for side, prefix, message in _LIMITS:
        if (limit := choice_value(facts, prefix)) is not None:
            yield _limit_check(*limit, side, message)
    if "maxLength" in facts:
        yield _length_check(facts["maxLength"])
    for extension in facts.get("extension", ()):
        yield from _extension_checks(extension)


def _extension_checks(extension: dict[str, Any]) -> Iterator[ValueCheck]:
    """The checks by R4's extensions of ElementDefinition: minLength and regex."""
    match extension:
        case {"url": url, "valueInteger": int(limit)} if url == MIN_LENGTH:
            yield _least_length_check(limit)
        case {"url": url, "valueString": str(pattern)} if url == REGEX:
            yield _form_check(pattern)


def pattern_test(pattern: Any) -> Callable[[Any], bool]:
    """The test whether a value matches a pattern[x]; items of an array match at any position."""
    if type(pattern) is str:
        return lambda value: bool((value if type(value) is str else bare_value(value)) == pattern)
    if type(pattern) is dict:
        return _members_test(tuple((name, pattern_test(wanted)) for name, wanted in pattern.items()))
    if type(pattern) is list:
        return _items_test(tuple(map(pattern_test, pattern)))
    return lambda value: equal(value, pattern)


def _members_test(members: tuple[tuple[str, Callable[[Any], bool]], ...]) -> Callable[[Any], bool]:
    def matches(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name, test in members:
            found = value.get(name)
            if found is None or not test(found):
                return False
        return True

    return matches


def _items_test(tests: tuple[Callable[[Any], bool], ...]) -> Callable[[Any], bool]:
    def matches(value: Any) -> bool:
        if type(value) is not list:
            return False
        return all(any(map(test, value)) for test in tests)

    return matches


def _fixed_check(wanted: Any) -> ValueCheck:
    def check(value: Any, _: ValidationContext) -> Findings:
        extended = type(value) is ExtendedPrimitive and "extension" in value.companion
        if equal(value, wanted) and not extended:
            return None
        found = {"value": value.value, **value.companion} if extended else bare_value(value)
        return [Finding("value", messages.FIXED(wanted=excerpt(wanted), found=excerpt(found)))]

    return check


def _pattern_check(wanted: Any) -> ValueCheck:
    matches = pattern_test(wanted)

    def check(value: Any, _: ValidationContext) -> Findings:
        if matches(bare_value(value)):
            return None
        text = messages.PATTERN(wanted=excerpt(wanted), found=excerpt(bare_value(value)))
        return [Finding("value", text)]

    return check


def _limit_check(type_name: str, limit: Any, side: int, message: Any) -> ValueCheck:
    temporal = type_name[0].lower() + type_name[1:] in TEMPORAL
    if not temporal and not is_number(limit) and comparable_quantity(limit) is None:
        return _no_check
    span = calendar_duration(limit)

    def check(value: Any, context: ValidationContext) -> Findings:
        found, bound, is_moment = bare_value(value), limit, temporal
        if span is not None and type(found) is str:
            bound, is_moment = _moved(context.scope.now, span, side), True
        if compare(found, bound, is_moment) != side:
            return None
        return [Finding("value", message(found=_shown(found), limit=_shown(bound)))]

    return check


def _moved(now: str, span: SystemQuantity, side: int) -> str | None:
    """The date-time at a duration from now, in the past or future; None if it cannot be computed."""
    try:
        return add_duration(now, span, side)
    except FhirPathError:
        return None


def _shown(value: Any) -> str:
    return str(number(value)) if is_number(value) else excerpt(value)


def _no_check(_value: Any, _visit: ValidationContext) -> Findings:
    return None


def _length_check(limit: int) -> ValueCheck:
    def check(value: Any, _: ValidationContext) -> Findings:
        text = bare_value(value)
        if type(text) is not str or len(text) <= limit:
            return None
        return [Finding("too-long", messages.TOO_LONG(length=len(text), limit=limit))]

    return check


def _least_length_check(limit: int) -> ValueCheck:
    def check(value: Any, _: ValidationContext) -> Findings:
        text = bare_value(value)
        if type(text) is not str or len(text) >= limit:
            return None
        return [Finding("value", messages.TOO_SHORT(length=len(text), limit=limit))]

    return check


def _form_check(pattern: str) -> ValueCheck:
    def check(value: Any, _: ValidationContext) -> Findings:
        text = bare_value(value)
        if type(text) is not str or (fits := matches_whole(pattern, text)):
            return None
        if fits is None:
            unchecked = messages.FORM_NOT_CHECKED(pattern=excerpt(pattern))
            return [Finding("not-supported", unchecked, severity="warning")]
        return [Finding("value", messages.WRONG_FORM(found=excerpt(text), pattern=excerpt(pattern)))]

    return check
