"""FHIRPath's operators, except arithmetic and types.

https://hl7.org/fhirpath/N1/#operations
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.arithmetic import ARITHMETIC_OPERATORS, Operator
from fhir_server.validation.fhirpath.comparison import (
    CountSteps,
    ExtendedPrimitive,
    are_equivalent,
    are_incomparable,
    bare_value,
    compare,
    equal,
)
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    Test,
    Unsupported,
    compiled_condition,
    compiled_constant,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.date_times import compare_date_times, is_valid_date_time
from fhir_server.validation.fhirpath.distinct import distinct
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.quantities import QUANTITY_TYPES, comparable_quantity, compare_quantities
from fhir_server.validation.fhirpath.static_types import STRING, TEMPORAL, UNKNOWN, StaticType

Same = Callable[[Any, Any, CountSteps], bool | None]
"""Whether two items are equal; None if that is unknown."""


def conjunction(left: Compiled, right: Compiled) -> Compiled:
    """and"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is False:
            return False
        other = second(this, scope)
        return other if one is True or other is False else None

    return compiled_condition(test)


def disjunction(left: Compiled, right: Compiled) -> Compiled:
    """or"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is True:
            return True
        other = second(this, scope)
        return other if one is False or other is True else None

    return compiled_condition(test)


def exclusive_or(left: Compiled, right: Compiled) -> Compiled:
    """xor"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one, other = first(this, scope), second(this, scope)
        return None if one is None or other is None else one is not other

    return compiled_condition(test)


def implication(left: Compiled, right: Compiled) -> Compiled:
    """implies"""
    first, second = left.test, right.test

    def test(this: Any, scope: Scope) -> bool | None:
        one = first(this, scope)
        if one is False:
            return True
        other = second(this, scope)
        return other if one is True or other is True else None

    return compiled_condition(test)


def equality(left: Compiled, right: Compiled) -> Compiled:
    """="""
    return compiled_condition(_equality(left, right))


def inequality(left: Compiled, right: Compiled) -> Compiled:
    """!="""
    same = _equality(left, right)

    def test(this: Any, scope: Scope) -> bool | None:
        found = same(this, scope)
        return None if found is None else not found

    return compiled_condition(test)


def _equality(left: Compiled, right: Compiled) -> Test:
    run_left, run_right = left.run, right.run
    temporal = left.static_type.temporal or right.static_type.temporal
    if (
        right.constants is not None
        and len(right.constants) == 1
        and right.static_type.types == STRING.types
        and not temporal
    ):
        return _equality_with(left, right.constants[0])

    same: Same = _equal_quantities if _is_of_quantities(left, right) else equal
    if temporal or _may_be_temporal(left, right):
        same = _equal_date_times if temporal else _equal_values_or_date_times

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        others = run_right(this, scope)
        if not others:
            return None
        if len(items) != len(others):
            return False
        return _all_same(items, others, same, scope.count_steps)

    return test


def _is_of_quantities(left: Compiled, right: Compiled) -> bool:
    """Whether one side is a quantity literal, or both sides are quantities."""
    if any(side.constants and type(side.constants[0]) is SystemQuantity for side in (left, right)):
        return True
    return all(side.static_type.types and side.static_type.types <= QUANTITY_TYPES for side in (left, right))


def _equality_with(left: Compiled, wanted: str) -> Test:
    run_left = left.run

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        item = items[0]
        return len(items) == 1 and (item.value if type(item) is ExtendedPrimitive else item) == wanted

    return test


def _all_same(items: Items, others: Items, same: Same, count_steps: CountSteps) -> bool | None:
    count_steps(len(items))
    for one, other in zip(items, others, strict=True):
        found = same(one, other, count_steps)
        if not found:
            return found
    return True


def _equal_date_times(one: Any, other: Any, count_steps: CountSteps) -> bool | None:
    one, other = bare_value(one), bare_value(other)
    if type(one) is not str or type(other) is not str:
        return equal(one, other, count_steps)
    found = compare_date_times(one, other)
    return None if found is None else found == 0


def _may_be_temporal(left: Compiled, right: Compiled) -> bool:
    """Whether both sides have several possible types, including dates or times."""
    return bool(left.static_type.types & TEMPORAL) and bool(right.static_type.types & TEMPORAL)


def _are_date_times(one: Any, other: Any) -> bool:
    return type(one) is str and type(other) is str and is_valid_date_time(one) and is_valid_date_time(other)


def _equal_values_or_date_times(one: Any, other: Any, count_steps: CountSteps) -> bool | None:
    return (_equal_date_times if _are_date_times(bare_value(one), bare_value(other)) else equal)(
        one, other, count_steps
    )


