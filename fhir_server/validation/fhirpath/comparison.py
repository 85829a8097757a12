"""Equality, equivalence and order of values in FHIRPath expressions.

https://hl7.org/fhirpath/N1/#comparison
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fhir_server.validation.fhirpath.date_times import compare_date_times, is_date_against_time
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.quantities import compare_quantities, in_same_unit

CountSteps = Callable[[int], None]
"""Counts steps of the evaluation; raises `TooManySteps`."""


def _uncounted(_steps: int) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class ExtendedPrimitive:
    """A primitive element with an id or extensions (its companion `_name`); the value may be None."""

    value: Any
    companion: dict[str, Any]


def bare_value(item: Any) -> Any:
    """The value of an item without its companion; None if it has only extensions."""
    return item.value if type(item) is ExtendedPrimitive else item


def equal(one: Any, other: Any, count_steps: CountSteps = _uncounted) -> bool:
    """FHIRPath's `=` on two items: numbers by value, objects and arrays in depth, counting their members."""
    if type(one) is str and type(other) is str:
        return one == other
    if type(one) is type(other) is ExtendedPrimitive and one.value is other.value is None:
        return equal(one.companion, other.companion, count_steps)
    one, other = bare_value(one), bare_value(other)
    kind = type(one)
    if kind is SystemQuantity or type(other) is SystemQuantity:
        return compare_quantities(one, other) == 0
    if kind is dict or kind is list:
        return kind is type(other) and (one is other or _all_equal(one, other, count_steps))
    if is_number(one):
        return is_number(other) and number(one) == number(other)
    return kind is type(other) and bool(one == other)


def _all_equal(one: Any, other: Any, count_steps: CountSteps) -> bool:
    """Whether two objects, or two arrays, have equal members."""
    count_steps(len(one))
    if type(one) is list:
        return len(one) == len(other) and all(
            equal(*pair, count_steps) for pair in zip(one, other, strict=True)
        )
    return one.keys() == other.keys() and all(equal(one[name], other[name], count_steps) for name in one)


def equality_key(item: Any, count_steps: CountSteps) -> Any:
    """A hashable key that is the same for equal items, except for quantities in different units."""
    if type(item) is ExtendedPrimitive and item.value is None:
        return (ExtendedPrimitive, equality_key(item.companion, count_steps))
    value = bare_value(item)
    if type(value) is dict:
        count_steps(2 * len(value))
        return frozenset((name, equality_key(member, count_steps)) for name, member in value.items())
    if type(value) is list:
        count_steps(2 * len(value))
        return tuple([equality_key(member, count_steps) for member in value])
    return number(value) if is_number(value) else (type(value), value)


def are_equivalent(one: Any, other: Any, count_steps: CountSteps = _uncounted) -> bool:
    """FHIRPath's `~` on two items: strings ignoring case and white space, numbers to the lesser precision,
    objects and arrays by equivalent members.
    """
    one, other = bare_value(one), bare_value(other)
    if type(one) is str and type(other) is str:
        return one.casefold().split() == other.casefold().split()
    if is_number(one) and is_number(other):
        return _rounded_alike(Decimal(number(one)), Decimal(number(other)))
    if SystemQuantity in (type(one), type(other)):
        sizes = in_same_unit(one, other)
        return _rounded_alike(*sizes) if sizes else compare_quantities(one, other) == 0
    if type(one) is type(other) and type(one) in (dict, list):
        return one is other or _all_alike(one, other, count_steps)
    return equal(one, other, count_steps)


def _all_alike(one: Any, other: Any, count_steps: CountSteps) -> bool:
    """Whether two objects, or two arrays in any order, have equivalent members."""
    if type(one) is list:
        count_steps(len(one) * len(other))
        return len(one) == len(other) and all(
            any(are_equivalent(item, two, count_steps) for two in other) for item in one
        )
    count_steps(len(one))
    return one.keys() == other.keys() and all(
        are_equivalent(one[name], other[name], count_steps) for name in one
    )


def _rounded_alike(one: Decimal, other: Decimal) -> bool:
    """Whether two numbers are equal when rounded to the precision of the less precise one."""
    places = max(int(one.normalize().as_tuple().exponent), int(other.normalize().as_tuple().exponent))
    unit = Decimal((0, (1,), min(places, 0)))
    return one.quantize(unit, ROUND_HALF_UP) == other.quantize(unit, ROUND_HALF_UP)


def compare(one: Any, other: Any, temporal: bool) -> int | None:
    """Compare two values: -1, 0 or 1; None if unknown. With `temporal`, strings are dates or times."""
    one, other = bare_value(one), bare_value(other)
    if type(one) is str and type(other) is str:
        if not temporal:
            return (one > other) - (one < other)
        return None if is_date_against_time(one, other) else compare_date_times(one, other)
    if is_number(one) and is_number(other):
        first, second = number(one), number(other)
        return (first > second) - (first < second)
    return compare_quantities(one, other)


def are_incomparable(one: Any, other: Any) -> bool:
    """Whether two values have types that cannot be compared."""
    if type(one) is str and type(other) is str:
        return is_date_against_time(one, other)
    return str in (type(one), type(other)) or bool in (type(one), type(other))
