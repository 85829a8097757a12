"""Search in memory: whether a resource satisfies a clause, and its sort value.

This is the reference implementation for every backend. https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Has,
    Hierarchy,
    Match,
    MissingValue,
    Not,
    ParameterType,
    Sort,
    Value,
)
from fhir_server.search.entries import DateEntry, Entries, Entry, TokenEntry
from fhir_server.search.types import composite
from fhir_server.search.types.kinds import COMPARED


class Stored(Protocol):
    """A stored resource. Times in UTC microseconds."""

    @property
    def type(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def last_updated(self) -> int: ...


class Universe(Protocol):
    """The current resources, without deleted ones, for chains and `_has`."""

    def by_reference(self, type: str, id: str) -> tuple[Stored, Entries] | None: ...

    def living(self, type: str) -> Iterator[tuple[Stored, Entries]]: ...


class _Contained(NamedTuple):
    """A contained resource, which has neither an id to search by nor a time of change."""

    type: str
    id: str = ""
    last_updated: int = 0


def matches(clause: Clause, stored: Stored, entries: Entries, universe: Universe) -> bool:
    """Whether the resource satisfies the clause."""
    match clause:
        case Match():
            return _matches(clause, stored, entries)
        case Chain(parameter, types, where):
            found = _referred(entries, parameter, types, universe)
            return any(matches(where, *target, universe) for target in found) or any(
                matches(where, _Contained(inner.type), inner.entries, universe)
                for inner in entries.contained
                if inner.parameter == parameter and inner.type in types
            )
        case Has(type, parameter, where):
            return any(
                _refers(found[1], parameter, stored) and matches(where, *found, universe)
                for found in universe.living(type)
            )
        case Hierarchy():
            return _lies_in(clause, entries, universe)
        case AllOf(clauses):
            return all(matches(part, stored, entries, universe) for part in clauses)
        case AnyOf(clauses):
            return any(matches(part, stored, entries, universe) for part in clauses)
        case Not(negated):
            return not matches(negated, stored, entries, universe)


def sort_value(sort: Sort, stored: Stored, entries: Entries) -> str | int | None:
    """The sort value of a resource: its least value, or its greatest if descending; None if it has none.

    Dates are sorted by their start, or by their end if descending. Not sorted by are concepts without a code,
    and string entries that hold only the end of a text.
    """
    if sort.parameter == "_id":
        return stored.id
    if sort.parameter == "_lastUpdated":
        return stored.last_updated
    found = _entries_of(entries, sort.type, sort.parameter)
    column = _sort_column(sort.type, sort.descending)
    needed = {"token": "code", "string": "exact"}.get(sort.type)
    values: list[Any] = [
        getattr(entry, column) for entry in found if needed is None or getattr(entry, needed)
    ]
    return (max if sort.descending else min)(values, default=None)


def _sort_column(kind: ParameterType, descending: bool) -> str:
    if kind in ("date", "number", "quantity"):
        return "high" if descending else "low"
    return {"string": "text", "token": "code", "reference": "target"}.get(kind, "value")


def _matches(match: Match, stored: Stored, entries: Entries) -> bool:
    """Whether a resource matches: :missing and :not consider all entries, all else needs one that fits."""
    if match.only and stored.type not in match.only:
        return False
    found = _entries_of(_own(match.parameter, stored, entries), match.type, match.parameter)
    if match.modifier == "missing":
        return any(isinstance(value, MissingValue) and value.missing == (not found) for value in match.values)
    fits = any(_fits(match, entry, value) for entry in found for value in match.values)
    return not fits if match.modifier == "not" else fits


def _own(parameter: str, stored: Stored, entries: Entries) -> Entries:
    """The entries of a resource, or those of `_id` and `_lastUpdated`, which come from the store."""
    if isinstance(stored, _Contained):
        return entries
    if parameter == "_id":
        return Entries(tokens=[TokenEntry("_id", "", stored.id)])
    if parameter == "_lastUpdated":
        updated = stored.last_updated
        return Entries(dates=[DateEntry("_lastUpdated", updated, updated + 1)])
    return entries


def _entries_of(entries: Entries, kind: ParameterType, parameter: str) -> Sequence[Any]:
    of_kind: Iterable[Any] = getattr(entries, COMPARED[kind].entries if kind in COMPARED else "composites")
    return [entry for entry in of_kind if entry.parameter == parameter]


def _fits(match: Match, entry: Entry, value: Value) -> bool:
    if match.type == "composite":
        compare = [COMPARED[kind].matches for kind in match.component_types]
        return composite.matches(entry, value, compare)  # type: ignore[arg-type]
    return COMPARED[match.type].matches(entry, value, match.modifier)


def _referred(
    entries: Entries, parameter: str, types: Sequence[str], universe: Universe
) -> Iterator[tuple[Stored, Entries]]:
    for entry in entries.references:
        if entry.parameter == parameter and entry.type in types:
            found = universe.by_reference(entry.type, entry.target)
            if found is not None:
                yield found


def _lies_in(clause: Hierarchy, entries: Entries, universe: Universe) -> bool:
    """Whether the resource refers to the named one, or to one above or below it."""
    targets = _targets(clause, clause.parameter, entries)
    if clause.direction == "above":
        return not targets.isdisjoint(_with_all_above(clause, {clause.id}, universe))
    return clause.id in _with_all_above(clause, targets, universe)


def _with_all_above(clause: Hierarchy, ids: set[str], universe: Universe) -> set[str]:
    """These ids and those of all their ancestors."""
    found, waiting = set(ids), list(ids)
    while waiting:
        child = universe.by_reference(clause.type, waiting.pop())
        further = _targets(clause, clause.parent, child[1]) - found if child else set()
        found |= further
        waiting.extend(further)
    return found


def _targets(clause: Hierarchy, parameter: str, entries: Entries) -> set[str]:
    """The ids of the clause's type that a parameter refers to."""
    return {
        entry.target
        for entry in entries.references
        if entry.parameter == parameter and entry.type == clause.type
    }


def _refers(entries: Entries, parameter: str, stored: Stored) -> bool:
    return any(
        entry.parameter == parameter and entry.type == stored.type and entry.target == stored.id
        for entry in entries.references
    )
