"""Dates and times inside expressions: their order by their precision, and what comes some time after.

https://hl7.org/fhirpath/N1/#date
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir_server.validation.invariants.syntax import Measure

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_is_day = re.compile(r"\d{4}-\d\d-\d\d").fullmatch
_is_second = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)").fullmatch
_TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?")
_OF_UCUM = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
_MONTH, _YEAR = timedelta(days=30), timedelta(days=365)
_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "millisecond": timedelta(milliseconds=1),
}


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
    """A date or time after (or before) a time, as precise as it was; None where there is none."""
    unit = measure.unit if measure.calendar else _OF_UCUM.get(measure.unit)
    if unit is None:
        return None
    try:
        if found := _TIME.fullmatch(moment):
            return _later_that_day(moment, found, _span(unit, measure.value) * sign)
        if (found := _MOMENT.fullmatch(moment)) is None:
            return None
        if unit in ("year", "month"):
            return _months_later(moment, found, int(measure.value) * sign * (12 if unit == "year" else 1))
        return _span_later(moment, found, _span(unit, measure.value) * sign)
    except (ValueError, OverflowError, KeyError):
        return None


def _span(unit: str, value: Decimal) -> timedelta:
    """So many units; only of seconds do parts count."""
    return timedelta(seconds=float(value)) if unit == "second" else _LENGTHS[unit] * int(value)


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
        return _months_later(moment, found, _whole_months(span, _MONTH if found[2] else _YEAR))
    if len(moment) == 10:
        return (datetime.fromisoformat(moment) + span).date().isoformat()
    return (datetime.fromisoformat(moment) + span).isoformat()


def _whole_months(span: timedelta, length: timedelta) -> int:
    """How many months go by in a time that is told in months, or years, of one length."""
    return int(span / length) * (12 if length == _YEAR else 1)


def _later_that_day(moment: str, found: re.Match[str], span: timedelta) -> str:
    """A time of the day, which after midnight begins again."""
    hour, minute, second = (Decimal(part or 0) for part in found.groups())
    start = datetime(2000, 1, 1, int(hour), int(minute)) + timedelta(seconds=float(second))
    return (start + span).time().isoformat()[: max(len(moment), 5)]
