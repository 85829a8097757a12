"""FHIR dates, dateTimes, instants, Periods and Timings as [low, high) in UTC microseconds.

A value covers the whole interval that its precision implies: 2026-03 is the whole month. A value without a
zone takes the caller's. https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.core.memo import Memo

Span = tuple[int, int]

BEGINNING = -(2**62)
END = 2**62
"""An open start or end: before and after every date that FHIR can write, within 64 bits."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

_EPOCH = datetime(1970, 1, 1)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_ONE_DAY = timedelta(days=1)
_ONE_MICROSECOND = timedelta(microseconds=1)
_NOTHING = timedelta()
_LAST_MIDNIGHT = datetime(9999, 12, 31)
_LAST_MOMENT = (datetime.max - _EPOCH) // _ONE_MICROSECOND

_TO_THE_MINUTE = len("YYYY-MM-DDThh:mm")

_DATE = r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = r"(?:T(?P<hour>[01]\d|2[0-3]):[0-5]\d(?::(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?)?"
_ZONE = r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?)?)?)?"
_match = re.compile(_DATE + _TIME + _ZONE, re.ASCII).fullmatch


@lru_cache(maxsize=1024)
def format_instant(microseconds: int) -> str:
    """The instant in UTC with milliseconds: 2026-11-21T19:03:00.123Z."""
    second, rest = divmod(microseconds, SECOND)
    return f"{_second_text(second)}.{rest // 1000:03d}Z"


@lru_cache(maxsize=1024)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()


def parse_instant(text: str) -> int:
    """The microsecond that a FHIR instant names. Raises `ValueError` for anything less than an instant."""
    parts = _match(text)
    if parts is None or parts["second"] is None or parts["zone"] is None:
        raise ValueError(text)
    return _moment(parts)[0] - _OFFSETS[parts["zone"]]


def period_of(text: str, zone: ZoneInfo) -> Span:
    """The time that a date, dateTime or instant covers; the seconds may be left out, as in search values.

    Raises `ValueError` for text that is none of these, or names no day of the calendar.
    """
    parts = _match(text)
    if parts is None:
        raise ValueError(text)
    if parts["hour"] is None:
        return _days(parts, zone)
    low, length = _moment(parts)
    low -= _local_offset(low, zone) if parts["zone"] is None else _OFFSETS[parts["zone"]]
    return low, low + length


def period_of_period(period: Mapping[str, Any], zone: ZoneInfo) -> Span:
    """The time that a Period covers, to the end of its last moment; a missing end is open.

    A Period that ends before it starts covers the time between. Raises `ValueError` for bad dates.
    """
    start, end = period.get("start"), period.get("end")
    low = period_of(start, zone) if start else (BEGINNING, BEGINNING)
    high = period_of(end, zone) if end else (END, END)
    return (low[0], high[1]) if low[0] < high[1] else (high[0], low[1])


def period_of_timing(timing: Mapping[str, Any], zone: ZoneInfo) -> Span | None:
    """The outer limits of a Timing, all that search uses of it; None if it has none.

    https://hl7.org/fhir/R4/search.html#date
    """
    spans = list(_timing_spans(timing, zone))
    if not spans:
        return None
    return min(low for low, _ in spans), max(high for _, high in spans)


def _timing_spans(timing: Mapping[str, Any], zone: ZoneInfo) -> Iterator[Span]:
    for event in timing.get("event", ()):
        if event is not None:
            yield period_of(event, zone)
    bounds = timing.get("repeat", {}).get("boundsPeriod")
    if bounds:
        yield period_of_period(bounds, zone)


def _moment(parts: re.Match[str]) -> Span:
    """The start of the local time in microseconds, and the duration that its precision implies."""
    low = _since_epoch(datetime.fromisoformat(parts.string[:_TO_THE_MINUTE]) - _EPOCH)
    second, fraction = parts["second"], parts["fraction"]
    if second is None:
        return low, MINUTE
    low += int(second) * SECOND
    if fraction is None:
        return low, SECOND
    return low + int(fraction[:6].ljust(6, "0")), 10 ** max(0, 6 - len(fraction))


def _days(parts: re.Match[str], zone: ZoneInfo) -> Span:
    """Whole days, months or years, from midnight to midnight of the zone."""
    if parts["day"]:
        return _day(datetime.fromisoformat(parts.string), zone)
    year, month = int(parts["year"]), parts["month"]
    if month:
        low = _midnight(year, int(month), 1)
        high = _midnight(year + (month == "12"), int(month) % 12 + 1, 1)
    else:
        low, high = _midnight(year, 1, 1), _midnight(year + 1, 1, 1)
    return low - _local_offset(low, zone), high - _local_offset(high, zone)


def _day(midnight: datetime, zone: ZoneInfo) -> Span:
    """The day that begins at a local midnight; it has an hour more or less where summer begins or ends."""
    low = midnight - _EPOCH - (zone.utcoffset(midnight) or _NOTHING)
    if midnight == _LAST_MIDNIGHT:
        return _since_epoch(low), _since_epoch(low + _ONE_DAY)
    next = midnight + _ONE_DAY
    return _since_epoch(low), _since_epoch(next - _EPOCH - (zone.utcoffset(next) or _NOTHING))


def _since_epoch(passed: timedelta) -> int:
    """A duration of whole seconds in microseconds, at half the cost of a division."""
    return (passed.days * 86_400 + passed.seconds) * SECOND


def _midnight(year: int, month: int, day: int) -> int:
    """Local midnight in microseconds since 1970; the day after the last one of Python is allowed."""
    ordinal = date.max.toordinal() + 1 if year == 10_000 else date(year, month, day).toordinal()
    return (ordinal - _EPOCH_ORDINAL) * DAY


def _local_offset(local: int, zone: ZoneInfo) -> int:
    """The zone's offset at a local time. A time that occurs twice is the first of the two; one that is
    skipped has the offset before the change.
    """
    moment = _EPOCH + timedelta(microseconds=min(local, _LAST_MOMENT))
    offset = zone.utcoffset(moment)
    return 0 if offset is None else offset // _ONE_MICROSECOND


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    size = (int(text[1:3]) * 60 + int(text[4:6])) * MINUTE
    return -size if text[0] == "-" else size


_OFFSETS = Memo(_offset)
