"""The row sources that a search can read from, and the choice of the cheapest.

The number of rows of a source is unknown; to learn that it is below some limit takes reading that many rows.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fhir_server.search.ast import Clause, Match
from fhir_server.store.sqlite.sql import Sql, all_of

FEW = 256
"""A source of fewer rows than this is taken without checking the others."""

FEWEST = 16
"""Of several sources, one of fewer rows than this is taken first."""

ALONE = 4
"""How many times `FEW` rows a range may have if it is the only source and all its rows match."""

LEAD, RANGE = 0, 1
"""Ranks of sources: rows with the same first cell come in the order of their keys, rows of a range do not."""

ReturnsRows = Callable[[Sql], bool]
"""Whether a SELECT returns any row."""


class RowSource(NamedTuple):
    """Rows, under the alias `d`, that have the keys of resources.

    `unique` if each key comes once; `order` is the column with the first sort value, if the rows are in its
    order; `given_by` is the clause whose index is read, None for all resources of a type. `counted` selects
    the rows that have to be read, if these are more and faster to count.
    """

    rank: int
    table: Sql
    where: Sql
    unique: bool = False
    order: str | None = None
    given_by: Clause | None = None
    counted: Sql | None = None

    def select(self, columns: str = "d.key AS key") -> Sql:
        text = f"SELECT {columns} FROM {self.table.text} WHERE {self.where.text}"
        return Sql(text, self.table.values + self.where.values)

    def joined(self, tables: Sequence[str]) -> "RowSource":
        """This source cross joined with further tables."""
        return self._replace(table=Sql(" CROSS JOIN ".join((self.table.text, *tables)), self.table.values))

    def narrowed(self, *conditions: Sql) -> "RowSource":
        """This source with further conditions."""
        if not conditions:
            return self
        return self._replace(where=all_of([self.where, *conditions]))


Candidate = tuple[RowSource, Sequence[Clause]]
"""A source, and the clauses that all its rows satisfy."""


def best(candidates: Sequence[Candidate], returns_rows: ReturnsRows) -> int | None:
    """The position of the source to read from; None if a scan of all resources is better.

    A single source in the order of keys is good however many rows it has.
    """
    lead = 0 if candidates and candidates[0][0].rank == LEAD else None
    if len(candidates) == 1:
        return lead if lead is not None else smaller(candidates, _limit_alone(candidates[0]), returns_rows)
    place = smaller(candidates, FEW, returns_rows)
    return lead if place is None else place


def _limit_alone(candidate: Candidate) -> int:
    clause = candidate[1][0]
    return ALONE * FEW if isinstance(clause, Match) and clause.type in ("date", "string") else FEW


def smaller(candidates: Sequence[Candidate], limit: int, returns_rows: ReturnsRows) -> int | None:
    """The position of a source of fewer rows than the limit; None if there is none."""
    for most in sorted({min(FEWEST, limit), limit} if len(candidates) > 1 else {limit}):
        for place, (source, _) in enumerate(candidates):
            select = source.counted or source.select("1")
            if most and not returns_rows(Sql(f"{select.text} LIMIT 1 OFFSET {most - 1}", select.values)):
                return place
    return None
