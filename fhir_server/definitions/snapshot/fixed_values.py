"""Fixed and pattern values of elements.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.elements import type_suffix
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.type_hierarchy import fhir_code

_PREFIXES = ("fixed", "pattern")


def fixed_value_names(element: ElementDefinition) -> list[str]:
    """The names of an element's fixed and pattern values, such as `patternCoding`."""
    return [name for name in element if any(type_suffix(name, prefix) for prefix in _PREFIXES)]


def fits_type(name: str, types: Iterable[dict[str, Any]]) -> bool:
    """Whether a fixed or pattern value with this name fits one of the types; true if there are no types."""
    of = name.removeprefix("fixed").removeprefix("pattern")
    codes = [fhir_code(type) for type in types]
    return not codes or any(code[:1].upper() + code[1:] == of for code in codes)


def satisfies(value: Any, pattern: Any, exactly: bool = False) -> bool:
    """Whether a value matches a pattern; with `exactly`, whether it is equal to it."""
    if json.is_number(value) and json.is_number(pattern):
        return json.decimal(value) == json.decimal(pattern)
    if exactly or type(value) is not type(pattern):
        return bool(value == pattern)
    if isinstance(pattern, dict):
        return all(name in value and satisfies(value[name], part) for name, part in pattern.items())
    if isinstance(pattern, list):
        return all(any(satisfies(item, part) for item in value) for part in pattern)
    return bool(value == pattern)
