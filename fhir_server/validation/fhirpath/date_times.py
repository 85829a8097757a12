"""Validity and order of FHIRPath's dates, times and date-times of any precision.

https://hl7.org/fhirpath/N1/#date
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?")

_HOUR, _MINUTE = r"(?:[01]\d|2[0-3])", r"[0-5]\d"
_ZONE = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_is_within_limits = re.compile(
    rf"\d{{4}}(?:-(?:0[1-9]|1[0-2])(?:-\d\d(?:T{_HOUR}(?::{_MINUTE}(?::(?:{_MINUTE}|60)(?:\.\d+)?)?)?{_ZONE}?)?)?)?",
    re.ASCII,
).fullmatch
_is_time_of_day = re.compile(rf"{_HOUR}(?::{_MINUTE}(?::{_MINUTE}(?:\.\d+)?)?)?", re.ASCII).fullmatch
_is_day = re.compile(r"\d{4}-\d\d-\d\d").fullmatch
_is_second = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)").fullmatch
_FARTHEST_ZONE = timedelta(hours=14)
"""The largest offset from UTC."""


def compare_date_times(one: str, other: str) -> int | None:
    """Compare two dates or times: -1, 0 or 1; None if a precision or a missing time zone leaves it open."""
    if _is_written_alike(one, other):
        return (one > other) - (one < other)
    first, second = _parts(one), _parts(other)
    if first is None or second is None:
        return None
    if len(first) > 3 and len(second) > 3 and _has_zone(one) is not _has_zone(other):
        return _order_in_any_zone(first, second)
    for mine, yours in zip(first, second, strict=False):
        if mine != yours:
            return 1 if mine > yours else -1
    return 0 if len(first) == len(second) else None


def is_date_against_time(one: str, other: str) -> bool:
    """Whether one value is a date or date-time and the other a time of day."""
    return (TIME.fullmatch(one) is None) is not (TIME.fullmatch(other) is None)


def is_valid_date_time(text: str) -> bool:
    """Whether a string is a year, month, date or date-time that exists in the calendar."""
    if not _is_within_limits(text):
        return False
    if len(text) < len("YYYY-MM-DD"):
        return text[:4] != "0000"
    try:
        datetime.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def is_time_of_day(text: str) -> bool:
    """Whether a string is a valid time of day."""
    return _is_time_of_day(text) is not None


def _has_zone(text: str) -> bool:
    found = MOMENT.fullmatch(text)
    return found is not None and found[7] is not None


def _order_in_any_zone(one: tuple[Any, ...], other: tuple[Any, ...]) -> int | None:
    """Compare two date-times of which only one has a zone; None if the order depends on the other's zone."""
    try:
        apart = _start(one) - _start(other)
    except (ValueError, OverflowError):
        return None
    if abs(apart) <= _FARTHEST_ZONE:
        return None
    return 1 if apart > timedelta(0) else -1


def _start(parts: tuple[Any, ...]) -> datetime:
    year, month, day, hour, minute, second = (*map(int, parts), 0, 0)[:6]
    return datetime(year, month, day, hour, minute, min(second, 59))


def _is_written_alike(one: str, other: str) -> bool:
    """Whether both are dates, or date-times to the second in the same zone: they compare as strings."""
    if len(one) != len(other) or one[19:] != other[19:]:
        return False
    is_written = _is_day if len(one) == 10 else _is_second
    return is_written(one) is not None and is_written(other) is not None


def _parts(text: str) -> tuple[Any, ...] | None:
    """Year, month and so on, as far as given; in UTC if there is a zone. None for an invalid value."""
    if found := TIME.fullmatch(text):
        return _numbers(found.groups())
    found = MOMENT.fullmatch(text)
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
        utc = datetime(year, month, day, hour, minute, tzinfo=UTC) - offset
    except (ValueError, OverflowError):
        return parts
    return (utc.year, utc.month, utc.day, utc.hour, utc.minute, *parts[5:])
