"""Runs search queries: the page, its total, and what goes with it by reference.

https://hl7.org/fhir/R4/search.html
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import Clause, Include, SearchQuery
from fhir_server.store.port import ClauseUse, Explanation, SearchResult, StoredResource
from fhir_server.store.sqlite.compile import Compiler, Source, conjuncts
from fhir_server.store.sqlite.includes import included_keys
from fhir_server.store.sqlite.lookups import Lookups
from fhir_server.store.sqlite.pages import LOOK_UP, keys_until, ordered_sources, page
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols
from fhir_server.store.sqlite.versions import VERSION_COLUMNS, stored

ESTIMATE_MIN = 2_000
"""Matches from which on an estimate of their number may be wrong."""

SORTED_FEW = 2_048
"""Matches that are sorted for every page; more of them are read in the order of an index, if one has it."""

_WIDTH = len(StoredResource.__struct_fields__)
"""Columns of a version; behind them come the watermark and the sort values."""


class SqliteSearch:
    """Searches over one connection."""

    def __init__(self, connection: sqlite3.Connection, symbols: Symbols) -> None:
        self._connection = connection
        self._symbols = symbols
        self._lookups = Lookups(symbols)

    def search(self, query: SearchQuery) -> SearchResult:
        """One page. It costs as much as the page, wherever an index gives the matches in order."""
        compiler = Compiler(self._symbols, self._gives_any, query.visibility)
        rows = self._looked_up(query)
        if rows is None:
            rows = self._rows(self._sources(compiler, query), query)
        matches = stored(self._symbols, [row[:_WIDTH] for row in rows[: query.count]])
        last = rows[query.count - 1] if len(rows) > query.count > 0 else None
        following = (*last[_WIDTH + 1 :], matches[-1].first_sequence) if last else None
        snapshot = self._snapshot(query, rows)
        total = None if query.total == "none" else self._total(compiler, query, rows, snapshot)
        return SearchResult(matches, total, snapshot, following)

    def _looked_up(self, query: SearchQuery) -> list[Any] | None:
        """The rows of a query whose SQL is remembered; None for any other, which has yet to be compiled."""
        page = self._lookups.page(query, query.count + 1)
        return self._connection.execute(page.text, page.values).fetchall() if page else None

    def _sources(self, compiler: Compiler, query: SearchQuery) -> list[Source]:
        """One or more that together give every match once, in the order that is wanted."""
        if query.sort:
            source = compiler.small_source(query.types, query.where, SORTED_FEW)
            if source:
                return [source]
            ordered = ordered_sources(compiler, self._symbols, query)
            if ordered:
                return ordered
        return [compiler.source(query.types, query.where)]

    def _rows(self, sources: Sequence[Source], query: SearchQuery) -> list[Any]:
        """One row more than the page, to know whether another follows."""
        rows: list[Any] = []
        for source in sources:
            wanted = query.count + 1 - len(rows)
            if wanted > 0 and not _is_behind(source, query):
                some = page(source, query, self._symbols, wanted)
                self._lookups.remember(query, some)
                rows += self._connection.execute(some.text, some.values)
        return rows

    def _snapshot(self, query: SearchQuery, rows: Sequence[Any]) -> int:
        if query.page:
            return query.page.snapshot
        if rows:
            return int(rows[0][_WIDTH])
        (sequence,) = self._connection.execute("SELECT ifnull(max(sequence), 0) FROM versions").fetchone()
        return int(sequence)

    def _total(
        self, compiler: Compiler, query: SearchQuery, rows: Sequence[Any], snapshot: int
    ) -> int | None:
        if query.page is None and 0 < query.count >= len(rows):
            return len(rows)
        keys = keys_until(compiler.source(query.types, query.where), snapshot)
        if query.total == "estimate":
            return self._estimate(keys, snapshot)
        return self._up_to(query.total_max, keys) if query.total == "bounded" else self._count(keys)

    def _up_to(self, limit: int, keys: Sql) -> int | None:
        """The number of keys unless it is above the limit, where counting stops."""
        found = self._count(Sql(f"{keys.text} LIMIT ?", (*keys.values, limit + 1)))
        return found if found <= limit else None

    def _estimate(self, keys: Sql, snapshot: int) -> int:
        """The number of a few keys; of many, what they would be if all lay as close as the first of them."""
        text = f"SELECT count(*), max(key) FROM (SELECT key FROM ({keys.text}) ORDER BY key LIMIT ?)"
        found, last = self._connection.execute(text, (*keys.values, ESTIMATE_MIN)).fetchone()
        return int(found if found < ESTIMATE_MIN else max(found, found * snapshot // last))

    def explain(self, query: SearchQuery) -> Explanation:
        """The clauses counted one by one, and SQLite's plan for the page."""
        compiler = Compiler(self._symbols, self._gives_any, query.visibility)
        sources = self._sources(compiler, query)
        drivers = [source.given_by for source in sources]
        uses = [
            ClauseUse(
                self._found(compiler, query, (clause,)),
                self._found(compiler, query, query.where[: place + 1]),
                any(driver is part for driver in drivers for part in conjuncts((clause,))),
            )
            for place, clause in enumerate(query.where)
        ]
        pages = [page(source, query, self._symbols, query.count + 1) for source in sources]
        steps = tuple(step for one in pages for step in self._steps(one))
        return Explanation(self._found(compiler, query, ()), tuple(uses), steps)

    def _found(self, compiler: Compiler, query: SearchQuery, clauses: Sequence[Clause]) -> int:
        source = compiler.source(query.types, clauses)
        return self._count(keys_until(source, self._snapshot(query, ())))

    def _steps(self, statement: Sql) -> list[str]:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
        return [str(detail) for _, _, _, detail in rows]

    def _gives_any(self, select: Sql) -> bool:
        return self._connection.execute(select.text, select.values).fetchone() is not None

    def _count(self, select: Sql) -> int:
        """How many rows a SELECT gives."""
        found = self._connection.execute(f"SELECT count(*) FROM ({select.text})", select.values)
        return int(found.fetchone()[0])

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        """Living resources by reference, oldest first, without those that are given."""
        keys = included_keys(self._symbols, resources, include)
        text = f"""
            SELECT {VERSION_COLUMNS} FROM ({keys.text} ORDER BY k LIMIT ?) p {LOOK_UP} ORDER BY k"""
        return stored(self._symbols, self._connection.execute(text, (*keys.values, limit)))


def _is_behind(source: Source, query: SearchQuery) -> bool:
    """Whether the page begins among the resources that lack what the source is ordered by."""
    return bool(source.order and query.page and query.page.after[0] is None)
