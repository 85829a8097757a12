"""Runs search queries: the page, its total, and what goes with it by reference.

https://hl7.org/fhir/R4/search.html
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import Include, SearchQuery, Sort, SortKey
from fhir_server.store.port import SearchResult, StoredResource
from fhir_server.store.sqlite.compile import Compiler, Source, by_key
from fhir_server.store.sqlite.includes import included_keys
from fhir_server.store.sqlite.sql import ALWAYS, Sql, all_of, among, any_of
from fhir_server.store.sqlite.symbols import Symbols
from fhir_server.store.sqlite.versions import VERSION_COLUMNS, stored

_WIDTH = len(StoredResource.__slots__)
_LOOK_UP = "CROSS JOIN resources r ON r.key = p.k CROSS JOIN versions v ON v.sequence = r.sequence"

_SORT_COLUMNS = {"string": "text", "token": "code", "reference": "target", "uri": "value"}
_OWN_COLUMNS = {"_id": "id", "_lastUpdated": "last_updated"}


class SqliteSearch:
    """Searches over one connection."""

    def __init__(self, connection: sqlite3.Connection, symbols: Symbols) -> None:
        self._connection = connection
        self._symbols = symbols

    def search(self, query: SearchQuery) -> SearchResult:
        """One page. It costs as much as the page, wherever an index gives the matches in order."""
        source = Compiler(self._symbols, self._count, query.visibility).source(query.types, query.where)
        page = self._page(source, query)
        rows = self._connection.execute(page.text, page.values).fetchall()
        matches = stored(self._symbols, [row[:_WIDTH] for row in rows[: query.count]])
        last = rows[query.count - 1] if len(rows) > query.count > 0 else None
        following = (*last[_WIDTH + 1 :], matches[-1].first_sequence) if last else None
        snapshot = self._snapshot(query, rows)
        total = None if query.total == "none" else self._total(source, query, rows, snapshot)
        return SearchResult(matches, total, snapshot, following)

    def _page(self, source: Source, query: SearchQuery) -> Sql:
        """One row more than the page, to know whether another follows."""
        keys = self._keys(source, query)
        order = _order(query.sort)
        sorts = "".join(f", p.s{place}" for place in range(len(query.sort)))
        text = f"""
            SELECT {VERSION_COLUMNS}, (SELECT max(sequence) FROM versions){sorts}
            FROM ({keys.text} ORDER BY {order} LIMIT ?) p {_LOOK_UP} ORDER BY {order}"""
        return Sql(text, (*keys.values, query.count + 1))

    def _keys(self, source: Source, query: SearchQuery) -> Sql:
        """The keys, as `k`, and sort values of what may stand on this page."""
        if query.page:
            source = source.narrowed(Sql("d.key <= ?", (query.page.snapshot,)))
            if not query.sort:
                source = source.narrowed(Sql("d.key > ?", (query.page.after[-1],)))
        if not query.sort:
            return source.select(f"{_distinct(source)} d.key AS k")
        values = [self._sort_value(source, sort, query.types) for sort in query.sort]
        sorts = "".join(f", {value.text} AS s{place}" for place, value in enumerate(values))
        select = source.select(f"{_distinct(source)} d.key AS k{sorts}")
        bound = (*(value for sort in values for value in sort.values), *select.values)
        after = _after(query.sort, query.page.after) if query.page else ALWAYS
        return Sql(f"SELECT * FROM ({select.text}) WHERE {after.text}", (*bound, *after.values))

    def _sort_value(self, source: Source, sort: Sort, types: Sequence[str]) -> Sql:
        """The least value of a resource, or the greatest where descending."""
        own = _OWN_COLUMNS.get(sort.parameter)
        if own and source.unique:
            return Sql(f"d.{own}")
        if own:
            return Sql(f"(SELECT o.{own} FROM resources o WHERE o.key = d.key)")
        column = _SORT_COLUMNS.get(sort.type, "high" if sort.descending else "low")
        extreme = "max" if sort.descending else "min"
        parameters = among("o.parameter", self._symbols.parameters(types, sort.parameter))
        rows = f"{by_key(sort.type, 'o')} WHERE o.key = d.key AND {parameters.text}"
        text = f"(SELECT {extreme}(o.{column}) FROM {rows})"
        return Sql(text, parameters.values)

    def _snapshot(self, query: SearchQuery, rows: Sequence[Any]) -> int:
        if query.page:
            return query.page.snapshot
        if rows:
            return int(rows[0][_WIDTH])
        (sequence,) = self._connection.execute("SELECT ifnull(max(sequence), 0) FROM versions").fetchone()
        return int(sequence)

    def _total(self, source: Source, query: SearchQuery, rows: Sequence[Any], snapshot: int) -> int:
        if query.page is None and 0 < query.count >= len(rows):
            return len(rows)
        older = Sql("d.key <= ?", (snapshot,))
        return self._count(source.narrowed(older).select(f"{_distinct(source)} d.key"))

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
            SELECT {VERSION_COLUMNS} FROM ({keys.text} ORDER BY k LIMIT ?) p {_LOOK_UP} ORDER BY k"""
        return stored(self._symbols, self._connection.execute(text, (*keys.values, limit)))


def _distinct(source: Source) -> str:
    return "" if source.unique else "DISTINCT"


def _order(sorts: Sequence[Sort]) -> str:
    """Missing values last in both directions, and the first sequence at the end."""
    terms = []
    for place, sort in enumerate(sorts):
        if sort.parameter not in _OWN_COLUMNS:
            terms.append(f"s{place} IS NULL")
        terms.append(f"s{place} DESC" if sort.descending else f"s{place}")
    return ", ".join([*terms, "k"])


def _after(sorts: Sequence[Sort], after: SortKey) -> Sql:
    """What comes behind a sort key, in the order of `_order`."""
    condition = Sql("k > ?", (after[-1],))
    for place, sort in reversed(list(enumerate(sorts))):
        column, value = f"s{place}", after[place]
        if value is None:
            condition = all_of([Sql(f"{column} IS NULL"), condition])
            continue
        further, no_further = ("<", "<=") if sort.descending else (">", ">=")
        behind = any_of(
            [Sql(f"{column} {further} ?", (value,)), all_of([Sql(f"{column} = ?", (value,)), condition])]
        )
        if sort.parameter in _OWN_COLUMNS:
            # Said once more in the form that an index can seek.
            condition = all_of([Sql(f"{column} {no_further} ?", (value,)), behind])
        else:
            condition = any_of([Sql(f"{column} IS NULL"), behind])
    return condition
