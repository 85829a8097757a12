"""What comes some time after, or before, a date or time inside an expression.

https://hl7.org/fhirpath/N1/#datetime-arithmetic
"""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from decimal import Decimal

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.date_times import MOMENT, TIME
from fhir_server.validation.fhirpath.parser import CALENDAR, Measure
from fhir_server.validation.fhirpath.quantities import UCUM_CODES

_UNITS = {**CALENDAR, **{code: unit for unit, code in UCUM_CODES.items()}}
_MONTH, _YEAR = timedelta(days=30), timedelta(days=365)
_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "millisecond": timedelta(milliseconds=1),
}


def later(moment: str, measure: Measure, sign: int) -> str | None:
    """A date or time after (or before) a time, as precise as it was; None where there is none.

    Raises `FhirPathError` for what is no time, or a unit that none can be moved by.
    """
    unit = _UNITS.get(measure.unit)
    found, time = MOMENT.fullmatch(moment), TIME.fullmatch(moment)
    if unit is None or (found is None and (time is None or unit in ("year", "month"))):
        raise FhirPathError(f"'{moment}' cannot be moved by {measure.unit}")
    try:
        if found is None:
            return _later_that_day(moment, _span(unit, measure.value) * sign)
        if unit in ("year", "month"):
            return _months_later(moment, found, int(measure.value) * sign * (12 if unit == "year" else 1))
        return _span_later(moment, found, _span(unit, measure.value) * sign)
    except (ValueError, OverflowError):
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
    zone = found[7] or ""
    local = moment.removesuffix(zone)
    return _as_precise(datetime.fromisoformat(local) + span, local) + zone


def _whole_months(span: timedelta, length: timedelta) -> int:
    """How many months go by in a time that is told in months, or years, of one length."""
    return int(span / length) * (12 if length == _YEAR else 1)


def _later_that_day(moment: str, span: timedelta) -> str:
    """A time of the day, which after midnight begins again."""
    start = f"2000-01-01T{moment}"
    return _as_precise(datetime.fromisoformat(start) + span, start).partition("T")[2]


def _as_precise(moment: datetime, model: str) -> str:
    """A moment without a zone, written with as many digits as another."""
    return moment.isoformat(timespec="microseconds")[: len(model)]
