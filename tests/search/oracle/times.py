"""Dates and times as ranges of UTC microseconds. https://hl7.org/fhir/R4/search.html#date"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from tests.search.oracle.ranges import AT, BEFORE, INFINITY, Range, fits, half_open, point, split_prefix

DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
FINEST = 6
"""Digits of a second that the server keeps."""


def written(text: str, zone: tzinfo) -> Range:
    """The time that a date or dateTime covers, which is what its precision leaves open."""
    found = DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if hour is None:
        return _days(int(year), int(month or 0), int(day or 0), zone)
    local = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=_zone(offset, zone))
    start = (local - EPOCH) // MICROSECOND + int(second or 0) * SECOND
    if second is None:
        return half_open(start, start + 60 * SECOND)
    digits = (fraction or "")[:FINEST]
    return half_open(
        start + int(digits.ljust(FINEST, "0")), start + int(digits.ljust(FINEST, "0")) + _step(digits)
    )


def _step(digits: str) -> int:
    return int(10 ** (FINEST - len(digits)))


def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    """ "Where both do not have time zones, the servers local time zone should be assumed." """
    if offset is None:
        return zone
    if offset == "Z":
        return UTC
    size = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
    return timezone(-size if offset[0] == "-" else size)


def _days(year: int, month: int, day: int, zone: tzinfo) -> Range:
    first = date(year, month or 1, day or 1).toordinal()
    if day:
        after = first + 1
    elif month:
        after = _first_of_month(year + month // 12, month % 12 + 1)
    else:
        after = _first_of_month(year + 1, 1)
    return half_open(_midnight(first, zone), _midnight(after, zone))


def _first_of_month(year: int, month: int) -> int:
    return date(year, month, 1).toordinal() if year < 10_000 else date.max.toordinal() + 1


def _midnight(ordinal: int, zone: tzinfo) -> int:
    """The start of a day; the day after the last of the year 9999 starts where that ends."""
    if ordinal > date.max.toordinal():
        return _midnight(ordinal - 1, zone) + DAY
    start = datetime.combine(date.fromordinal(ordinal), datetime.min.time(), zone)
    return (start - EPOCH) // MICROSECOND


def period(value: Mapping[str, Any], zone: tzinfo) -> Range:
    """ "A missing lower boundary is less than any actual date", a missing upper one greater."""
    start, end = value.get("start"), value.get("end")
    low = written(start, zone).low if start else (-INFINITY, AT)
    return Range(low, written(end, zone).high if end else (INFINITY, AT))


def timing(value: Mapping[str, Any], zone: tzinfo) -> Range | None:
    """ "The specified scheduling details are ignored and only the outer limits matter." """
    parts = [written(event, zone) for event in value.get("event", ())]
    if bounds := value.get("repeat", {}).get("boundsPeriod"):
        parts.append(period(bounds, zone))
    return Range(min(part.low for part in parts), max(part.high for part in parts)) if parts else None


def covered(data: Any, type: str, zone: tzinfo) -> Range | None:
    """The time that an element covers, None where it tells none."""
    match type:
        case "date" | "dateTime":
            return written(data, zone)
        case "instant":
            return point(written(data, zone).low[0])
        case "Period":
            return period(data, zone)
        case "Timing":
            return timing(data, zone)
        case "string":
            return None
    raise ValueError(type)


def matches(text: str, target: Range | None, zone: tzinfo, now: int) -> bool:
    """Whether a time fits the search value; `now` is what `ap` measures from."""
    prefix, rest = split_prefix(text)
    search = written(rest, zone)
    if prefix == "ap":
        search = widened(search, now)
    return target is not None and fits(prefix, search, target)


def widened(search: Range, now: int) -> Range:
    """ "10% of the gap between now and the date" to either side."""
    (low, _), (high, _) = search.low, search.high
    gap = int(max(low - now, now - high, 0))
    return Range((low - gap // 10, AT), (high + gap // 10, BEFORE))
