"""Quantities inside expressions: compared and calculated with in units that go together.

https://hl7.org/fhirpath/N1/#quantity
"""

from decimal import Decimal
from typing import Any

from fhir_server.core.ucum import SYSTEM as UCUM
from fhir_server.core.ucum import canonical as unit_of
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import Measure

QUANTITIES = frozenset(
    {"Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"}
)

_MONTHS = {"year": 12, "month": 1}
UCUM_CODES = {
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
"""The calendar's units that are as long as UCUM's; its years and months are not."""
_NEARLY = {"year": "a", "month": "mo"}
"""What the others are equivalent to, and not equal."""
_CALENDAR = {code: unit for unit, code in _NEARLY.items()}


def measured(value: Any) -> tuple[Decimal, str] | None:
    """A Quantity, or one written in an expression, as its value and a unit in which it can be compared."""
    system: Any
    code: Any
    if type(value) is Measure:
        if value.calendar and value.unit in _MONTHS:
            return value.value * _MONTHS[value.unit], "month of the calendar"
        system, code, size = UCUM, UCUM_CODES.get(value.unit, value.unit), value.value
    elif type(value) is dict and is_number(value.get("value")):
        system, code = value.get("system", ""), value.get("code", value.get("unit", ""))
        size = Decimal(number(value["value"]))
    else:
        return None
    unit = unit_of(code) if system == UCUM and type(code) is str else None
    in_base = unit.value(size) if unit is not None else None
    return (size, f"{system}|{code}") if unit is None or in_base is None else (in_base, unit.unit)


def measure_order(one: Any, other: Any) -> int | None:
    """Below, equal or above as -1, 0, 1; None where the units do not go together, or one is no quantity.
    A number is one of the unit 1. Years and months of a Quantity are the calendar's where the other's are.

    https://hl7.org/fhir/R4/fhirpath.html#quantity
    """
    if _is_calendar(one) is not _is_calendar(other):
        one, other = _of_calendar(one), _of_calendar(other)
    first, second = measured(_measure(one)), measured(_measure(other))
    if first is None or second is None or first[1] != second[1]:
        return None
    return (first[0] > second[0]) - (first[0] < second[0])


def _is_calendar(value: Any) -> bool:
    return type(value) is Measure and value.calendar and value.unit in _MONTHS


def _of_calendar(value: Any) -> Any:
    """A Quantity of UCUM's years or months as one of the calendar's; anything else as it is."""
    unit = _CALENDAR.get(str(value.get("code"))) if type(value) is dict else None
    if unit is None or value.get("system") != UCUM or not is_number(value.get("value")):
        return value
    return Measure(Decimal(number(value["value"])), unit, calendar=True)


def duration(value: Any) -> Measure | None:
    """A Quantity of UCUM's time as dates are moved by it: its years and months are the calendar's."""
    measure = of_ucum(value)
    if measure is None or measure.unit not in _CALENDAR:
        return measure
    return Measure(measure.value, _CALENDAR[measure.unit], calendar=True)


def _measure(value: Any) -> Any:
    return Measure(Decimal(number(value)), "1", calendar=False) if is_number(value) else value


def as_precise(one: Any, other: Any) -> tuple[Decimal, Decimal] | None:
    """Two quantities that go together as numbers of the unit of the first; None for what does not."""
    first, second = of_ucum(one, nearly=True), of_ucum(other, nearly=True)
    converted = _in_unit_of(first, second) if first and second else None
    return (first.value, converted) if first and converted is not None else None


def of_ucum(value: Any, nearly: bool = False) -> Measure | None:
    """A quantity, or a number, with a unit of UCUM; None for what has none. Where `nearly`, a year of the
    calendar is one of UCUM.
    """
    value = _measure(value)
    if type(value) is Measure:
        units = UCUM_CODES | _NEARLY if nearly else UCUM_CODES
        unit = units.get(value.unit) if value.calendar else value.unit
        return Measure(value.value, unit, calendar=False) if unit else None
    if type(value) is not dict or value.get("system") != UCUM or not is_number(value.get("value")):
        return None
    code = value.get("code")
    return Measure(Decimal(number(value["value"])), code, calendar=False) if type(code) is str else None


def _in_unit_of(one: Measure, other: Measure) -> Decimal | None:
    """The value of the other in the unit of the first."""
    if one.unit == other.unit:
        return other.value
    mine, yours = unit_of(one.unit), unit_of(other.unit)
    if mine is None or yours is None or mine.unit != yours.unit or mine.offset or yours.offset:
        return None
    ratio = yours.factor / mine.factor
    return other.value * ratio.numerator / ratio.denominator


def added(one: Any, other: Any, sign: int) -> Measure | None:
    """The sum or difference of two quantities in the unit of the first; None for units that do not fit."""
    first, second = of_ucum(one), of_ucum(other)
    converted = _in_unit_of(first, second) if first and second else None
    if first is None or converted is None:
        return None
    return Measure(first.value + sign * converted, first.unit, calendar=False)


def scaled(one: Any, other: Any, divided: bool) -> Measure | None:
    """The product of two quantities, or what the first is divided by the second; None where one has no unit
    of UCUM, or the second is nothing.
    """
    first, second = of_ucum(one), of_ucum(other)
    if first is None or second is None or (divided and not second.value):
        return None
    value = first.value / second.value if divided else first.value * second.value
    return Measure(value, _unit(first.unit, second.unit, "/" if divided else "."), calendar=False)


def _unit(one: str, other: str, operator: str) -> str:
    if other == "1":
        return one
    return f"({one}){operator}({other})"
