"""FHIRPath's functions with one argument that is evaluated once: set operations, skip, take, memberOf,
conformsTo.

https://hl7.org/fhirpath/N1/#combining
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.comparison import bare_value
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    Unsupported,
    compiled_condition,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.distinct import are_members, distinct
from fhir_server.validation.fhirpath.operators import union
from fhir_server.validation.fhirpath.static_types import UNKNOWN


def _combine(left: Compiled, other: Compiled) -> Compiled:
    run, run_other = left.run, other.run
    static_type = left.static_type if left.static_type.types == other.static_type.types else UNKNOWN

    def combined(this: Any, scope: Scope) -> Items:
        items = [*run(this, scope), *run_other(this, scope)]
        scope.count_steps(len(items))
        return items

    return compiled_selection(combined, static_type)


def _intersect(left: Compiled, other: Compiled) -> Compiled:
    run, run_other = left.run, other.run

    def common(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        found = are_members(items, run_other(this, scope), scope)
        return distinct([item for item, is_there in zip(items, found, strict=True) if is_there], scope)

    return compiled_selection(common, left.static_type)


def _exclude(left: Compiled, other: Compiled) -> Compiled:
    run, run_other = left.run, other.run

    def rest(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        found = are_members(items, run_other(this, scope), scope)
        return [item for item, is_there in zip(items, found, strict=True) if not is_there]

    return compiled_selection(rest, left.static_type)


def _superset(left: Compiled, other: Compiled) -> Compiled:
    return _subset(other, left)


def _subset(left: Compiled, other: Compiled) -> Compiled:
    run, run_other = left.run, other.run
    return compiled_condition(
        lambda this, scope: all(are_members(run(this, scope), run_other(this, scope), scope))
    )


def _skipping(left: Compiled, amount: Compiled) -> Compiled:
    return _counted(left, amount, lambda items, number: items[max(number, 0) :])


def _taking(left: Compiled, amount: Compiled) -> Compiled:
    return _counted(left, amount, lambda items, number: items[: max(number, 0)])


def _counted(left: Compiled, amount: Compiled, cut: Callable[[Items, int], Items]) -> Compiled:
    run, run_amount = left.run, amount.run

    def counted(this: Any, scope: Scope) -> Items:
        number = singleton(run_amount(this, scope))
        if number is None:
            return EMPTY
        if type(number) is not int:
            raise FhirPathError("a whole number is needed")
        found = cut(run(this, scope), number)
        scope.count_item_steps(found)
        return found

    return compiled_selection(counted, left.static_type)


def _member_of(left: Compiled, value_set: Compiled) -> Compiled:
    """memberOf(): empty if membership in the value set cannot be decided here."""
    run, run_url = left.run, value_set.run

    def test(this: Any, scope: Scope) -> bool | None:
        items, url = run(this, scope), singleton(run_url(this, scope))
        if not items or type(url) is not str:
            return None
        scope.count_steps(len(items))
        answers = [scope.contains(url, *pair) for item in items for pair in _codings(item)]
        return True if True in answers else None if None in answers else False

    return compiled_condition(test)


def _conforms_to(left: Compiled, structure: Compiled) -> Compiled:
    """conformsTo() on a single object. Raises `FhirPathError` for a profile that cannot be used."""
    run, run_url = left.run, structure.run

    def test(this: Any, scope: Scope) -> bool | None:
        item, url = singleton(run(this, scope)), singleton(run_url(this, scope))
        if item is None or url is None:
            return None
        if scope.conforms is None or type(item) is not dict:
            raise Unsupported("conformsTo()")
        found = scope.conforms(item, str(url), scope)
        if found is None:
            raise FhirPathError(f"{url} is no profile that can be used")
        return found

    return compiled_condition(test)


def _codings(item: Any) -> list[tuple[str | None, str]]:
    """The system and code of a code, a Coding, or each coding of a CodeableConcept."""
    if type(item) is not dict:
        return [(None, str(bare_value(item)))]
    codings = item.get("coding", [item])
    return [(coding.get("system"), coding["code"]) for coding in codings if "code" in coding]


ONE_ARGUMENT_FUNCTIONS: Mapping[str, Callable[[Compiled, Compiled], Compiled]] = {
    "combine": _combine,
    "union": union,
    "intersect": _intersect,
    "exclude": _exclude,
    "subsetOf": _subset,
    "supersetOf": _superset,
    "skip": _skipping,
    "take": _taking,
    "memberOf": _member_of,
    "conformsTo": _conforms_to,
}
"""By name; the argument is evaluated once, on the focus."""
