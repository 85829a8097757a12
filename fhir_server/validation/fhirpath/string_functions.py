"""FHIRPath's string functions.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

from collections.abc import Callable, Mapping
from time import thread_time
from typing import Any

from fhir_server.core.fhirpath import FhirPathError, FhirPathTooCostly
from fhir_server.core.safe_regex import PatternError
from fhir_server.core.time_limit import TimeLimitExceeded
from fhir_server.validation.fhirpath.bounded_strings import matches_pattern, replace_bounded, replace_matches
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    compiled_condition,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.static_types import BOOLEAN, INTEGER, STRING, StaticType


def _substring(value: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(value):
        return None
    return value[start:] if length is None else value[start : start + max(length, 0)]


STRING_FUNCTIONS: Mapping[str, tuple[Callable[..., Any], StaticType]] = {
    "startsWith": (str.startswith, BOOLEAN),
    "endsWith": (str.endswith, BOOLEAN),
    "contains": (str.__contains__, BOOLEAN),
    "matches": (matches_pattern, BOOLEAN),
    "replaceMatches": (replace_matches, STRING),
    "replace": (replace_bounded, STRING),
    "indexOf": (str.find, INTEGER),
    "length": (len, INTEGER),
    "upper": (str.upper, STRING),
    "lower": (str.lower, STRING),
    "trim": (str.strip, STRING),
    "substring": (_substring, STRING),
    "split": (str.split, STRING),
}
"""By name: the function of a string and the arguments, and the type of its result."""
_PATTERN_FUNCTIONS = frozenset({"matches", "replaceMatches"})


def string_function(name: str, left: Compiled, arguments: tuple[Compiled, ...]) -> Compiled:
    """Compile a string function; its result is empty if the string or an argument is."""
    function, static_type = STRING_FUNCTIONS[name]
    apply = _apply_timed if name in _PATTERN_FUNCTIONS else _apply
    run_left, runs = left.run, tuple(argument.run for argument in arguments)

    def run(this: Any, scope: Scope) -> Any:
        value = singleton(run_left(this, scope))
        if value is None:
            return None
        if type(value) is not str:
            raise FhirPathError(f"{name}() of what is no text")
        scope.count_text_steps(value)
        given = [singleton(argument(this, scope)) for argument in runs]
        if name == "substring" and given[1:] == [None]:
            given.pop()
        return None if None in given else apply(name, function, value, given, scope)

    if static_type is BOOLEAN:
        return compiled_condition(run)

    def select(this: Any, scope: Scope) -> Items:
        found = run(this, scope)
        if type(found) is list:
            scope.count_steps(len(found))
            return found
        if type(found) is str:
            scope.count_text_steps(found)
        return EMPTY if found is None else (found,)

    return compiled_selection(select, static_type)


def _apply_timed(name: str, function: Callable[..., Any], value: str, given: list[Any], scope: Scope) -> Any:
    """Call `_apply` and count its processor time as steps."""
    began = thread_time()
    try:
        return _apply(name, function, value, given, scope)
    finally:
        scope.count_time(thread_time() - began)


def _apply(name: str, function: Callable[..., Any], value: str, given: list[Any], _scope: Scope) -> Any:
    try:
        return function(value, *given)
    except (PatternError, TimeLimitExceeded) as error:
        raise FhirPathTooCostly(f"{name}(): {error}") from error
    except (TypeError, ValueError) as error:
        raise FhirPathError(f"{name}(): {error}") from error
