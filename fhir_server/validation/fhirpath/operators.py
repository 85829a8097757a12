"""The operators of FHIRPath.

https://hl7.org/fhirpath/N1/#operations
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.arithmetic import ARITHMETIC, Operator
from fhir_server.validation.fhirpath.comparison import (
    Primitive,
    Spend,
    alike,
    equal,
    have_no_order,
    order,
    plain,
)
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Scope,
    Test,
    Unsupported,
    constant,
    selecting,
    single,
    testing,
)
from fhir_server.validation.fhirpath.date_times import is_real_moment, temporal_order
from fhir_server.validation.fhirpath.distinct import distinct
from fhir_server.validation.fhirpath.parser import Measure
from fhir_server.validation.fhirpath.quantities import QUANTITIES, measure_order, measured
from fhir_server.validation.fhirpath.static_types import STRING, TEMPORAL, UNKNOWN, Shape

Same = Callable[[Any, Any, Spend], bool | None]
"""Whether two items are the same; None where that cannot be said."""


def both(left: Code, right: Code) -> Code:
    """and"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is False:
            return False
        other = second(this, scope)
        return other if one is True or other is False else None

    return testing(test)


def either(left: Code, right: Code) -> Code:
    """or"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is True:
            return True
        other = second(this, scope)
        return other if one is False or other is True else None

    return testing(test)


def one_of_two(left: Code, right: Code) -> Code:
    """xor"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one, other = first(this, scope), second(this, scope)
        return None if one is None or other is None else one is not other

    return testing(test)


