"""Runs search queries: the page, its total, and its included resources.

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
from fhir_server.store.sqlite.plan import SORT_BOUND, PagePlan, Plan, SingleStatement
from fhir_server.store.sqlite.planner_cache import PlannerCache
from fhir_server.store.sqlite.row_sources import Candidate
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols
from fhir_server.store.sqlite.versions import VERSION_COLUMNS, stored_resources

ESTIMATE_MIN = 2_000
"""The least number of matches whose estimate may be inexact."""

SORTED_MAX = 2_048
"""The most matches that are sorted for every page; more are read in the order of an index, if one has it."""

CACHED_PLANS_MAX = 256
"""Plans that a connection caches, each of some kilobytes."""


class SqliteSearch:
    """Searches over one connection."""

    def __init__(self, connection: sqlite3.Connection, symbols: Symbols) -> None:
        self._connection = connection
        self._symbols = symbols
        self._lookup_cache = LookupCache(symbols)
        self._planner_cache = PlannerCache(connection)
        self._plans: dict[int, Plan] = {}

    def search(self, query: SearchQuery) -> SearchResult:
        """One page. Its cost depends only on its size if an index gives the matches in order."""
        self._planner_cache.begin_search()
        known = self._lookup_cache.page(query)
        found = self._run_page(known) if known else self._page(self._plan(query))[0]
        total = None if query.total == "none" else self._total(query, found)
        return _result(query, found, total)

    def by_identifier(self, query: SearchQuery) -> SearchResult | None:
        """The page of a search by identifier, if its statement is cached and one page holds all matches,
        which also gives the total; else None.
        """
        known = self._lookup_cache.page(query)
        if known is None or not _seeks_identifier(query):
            return None
        self._planner_cache.begin_search()
        found = self._run_page(known)
        if len(found.matches) > query.count:
            return None
        return _result(query, found, None if query.total == "none" else len(found.matches))

    def by_one_statement(self, query: SearchQuery) -> SearchResult | None:
        """The page, if a single statement gives all of it and nothing waits to be indexed; else None.

        A transaction around several statements takes as long as reading ten resources.
        """
        if query.total != "none":
            return None
        single = self._single_statement(query)
        if single is None:
            return None
        found = self._run_page(single.page)
        self._planner_cache.set_watermark(found.watermark)
        is_whole = single.is_all or len(found.matches) > query.count
        if found.is_behind or not is_whole or not self._planner_cache.is_fresh(single.watermark):
            return None
        return _result(query, found, None)

    def _single_statement(self, query: SearchQuery) -> SingleStatement | None:
        """The statement that most likely gives the page of a query that came before; None for others."""
        plan = self._plans.get(id(query))
        if plan is None or plan.query is not query:
            return None
        if plan.single_statement is None or not self._planner_cache.is_fresh(plan.single_statement.watermark):
            self._planner_cache.track_oldest()
            page, is_all = self._first_page(plan)
            watermark = self._planner_cache.oldest
            # An answer that is only provisional may have changed when the statement runs.
            plan.single_statement = (
                SingleStatement(page, is_all, watermark) if page and plan.is_valid() else None
            )
        return plan.single_statement

    def _first_page(self, plan: Plan) -> tuple[Sql | None, bool]:
        """The first of the statements that give a page, and whether it gives the whole page."""
        if not plan.query.sort:
            return self._best(plan).page, True
        few = self._smaller(plan.unsorted, row_sources.FEW)
        if few is not None:
            return plan.page_plan(few).page, True
        page, is_all = self._bounded_page(plan.ordered[0]) if plan.ordered else (None, False)
        return page, is_all and len(plan.ordered) == 1

    def _plan(self, query: SearchQuery) -> Plan:
        """The plan for a query, cached by identity: callers that repeat a query keep its object, and
        comparing queries would take longer than recognising it.
        """
        cached = self._plans.get(id(query))
        if cached is not None and cached.query is query and cached.is_valid():
            return cached
        compiler = Compiler(self._symbols, self._returns_rows, query.visibility)
        plan = Plan(query, compiler, self._symbols)
        if query.page is None:
            if len(self._plans) >= CACHED_PLANS_MAX:
                self._plans.clear()
            self._plans[id(query)] = plan
        return plan

    def _page(self, plan: Plan) -> tuple[PageResult, Sequence[PagePlan]]:
        """The page, and the page plans by which it was read."""
        if plan.query.sort:
            few = self._smaller(plan.unsorted, row_sources.FEW)
            near = self._page_of_first_rows(plan) if few is None else None
            if near is not None:
                return near, plan.ordered
            few = few or self._smaller(plan.candidates, SORTED_MAX)
            if few is None and plan.ordered:
                return self._read(plan.ordered, plan.query.count), plan.ordered
            page_plans = [self._best(plan) if few is None else plan.page_plan(few)]
            return self._read(page_plans, plan.query.count), page_plans
        page_plans = [self._best(plan)]
        self._lookup_cache.remember(plan.query, page_plans[0].page)
        return self._read(page_plans, plan.query.count), page_plans

    def _best(self, plan: Plan) -> PagePlan:
        place = row_sources.best(plan.candidates, self._returns_rows)
        return plan.page_plan(None if place is None else plan.candidates[place])

    def _smaller(self, found: Sequence[Candidate], limit: int) -> Candidate | None:
        place = row_sources.smaller(found, limit, self._returns_rows)
        return None if place is None else found[place]

    def _read(self, page_plans: Sequence[PagePlan], count: int) -> PageResult:
        """The page, from one page plan after the other, with one extra match if another page follows."""
        found = self._run_page(page_plans[0].page)
        for page_plan in page_plans[1:]:
            if len(found.matches) <= count:
                found = found.and_then(self._up_to(page_plan.page, count + 1 - len(found.matches)))
        return found

    def _page_of_first_rows(self, plan: Plan) -> PageResult | None:
        """The page, if the first rows of an index in sort order give all of it; else None."""
        found: PageResult | None = None
        count = plan.query.count
        for page_plan in plan.ordered:
            near, is_all = self._bounded_page(page_plan)
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

    def _bounded_page(self, page_plan: PagePlan) -> tuple[Sql | None, bool]:
        """The statement for the page among the first rows of an index in sort order, and whether these are
        all rows. None if the page plan has no order.
        """
        if page_plan.sort_bound is None or page_plan.bounded_page is None:
            return None, False
        bound = self._planner_cache.first_row(page_plan.sort_bound)
        return (
            (page_plan.page, True)
            if bound is None
            else (_with_sort_bound(page_plan.bounded_page, bound[0]), False)
        )

    def _up_to(self, page: Sql, wanted: int) -> PageResult:
        """The first `wanted` matches of a page."""
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
        """The number of keys; None if it exceeds the limit, where counting stops."""
        found = self._count(Sql(f"{keys.text} LIMIT ?", (*keys.values, limit + 1)))
        return found if found <= limit else None

    def _estimate(self, keys: Sql, snapshot: int) -> int:
        """The number of keys: exact for a few, else extrapolated from the density of the first ones."""
        text = f"SELECT count(*), max(key) FROM (SELECT key FROM ({keys.text}) ORDER BY key LIMIT ?)"
        found, last = self._connection.execute(text, (*keys.values, ESTIMATE_MIN)).fetchone()
        return int(found if found < ESTIMATE_MIN else max(found, found * snapshot // last))

    def explain(self, query: SearchQuery) -> Explanation:
        """The matches of each clause, counted one by one, and SQLite's plan for the page."""
        self._planner_cache.begin_search()
        compiler = Compiler(self._symbols, self._returns_rows, query.visibility)
        page_plans = self._page(Plan(query, compiler, self._symbols))[1]
        drivers = [page_plan.source.given_by for page_plan in page_plans]
        uses = [
            ClauseUse(
                self._found(compiler, query, (clause,)),
                self._found(compiler, query, query.where[: place + 1]),
                any(driver is part for driver in drivers for part in conjuncts((clause,))),
            )
            for place, clause in enumerate(query.where)
        ]
        steps = tuple(step for page_plan in page_plans for step in self._steps(page_plan.page))
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
        """The number of rows of a SELECT."""
        found = self._connection.execute(f"SELECT count(*) FROM ({select.text})", select.values)
        return int(found.fetchone()[0])

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        """Living resources by `_include` or `_revinclude`, oldest first, without the given ones."""
        keys = included_keys(self._symbols, resources, include)
        text = f"""
            SELECT {VERSION_COLUMNS} FROM ({keys.text} ORDER BY k LIMIT ?) p {LOOK_UP} ORDER BY k"""
        return stored_resources(self._symbols, self._connection.execute(text, (*keys.values, limit)))


def _seeks_identifier(query: SearchQuery) -> bool:
    """Whether one of the conditions is an identifier."""
    for clause in query.where:  # noqa: SIM110 - a loop takes a third of the time
        if type(clause) is Match and clause.parameter == "identifier":
            return True
    return False


def _result(query: SearchQuery, found: PageResult, total: int | None) -> SearchResult:
    """The search result for a page."""
    following = None
    if len(found.matches) > query.count > 0:
        following = found.sort_key(query.count - 1, len(query.sort))
    snapshot = _snapshot(query, found.watermark)
    return SearchResult(tuple(found.matches[: query.count]), total, snapshot, following, found.generation)


def _snapshot(query: SearchQuery, watermark: int) -> int:
    """The watermark of the first page of a search, to which all its pages are limited."""
    return query.page.snapshot if query.page else watermark


def _with_sort_bound(page: Sql, bound: Any) -> Sql:
    """The statement with its sort bound filled in."""
    return Sql(page.text, tuple([bound if value is SORT_BOUND else value for value in page.values]))
