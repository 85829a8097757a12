"""The functions of FHIRPath on texts.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

from collections.abc import Callable, Mapping
from time import thread_time
from typing import Any

from fhir_server.core.fhirpath import FhirPathError, FhirPathTooCostly
from fhir_server.core.safe_regex import PatternError
from fhir_server.core.time_limit import TimeLimitExceeded
from fhir_server.validation.fhirpath.bounded_strings import matched, replaced, replaced_matches
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Scope,
    selecting,
    single,
    testing,
)
from fhir_server.validation.fhirpath.static_types import BOOLEAN, INTEGER, STRING, Shape


def _substring(value: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(value):
        return None
    return value[start:] if length is None else value[start : start + max(length, 0)]


TEXT_FUNCTIONS: Mapping[str, tuple[Callable[..., Any], Shape]] = {
    "startsWith": (str.startswith, BOOLEAN),
    "endsWith": (str.endswith, BOOLEAN),
    "contains": (str.__contains__, BOOLEAN),
    "matches": (matched, BOOLEAN),
    "replaceMatches": (replaced_matches, STRING),
    "replace": (replaced, STRING),
    "indexOf": (str.find, INTEGER),
    "length": (len, INTEGER),
    "upper": (str.upper, STRING),
    "lower": (str.lower, STRING),
    "trim": (str.strip, STRING),
    "substring": (_substring, STRING),
    "split": (str.split, STRING),
}
"""What each makes of a text and its arguments, and the shape of that."""
_WITH_PATTERN = frozenset({"matches", "replaceMatches"})


def text_function(name: str, left: Code, arguments: tuple[Code, ...]) -> Code:
    """The code of a function on one text; empty where the text or an argument is."""
    function, shape = TEXT_FUNCTIONS[name]
    apply = _timed if name in _WITH_PATTERN else _applied
    run_left, runs = left.run, tuple(argument.run for argument in arguments)

    def run(this: Any, scope: Scope) -> Any:
        value = single(run_left(this, scope))
        if value is None:
            return None
        if type(value) is not str:
            raise FhirPathError(f"{name}() of what is no text")
        scope.spend_text(value)
        given = [single(argument(this, scope)) for argument in runs]
        if name == "substring" and given[1:] == [None]:
            given.pop()
        return None if None in given else apply(name, function, value, given, scope)

    if shape is BOOLEAN:
        return testing(run)

    def select(this: Any, scope: Scope) -> Items:
        found = run(this, scope)
        if type(found) is list:
            scope.spend(len(found))
            return found
        if type(found) is str:
            scope.spend_text(found)
        return NOTHING if found is None else (found,)

    return selecting(select, shape)


def _timed(name: str, function: Callable[..., Any], value: str, given: list[Any], scope: Scope) -> Any:
    """As `_applied`, with the time that it takes counted as steps."""
    began = thread_time()
    try:
        return _applied(name, function, value, given, scope)
    finally:
        scope.spend_time(thread_time() - began)


def _applied(name: str, function: Callable[..., Any], value: str, given: list[Any], _scope: Scope) -> Any:
    try:
        return function(value, *given)
    except (PatternError, TimeLimitExceeded) as error:
        raise FhirPathTooCostly(f"{name}(): {error}") from error
    except (TypeError, ValueError) as error:
        raise FhirPathError(f"{name}(): {error}") from error
