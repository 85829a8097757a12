"""FHIRPath's functions without arguments, and those that R4 adds.

https://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.internal_references import find_contained
from fhir_server.validation.fhirpath.comparison import bare_value
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    compiled_condition,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.conversion_functions import CONVERSION_FUNCTIONS
from fhir_server.validation.fhirpath.distinct import distinct
from fhir_server.validation.fhirpath.navigation import (
    children,
    descendant_objects,
    descendants,
    enclosing_resource,
)
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.static_types import INTEGER, STRING


def exists(left: Compiled) -> Compiled:
    """exists()"""
    run = left.run
    return compiled_condition(lambda this, scope: len(run(this, scope)) > 0)


def empty(left: Compiled) -> Compiled:
    """empty()"""
    run = left.run
    return compiled_condition(lambda this, scope: len(run(this, scope)) == 0)


def negation(left: Compiled) -> Compiled:
    """not()"""
    test_left = left.test

    def test(this: Any, scope: Scope) -> bool | None:
        found = test_left(this, scope)
        return None if found is None else not found

    return compiled_condition(test)


def count(left: Compiled) -> Compiled:
    """count()"""
    run = left.run
    return compiled_selection(lambda this, scope: (len(run(this, scope)),), INTEGER)


def has_value(left: Compiled) -> Compiled:
    """hasValue(), added by R4: whether the collection is one primitive with a value."""
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(items) == 1 and _is_value(items[0])

    return compiled_condition(test)


def _is_value(item: Any) -> bool:
    return type(item) not in (dict, SystemQuantity) and bare_value(item) is not None


def _slice(place: slice) -> Callable[[Compiled], Compiled]:
    def take(left: Compiled) -> Compiled:
        run = left.run

        def select(this: Any, scope: Scope) -> Items:
            found = run(this, scope)[place]
            scope.count_item_steps(found)
            return found

        return compiled_selection(select, left.static_type)

    return take


def _distinct(left: Compiled) -> Compiled:
    """distinct()"""
    run = left.run
    return compiled_selection(lambda this, scope: distinct(run(this, scope), scope), left.static_type)


def is_distinct(left: Compiled) -> Compiled:
    """isDistinct()"""
    run = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run(this, scope)
        return len(distinct(items, scope)) == len(items)

    return compiled_condition(test)


def _booleans(verdict: Callable[[list[bool]], bool]) -> Callable[[Compiled], Compiled]:
    """allTrue(), anyTrue(), allFalse() and anyFalse()."""

    def check(left: Compiled) -> Compiled:
        run = left.run

        def test(this: Any, scope: Scope) -> bool:
            items = run(this, scope)
            scope.count_item_steps(items)
            return verdict([_boolean(item) for item in items])

        return compiled_condition(test)

    return check


def _boolean(item: Any) -> bool:
    value = bare_value(item)
    if type(value) is not bool:
        raise FhirPathError("booleans are wanted, and one item is none")
    return value


def _single(left: Compiled) -> Compiled:
    """single()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if len(items) > 1:
            raise FhirPathError("single() of several items")
        return items

    return compiled_selection(select, left.static_type)


def _get_value(left: Compiled) -> Compiled:
    """getValue()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        return (bare_value(items[0]),) if len(items) == 1 and _is_value(items[0]) else EMPTY

    return compiled_selection(select, left.static_type)


def _to_chars(left: Compiled) -> Compiled:
    """toChars()"""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        value = singleton(run(this, scope))
        if value is not None and type(value) is not str:
            raise FhirPathError("toChars() of what is no text")
        scope.count_steps(len(value or ""))
        return tuple(value or "")

    return compiled_selection(select, STRING)


def _children(left: Compiled) -> Compiled:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        found = [child for item in run(this, scope) for child in children(item)]
        scope.count_steps(len(found))
        return found

    return compiled_selection(select)


def _descendants(left: Compiled) -> Compiled:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        return [child for item in run(this, scope) for child in descendants(item, scope)]

    return compiled_selection(select)


def objects_of(left: Compiled) -> Compiled:
    """descendants() without the primitive values."""
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        return [below for item in run(this, scope) for below in descendant_objects(item, scope)]

    return compiled_selection(select)


def _resolve(left: Compiled) -> Compiled:
    run = left.run

    def select(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        scope.count_item_steps(items)
        return [resource for item in items if (resource := _target(item, scope)) is not None]

    return compiled_selection(select)


def _target(item: Any, scope: Scope) -> Any:
    """The target of a Reference, canonical or uri; a contained one is looked up in the resource around it."""
    text = item.get("reference") if type(item) is dict else bare_value(item)
    if type(text) is not str:
        return None
    if text.startswith("#") and _holds_others(scope.root):
        around = enclosing_resource(item, scope.root, scope)
        return find_contained(around, text[1:]) if around is not None else None
    return scope.resolve(text)


def _holds_others(root: Any) -> bool:
    """Whether a resource holds others that are not contained, as Bundle and Parameters do."""
    return type(root) is dict and root.get("resourceType") in ("Bundle", "Parameters")


def _html_checks(_left: Compiled) -> Compiled:
    """htmlChecks(): always true; `checks/narrative.py` validates narratives."""
    return compiled_condition(lambda _this, _scope: True)


NO_ARGUMENT_FUNCTIONS: Mapping[str, Callable[[Compiled], Compiled]] = {
    "exists": exists,
    "empty": empty,
    "not": negation,
    "count": count,
    "hasValue": has_value,
    "first": _slice(slice(0, 1)),
    "last": _slice(slice(-1, None)),
    "tail": _slice(slice(1, None)),
    "distinct": _distinct,
    "isDistinct": is_distinct,
    "allTrue": _booleans(all),
    "anyTrue": _booleans(any),
    "allFalse": _booleans(lambda found: not any(found)),
    "anyFalse": _booleans(lambda found: not all(found)),
    **CONVERSION_FUNCTIONS,
    "single": _single,
    "getValue": _get_value,
    "toChars": _to_chars,
    "children": _children,
    "descendants": _descendants,
    "resolve": _resolve,
    "trace": lambda left: left,
    "htmlChecks": _html_checks,
    "htmlChecks2": _html_checks,
}
"""By name. `trace` also takes arguments, which have no effect."""
