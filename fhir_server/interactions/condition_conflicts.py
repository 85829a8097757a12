"""Conditions of a transaction that another of its own entries may match.

The outcome may not depend on the order of entries: criteria without a match before the transaction must have
only one match after it. https://hl7.org/fhir/R4/http.html#trules
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from fhir_server.extension import Resource
from fhir_server.interactions.criteria import Criteria

PLAIN = frozenset("\\,:")
"""Characters of criteria that are more than one plain identifier."""

T = TypeVar("T")


def conflicting_conditions(
    unmatched: Mapping[Criteria, T], written: Iterable[Resource]
) -> Iterator[tuple[Criteria, T]]:
    """The conditions that more than one of the resources written may meet.

    Nearly all are by an identifier: those that only one resource bears need not be searched for again.
    """
    if not unmatched:
        return
    types: Counter[str] = Counter()
    bearers: Counter[tuple[str, str]] = Counter()
    for resource in written:
        types[resource["resourceType"]] += 1
        bearers.update((resource["resourceType"], value) for value in _identifiers(resource))
    for wanted, bearer in unmatched.items():
        value = _identifier(wanted)
        several = types[wanted.type] > 1 if value is None else bearers[wanted.type, value] > 1
        if several:
            yield wanted, bearer


def in_dependency_order(waiting: Iterable[tuple[T, str, frozenset[str]]]) -> Iterator[T]:
    """Sort items so that those which others depend on come first. Each is (item, its own name, the names it
    depends on).
    """
    left = list(waiting)
    while left:
        own = {name for _, name, _ in left}
        ready = [own.isdisjoint(wanted) for _, _, wanted in left]
        if not any(ready):
            # A circular dependency.
            ready = [True] * len(left)
        yield from (candidate[0] for candidate, is_ready in zip(left, ready, strict=True) if is_ready)
        left = [candidate for candidate, is_ready in zip(left, ready, strict=True) if not is_ready]


def _identifiers(resource: Resource) -> set[str]:
    """The case-folded values of a resource's identifiers."""
    given = resource.get("identifier", [])
    listed: list[Any] = given if isinstance(given, list) else [given]
    return {
        identifier["value"].casefold()
        for identifier in listed
        if isinstance(identifier, dict) and "value" in identifier
    }


def _identifier(wanted: Criteria) -> str | None:
    """The case-folded identifier of criteria on one identifier alone; None for any other criteria."""
    if len(wanted.parameters) != 1:
        return None
    name, text = wanted.parameters[0]
    value = text.rpartition("|")[2]
    if name != "identifier" or not value or not PLAIN.isdisjoint(value):
        return None
    return value.casefold()
