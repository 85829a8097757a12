"""Values inside expressions: their equality and order, and dates by their precision.

https://hl7.org/fhirpath/N1/#comparison
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from fhir_server.core import json
from fhir_server.core.ucum import SYSTEM as UCUM
from fhir_server.core.ucum import canonical as unit_of
from fhir_server.validation.invariants.syntax import Measure

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_is_day = re.compile(r"\d{4}-\d\d-\d\d").fullmatch
_is_second = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)").fullmatch
_TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?")
_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """A primitive element that has an id or extensions beside its value, which may be None."""

    value: Any
    more: dict[str, Any]


def plain(item: Any) -> Any:
    """The value of an item, None where it has extensions alone."""
    return item.value if type(item) is Primitive else item


def is_number(value: Any) -> bool:
    """Whether a value is a number, of the data or of an expression."""
    kind = type(value)
    return kind is int or kind is msgspec.Raw or kind is Decimal


def number(value: Any) -> int | Decimal:
    """The exact value of a number."""
    return json.decimal(value) if type(value) is msgspec.Raw else value


def equal(one: Any, other: Any) -> bool:
    """Whether two items have the same value; numbers of any precision, objects in depth."""
    if type(one) is str and type(other) is str:
        return one == other
    one, other = plain(one), plain(other)
    kind = type(one)
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


def alike(one: Any, other: Any) -> bool:
    """Whether two items are equivalent: texts whatever their case and spacing, numbers as far as both go."""
    one, other = plain(one), plain(other)
    if type(one) is str and type(other) is str:
        return one.casefold().split() == other.casefold().split()
    if is_number(one) and is_number(other):
        first, second = Decimal(number(one)), Decimal(number(other))
        places = max(int(first.as_tuple().exponent), int(second.as_tuple().exponent))
        return first.quantize(Decimal((0, (1,), places))) == second.quantize(Decimal((0, (1,), places)))
    return equal(one, other)


def order(one: Any, other: Any, temporal: bool) -> int | None:
    """Below, equal or above as -1, 0, 1; None where it cannot be said. Texts are dates where `temporal`."""
    one, other = plain(one), plain(other)
    if type(one) is str and type(other) is str:
        return temporal_order(one, other) if temporal else (one > other) - (one < other)
    if is_number(one) and is_number(other):
        first, second = number(one), number(other)
        return (first > second) - (first < second)
    first_measure, second_measure = measured(one), measured(other)
    if first_measure is None or second_measure is None:
        return None
    return _measure_order(first_measure, second_measure)


def measured(value: Any) -> tuple[Decimal, str] | None:
    """A Quantity, or one written in an expression, as its value and a unit in which it can be compared."""
    system: Any
    code: Any
    if type(value) is Measure:
        system, code, size = UCUM, value.unit, value.value
    elif type(value) is dict and is_number(value.get("value")):
        system, code = value.get("system", ""), value.get("code", value.get("unit", ""))
        size = Decimal(number(value["value"]))
    else:
        return None
    unit = unit_of(code) if system == UCUM and type(code) is str else None
    in_base = unit.value(size) if unit is not None else None
    return (size, f"{system}|{code}") if unit is None or in_base is None else (in_base, unit.unit)


def _measure_order(one: tuple[Decimal, str], other: tuple[Decimal, str]) -> int | None:
    return None if one[1] != other[1] else (one[0] > other[0]) - (one[0] < other[0])


def temporal_order(one: str, other: str) -> int | None:
    """The order of two dates or times; None where one is too imprecise to tell."""
    if _is_written_alike(one, other):
        return (one > other) - (one < other)
    first, second = _parts(one), _parts(other)
    if first is None or second is None:
        return None
    for mine, yours in zip(first, second, strict=False):
        if mine != yours:
            return 1 if mine > yours else -1
    return 0 if len(first) == len(second) else None


def _is_written_alike(one: str, other: str) -> bool:
    """Whether two moments are days, or seconds in the same zone, so that their order is that of the texts."""
    if len(one) != len(other) or one[19:] != other[19:]:
        return False
    is_written = _is_day if len(one) == 10 else _is_second
    return is_written(one) is not None and is_written(other) is not None


def _parts(text: str) -> tuple[Any, ...] | None:
    """Year, month and so on as far as they are given, in UTC where there is a zone."""
    if found := _TIME.fullmatch(text):
        return _numbers(found.groups())
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    *groups, zone = found.groups()
    parts = _numbers(groups)
    return _in_utc(parts, zone) if zone and zone != "Z" and len(parts) > 4 else parts


def _numbers(groups: Any) -> tuple[Any, ...]:
    given = [group for group in groups if group is not None]
    return tuple(Decimal(part) if "." in part else int(part) for part in given)


def _in_utc(parts: tuple[Any, ...], zone: str) -> tuple[Any, ...]:
    sign = -1 if zone[0] == "-" else 1
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * sign
    try:
        year, month, day, hour, minute = parts[:5]
        moved = datetime(year, month, day, hour, minute, tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        return parts
    return (moved.year, moved.month, moved.day, moved.hour, moved.minute, *parts[5:])


def later(moment: str, measure: Measure, sign: int) -> str | None:
    """A date after (or before) so many calendar units, as precise as it was; None where there is none."""
    found = _MOMENT.fullmatch(moment)
    if found is None or not measure.calendar:
        return None
    whole = int(measure.value) * sign
    try:
        if measure.unit in ("year", "month"):
            return _months_later(moment, found, whole * (12 if measure.unit == "year" else 1))
        return _span_later(moment, found, _LENGTHS[measure.unit] * whole)
    except (ValueError, OverflowError):
        return None


def _months_later(moment: str, found: re.Match[str], months: int) -> str | None:
    year, month, day = int(found[1]), int(found[2] or 1), found[3]
    years, index = divmod(year * 12 + month - 1 + months, 12)
    if not 1 <= years <= 9999:
        return None
    text = f"{years:04d}" + (f"-{index + 1:02d}" if found[2] else "")
    if day is None:
        return text
    return f"{text}-{min(int(day), monthrange(years, index + 1)[1]):02d}{moment[10:]}"


def _span_later(moment: str, found: re.Match[str], span: timedelta) -> str | None:
    if found[3] is None:
        return None
    if len(moment) == 10:
        return (datetime.fromisoformat(moment) + span).date().isoformat()
    return (datetime.fromisoformat(moment) + span).isoformat()
