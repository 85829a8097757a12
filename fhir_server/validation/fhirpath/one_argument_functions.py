"""The functions of FHIRPath with one argument that is evaluated once, on the focus.

https://hl7.org/fhirpath/N1/#combining
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.comparison import plain
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Scope,
    Unsupported,
    selecting,
    single,
    testing,
)
from fhir_server.validation.fhirpath.distinct import among, distinct
from fhir_server.validation.fhirpath.operators import union
from fhir_server.validation.fhirpath.static_types import UNKNOWN


def _combine(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run
    shape = left.shape if left.shape.types == other.shape.types else UNKNOWN

    def both(this: Any, scope: Scope) -> Items:
        items = [*run(this, scope), *run_other(this, scope)]
        scope.spend(len(items))
        return items

    return selecting(both, shape)


def _intersect(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run

    def common(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        found = among(items, run_other(this, scope), scope)
        return distinct([item for item, is_there in zip(items, found, strict=True) if is_there], scope)

    return selecting(common, left.shape)


def _exclude(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run

    def rest(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        found = among(items, run_other(this, scope), scope)
        return [item for item, is_there in zip(items, found, strict=True) if not is_there]

    return selecting(rest, left.shape)


def _superset(left: Code, other: Code) -> Code:
    return _subset(other, left)


def _subset(left: Code, other: Code) -> Code:
    run, run_other = left.run, other.run
    return testing(lambda this, scope: all(among(run(this, scope), run_other(this, scope), scope)))


def _skipping(left: Code, amount: Code) -> Code:
    return _counted(left, amount, lambda items, number: items[max(number, 0) :])


def _taking(left: Code, amount: Code) -> Code:
    return _counted(left, amount, lambda items, number: items[: max(number, 0)])


def _counted(left: Code, amount: Code, cut: Callable[[Items, int], Items]) -> Code:
    run, run_amount = left.run, amount.run

    def counted(this: Any, scope: Scope) -> Items:
        number = single(run_amount(this, scope))
        if number is None:
            return NOTHING
        if type(number) is not int:
            raise FhirPathError("a whole number is needed")
        found = cut(run(this, scope), number)
        scope.pass_over(found)
        return found

    return selecting(counted, left.shape)


def _member_of(left: Code, value_set: Code) -> Code:
    """memberOf(): empty where the value set cannot be known here."""
    run, run_url = left.run, value_set.run

    def test(this: Any, scope: Scope) -> bool | None:
        items, url = run(this, scope), single(run_url(this, scope))
        if not items or type(url) is not str:
            return None
        scope.spend(len(items))
        answers = [scope.contains(url, *pair) for item in items for pair in _codings(item)]
        return True if True in answers else None if None in answers else False

    return testing(test)


def _conforms_to(left: Code, structure: Code) -> Code:
    """conformsTo(): of one object. A profile that cannot be used is an error."""
    run, run_url = left.run, structure.run

    def test(this: Any, scope: Scope) -> bool | None:
        item, url = single(run(this, scope)), single(run_url(this, scope))
        if item is None or url is None:
            return None
        if scope.conforms is None or type(item) is not dict:
            raise Unsupported("conformsTo()")
        found = scope.conforms(item, str(url), scope)
        if found is None:
            raise FhirPathError(f"{url} is no profile that can be used")
        return found

    return testing(test)


def _codings(item: Any) -> list[tuple[str | None, str]]:
    """The system and code of a code, a Coding, or each coding of a CodeableConcept."""
    if type(item) is not dict:
        return [(None, str(plain(item)))]
    codings = item.get("coding", [item])
    return [(coding.get("system"), coding["code"]) for coding in codings if "code" in coding]


COMBINING: Mapping[str, Callable[[Code, Code], Code]] = {
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
"""Those with one argument that is evaluated once, on the focus."""
