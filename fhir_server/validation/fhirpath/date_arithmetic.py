"""Adding durations to dates and times, and subtracting them.

https://hl7.org/fhirpath/N1/#datetime-arithmetic
"""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.date_times import MOMENT, TIME
from fhir_server.validation.fhirpath.parser import CALENDAR, SystemQuantity
from fhir_server.validation.fhirpath.quantities import UCUM_CODES

_UNITS = {**CALENDAR, **{code: unit for unit, code in UCUM_CODES.items()}}
_MONTH, _YEAR = timedelta(days=30), timedelta(days=365)
_UNIT_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "millisecond": timedelta(milliseconds=1),
}


def add_duration(moment: str, measure: SystemQuantity, sign: int) -> str | None:
    """Add a duration to a date or time, or subtract it if `sign` is -1; the precision stays the same.

    None if the result is out of range. Raises `FhirPathError` for an invalid date or time, or for a unit
    that does not apply to it.
    """
    unit = _UNITS.get(measure.unit)
    found, time = MOMENT.fullmatch(moment), TIME.fullmatch(moment)
    if unit is None or (found is None and (time is None or unit in ("year", "month"))):
        raise FhirPathError(f"'{moment}' cannot be moved by {measure.unit}")
    try:
        if found is None:
            return _add_to_time_of_day(moment, _span(unit, measure.value) * sign)
        if unit in ("year", "month"):
            return _add_months(moment, found, int(measure.value) * sign * (12 if unit == "year" else 1))
        return _add_span(moment, found, _span(unit, measure.value) * sign)
    except (ValueError, OverflowError):
        return None


def _span(unit: str, value: Decimal) -> timedelta:
    """A number of units as a timedelta; only seconds may have fractions, others are truncated."""
    return timedelta(seconds=float(value)) if unit == "second" else _UNIT_LENGTHS[unit] * int(value)


def _add_months(moment: str, found: re.Match[str], months: int) -> str | None:
    year, month, day = int(found[1]), int(found[2] or 1), found[3]
    years, index = divmod(year * 12 + month - 1 + months, 12)
    if not 1 <= years <= 9999:
        return None
    text = f"{years:04d}" + (f"-{index + 1:02d}" if found[2] else "")
    if day is None:
        return text
    return f"{text}-{min(int(day), monthrange(years, index + 1)[1]):02d}{moment[10:]}"


def _add_span(moment: str, found: re.Match[str], span: timedelta) -> str | None:
    if found[3] is None:
        return _add_months(moment, found, _whole_months(span, _MONTH if found[2] else _YEAR))
    if len(moment) == 10:
        return (datetime.fromisoformat(moment) + span).date().isoformat()
    zone = found[7] or ""
    local = moment.removesuffix(zone)
    return _format_like(datetime.fromisoformat(local) + span, local) + zone


def _whole_months(span: timedelta, length: timedelta) -> int:
    """A span in months, counted in whole months of 30 days or whole years of 365 days."""
    return int(span / length) * (12 if length == _YEAR else 1)


def _add_to_time_of_day(moment: str, span: timedelta) -> str:
    """Add to a time of day; it wraps around at midnight."""
    start = f"2000-01-01T{moment}"
    return _format_like(datetime.fromisoformat(start) + span, start).partition("T")[2]


def _format_like(moment: datetime, model: str) -> str:
    """A date and time without a zone, written with the precision of `model`."""
    return moment.isoformat(timespec="microseconds")[: len(model)]
