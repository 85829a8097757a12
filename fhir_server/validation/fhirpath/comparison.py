"""Values inside expressions: their equality and order.

https://hl7.org/fhirpath/N1/#comparison
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fhir_server.validation.fhirpath.date_times import are_date_and_time, temporal_order
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import Measure
from fhir_server.validation.fhirpath.quantities import as_precise, measure_order

Spend = Callable[[int], None]
"""Counts steps; raises for too many."""


def _freely(_steps: int) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """A primitive element that has an id or extensions beside its value, which may be None."""

    value: Any
    more: dict[str, Any]


def plain(item: Any) -> Any:
    """The value of an item, None where it has extensions alone."""
    return item.value if type(item) is Primitive else item


def equal(one: Any, other: Any, spend: Spend = _freely) -> bool:
    """Whether two items have the same value; numbers of any precision, objects in depth, whose members are
    counted.
    """
    if type(one) is str and type(other) is str:
        return one == other
    if type(one) is type(other) is Primitive and one.value is other.value is None:
        return equal(one.more, other.more, spend)
    one, other = plain(one), plain(other)
    kind = type(one)
    if kind is Measure or type(other) is Measure:
        return measure_order(one, other) == 0
    if kind is dict or kind is list:
        return kind is type(other) and (one is other or _all_equal(one, other, spend))
    if is_number(one):
        return is_number(other) and number(one) == number(other)
    return kind is type(other) and bool(one == other)


def _all_equal(one: Any, other: Any, spend: Spend) -> bool:
    """Whether two objects, or two arrays, have equal members."""
    spend(len(one))
    if type(one) is list:
        return len(one) == len(other) and all(equal(*pair, spend) for pair in zip(one, other, strict=True))
    return one.keys() == other.keys() and all(equal(one[name], other[name], spend) for name in one)


def identity(item: Any, spend: Spend) -> Any:
    """What is the same for two items if they are equal, quantities of different units left aside."""
    if type(item) is Primitive and item.value is None:
        return (Primitive, identity(item.more, spend))
    value = plain(item)
    if type(value) is dict:
        spend(2 * len(value))
        return frozenset((name, identity(member, spend)) for name, member in value.items())
    if type(value) is list:
        spend(2 * len(value))
        return tuple([identity(member, spend) for member in value])
    return number(value) if is_number(value) else (type(value), value)


def alike(one: Any, other: Any, spend: Spend = _freely) -> bool:
    """Whether two items are equivalent: texts whatever their case and spacing, numbers as far as both go,
    objects whose members are.
    """
    one, other = plain(one), plain(other)
    if type(one) is str and type(other) is str:
        return one.casefold().split() == other.casefold().split()
    if is_number(one) and is_number(other):
        return _rounded_alike(Decimal(number(one)), Decimal(number(other)))
    if Measure in (type(one), type(other)):
        sizes = as_precise(one, other)
        return _rounded_alike(*sizes) if sizes else measure_order(one, other) == 0
    if type(one) is type(other) and type(one) in (dict, list):
        return one is other or _all_alike(one, other, spend)
    return equal(one, other, spend)


def _all_alike(one: Any, other: Any, spend: Spend) -> bool:
    """Whether two objects, or two arrays in any order, have equivalent members."""
    if type(one) is list:
        spend(len(one) * len(other))
        return len(one) == len(other) and all(any(alike(item, two, spend) for two in other) for item in one)
    spend(len(one))
    return one.keys() == other.keys() and all(alike(one[name], other[name], spend) for name in one)


def _rounded_alike(one: Decimal, other: Decimal) -> bool:
    """Whether two numbers are the same as far as the less precise one goes."""
    places = max(int(one.normalize().as_tuple().exponent), int(other.normalize().as_tuple().exponent))
    unit = Decimal((0, (1,), min(places, 0)))
    return one.quantize(unit, ROUND_HALF_UP) == other.quantize(unit, ROUND_HALF_UP)


def order(one: Any, other: Any, temporal: bool) -> int | None:
    """Below, equal or above as -1, 0, 1; None where it cannot be said. Texts are dates where `temporal`."""
    one, other = plain(one), plain(other)
    if type(one) is str and type(other) is str:
        if not temporal:
            return (one > other) - (one < other)
        return None if are_date_and_time(one, other) else temporal_order(one, other)
    if is_number(one) and is_number(other):
        first, second = number(one), number(other)
        return (first > second) - (first < second)
    return measure_order(one, other)


def have_no_order(one: Any, other: Any) -> bool:
    """Whether two values that are given are of types that cannot be compared."""
    if type(one) is str and type(other) is str:
        return are_date_and_time(one, other)
    return str in (type(one), type(other)) or bool in (type(one), type(other))
