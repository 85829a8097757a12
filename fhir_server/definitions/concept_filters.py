"""Filters of a composition: the codes that they select from a code system.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core import safe_regex
from fhir_server.definitions.code_systems import CodeSystem, Concept

OPERATORS = ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists")

HIERARCHICAL = frozenset({"is-a", "descendent-of", "is-not-a", "generalizes"})

_BUILT_IN_PROPERTIES: Mapping[str, Callable[[Concept], list[str]]] = {
    "concept": lambda concept: [concept.code],
    "code": lambda concept: [concept.code],
    "display": lambda concept: [concept.display] if concept.display else [],
    "definition": lambda concept: [concept.definition] if concept.definition else [],
    "parent": lambda concept: list(concept.parents),
    "status": lambda concept: [concept.status] if concept.status != "active" else [],
    "inactive": lambda concept: ["true"] if concept.inactive else [],
    "notSelectable": lambda concept: ["true"] if concept.abstract else [],
    "abstract": lambda concept: ["true"] if concept.abstract else [],
}
"""Properties derived from the concept itself. An unstated property has no value: it is neither true nor
false.
"""

_CODES = ("concept", "code", "parent", "child")
"""Properties whose values are codes of the system itself."""


class InvalidFilter(ValueError):
    """An invalid filter; `element` is the wrong part of it, the text says why."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(reason)
        self.element = element


class UnknownProperty(Exception):
    """The values of a filter's property are unknown here."""


def select_codes(system: CodeSystem, rule: Mapping[str, Any]) -> frozenset[str]:
    """The codes that one filter selects. Raises `InvalidFilter`, or `UnknownProperty` if that is unknown."""
    operator, name, value = rule.get("op"), rule.get("property"), rule.get("value")
    if operator not in OPERATORS:
        raise InvalidFilter("op", f"{operator}: {', '.join(OPERATORS)}")
    if not isinstance(name, str) or not name:
        raise InvalidFilter("property", "-")
    if not isinstance(value, str) or not value:
        raise InvalidFilter("value", f"{name} {operator}")
    if operator in HIERARCHICAL:
        return _select_by_hierarchy(system, operator, value)
    values = _values(system, name)
    test = _test(operator, _canonical_codes(system, operator, value) if name in _CODES else value)
    return frozenset(concept.code for concept in system.concepts if test(values(concept)))


def _canonical_codes(system: CodeSystem, operator: str, value: str) -> str:
    """The codes of a filter with the case that a case-insensitive system defines."""
    if system.case_sensitive or operator in ("regex", "exists"):
        return value
    codes = [value] if operator == "=" else [part.strip() for part in value.split(",")]
    found = ((code, system.find(code)) for code in codes)
    return ",".join(concept.code if concept else code for code, concept in found)


def _select_by_hierarchy(system: CodeSystem, operator: str, value: str) -> frozenset[str]:
    found = system.find(value)
    if found is None:
        return frozenset(system.by_code) if operator == "is-not-a" else frozenset()
    code = found.code
    if operator == "generalizes":
        return system.ancestors(code) | {code}
    below = system.descendants(code)
    if operator == "descendent-of":
        return below
    return below | {code} if operator == "is-a" else frozenset(system.by_code) - below - {code}


def _values(system: CodeSystem, name: str) -> Callable[[Concept], list[str]]:
    """The function that reads the values of a property from a concept, as strings."""
    if name == "child":
        return lambda concept: list(system.children(concept.code))
    if name in _BUILT_IN_PROPERTIES:
        read = _BUILT_IN_PROPERTIES[name]
        return lambda concept: concept.values(name) or read(concept)
    if not system.properties_known:
        raise UnknownProperty(name)
    return lambda concept: concept.values(name)


def _test(operator: str, value: str) -> Callable[[list[str]], bool]:
    if operator == "exists":
        if value not in ("true", "false"):
            raise InvalidFilter("value", value)
        return lambda values: bool(values) is (value == "true")
    if operator == "regex":
        return lambda values: any(_matches(value, text) for text in values)
    wanted = frozenset([value] if operator == "=" else (part.strip() for part in value.split(",")))
    if operator == "not-in":
        return lambda values: wanted.isdisjoint(values)
    return lambda values: not wanted.isdisjoint(values)


def _matches(pattern: str, text: str) -> bool:
    found = safe_regex.matches(pattern, text)
    if found is None:
        raise InvalidFilter("value", f"regex {pattern[:60]}")
    return found
