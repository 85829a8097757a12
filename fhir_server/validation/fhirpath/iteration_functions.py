"""FHIRPath's functions that evaluate their argument once for each item.

https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.validation.fhirpath.comparison import equality_key
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    Test,
    compiled_condition,
    compiled_selection,
)
from fhir_server.validation.fhirpath.static_types import UNKNOWN


def where(left: Compiled, criteria: Compiled) -> Compiled:
    """where(criteria)"""
    run, test = left.run, criteria.test

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if not items:
            return EMPTY
        return [item for item in _each(items, scope) if test(item, scope)]

    return compiled_selection(select, left.static_type)


def _each(items: Items, scope: Scope) -> Iterator[Any]:
    """Iterate over the items with `$index` set to each position; restores the outer `$index` at the end."""
    scope.count_steps(len(items))
    outer = scope.index
    for index, item in enumerate(items):
        scope.index = index
        yield item
    scope.index = outer


def exists_where(left: Compiled, criteria: Compiled) -> Compiled:
    """exists(criteria)"""
    return compiled_condition(_any(left, criteria, wanted=True))


def all_of(left: Compiled, criteria: Compiled) -> Compiled:
    """all(criteria)"""
    has_other = _any(left, criteria, wanted=False)
    return compiled_condition(lambda this, scope: not has_other(this, scope))


def _any(left: Compiled, criteria: Compiled, wanted: bool) -> Test:
    """Whether the criteria evaluate to `wanted` for some item."""
    run, test = left.run, criteria.test

    def search(this: Any, scope: Scope) -> bool:
        items = run(this, scope)
        scope.count_steps(len(items))
        outer, found = scope.index, False
        for index, item in enumerate(items):
            scope.index = index
            found = bool(test(item, scope)) is wanted
            if found:
                break
        scope.index = outer
        return found

    return search


def select(left: Compiled, projection: Compiled) -> Compiled:
    """select(projection)"""
    run, project = left.run, projection.run

    def projected(this: Any, scope: Scope) -> Items:
        found: list[Any] = []
        for item in _each(run(this, scope), scope):
            found += project(item, scope)
        scope.count_steps(len(found))
        return found

    return compiled_selection(projected, projection.static_type)


def repeat(left: Compiled, projection: Compiled) -> Compiled:
    """repeat(projection): each distinct item once, so that cycles end."""
    run, project = left.run, projection.run

    def repeated(this: Any, scope: Scope) -> Items:
        found: dict[Any, Any] = {}
        met: dict[int, Any] = {}
        waiting = list(run(this, scope))
        while waiting:
            children = [child for item in waiting for child in project(item, scope)]
            scope.count_steps(len(children) + 1)
            not_met = {id(child): child for child in children if id(child) not in met}
            met |= not_met
            new = {
                key: child
                for child in not_met.values()
                if (key := equality_key(child, scope.count_steps)) not in found
            }
            found |= new
            waiting = list(new.values())
        return list(found.values())

    return compiled_selection(repeated)


def aggregate(left: Compiled, step: Compiled, start: Compiled | None) -> Compiled:
    """aggregate(step, start)"""
    run, take_step = left.run, step.run

    def aggregated(this: Any, scope: Scope) -> Items:
        outer = scope.total
        scope.total = start.run(this, scope) if start else EMPTY
        for item in _each(run(this, scope), scope):
            scope.total = take_step(item, scope)
        found, scope.total = scope.total, outer
        return found

    return compiled_selection(aggregated, start.static_type if start else UNKNOWN)


ITERATION_FUNCTIONS: Mapping[str, Callable[[Compiled, Compiled], Compiled]] = {
    "where": where,
    "exists": exists_where,
    "all": all_of,
    "select": select,
    "repeat": repeat,
}
"""By name; the argument is evaluated for each item."""
