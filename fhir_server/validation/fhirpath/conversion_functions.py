"""FHIRPath's conversion functions: toX() and convertsToX().

https://hl7.org/fhirpath/N1/#conversion
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_server.validation.fhirpath.arithmetic import text_of
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    compiled_condition,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.date_times import is_valid_date_time
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import CALENDAR, SystemQuantity
from fhir_server.validation.fhirpath.static_types import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    STRING,
    StaticType,
    type_named,
)

_INTEGER_MAX = 2**31

_is_integer = re.compile(r"[+-]?\d{1,10}", re.ASCII).fullmatch
_is_decimal = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII).fullmatch
_is_time = re.compile(
    r"(?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch
_quantity = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([A-Za-z]+))?", re.ASCII).fullmatch
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}


def _boolean(value: Any) -> bool | None:
    if is_number(value):
        return {0: False, 1: True}.get(int(number(value))) if number(value) in (0, 1) else None
    return value if type(value) is bool else _BOOLEANS.get(value.lower())


def _integer(value: Any) -> int | None:
    if type(value) is int or type(value) is bool:
        return int(value)
    if type(value) is not str or not _is_integer(value):
        return None
    return int(value) if -_INTEGER_MAX <= int(value) < _INTEGER_MAX else None


def _decimal(value: Any) -> Decimal | None:
    if is_number(value) or type(value) is bool:
        return Decimal(number(value))
    return Decimal(value) if _is_decimal(value) else None


def _date_time(value: Any) -> str | None:
    return value if is_valid_date_time(value) else None


def _date(value: Any) -> str | None:
    moment = _date_time(value)
    return moment[:10] if moment is not None else None


def _time(value: Any) -> str | None:
    return value if _is_time(value) else None


def _as_quantity(value: Any) -> Any:
    if type(value) is SystemQuantity or type(value) is dict:
        return value
    if is_number(value) or type(value) is bool:
        return SystemQuantity(Decimal(number(value)), "1", calendar=False)
    found = _quantity(value)
    if found is None or (found[3] and found[3] not in CALENDAR):
        return None
    unit = CALENDAR[found[3]] if found[3] else found[2] or "1"
    return SystemQuantity(Decimal(found[1]), unit, calendar=bool(found[3]))


def _text(value: Any) -> str | None:
    return None if type(value) is dict else text_of(value)


_TYPES: Mapping[str, tuple[Callable[[Any], Any], StaticType]] = {
    "Boolean": (_boolean, BOOLEAN),
    "Integer": (_integer, INTEGER),
    "Decimal": (_decimal, DECIMAL),
    "Date": (_date, type_named("date")),
    "DateTime": (_date_time, type_named("dateTime")),
    "Time": (_time, type_named("time")),
    "Quantity": (_as_quantity, type_named("Quantity")),
    "String": (_text, STRING),
}


def _to(name: str) -> Callable[[Compiled], Compiled]:
    static_type = _TYPES[name][1]

    def convert(left: Compiled) -> Compiled:
        run, read = left.run, _reader(name, left)

        def select(this: Any, scope: Scope) -> Items:
            value = singleton(run(this, scope))
            found = None if value is None else _read(read, value)
            return EMPTY if found is None else (found,)

        return compiled_selection(select, static_type)

    return convert


def _converts(name: str) -> Callable[[Compiled], Compiled]:
    def ask(left: Compiled) -> Compiled:
        run, read = left.run, _reader(name, left)

        def test(this: Any, scope: Scope) -> bool | None:
            value = singleton(run(this, scope))
            return None if value is None else _read(read, value) is not None

        return compiled_condition(test)

    return ask


def _reader(name: str, left: Compiled) -> Callable[[Any], Any]:
    """A conversion to the named type; dates and times never convert to numbers, even if all digits."""
    read, wanted = _TYPES[name]
    is_possible = wanted.temporal or wanted is STRING or not left.static_type.temporal
    return read if is_possible else lambda _value: None


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    """The value converted to another type; None if it cannot be."""
    try:
        return read(value)
    except (TypeError, AttributeError):
        return None


CONVERSION_FUNCTIONS: Mapping[str, Callable[[Compiled], Compiled]] = {
    **{f"to{name}": _to(name) for name in _TYPES},
    **{f"convertsTo{name}": _converts(name) for name in _TYPES},
}
"""By name; none takes an argument."""
