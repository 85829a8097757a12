"""FHIRPath quantities: comparison and arithmetic in commensurable units.

https://hl7.org/fhirpath/N1/#quantity
"""

from decimal import Decimal
from typing import Any

from fhir_server.core.ucum import SYSTEM as UCUM
from fhir_server.core.ucum import canonical as unit_of
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import SystemQuantity

QUANTITY_TYPES = frozenset(
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
"""Calendar units that equal a unit of UCUM; calendar years and months do not."""
_NEARLY = {"year": "a", "month": "mo"}
"""Calendar units that are equivalent to a unit of UCUM but not equal to it."""
_CALENDAR = {code: unit for unit, code in _NEARLY.items()}


def comparable_quantity(value: Any) -> tuple[Decimal, str] | None:
    """A FHIR Quantity or System.Quantity as a value and a unit in which it can be compared; else None."""
    system: Any
    code: Any
    if type(value) is SystemQuantity:
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


def compare_quantities(one: Any, other: Any) -> int | None:
    """Compare two quantities: -1, 0 or 1; None if their units are incommensurable or one is not a quantity.

    A number has the unit 1. Years and months of a FHIR Quantity count as the calendar's if the other's are.

    https://hl7.org/fhir/R4/fhirpath.html#quantity
    """
    if _is_calendar(one) is not _is_calendar(other):
        one, other = _of_calendar(one), _of_calendar(other)
    first, second = comparable_quantity(_as_quantity(one)), comparable_quantity(_as_quantity(other))
    if first is None or second is None or first[1] != second[1]:
        return None
    return (first[0] > second[0]) - (first[0] < second[0])


def _is_calendar(value: Any) -> bool:
    return type(value) is SystemQuantity and value.calendar and value.unit in _MONTHS


def _of_calendar(value: Any) -> Any:
    """A FHIR Quantity in UCUM's years or months converted to the calendar's; anything else unchanged."""
    unit = _CALENDAR.get(str(value.get("code"))) if type(value) is dict else None
    if unit is None or value.get("system") != UCUM or not is_number(value.get("value")):
        return value
    return SystemQuantity(Decimal(number(value["value"])), unit, calendar=True)


def calendar_duration(value: Any) -> SystemQuantity | None:
    """A quantity of time to add to dates, with years and months of the calendar; None for any other value."""
    quantity = ucum_quantity(value)
    if quantity is None or quantity.unit not in _CALENDAR:
        return quantity
    return SystemQuantity(quantity.value, _CALENDAR[quantity.unit], calendar=True)


def _as_quantity(value: Any) -> Any:
    return SystemQuantity(Decimal(number(value)), "1", calendar=False) if is_number(value) else value


def in_same_unit(one: Any, other: Any) -> tuple[Decimal, Decimal] | None:
    """Two commensurable quantities as numbers in the unit of the first; else None."""
    first, second = ucum_quantity(one, nearly=True), ucum_quantity(other, nearly=True)
    converted = _in_unit_of(first, second) if first and second else None
    return (first.value, converted) if first and converted is not None else None


def ucum_quantity(value: Any, nearly: bool = False) -> SystemQuantity | None:
    """A quantity or number in a unit of UCUM; None if it has none. With `nearly`, calendar years and months
    count as those of UCUM.
    """
    value = _as_quantity(value)
    if type(value) is SystemQuantity:
        units = UCUM_CODES | _NEARLY if nearly else UCUM_CODES
        unit = units.get(value.unit) if value.calendar else value.unit
        return SystemQuantity(value.value, unit, calendar=False) if unit else None
    if type(value) is not dict or value.get("system") != UCUM or not is_number(value.get("value")):
        return None
    code = value.get("code")
    return (
        SystemQuantity(Decimal(number(value["value"])), code, calendar=False) if type(code) is str else None
    )


def _in_unit_of(one: SystemQuantity, other: SystemQuantity) -> Decimal | None:
    """The value of `other` in the unit of `one`; None if the units are incommensurable."""
    if one.unit == other.unit:
        return other.value
    mine, yours = unit_of(one.unit), unit_of(other.unit)
    if mine is None or yours is None or mine.unit != yours.unit or mine.offset or yours.offset:
        return None
    ratio = yours.factor / mine.factor
    return other.value * ratio.numerator / ratio.denominator


def add_quantities(one: Any, other: Any, sign: int) -> SystemQuantity | None:
    """The sum or difference of two quantities in the unit of the first; None for incommensurable units."""
    first, second = ucum_quantity(one), ucum_quantity(other)
    converted = _in_unit_of(first, second) if first and second else None
    if first is None or converted is None:
        return None
    return SystemQuantity(first.value + sign * converted, first.unit, calendar=False)


def multiply_or_divide(one: Any, other: Any, divided: bool) -> SystemQuantity | None:
    """The product or quotient of two quantities; None if one has no UCUM unit, or to divide by zero."""
    first, second = ucum_quantity(one), ucum_quantity(other)
    if first is None or second is None or (divided and not second.value):
        return None
    value = first.value / second.value if divided else first.value * second.value
    return SystemQuantity(value, _unit(first.unit, second.unit, "/" if divided else "."), calendar=False)


def _unit(one: str, other: str, operator: str) -> str:
    if other == "1":
        return one
    return f"({one}){operator}({other})"
