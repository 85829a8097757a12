"""Ranges of dates as index range scans.

A FHIR date is an interval, and an index can bound only one of its ends. But hardly any date lasts longer than
a day, so a date that ends after some time starts at most a day before it: bounds on both ends become bounds
on one. The few longer dates have a partial index of their own.
https://hl7.org/fhir/R4/search.html#date
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_server.search.ast import Clause, DateValue, Match
from fhir_server.store.sqlite.sql import ALWAYS, Sql, all_of

DAY = 86_400_000_000
"""Microseconds."""
_LONGER = f"d.high - d.low > {DAY}"
_LONG = Sql("date d INDEXED BY date_long")
_ALL = Sql("date d")


@dataclass(frozen=True, slots=True)
class DateRange:
    """Bounds of every matching date: it ends later than `after` and starts earlier than `before`."""

    after: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of the dates: the table with its index, and the condition that selects this part."""

    table: Sql
    where: Sql


def is_date_bound(clause: Clause) -> bool:
    """Whether a clause compares a parameter of which each resource has at most one date with one value."""
    return (
        isinstance(clause, Match)
        and clause.single
        and clause.type == "date"
        and clause.modifier is None
        and not clause.only
        and len(clause.values) == 1
        and clause.parameter != "_lastUpdated"
    )


def date_range(matches: Iterable[Match]) -> DateRange:
    """The bounds that all the matches set together."""
    values = [value for match in matches for value in match.values if isinstance(value, DateValue)]
    afters = [after for value in values if (after := _after(value)) is not None]
    befores = [before for value in values if (before := _before(value)) is not None]
    return DateRange(max(afters, default=None), min(befores, default=None))


def _after(value: DateValue) -> int | None:
    """A matching date ends later than this."""
    if value.prefix in ("gt", "sa"):
        return value.high
    return value.low if value.prefix in ("eq", "ge", "ap") else None


def _before(value: DateValue) -> int | None:
    """A matching date starts earlier than this."""
    if value.prefix in ("lt", "eb"):
        return value.low
    return value.high if value.prefix in ("eq", "le", "ap") else None


def partitions(dates: DateRange) -> list[Partition]:
    """All dates that may match, in two parts that are each a range of their starts."""
    started = ALWAYS if dates.before is None else Sql("d.low < ?", (dates.before,))
    if dates.after is None:
        return [Partition(_ALL, started)]
    earliest = dates.after - DAY
    return [
        Partition(_LONG, Sql(f"{_LONGER} AND d.low < ?", (earliest,))),
        Partition(_ALL, all_of([Sql("d.low >= ?", (earliest,)), started])),
    ]


def ordered_partitions(dates: DateRange, descending: bool) -> Sequence[Partition]:
    """The same, one part wholly before the other: ascending by their starts, or descending by their ends."""
    if not descending:
        return partitions(dates)
    ended = ALWAYS if dates.after is None else Sql("d.high > ?", (dates.after,))
    if dates.before is None:
        return [Partition(_ALL, ended)]
    latest = dates.before + DAY
    return [
        Partition(_LONG, Sql(f"{_LONGER} AND d.high > ?", (latest,))),
        Partition(_ALL, all_of([Sql("d.high <= ?", (latest,)), ended])),
    ]
