"""The functions of FHIRPath on collections, and those that R4 adds.

https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.invariants.code import (
    NOTHING,
    Code,
    Items,
    Scope,
    Test,
    selecting,
    single,
    testing,
)
from fhir_server.validation.invariants.operators import distinct, text_of
from fhir_server.validation.invariants.shapes import DECIMAL, INTEGER, STRING, UNKNOWN, Shape
from fhir_server.validation.invariants.steps import children, descendants, objects_below
from fhir_server.validation.invariants.values import Primitive, equal, is_number, number


def exists(left: Code) -> Code:
    run = left.run
    return testing(lambda this, scope: len(run(this, scope)) > 0)


def empty(left: Code) -> Code:
    run = left.run
    return testing(lambda this, scope: len(run(this, scope)) == 0)


def negated(left: Code) -> Code:
    """not()"""
    test_left = left.test

    def test(this: Any, scope: Scope) -> bool | None:
        found = test_left(this, scope)
        return None if found is None else not found

    return testing(test)


def count(left: Code) -> Code:
    run = left.run
    return selecting(lambda this, scope: (len(run(this, scope)),), INTEGER)


def has_value(left: Code) -> Code:
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(items) == 1 and _is_value(items[0])

    return testing(test)


def _is_value(item: Any) -> bool:
    return type(item) is not dict and (type(item) is not Primitive or item.value is not None)


def _sliced(place: slice) -> Callable[[Code], Code]:
    def take(left: Code) -> Code:
        run = left.run
        return selecting(lambda this, scope: run(this, scope)[place], left.shape)

    return take


def _same(left: Code) -> Code:
    """distinct()"""
    run = left.run
    return selecting(lambda this, scope: distinct(run(this, scope), scope), left.shape)


def is_distinct(left: Code) -> Code:
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(distinct(items, scope)) == len(items)

    return testing(test)


def _booleans(verdict: Callable[[list[bool]], bool]) -> Callable[[Code], Code]:
    """allTrue() and its like."""

    def check(left: Code) -> Code:
        run = left.run
        return testing(lambda this, scope: verdict([item is True for item in run(this, scope)]))

    return check


def to_string(left: Code) -> Code:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        value = single(run(this, scope))
        return NOTHING if value is None or type(value) is dict else (text_of(value),)

    return selecting(select, STRING)


def _to_number(read: Callable[[Any], Any], shape: Shape) -> Callable[[Code], Code]:
    def convert(left: Code) -> Code:
        run = left.run

        def select(this: Any, scope: Scope) -> Items:
            value = single(run(this, scope))
            try:
                return NOTHING if value is None else (read(value),)
            except (ValueError, InvalidOperation, TypeError):
                return NOTHING

        return selecting(select, shape)

    return convert


def _integer(value: Any) -> int:
    if is_number(value) and number(value) != int(number(value)):
        raise ValueError
    return int(number(value) if is_number(value) else value)


def _decimal(value: Any) -> Decimal:
    return Decimal(number(value) if is_number(value) else value)


def _children(left: Code) -> Code:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        found = [child for item in run(this, scope) for child in children(item)]
        scope.spend(len(found))
        return found

    return selecting(select)


def _descendants(left: Code) -> Code:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        return [child for item in run(this, scope) for child in descendants(item, scope)]

    return selecting(select)


def objects_of(left: Code) -> Code:
    """The descendants that are objects."""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        return [one for item in run(this, scope) for one in objects_below(item, scope)]

    return selecting(select)


def _resolve(left: Code) -> Code:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        references = [
            item.get("reference") if type(item) is dict else _text(item) for item in run(this, scope)
        ]
        found = [scope.resolve(text) for text in references if type(text) is str]
        return [resource for resource in found if resource is not None]

    return selecting(select)


def _text(item: Any) -> Any:
    return item.value if type(item) is Primitive else item


def _html_checks(_left: Code) -> Code:
    """htmlChecks(): narrative has a check of its own."""
    return testing(lambda _this, _scope: True)


PLAIN: Mapping[str, Callable[[Code], Code]] = {
    "exists": exists,
    "empty": empty,
    "not": negated,
    "count": count,
    "hasValue": has_value,
    "first": _sliced(slice(0, 1)),
    "last": _sliced(slice(-1, None)),
    "tail": _sliced(slice(1, None)),
    "distinct": _same,
    "isDistinct": is_distinct,
    "allTrue": _booleans(all),
    "anyTrue": _booleans(any),
    "allFalse": _booleans(lambda found: not any(found)),
    "anyFalse": _booleans(lambda found: not all(found)),
    "toString": to_string,
    "toInteger": _to_number(_integer, INTEGER),
    "toDecimal": _to_number(_decimal, DECIMAL),
    "children": _children,
    "descendants": _descendants,
    "resolve": _resolve,
    "trace": lambda left: left,
    "htmlChecks": _html_checks,
    "htmlChecks2": _html_checks,
}
"""Those without arguments."""


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


def _combine(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run
    shape = left.shape if left.shape.types == other.shape.types else UNKNOWN
    return selecting(lambda this, scope: [*run(this, scope), *run_other(this, scope)], shape)


def _union(left: Code, other: Code) -> Code:
    return _same(_combine(left, other))


def _intersect(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run

    def common(this: Any, scope: Scope) -> Items:
        others = run_other(this, scope)
        items = run(this, scope)
        scope.spend(len(items) * len(others))
        return distinct([item for item in items if any(equal(item, one) for one in others)], scope)

    return selecting(common, left.shape)


def _subset(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run

    def test(this: Any, scope: Scope) -> bool | None:
        items, others = run(this, scope), run_other(this, scope)
        scope.spend(len(items) * len(others))
        return all(any(equal(item, one) for one in others) for item in items)

    return testing(test)


def _skipping(left: Code, amount: Code) -> Code:
    return _counted(left, amount, lambda items, number: items[max(number, 0) :])


def _taking(left: Code, amount: Code) -> Code:
    return _counted(left, amount, lambda items, number: items[: max(number, 0)])


def _counted(left: Code, amount: Code, cut: Callable[[Items, int], Items]) -> Code:
    run, run_amount = left.run, amount.run

    def counted(this: Any, scope: Scope) -> Items:
        number = single(run_amount(this, scope))
        if type(number) is not int:
            raise FhirPathError("a whole number is needed")
        return cut(run(this, scope), number)

    return selecting(counted, left.shape)


def _member_of(left: Code, value_set: Code) -> Code:
    """memberOf(): empty where the value set cannot be known here."""
    run, run_url = left.run, value_set.run

    def test(this: Any, scope: Scope) -> bool | None:
        items, url = run(this, scope), single(run_url(this, scope))
        if not items or type(url) is not str:
            return None
        answers = [scope.contains(url, *pair) for item in items for pair in _codings(item)]
        return True if True in answers else None if None in answers else False

    return testing(test)


def _codings(item: Any) -> list[tuple[str | None, str]]:
    """The system and code of a code, a Coding, or each coding of a CodeableConcept."""
    if type(item) is not dict:
        return [(None, str(_text(item)))]
    codings = item.get("coding", [item])
    return [(coding.get("system"), coding["code"]) for coding in codings if "code" in coding]


COMBINING: Mapping[str, Callable[[Code, Code], Code]] = {
    "combine": _combine,
    "union": _union,
    "intersect": _intersect,
    "subsetOf": _subset,
    "skip": _skipping,
    "take": _taking,
    "memberOf": _member_of,
}
"""Those with one argument that is evaluated once, on the focus."""
