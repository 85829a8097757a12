"""The functions of FHIRPath that convert a value, and those that tell whether it can be converted.

https://hl7.org/fhirpath/N1/#conversion
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_server.validation.fhirpath.arithmetic import text_of
from fhir_server.validation.fhirpath.compiled import NOTHING, Code, Items, Scope, selecting, single, testing
from fhir_server.validation.fhirpath.date_times import is_real_moment
from fhir_server.validation.fhirpath.numbers import is_number, number
from fhir_server.validation.fhirpath.parser import CALENDAR, Measure
from fhir_server.validation.fhirpath.static_types import BOOLEAN, DECIMAL, INTEGER, STRING, Shape, of

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
    return value if is_real_moment(value) else None


def _date(value: Any) -> str | None:
    moment = _date_time(value)
    return moment[:10] if moment is not None else None


def _time(value: Any) -> str | None:
    return value if _is_time(value) else None


def _measure(value: Any) -> Any:
    if type(value) is Measure or type(value) is dict:
        return value
    if is_number(value) or type(value) is bool:
        return Measure(Decimal(number(value)), "1", calendar=False)
    found = _quantity(value)
    if found is None or (found[3] and found[3] not in CALENDAR):
        return None
    unit = CALENDAR[found[3]] if found[3] else found[2] or "1"
    return Measure(Decimal(found[1]), unit, calendar=bool(found[3]))


def _text(value: Any) -> str | None:
    return None if type(value) is dict else text_of(value)


_TYPES: Mapping[str, tuple[Callable[[Any], Any], Shape]] = {
    "Boolean": (_boolean, BOOLEAN),
    "Integer": (_integer, INTEGER),
    "Decimal": (_decimal, DECIMAL),
    "Date": (_date, of("date")),
    "DateTime": (_date_time, of("dateTime")),
    "Time": (_time, of("time")),
    "Quantity": (_measure, of("Quantity")),
    "String": (_text, STRING),
}


def _to(read: Callable[[Any], Any], shape: Shape) -> Callable[[Code], Code]:
    def convert(left: Code) -> Code:
        run = left.run

        def select(this: Any, scope: Scope) -> Items:
            value = single(run(this, scope))
            found = None if value is None else _read(read, value)
            return NOTHING if found is None else (found,)

        return selecting(select, shape)

    return convert


def _converts(read: Callable[[Any], Any]) -> Callable[[Code], Code]:
    def ask(left: Code) -> Code:
        run = left.run

        def test(this: Any, scope: Scope) -> bool | None:
            value = single(run(this, scope))
            return None if value is None else _read(read, value) is not None

        return testing(test)

    return ask


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    """The value as another type; None where it cannot be, as most types cannot."""
    try:
        return read(value)
    except (TypeError, AttributeError):
        return None


CONVERSIONS: Mapping[str, Callable[[Code], Code]] = {
    **{f"to{name}": _to(read, shape) for name, (read, shape) in _TYPES.items()},
    **{f"convertsTo{name}": _converts(read) for name, (read, _) in _TYPES.items()},
}
"""The functions without arguments, by name."""