def _equal_quantities(one: Any, other: Any, count_steps: CountSteps) -> bool | None:
    """Whether two quantities are equal; None for incommensurable units."""
    one, other = bare_value(one), bare_value(other)
    if not _is_comparable_quantity(one) or not _is_comparable_quantity(other):
        return equal(one, other, count_steps)
    found = compare_quantities(one, other)
    return None if found is None else found == 0


def _is_comparable_quantity(item: Any) -> bool:
    return comparable_quantity(item) is not None and not (type(item) is dict and "comparator" in item)


def equivalence(left: Compiled, right: Compiled) -> Compiled:
    """~"""
    run_left, run_right = left.run, right.run
    same = _equal_date_times if left.static_type.temporal or right.static_type.temporal else are_equivalent

    def test(this: Any, scope: Scope) -> bool | None:
        items, others = run_left(this, scope), list(run_right(this, scope))
        scope.count_steps(len(items) * len(others))
        return len(items) == len(others) and all(
            _take_equivalent(one, others, same, scope.count_steps) for one in items
        )

    return compiled_condition(test)


def _take_equivalent(item: Any, others: list[Any], same: Same, count_steps: CountSteps) -> bool:
    """Remove the first of `others` that is the same as the item; whether there was one."""
    for place, other in enumerate(others):
        if same(item, other, count_steps):
            del others[place]
            return True
    return False


def non_equivalence(left: Compiled, right: Compiled) -> Compiled:
    """!~"""
    same = equivalence(left, right).test
    return compiled_condition(lambda this, scope: not same(this, scope))


def comparison(accepts: Callable[[int], bool]) -> Operator:
    """< <= > >="""

    def operator(left: Compiled, right: Compiled) -> Compiled:
        run_left, run_right = left.run, right.run
        temporal = left.static_type.temporal or right.static_type.temporal
        may_be = _may_be_temporal(left, right)
        if not temporal and not left.static_type.types and not right.static_type.types:
            raise Unsupported("the order of what may be of any type")

        def test(this: Any, scope: Scope) -> bool | None:
            one, other = singleton(run_left(this, scope)), singleton(run_right(this, scope))
            if one is None or other is None:
                return None
            found = compare(one, other, temporal or (may_be and _are_date_times(one, other)))
            if found is None and are_incomparable(one, other):
                raise FhirPathError("only two numbers, texts, dates, times or quantities have an order")
            return None if found is None else accepts(found)

        return compiled_condition(test)

    return operator


def membership(left: Compiled, right: Compiled) -> Compiled:
    """in"""
    run_left, run_right = left.run, right.run
    texts = frozenset(right.constants or ()) if STRING.types >= right.static_type.types else frozenset()

    def test(this: Any, scope: Scope) -> bool | None:
        items = run_left(this, scope)
        if not items:
            return None
        if len(items) > 1:
            raise FhirPathError("'in' needs a single item on its left")
        if texts and type(items[0]) is str:
            return items[0] in texts
        others = run_right(this, scope)
        scope.count_item_steps(others)
        return any(equal(items[0], other, scope.count_steps) for other in others)

    return compiled_condition(test)


def containment(left: Compiled, right: Compiled) -> Compiled:
    """contains, as an operator"""
    return membership(right, left)


def union(left: Compiled, right: Compiled) -> Compiled:
    """|"""
    run_left, run_right = left.run, right.run
    static_type = left.static_type if left.static_type.types == right.static_type.types else UNKNOWN
    foldable = static_type is left.static_type and not static_type.types & QUANTITY_TYPES
    if foldable and left.constants is not None and right.constants is not None:
        return compiled_constant(tuple(dict.fromkeys(left.constants + right.constants)), static_type)

    def run(this: Any, scope: Scope) -> Items:
        return distinct([*run_left(this, scope), *run_right(this, scope)], scope)

    return compiled_selection(run, static_type)


OPERATORS: Mapping[str, Operator] = {
    "and": conjunction,
    "or": disjunction,
    "xor": exclusive_or,
    "implies": implication,
    "=": equality,
    "!=": inequality,
    "~": equivalence,
    "!~": non_equivalence,
    "<": comparison(lambda found: found < 0),
    "<=": comparison(lambda found: found <= 0),
    ">": comparison(lambda found: found > 0),
    ">=": comparison(lambda found: found >= 0),
    "in": membership,
    "contains": containment,
    "|": union,
    **ARITHMETIC_OPERATORS,
}
"""By symbol; the library evaluates any other operator."""


def indexer(code: Compiled, index: Compiled) -> Compiled:
    """[n]"""
    run_code, run_index, static_type = code.run, index.run, code.static_type

    def run(this: Any, scope: Scope) -> Items:
        items, place = run_code(this, scope), singleton(run_index(this, scope))
        if place is None:
            return EMPTY
        if type(place) is not int:
            raise FhirPathError("an index is a whole number")
        if not 0 <= place < len(items):
            return EMPTY
        return (items[place],)

    return compiled_selection(run, StaticType(static_type.types, static_type.elements))
