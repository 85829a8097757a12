"""Which items of collections are the same, by the equality of FHIRPath.

https://hl7.org/fhirpath/N1/#distinct-collection
"""

from typing import Any

from fhir_server.validation.fhirpath.comparison import equal, identity
from fhir_server.validation.fhirpath.compiled import Items, Scope
from fhir_server.validation.fhirpath.parser import Measure


def distinct(items: Items, scope: Scope) -> Items:
    """The items without those that equal an earlier one."""
    if len(items) < 2:
        return items
    scope.pass_over(items)
    if all(type(item) is str for item in items):
        return list(dict.fromkeys(items))
    if not _has_measures(items):
        by_identity: dict[Any, Any] = {}
        for item in items:
            by_identity.setdefault(identity(item, scope.spend), item)
        return list(by_identity.values())
    found: list[Any] = []
    for item in items:
        if not _is_among(item, found, scope):
            found.append(item)
    return found


def among(items: Items, others: Items, scope: Scope) -> list[bool]:
    """For each of the items whether one of the others equals it."""
    if not items or not others:
        return [False] * len(items)
    scope.pass_over(items)
    scope.pass_over(others)
    if _has_measures(items) or _has_measures(others):
        return [_is_among(item, others, scope) for item in items]
    known = {identity(other, scope.spend) for other in others}
    return [identity(item, scope.spend) in known for item in items]


def _has_measures(items: Items) -> bool:
    return any(type(item) is Measure for item in items)


def _is_among(item: Any, others: Items, scope: Scope) -> bool:
    scope.spend(len(others))
    return any(equal(item, other, scope.spend) for other in others)
