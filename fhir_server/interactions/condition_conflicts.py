"""Conditions of a transaction that another of its own entries may meet.

The outcome may not depend on the order of the entries, so a condition that nothing met must still have one
match when all is written. https://hl7.org/fhir/R4/http.html#trules
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from fhir_server.extension import Resource
from fhir_server.interactions.criteria import Criteria

PLAIN = frozenset("\\,:")
"""What makes more of a condition than a look-up by one identifier."""

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
    """What waits, each with its own type, or name, and with those that it looks for: that which others look
    for comes first.
    """
    left = list(waiting)
    while left:
        own = {name for _, name, _ in left}
        ready = [own.isdisjoint(wanted) for _, _, wanted in left]
        if not any(ready):
            # They look for one another.
            ready = [True] * len(left)
        yield from (candidate[0] for candidate, is_ready in zip(left, ready, strict=True) if is_ready)
        left = [candidate for candidate, is_ready in zip(left, ready, strict=True) if not is_ready]


def _identifiers(resource: Resource) -> set[str]:
    """The values of a resource's identifiers, which are compared without regard to case."""
    given = resource.get("identifier", [])
    listed: list[Any] = given if isinstance(given, list) else [given]
    return {
        identifier["value"].casefold()
        for identifier in listed
        if isinstance(identifier, dict) and "value" in identifier
    }


def _identifier(wanted: Criteria) -> str | None:
    """The value of the identifier that a condition looks up; None where it does something else."""
    if len(wanted.parameters) != 1:
        return None
    name, text = wanted.parameters[0]
    value = text.rpartition("|")[2]
    if name != "identifier" or not value or not PLAIN.isdisjoint(value):
        return None
    return value.casefold()
