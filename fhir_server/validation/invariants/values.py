"""Values inside expressions: their equality and order.

https://hl7.org/fhirpath/N1/#comparison
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fhir_server.validation.invariants.measures import as_precise, measure_order
from fhir_server.validation.invariants.moments import are_date_and_time, temporal_order
from fhir_server.validation.invariants.numbers import is_number, number
from fhir_server.validation.invariants.syntax import Measure


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """A primitive element that has an id or extensions beside its value, which may be None."""

    value: Any
    more: dict[str, Any]


def plain(item: Any) -> Any:
    """The value of an item, None where it has extensions alone."""
    return item.value if type(item) is Primitive else item


def equal(one: Any, other: Any) -> bool:
    """Whether two items have the same value; numbers of any precision, objects in depth."""
    if type(one) is str and type(other) is str:
        return one == other
    if type(one) is type(other) is Primitive and one.value is other.value is None:
        return equal(one.more, other.more)
    one, other = plain(one), plain(other)
    kind = type(one)
    if kind is Measure or type(other) is Measure:
        return measure_order(one, other) == 0
    if kind is dict:
        return (
            type(other) is dict
            and one.keys() == other.keys()
            and all(equal(value, other[name]) for name, value in one.items())
        )
    if kind is list:
        return type(other) is list and len(one) == len(other) and all(map(equal, one, other))
    if is_number(one):
        return is_number(other) and number(one) == number(other)
    return kind is type(other) and bool(one == other)


def identity(item: Any) -> Any:
    """What is the same for two items if they are equal, quantities of different units left aside."""
    if type(item) is Primitive and item.value is None:
        return (Primitive, identity(item.more))
    value = plain(item)
    if type(value) is dict:
        return frozenset((name, identity(member)) for name, member in value.items())
    if type(value) is list:
        return tuple(map(identity, value))
    return number(value) if is_number(value) else (type(value), value)


def alike(one: Any, other: Any) -> bool:
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
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(alike(value, other[name]) for name, value in one.items())
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(any(alike(item, two) for two in other) for item in one)
    return equal(one, other)


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
