"""The admissions of the forecast: when each patient begins and how many sequences follow, to match the table.

The opinion says how many patients enter and how many sequences begin in each period, not who renews. Here a
patient begins in a month, every further sequence begins three months after the one before, and a renewal
counts in the period in which it begins. So the 106 renewals of the first four months can only be those of
patients who began in its first month; in other periods, beginnings and renewals are spread evenly.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from mappings.sesame.cohort.forecast_table import ForecastPeriod
from mappings.sesame.pathway.calendar import CLASSIQUE_MONTHS, RANK_MAX, add_months

# Days that every month has, so that three months later is the same day.
DAYS = range(1, 29)


@dataclass(slots=True)
class Admission:
    """A patient who begins on `start`, and the number of sequences up to the end of the forecast."""

    track: str
    start: date
    sequences: int = 1


def admissions(random: Random, periods: Sequence[ForecastPeriod]) -> list[Admission]:
    """All admissions, sorted by day. Raises `ValueError` when no choice matches the figures."""
    return sorted((*_classique(random, periods), *_leger(random, periods)), key=lambda one: one.start)


def _leger(random: Random, periods: Sequence[ForecastPeriod]) -> Iterator[Admission]:
    for period in periods:
        months = _months(period)
        for place in range(period.leger):
            yield Admission("leger", _day_in(random, months[place * len(months) // period.leger]))


def _classique(random: Random, periods: Sequence[ForecastPeriod]) -> list[Admission]:
    admitted: list[Admission] = []
    due: defaultdict[date, list[Admission]] = defaultdict(list)
    for period in periods:
        entries, renewals = period.classique, period.renewals
        months = _months(period)
        for place, month in enumerate(months):
            left = len(months) - place
            renewed = random.sample(due[month], min(len(due[month]), -(-renewals // left)))
            waiting = sum(len(due[later]) for later in months[place + 1 :])
            renewals -= len(renewed)
            new = min(entries, max(-(-entries // left), _needed(renewals - waiting - len(renewed), left)))
            entries -= new
            begun = [Admission("classique", _day_in(random, month)) for _ in range(new)]
            for one in renewed:
                one.sequences += 1
            admitted += begun
            following = add_months(month, CLASSIQUE_MONTHS)
            due[following] += [one for one in (*renewed, *begun) if one.sequences < RANK_MAX]
        if entries or renewals:
            raise ValueError(f"no {renewals} renewals can begin from {period.start} to {period.end}")
    return admitted


def _needed(missing: int, months_left: int) -> int:
    """How many patients must begin in this month to supply the missing renewals of the period."""
    with_renewal = months_left - CLASSIQUE_MONTHS
    return -(-missing // with_renewal) if missing > 0 and with_renewal > 0 else 0


def _months(period: ForecastPeriod) -> list[date]:
    """The first days of the months of a period."""
    count = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
    return [add_months(period.start, place) for place in range(count)]


def _day_in(random: Random, month: date) -> date:
    return month.replace(day=random.choice(DAYS))
