"""Where the resources of a search may be read from, and which of several sources takes least.

How many rows a source has is not known; that it has fewer than some number takes reading that many.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fhir_server.search.ast import Clause, Match
from fhir_server.store.sqlite.sql import Sql, all_of

FEW = 256
"""A source of fewer rows than this is taken without looking for a better one."""

FEWEST = 16
"""Of several sources, one of fewer rows than this is looked for first."""

ALONE = 4
"""How many times as many rows a range may have that has no other source beside it, and nothing but rows that
fit."""

LEAD, RANGE = 0, 1
"""Ranks of sources: rows equal in their first cell come in the order of their keys, a range does not."""

Asks = Callable[[Sql], bool]
"""Whether a SELECT gives any row."""


class Source(NamedTuple):
    """Rows under the alias `d` that have the keys of resources.

    `unique` where each comes only once; `order` is the column that holds the first value to sort by, if
    the rows have it; `given_by` is the clause whose index they are of, None where they are all of a type.
    `counted` selects what has to be read, where that is more and sooner counted.
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

    def joined(self, tables: Sequence[str]) -> "Source":
        """The same with the rows of further tables beside each row."""
        return self._replace(table=Sql(" CROSS JOIN ".join((self.table.text, *tables)), self.table.values))

    def narrowed(self, *conditions: Sql) -> "Source":
        """The same, of which something more must be true."""
        if not conditions:
            return self
        return self._replace(where=all_of([self.where, *conditions]))


Candidate = tuple[Source, Sequence[Clause]]
"""A source, and the clauses that it satisfies."""


def best(found: Sequence[Candidate], gives_any: Asks) -> int | None:
    """The place of the source to read from; None where walking through all resources is better.

    Without a second source to compare, rows in the order of their keys are good however many.
    """
    lead = 0 if found and found[0][0].rank == LEAD else None
    if len(found) == 1:
        return lead if lead is not None else smaller(found, _limit_alone(found[0]), gives_any)
    place = smaller(found, FEW, gives_any)
    return lead if place is None else place


def _limit_alone(candidate: Candidate) -> int:
    clause = candidate[1][0]
    return ALONE * FEW if isinstance(clause, Match) and clause.type in ("date", "string") else FEW


def smaller(found: Sequence[Candidate], limit: int, gives_any: Asks) -> int | None:
    """The place of a source of fewer rows than the limit."""
    for most in sorted({min(FEWEST, limit), limit} if len(found) > 1 else {limit}):
        for place, (source, _) in enumerate(found):
            select = source.counted or source.select("1")
            if most and not gives_any(Sql(f"{select.text} LIMIT 1 OFFSET {most - 1}", select.values)):
                return place
    return None
