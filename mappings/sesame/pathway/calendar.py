"""Calendar arithmetic for sequences, whose last day is included.

Results are limited to the last day of the year 9999, which software sends for "never".
"""

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta

CLASSIQUE_MONTHS = 3
"""R3, avis du comité technique (2023)."""

RANK_MAX = 4
"""R4: three renewals at most."""

WHOLE_MONTHS = 12
"""R5: from the first day of the first sequence to the last day of the last."""


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or the last day of that month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_days(day: date, days: int) -> date:
    """The date `days` later."""
    return day + min(timedelta(days), date.max - day)


def last_day(start: date, months: int) -> date:
    """The last day of a span of `months` that begins on `start`."""
    return add_months(start, months) - timedelta(days=1)
