"""Runs search queries: the page, its total, and what goes with it by reference.

https://hl7.org/fhir/R4/search.html
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import Clause, Include, Match, SearchQuery
from fhir_server.search.nesting import conjuncts
from fhir_server.store.port import ClauseUse, Explanation, SearchResult, StoredResource
from fhir_server.store.sqlite import row_sources
from fhir_server.store.sqlite.compiler import Compiler
from fhir_server.store.sqlite.includes import included_keys
from fhir_server.store.sqlite.lookup_cache import LookupCache
from fhir_server.store.sqlite.page_result import WATERMARK, PageResult, decode_page
from fhir_server.store.sqlite.pages import LOOK_UP, keys_until
from fhir_server.store.sqlite.plan import HORIZON, Likely, Plan, Reading
from fhir_server.store.sqlite.planner_cache import PlannerCache
from fhir_server.store.sqlite.row_sources import Candidate
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols
from fhir_server.store.sqlite.versions import VERSION_COLUMNS, stored_resources

ESTIMATE_MIN = 2_000
"""Matches from which on an estimate of their number may be wrong."""

SORTED_FEW = 2_048
"""Matches that are sorted for every page; more of them are read in the order of an index, if one has it."""

PLANS_MAX = 256
"""Plans that a connection remembers, each of some kilobytes."""


class SqliteSearch:
    """Searches over one connection."""

    def __init__(self, connection: sqlite3.Connection, symbols: Symbols) -> None:
        self._connection = connection
        self._symbols = symbols
        self._lookup_cache = LookupCache(symbols)
        self._planner_cache = PlannerCache(connection)
        self._plans: dict[int, Plan] = {}

    def search(self, query: SearchQuery) -> SearchResult:
        """One page. It costs as much as the page, wherever an index gives the matches in order."""
        self._planner_cache.begin_search()
        known = self._lookup_cache.page(query)
        found = self._run_page(known) if known else self._page(self._plan(query))[0]
        total = None if query.total == "none" else self._total(query, found)
        return _result(query, found, total)

    def by_identifier(self, query: SearchQuery) -> SearchResult | None:
        """The same, if one remembered statement gives it: an identifier has few matches, so that their page
        tells the total. None where it does not.
        """
        known = self._lookup_cache.page(query) if _seeks_identifier(query) else None
        if known is None:
            return None
        self._planner_cache.begin_search()
        found = self._run_page(known)
        if len(found.matches) > query.count:
            return None
        return _result(query, found, None if query.total == "none" else len(found.matches))

    def by_one_statement(self, query: SearchQuery) -> SearchResult | None:
        """The same of a state in which nothing waits to be indexed, if one statement gives it: a transaction
        around several takes as long as to read ten resources. None where it does not.
        """
        if query.total != "none":
            return None
        likely = self._likely(query)
        if likely is None:
            return None
        found = self._run_page(likely.page)
        self._planner_cache.set_watermark(found.watermark)
        is_whole = likely.is_all or len(found.matches) > query.count
        if found.is_behind or not is_whole or not self._planner_cache.is_fresh(likely.seen):
            return None
        return _result(query, found, None)

    def _likely(self, query: SearchQuery) -> Likely | None:
        """The statement that most likely gives the page of a query that was asked before."""
        plan = self._plans.get(id(query))
        if plan is None or plan.query is not query:
            return None
        if plan.likely is None or not self._planner_cache.is_fresh(plan.likely.seen):
            self._planner_cache.track_oldest()
            page, is_all = self._first_page(plan)
            seen = self._planner_cache.oldest
            # What could be told only now may be otherwise when the statement runs.
            plan.likely = Likely(page, is_all, seen) if page and plan.is_lasting() else None
        return plan.likely

    def _first_page(self, plan: Plan) -> tuple[Sql | None, bool]:
        """The first statement of those that give a page, and whether the others give no more."""
        if not plan.query.sort:
            return self._best(plan).page, True
        few = self._smaller(plan.unsorted, row_sources.FEW)
        if few is not None:
            return plan.reading(few).page, True
        page, is_all = self._nearest(plan.ordered[0]) if plan.ordered else (None, False)
        return page, is_all and len(plan.ordered) == 1

    def _plan(self, query: SearchQuery) -> Plan:
        """The plan for a query, perhaps with its statements from the last time: who asks again has kept the
        query, and to compare it with others would take longer than to know it.
        """
        known = self._plans.get(id(query))
        if known is not None and known.query is query and known.is_lasting():
            return known
        compiler = Compiler(self._symbols, self._returns_rows, query.visibility)
        plan = Plan(query, compiler, self._symbols)
        if query.page is None:
            if len(self._plans) >= PLANS_MAX:
                self._plans.clear()
            self._plans[id(query)] = plan
        return plan

    def _page(self, plan: Plan) -> tuple[PageResult, Sequence[Reading]]:
        """What is found for the page, and how it was read."""
        if plan.query.sort:
            few = self._smaller(plan.unsorted, row_sources.FEW)
            near = self._near(plan) if few is None else None
            if near is not None:
                return near, plan.ordered
            few = few or self._smaller(plan.candidates, SORTED_FEW)
            if few is None and plan.ordered:
                return self._read(plan.ordered, plan.query.count), plan.ordered
            readings = [self._best(plan) if few is None else plan.reading(few)]
            return self._read(readings, plan.query.count), readings
        readings = [self._best(plan)]
        self._lookup_cache.remember(plan.query, readings[0].page)
        return self._read(readings, plan.query.count), readings

    def _best(self, plan: Plan) -> Reading:
        place = row_sources.best(plan.candidates, self._returns_rows)
        return plan.reading(None if place is None else plan.candidates[place])

    def _smaller(self, found: Sequence[Candidate], limit: int) -> Candidate | None:
        place = row_sources.smaller(found, limit, self._returns_rows)
        return None if place is None else found[place]

    def _read(self, readings: Sequence[Reading], count: int) -> PageResult:
        """What one reading after the other gives: one match more than the page, to know whether a page
        follows.
        """
        found = self._run_page(readings[0].page)
        for reading in readings[1:]:
            if len(found.matches) <= count:
                found = found.and_then(self._up_to(reading.page, count + 1 - len(found.matches)))
        return found

    def _near(self, plan: Plan) -> PageResult | None:
        """What is found for the page among the first rows of an index in the order wanted, if that is all."""
        found: PageResult | None = None
        count = plan.query.count
        for reading in plan.ordered:
            near, is_all = self._nearest(reading)
            if near is None:
                return None
            if found is None:
                found = self._run_page(near)
            else:
                found = found.and_then(self._up_to(near, count + 1 - len(found.matches)))
            if len(found.matches) > count:
                return found
            if not is_all:
                return None
        return found

    def _nearest(self, reading: Reading) -> tuple[Sql | None, bool]:
        """The page as far as the first rows of an index in the order wanted, and whether these are all of it.
        None where the reading has no order.
        """
        if reading.horizon is None or reading.within is None:
            return None, False
        edge = self._planner_cache.first_row(reading.horizon)
        return (reading.page, True) if edge is None else (_bound(reading.within, edge[0]), False)

    def _up_to(self, page: Sql, wanted: int) -> PageResult:
        """So many matches of a page."""
        return self._run_page(Sql(page.text, (*page.values[:-1], wanted)))

    def _run_page(self, page: Sql) -> PageResult:
        return decode_page(self._connection.execute(page.text, page.values).fetchone(), self._symbols)

    def _watermark(self) -> int:
        (sequence,) = self._connection.execute(WATERMARK).fetchone()
        return int(sequence)

    def _total(self, query: SearchQuery, found: PageResult) -> int | None:
        if query.page is None and 0 < query.count >= len(found.matches):
            return len(found.matches)
        snapshot = _snapshot(query, found.watermark)
        keys = keys_until(self._best(self._plan(query)).source, snapshot)
        if query.total == "estimate":
            return self._estimate(keys, snapshot)
        return self._bounded(query.total_max, keys) if query.total == "bounded" else self._count(keys)

    def _bounded(self, limit: int, keys: Sql) -> int | None:
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
        self._planner_cache.begin_search()
        compiler = Compiler(self._symbols, self._returns_rows, query.visibility)
        readings = self._page(Plan(query, compiler, self._symbols))[1]
        drivers = [reading.source.given_by for reading in readings]
        uses = [
            ClauseUse(
                self._found(compiler, query, (clause,)),
                self._found(compiler, query, query.where[: place + 1]),
                any(driver is part for driver in drivers for part in conjuncts((clause,))),
            )
            for place, clause in enumerate(query.where)
        ]
        steps = tuple(step for reading in readings for step in self._steps(reading.page))
        return Explanation(self._found(compiler, query, ()), tuple(uses), steps)

    def _found(self, compiler: Compiler, query: SearchQuery, clauses: Sequence[Clause]) -> int:
        source = compiler.source(query.types, clauses)
        return self._count(keys_until(source, _snapshot(query, self._watermark())))

    def _steps(self, statement: Sql) -> list[str]:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
        return [str(detail) for _, _, _, detail in rows]

    def _returns_rows(self, select: Sql) -> bool:
        return self._planner_cache.first_row(select) is not None

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
        return stored_resources(self._symbols, self._connection.execute(text, (*keys.values, limit)))


def _seeks_identifier(query: SearchQuery) -> bool:
    """Whether one of the conditions is an identifier."""
    return any(isinstance(clause, Match) and clause.parameter == "identifier" for clause in query.where)


def _result(query: SearchQuery, found: PageResult, total: int | None) -> SearchResult:
    """The page of what is found for it."""
    following = None
    if len(found.matches) > query.count > 0:
        following = found.sort_key(query.count - 1, len(query.sort))
    snapshot = _snapshot(query, found.watermark)
    return SearchResult(tuple(found.matches[: query.count]), total, snapshot, following, found.generation)


def _snapshot(query: SearchQuery, watermark: int) -> int:
    """Up to where the pages of a search go, of which this one may be a further one."""
    return query.page.snapshot if query.page else watermark


def _bound(within: Sql, edge: Any) -> Sql:
    """The page as far as the edge."""
    return Sql(within.text, tuple([edge if value is HORIZON else value for value in within.values]))
