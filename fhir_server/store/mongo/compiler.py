"""Compiles a search query to a filter on documents.

A document holds all index entries of its resource. Clauses on other resources, such as chains, are first
resolved to ids by searches of their own (`reference_resolver.py`). The same filter works for contained
resources.
https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Hierarchy,
    Match,
    MissingValue,
    Not,
    Value,
)
from fhir_server.store.mongo import rows
from fhir_server.store.mongo.conditions import condition, last_updated, own_id
from fhir_server.store.mongo.filters import (
    ALWAYS,
    NEVER,
    Filter,
    all_of,
    any_of,
    negation,
    one_element,
    one_of,
)
from fhir_server.store.mongo.text_filters import has_any, has_one_of

_FIELDS = {
    "string": rows.STRINGS,
    "token": rows.TOKENS,
    "reference": rows.REFERENCES,
    "date": rows.DATES,
    "number": rows.NUMBERS,
    "quantity": rows.QUANTITIES,
    "uri": rows.URIS,
    "word": rows.WORDS,
    "position": rows.POSITIONS,
}

Within = Sequence[str] | None
"""The `_id`s of the resources to which a search is restricted, None for all."""


class Resolver(Protocol):
    """Resolves clauses on other resources to ids."""

    def referred(self, chain: Chain, within: Within) -> dict[str, list[str]]:
        """The ids, by type, of the resources at the end of the first hop of a chain."""
        ...

    def referring(self, clause: Has, within: Within) -> list[str]:
        """The `_id`s of the resources that satisfy the clause."""
        ...

    def lineage(self, clause: Hierarchy) -> list[str]:
        """The ids of the given resource and of all above or below it."""
        ...


def living(types: Sequence[str]) -> Filter:
    """The resources of the types, or of all types, that are not deleted."""
    return {"l": True, "t": one_of(types)} if types else {"l": True}


class Compiler:
    """Compiles clauses; the filter has to be right only for the resources in `within`."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def filter(self, clauses: Iterable[Clause], types: Sequence[str], within: Within = None) -> Filter:
        """The filter for resources of `types` that satisfy all clauses."""
        return all_of([self._clause(clause, types, within) for clause in clauses])

    def _clause(self, clause: Clause, types: Sequence[str], within: Within, inner: bool = False) -> Filter:
        match clause:
            case Match():
                return _match(clause, types, inner)
            case Chain():
                return self._chain(clause, within)
            case Has():
                return NEVER if inner else {"_id": {"$in": self._resolver.referring(clause, within)}}
            case Hierarchy():
                return refers(clause.parameter, {clause.type: self._resolver.lineage(clause)})
            case AllOf(clauses):
                return all_of([self._clause(operand, types, within, inner) for operand in clauses])
            case AnyOf(clauses):
                return any_of([self._clause(operand, types, within, inner) for operand in clauses])
            case Not(negated):
                return negation(self._clause(negated, types, within, inner))

    def _chain(self, chain: Chain, within: Within) -> Filter:
        """The filter for a chain, whose reference may point at another resource or at a contained one."""
        contained = one_element(
            rows.CONTAINED,
            {"p": chain.parameter, "t": {"$in": list(chain.types)}},
            self._clause(chain.where, chain.types, within, inner=True),
        )
        return any_of([refers(chain.parameter, self._resolver.referred(chain, within)), contained])


def refers(parameter: str, targets: dict[str, list[str]]) -> Filter:
    """The filter for references by the parameter to one of the ids, given by type."""
    return any_of(
        one_element(rows.REFERENCES, {"p": parameter, "t": type, "i": {"$in": ids}})
        for type, ids in targets.items()
        if ids
    )


def _match(match: Match, types: Sequence[str], inner: bool) -> Filter:
    if match.only:
        asked = _match(replace(match, only=()), types, inner)
        return all_of([{"t": {"$in": list(match.only)}}, asked])
    if match.modifier == "missing":
        return _missing(match, inner)
    found = _found(match, types, inner)
    return negation(found) if match.modifier == "not" else found


def _missing(match: Match, inner: bool) -> Filter:
    present = _present(match, inner)
    wanted = {value.missing for value in match.values if isinstance(value, MissingValue)}
    return any_of(negation(present) if missing else present for missing in sorted(wanted))


def _present(match: Match, inner: bool) -> Filter:
    if match.parameter in ("_id", "_lastUpdated") and not inner:
        return ALWAYS
    field = _FIELDS.get(match.type, rows.COMPOSITES)
    if field in rows.FLAT:
        return has_any(field, match.parameter)
    return {f"{field}.p": match.parameter}


def _found(match: Match, types: Sequence[str], inner: bool) -> Filter:
    """The filter for entries that match one of the values."""
    modifier = None if match.modifier == "not" else match.modifier
    if not inner:
        if match.parameter == "_id":
            return _by_id(match, modifier, types)
        if match.parameter == "_lastUpdated":
            return any_of(_by_time(value, modifier) for value in match.values)
    field = _FIELDS.get(match.type, rows.COMPOSITES)
    if field in rows.FLAT:
        return has_one_of(field, match.parameter, match.values, modifier)
    # One condition for each value: MongoDB uses no index for alternatives within an element.
    cells = {"p": match.parameter}
    return any_of(one_element(field, cells, _asked(value, modifier)) for value in match.values)


def _by_id(match: Match, modifier: str | None, types: Sequence[str]) -> Filter:
    """A filter on the key of the collection if the types are known, so that only one shard is queried."""
    asked = [own_id(value, modifier) for value in match.values]
    if modifier == "ne":
        return any_of(map(negation, asked))
    ids = [condition["i"] for condition in asked if isinstance(condition.get("i"), str)]
    if types and len(ids) == len(asked):
        return {"_id": {"$in": [f"{type}/{id}" for type in types for id in ids]}}
    return any_of(asked)


def _by_time(value: Value, modifier: str | None) -> Filter:
    if not isinstance(value, DateValue):
        return NEVER
    if modifier == "co":
        return {"u": {"$gte": value.high - 1, "$lte": value.low}}
    asked = last_updated(value)
    return negation(asked) if modifier == "ne" else asked


def _asked(value: Value, modifier: str | None) -> Filter:
    if isinstance(value, CompositeValue):
        names = rows.PARTS
        parts = [condition(part, None, f"{names[number]}.") for number, part in enumerate(value.components)]
        return all_of([*_lead(value), *parts])
    return condition(value, modifier)


def _lead(value: CompositeValue) -> list[Filter]:
    """The condition on the cell by which composites are looked up, from the first component."""
    asked = condition(value.components[0], None)
    first = next((asked[cell] for cell in ("c", "i", "x", "u") if cell in asked), None)
    return [] if first is None else [{"k": first}]
