"""The functions of FHIRPath on collections, and those that R4 adds.

https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.internal_references import find_contained
from fhir_server.validation.fhirpath.comparison import plain
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Scope,
    selecting,
    single,
    testing,
)
from fhir_server.validation.fhirpath.conversion_functions import CONVERSIONS
from fhir_server.validation.fhirpath.distinct import distinct
from fhir_server.validation.fhirpath.navigation import children, descendants, objects_below, resource_around
from fhir_server.validation.fhirpath.parser import Measure
from fhir_server.validation.fhirpath.static_types import INTEGER, STRING


def exists(left: Code) -> Code:
    """exists()"""
    run = left.run
    return testing(lambda this, scope: len(run(this, scope)) > 0)


def empty(left: Code) -> Code:
    """empty()"""
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
    """count()"""
    run = left.run
    return selecting(lambda this, scope: (len(run(this, scope)),), INTEGER)


def has_value(left: Code) -> Code:
    """hasValue(), which is R4's: one item, and a primitive with a value."""
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(items) == 1 and _is_value(items[0])

    return testing(test)


def _is_value(item: Any) -> bool:
    return type(item) not in (dict, Measure) and plain(item) is not None


def _sliced(place: slice) -> Callable[[Code], Code]:
    def take(left: Code) -> Code:
        run = left.run

        def select(this: Any, scope: Scope) -> Items:
            found = run(this, scope)[place]
            scope.pass_over(found)
            return found

        return selecting(select, left.shape)

    return take


def _same(left: Code) -> Code:
    """distinct()"""
    run = left.run
    return selecting(lambda this, scope: distinct(run(this, scope), scope), left.shape)


def is_distinct(left: Code) -> Code:
    """isDistinct()"""
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(distinct(items, scope)) == len(items)

    return testing(test)


def _booleans(verdict: Callable[[list[bool]], bool]) -> Callable[[Code], Code]:
    """allTrue() and its like."""

    def check(left: Code) -> Code:
        run = left.run

        def test(this: Any, scope: Scope) -> bool:
            items = run(this, scope)
            scope.pass_over(items)
            return verdict([_boolean(item) for item in items])

        return testing(test)

    return check


def _boolean(item: Any) -> bool:
    value = plain(item)
    if type(value) is not bool:
        raise FhirPathError("booleans are wanted, and one item is none")
    return value


def _the_one(left: Code) -> Code:
    """single()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if len(items) > 1:
            raise FhirPathError("single() of several items")
        return items

    return selecting(select, left.shape)


def _value_of(left: Code) -> Code:
    """getValue()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        return (plain(items[0]),) if len(items) == 1 and _is_value(items[0]) else NOTHING

    return selecting(select, left.shape)


def _characters(left: Code) -> Code:
    """toChars()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        value = single(run(this, scope))
        if value is not None and type(value) is not str:
            raise FhirPathError("toChars() of what is no text")
        scope.spend(len(value or ""))
        return tuple(value or "")

    return selecting(select, STRING)


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
        return [below for item in run(this, scope) for below in objects_below(item, scope)]

    return selecting(select)


def _resolve(left: Code) -> Code:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        scope.pass_over(items)
        return [resource for item in items if (resource := _target(item, scope)) is not None]

    return selecting(select)


def _target(item: Any, scope: Scope) -> Any:
    """What a Reference or its text leads to; what is contained is looked for in the resource around it."""
    text = item.get("reference") if type(item) is dict else plain(item)
    if type(text) is not str:
        return None
    if text.startswith("#") and _holds_others(scope.root):
        around = resource_around(item, scope.root, scope)
        return find_contained(around, text[1:]) if around is not None else None
    return scope.resolve(text)


def _holds_others(root: Any) -> bool:
    """Whether resources that stand for themselves are inside of one."""
    return type(root) is dict and root.get("resourceType") in ("Bundle", "Parameters")


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
    **CONVERSIONS,
    "single": _the_one,
    "getValue": _value_of,
    "toChars": _characters,
    "children": _children,
    "descendants": _descendants,
    "resolve": _resolve,
    "trace": lambda left: left,
    "htmlChecks": _html_checks,
    "htmlChecks2": _html_checks,
}
"""Those without arguments."""