def implied(left: Code, right: Code) -> Code:
    """implies"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is False:
            return True
        other = second(this, scope)
        return other if one is True or other is True else None

    return testing(test)


def equals(left: Code, right: Code) -> Code:
    """="""
    return testing(_equality(left, right))


def differs(left: Code, right: Code) -> Code:
    """!="""
    same = _equality(left, right)

    def test(this: Any, scope: Scope) -> bool | None:
        found = same(this, scope)
        return None if found is None else not found

    return testing(test)


def _equality(left: Code, right: Code) -> Test:
    run_left, run_right = left.run, right.run
    temporal = left.shape.temporal or right.shape.temporal
    if (
        right.constants is not None
        and len(right.constants) == 1
        and right.shape.types == STRING.types
        and not temporal
    ):
        return _equality_with(left, right.constants[0])

    same: Same = _same_size if _is_of_quantities(left, right) else equal
    if temporal or _may_be_temporal(left, right):
        same = _same_moment if temporal else _same_moment_or_value

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        others = run_right(this, scope)
        if not others:
            return None
        if len(items) != len(others):
            return False
        return _all_same(items, others, same, scope.spend)

    return test


def _is_of_quantities(left: Code, right: Code) -> bool:
    """Whether one side is written as a quantity, or both are quantities."""
    if any(side.constants and type(side.constants[0]) is Measure for side in (left, right)):
        return True
    return all(side.shape.types and side.shape.types <= QUANTITIES for side in (left, right))


def _equality_with(left: Code, wanted: str) -> Test:
    run_left = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        item = items[0]
        return len(items) == 1 and (item.value if type(item) is Primitive else item) == wanted

    return test


def _all_same(items: Items, others: Items, same: Same, spend: Spend) -> bool | None:
    spend(len(items))
    for one, other in zip(items, others, strict=True):
        found = same(one, other, spend)
        if not found:
            return found
    return True


def _same_moment(one: Any, other: Any, spend: Spend) -> bool | None:
    one, other = plain(one), plain(other)
    if type(one) is not str or type(other) is not str:
        return equal(one, other, spend)
    found = temporal_order(one, other)
    return None if found is None else found == 0


def _may_be_temporal(left: Code, right: Code) -> bool:
    """Whether both sides are of several types, of which some are dates or times."""
    return bool(left.shape.types & TEMPORAL) and bool(right.shape.types & TEMPORAL)


def _are_moments(one: Any, other: Any) -> bool:
    return type(one) is str and type(other) is str and is_real_moment(one) and is_real_moment(other)


def _same_moment_or_value(one: Any, other: Any, spend: Spend) -> bool | None:
    return (_same_moment if _are_moments(plain(one), plain(other)) else equal)(one, other, spend)


def _same_size(one: Any, other: Any, spend: Spend) -> bool | None:
    """Whether two quantities are equal; empty where their units do not go together."""
    one, other = plain(one), plain(other)
    if not _has_size(one) or not _has_size(other):
        return equal(one, other, spend)
    found = measure_order(one, other)
    return None if found is None else found == 0


def _has_size(item: Any) -> bool:
    return measured(item) is not None and not (type(item) is dict and "comparator" in item)


def equivalent(left: Code, right: Code) -> Code:
    """~"""
    run_left, run_right = left.run, right.run
    same = _same_moment if left.shape.temporal or right.shape.temporal else alike

    def test(this: Any, scope: Scope) -> bool | None:
        items, others = run_left(this, scope), list(run_right(this, scope))
        scope.spend(len(items) * len(others))
        return len(items) == len(others) and all(_taken(one, others, same, scope.spend) for one in items)

    return testing(test)


def _taken(item: Any, others: list[Any], same: Same, spend: Spend) -> bool:
    """Whether one of the others is the same as the item; it is taken out of them."""
    for place, other in enumerate(others):
        if same(item, other, spend):
            del others[place]
            return True
    return False


def not_equivalent(left: Code, right: Code) -> Code:
    """!~"""
    same = equivalent(left, right).test
    return testing(lambda this, scope: not same(this, scope))


def compares(accepts: Callable[[int], bool]) -> Operator:
    """< <= > >="""

    def compare(left: Code, right: Code) -> Code:
        run_left, run_right = left.run, right.run
        temporal = left.shape.temporal or right.shape.temporal
        may_be = _may_be_temporal(left, right)
        if not temporal and not left.shape.types and not right.shape.types:
            raise Unsupported("the order of what may be of any type")

        def test(this: Any, scope: Scope) -> bool | None:
            one, other = single(run_left(this, scope)), single(run_right(this, scope))
            if one is None or other is None:
                return None
            found = order(one, other, temporal or (may_be and _are_moments(one, other)))
            if found is None and have_no_order(one, other):
                raise FhirPathError("only two numbers, texts, dates, times or quantities have an order")
            return None if found is None else accepts(found)

        return testing(test)

    return compare


def within(left: Code, right: Code) -> Code:
    """in"""
    run_left, run_right = left.run, right.run
    texts = frozenset(right.constants or ()) if STRING.types >= right.shape.types else frozenset()

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        if len(items) > 1:
            raise FhirPathError("'in' needs a single item on its left")
        if texts and type(items[0]) is str:
            return items[0] in texts
        others = run_right(this, scope)
        scope.pass_over(others)
        return any(equal(items[0], other, scope.spend) for other in others)

    return testing(test)


def contains(left: Code, right: Code) -> Code:
    """contains, as an operator"""
    return within(right, left)


def union(left: Code, right: Code) -> Code:
    """|"""
    run_left, run_right = left.run, right.run
    shape = left.shape if left.shape.types == right.shape.types else UNKNOWN
    foldable = shape is left.shape and not shape.types & QUANTITIES
    if foldable and left.constants is not None and right.constants is not None:
        return constant(tuple(dict.fromkeys(left.constants + right.constants)), shape)

    def run(this: Any, scope: Scope) -> Items:
        return distinct([*run_left(this, scope), *run_right(this, scope)], scope)

    return selecting(run, shape)


OPERATORS: Mapping[str, Operator] = {
    "and": both,
    "or": either,
    "xor": one_of_two,
    "implies": implied,
    "=": equals,
    "!=": differs,
    "~": equivalent,
    "!~": not_equivalent,
    "<": compares(lambda found: found < 0),
    "<=": compares(lambda found: found <= 0),
    ">": compares(lambda found: found > 0),
    ">=": compares(lambda found: found >= 0),
    "in": within,
    "contains": contains,
    "|": union,
    **ARITHMETIC,
}
"""Those that are not here are left to the library."""


def indexed(code: Code, index: Code) -> Code:
    """[n]"""
    run_code, run_index, shape = code.run, index.run, code.shape

    def run(this: Any, scope: Scope) -> Items:
        items, place = run_code(this, scope), single(run_index(this, scope))
        if place is None:
            return NOTHING
        if type(place) is not int:
            raise FhirPathError("an index is a whole number")
        if not 0 <= place < len(items):
            return NOTHING
        return (items[place],)

    return selecting(run, Shape(shape.types, shape.elements))
