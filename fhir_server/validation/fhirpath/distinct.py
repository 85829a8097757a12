"""Distinct items and membership of collections, by FHIRPath's equality.

https://hl7.org/fhirpath/N1/#distinct-collection
"""

from typing import Any

from fhir_server.validation.fhirpath.comparison import equal, equality_key
from fhir_server.validation.fhirpath.compiled import Items, Scope
from fhir_server.validation.fhirpath.parser import SystemQuantity


def distinct(items: Items, scope: Scope) -> Items:
    """The items without those that equal an earlier one."""
    if len(items) < 2:
        return items
    scope.count_item_steps(items)
    if all(type(item) is str for item in items):
        return list(dict.fromkeys(items))
    if not _has_quantities(items):
        by_identity: dict[Any, Any] = {}
        for item in items:
            by_identity.setdefault(equality_key(item, scope.count_steps), item)
        return list(by_identity.values())
    found: list[Any] = []
    for item in items:
        if not _is_among(item, found, scope):
            found.append(item)
    return found


def are_members(items: Items, others: Items, scope: Scope) -> list[bool]:
    """For each item, whether one of `others` equals it."""
    if not items or not others:
        return [False] * len(items)
    scope.count_item_steps(items)
    scope.count_item_steps(others)
    if _has_quantities(items) or _has_quantities(others):
        return [_is_among(item, others, scope) for item in items]
    known = {equality_key(other, scope.count_steps) for other in others}
    return [equality_key(item, scope.count_steps) in known for item in items]


def _has_quantities(items: Items) -> bool:
    return any(type(item) is SystemQuantity for item in items)


def _is_among(item: Any, others: Items, scope: Scope) -> bool:
    scope.count_steps(len(others))
    return any(equal(item, other, scope.count_steps) for other in others)
