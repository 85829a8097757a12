"""The functions of FHIRPath that evaluate an expression for each item.

https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.validation.invariants.code import NOTHING, Code, Items, Scope, Test, selecting, testing
from fhir_server.validation.invariants.shapes import UNKNOWN


def where(left: Code, criteria: Code) -> Code:
    run, test = left.run, criteria.test

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if not items:
            return NOTHING
        scope.spend(len(items))
        found: list[Any] = []
        for index, item in enumerate(items):
            scope.index = index
            if test(item, scope):
                found.append(item)
        return found

    return selecting(select, left.shape)


def exists_where(left: Code, criteria: Code) -> Code:
    """exists(criteria)"""
    return testing(_any(left, criteria.test))


def _any(left: Code, test: Test) -> Test:
    run = left.run

    def found(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        scope.spend(len(items))
        return any(test(item, scope) for item in items)

    return found


def all_of(left: Code, criteria: Code) -> Code:
    """all(criteria)"""
    run, test = left.run, criteria.test

    def found(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        scope.spend(len(items))
        return all(test(item, scope) for item in items)

    return testing(found)


def select(left: Code, projection: Code) -> Code:
    run, project = left.run, projection.run

    def projected(this: Any, scope: Scope) -> Items:
        found: list[Any] = []
        for index, item in enumerate(run(this, scope)):
            scope.index = index
            found += project(item, scope)
        scope.spend(len(found))
        return found

    return selecting(projected, projection.shape)


def repeat(left: Code, projection: Code) -> Code:
    run, project = left.run, projection.run

    def repeated(this: Any, scope: Scope) -> Items:
        found: list[Any] = []
        seen: set[int] = set()
        waiting = list(run(this, scope))
        while waiting:
            new = [child for item in waiting for child in project(item, scope) if id(child) not in seen]
            scope.spend(len(new) + 1)
            seen.update(map(id, new))
            found += new
            waiting = new
        return found

    return selecting(repeated)


def aggregate(left: Code, step: Code, start: Code | None) -> Code:
    run, each = left.run, step.run

    def aggregated(this: Any, scope: Scope) -> Items:
        outer = scope.total
        scope.total = start.run(this, scope) if start else NOTHING
        for index, item in enumerate(run(this, scope)):
            scope.index = index
            scope.spend(1)
            scope.total = each(item, scope)
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
