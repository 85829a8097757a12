"""Dates between two times, sought from both ends.

Nearly no date is longer than a day: what lasts beyond a time then begins at most a day before it. The few
longer ones are in an index of their own.
https://hl7.org/fhir/R4/search.html#date
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_server.search.ast import Clause, DateValue, Match
from fhir_server.store.sqlite.sql import ALWAYS, Sql, all_of

DAY = 86_400_000_000
_LONGER = f"d.high - d.low > {DAY}"
_LONG_ONES = Sql("date d INDEXED BY date_long")
_ALL = Sql("date d")


@dataclass(frozen=True, slots=True)
class Window:
    """What every fitting date must do: last beyond `after`, begin before `before`."""

    after: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the dates: the table with its index, and what tells them from the other part."""

    table: Sql
    where: Sql


def is_bound(clause: Clause) -> bool:
    """Whether a clause compares the only date that a resource has of a parameter with one time."""
    return (
        isinstance(clause, Match)
        and clause.single
        and clause.type == "date"
        and clause.modifier is None
        and not clause.only
        and len(clause.values) == 1
        and clause.parameter != "_lastUpdated"
    )


def window(matches: Iterable[Match]) -> Window:
    """What all of them ask together."""
    values = [value for match in matches for value in match.values if isinstance(value, DateValue)]
    afters = [after for value in values if (after := _after(value)) is not None]
    befores = [before for value in values if (before := _before(value)) is not None]
    return Window(max(afters, default=None), min(befores, default=None))


def _after(value: DateValue) -> int | None:
    """The end of a date that fits is later than this."""
    if value.prefix in ("gt", "sa"):
        return value.high
    return value.low if value.prefix in ("eq", "ge", "ap") else None


def _before(value: DateValue) -> int | None:
    """The beginning of a date that fits is earlier than this."""
    if value.prefix in ("lt", "eb"):
        return value.low
    return value.high if value.prefix in ("eq", "le", "ap") else None


def shares(window: Window) -> list[Share]:
    """All dates that may fit, in two parts that are sought by their beginning."""
    begun = ALWAYS if window.before is None else Sql("d.low < ?", (window.before,))
    if window.after is None:
        return [Share(_ALL, begun)]
    earliest = window.after - DAY
    return [
        Share(_LONG_ONES, Sql(f"{_LONGER} AND d.low < ?", (earliest,))),
        Share(_ALL, all_of([Sql("d.low >= ?", (earliest,)), begun])),
    ]


def shares_in_order(window: Window, descending: bool) -> Sequence[Share]:
    """The same, all of one part before the other: by their beginning, or descending by their end."""
    if not descending:
        return shares(window)
    ended = ALWAYS if window.after is None else Sql("d.high > ?", (window.after,))
    if window.before is None:
        return [Share(_ALL, ended)]
    latest = window.before + DAY
    return [
        Share(_LONG_ONES, Sql(f"{_LONGER} AND d.high > ?", (latest,))),
        Share(_ALL, all_of([Sql("d.high <= ?", (latest,)), ended])),
    ]
