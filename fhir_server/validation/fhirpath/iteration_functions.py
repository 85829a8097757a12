"""The functions of FHIRPath that evaluate an expression for each item.

https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.validation.fhirpath.comparison import identity
from fhir_server.validation.fhirpath.compiled import NOTHING, Code, Items, Scope, Test, selecting, testing
from fhir_server.validation.fhirpath.static_types import UNKNOWN


def where(left: Code, criteria: Code) -> Code:
    """where(criteria)"""
    run, test = left.run, criteria.test

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if not items:
            return NOTHING
        return [item for item in _each(items, scope) if test(item, scope)]

    return selecting(select, left.shape)


def _each(items: Items, scope: Scope) -> Iterator[Any]:
    """The items, `$index` being the place of each while it is looked at, and then what it was before."""
    scope.spend(len(items))
    outer = scope.index
    for index, item in enumerate(items):
        scope.index = index
        yield item
    scope.index = outer


def exists_where(left: Code, criteria: Code) -> Code:
    """exists(criteria)"""
    return testing(_any(left, criteria, wanted=True))


def all_of(left: Code, criteria: Code) -> Code:
    """all(criteria)"""
    has_other = _any(left, criteria, wanted=False)
    return testing(lambda this, scope: not has_other(this, scope))


def _any(left: Code, criteria: Code, wanted: bool) -> Test:
    """Whether there is an item for which the criteria hold, or do not hold."""
    run, test = left.run, criteria.test

    def search(this: Any, scope: Scope) -> bool:
        items = run(this, scope)
        scope.spend(len(items))
        outer, found = scope.index, False
        for index, item in enumerate(items):
            scope.index = index
            found = bool(test(item, scope)) is wanted
            if found:
                break
        scope.index = outer
        return found

    return search


def select(left: Code, projection: Code) -> Code:
    """select(projection)"""
    run, project = left.run, projection.run

    def projected(this: Any, scope: Scope) -> Items:
        found: list[Any] = []
        for item in _each(run(this, scope), scope):
            found += project(item, scope)
        scope.spend(len(found))
        return found

    return selecting(projected, projection.shape)


def repeat(left: Code, projection: Code) -> Code:
    """repeat(projection): each item once, so that a circle ends."""
    run, project = left.run, projection.run

    def repeated(this: Any, scope: Scope) -> Items:
        found: dict[Any, Any] = {}
        met: dict[int, Any] = {}
        waiting = list(run(this, scope))
        while waiting:
            children = [child for item in waiting for child in project(item, scope)]
            scope.spend(len(children) + 1)
            not_met = {id(child): child for child in children if id(child) not in met}
            met |= not_met
            new = {
                key: child for child in not_met.values() if (key := identity(child, scope.spend)) not in found
            }
            found |= new
            waiting = list(new.values())
        return list(found.values())

    return selecting(repeated)


def aggregate(left: Code, step: Code, start: Code | None) -> Code:
    """aggregate(step, start)"""
    run, take_step = left.run, step.run

    def aggregated(this: Any, scope: Scope) -> Items:
        outer = scope.total
        scope.total = start.run(this, scope) if start else NOTHING
        for item in _each(run(this, scope), scope):
            scope.total = take_step(item, scope)
        found, scope.total = scope.total, outer
        return found

    return selecting(aggregated, start.shape if start else UNKNOWN)


ITERATING: Mapping[str, Callable[[Code, Code], Code]] = {
    "where": where,
    "exists": exists_where,
    "all": all_of,
    "select": select,
    "repeat": repeat,
}
"""Those with one argument that is evaluated for each item."""
