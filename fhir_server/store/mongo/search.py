"""Runs search queries: the page, its total, and its included resources.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_server.search.ast import Clause, Include, Page, SearchQuery
from fhir_server.search.nesting import conjuncts
from fhir_server.store.mongo.collections import CLOCK, Document, SessionView
from fhir_server.store.mongo.compiler import living
from fhir_server.store.mongo.filters import Filter, all_of
from fhir_server.store.mongo.includes import included_stages
from fhir_server.store.mongo.pages import clock_stages, key_of, page_stages
from fhir_server.store.mongo.reference_resolver import ReferenceResolver, TooManyToList
from fhir_server.store.mongo.versions import OWN, all_stored
from fhir_server.store.port import ClauseUse, Explanation, SearchResult, StoredResource

ESTIMATE_MIN = 2_000
"""The least number of matches whose estimate may be inexact."""

_INNER_PLANS = ("queryPlan", "winningPlan", "shards", "inputStage", "inputStages")
"""The fields with the inner plans of a plan, for each query engine and for sharded clusters."""


class MongoSearch:
    """Searches in one view. A transaction knows its `sequence`; otherwise it is read with the page."""

    def __init__(self, view: SessionView, sequence: int | None = None) -> None:
        self._view = view
        self._sequence = sequence

    def search(self, query: SearchQuery) -> SearchResult:
        """One page. It takes one query for the page, one for the total, and one for each hop of a chain."""
        resolver = ReferenceResolver(self._view, query.visibility)
        try:
            found = resolver.filter(query.where, query.types)
        except TooManyToList:
            found = None
        rows = self._rows(query, found) if found is not None else self._rows_by_batch(query, resolver)
        matches = all_stored(rows[: query.count])
        more = len(rows) > query.count > 0
        following = key_of(rows[query.count - 1], query.sort) if more else None
        snapshot = self._snapshot(query)
        total = None if query.total == "none" else self._total(query, rows, found, resolver, snapshot)
        return SearchResult(matches, total, snapshot, following)

    def _rows(self, query: SearchQuery, found: Filter) -> list[Any]:
        """The rows of a page, and one more if another page follows."""
        if query.count == 0:
            return []
        stages = page_stages(found, query.sort, query.page, query.count + 1)
        if query.page is None and self._sequence is None:
            rows = self._view.aggregate([*stages, *clock_stages(query.sort)])
            (self._sequence,) = (int(row["s"]) for row in rows if row["_id"] == CLOCK)
            return [row for row in rows if row["_id"] != CLOCK]
        return self._view.aggregate(stages)

    def _snapshot(self, query: SearchQuery) -> int:
        if query.page:
            return query.page.snapshot
        if self._sequence is None:
            self._sequence = int(self._view.clock()["s"])
        return self._sequence

    def _total(
        self,
        query: SearchQuery,
        rows: Sequence[Any],
        found: Filter | None,
        resolver: ReferenceResolver,
        snapshot: int,
    ) -> int | None:
        if query.page is None and 0 < query.count >= len(rows):
            return len(rows)
        limit = query.total_max if query.total == "bounded" else None
        if found is None:
            counted = self._count(query.where, query.types, resolver, snapshot, limit)
        else:
            asked = all_of([found, {"f": {"$lte": snapshot}}])
            if query.total == "estimate":
                return self._estimate(asked, snapshot)
            counted = self._view.count(asked, None if limit is None else limit + 1)
        return counted if limit is None or counted <= limit else None

    def _estimate(self, found: Filter, snapshot: int) -> int:
        """The number of matches: exact for a few, else extrapolated from the density of the first ones."""
        stages: list[dict[str, Any]] = [
            {"$match": found},
            {"$sort": {"f": 1}},
            {"$limit": ESTIMATE_MIN},
            {"$group": {"_id": None, "n": {"$sum": 1}, "last": {"$max": "$f"}}},
        ]
        for row in self._view.aggregate(stages):
            exact = row["n"] < ESTIMATE_MIN
            return int(row["n"] if exact else max(row["n"], row["n"] * snapshot // row["last"]))
        return 0

    def _rows_by_batch(self, query: SearchQuery, resolver: ReferenceResolver) -> list[Any]:
        """The rows of a page whose filter would list too many resources: read candidates batch by batch."""
        base, page = _base_filter(query.where, query.types, resolver), query.page
        rows: list[Any] = []
        wanted = query.count + 1 if query.count else 0
        while len(rows) < wanted:
            stages = page_stages(base, query.sort, page, resolver.listed_max, bodies=False)
            batch = self._view.aggregate(stages)
            matching = self._matching_of(query, resolver, [row["_id"] for row in batch])
            rows += [row for row in batch if row["_id"] in matching]
            if len(batch) < resolver.listed_max:
                break
            page = Page(page.snapshot if page else 2**62, key_of(batch[-1], query.sort))
        return self._with_bodies(rows[:wanted])

    def _matching_of(self, query: SearchQuery, resolver: ReferenceResolver, batch: list[str]) -> set[str]:
        if not batch:
            return set()
        return set(self._view.ids(resolver.exactly(batch, query.where, query.types), len(batch)))

    def _with_bodies(self, rows: list[Any]) -> list[Any]:
        whole = {
            document["_id"]: document for document in self._view.documents([row["_id"] for row in rows], OWN)
        }
        return [{**whole[row["_id"]], **row} for row in rows]

    def _count(
        self,
        where: Sequence[Clause],
        types: Sequence[str],
        resolver: ReferenceResolver,
        snapshot: int,
        limit: int | None = None,
    ) -> int:
        """The number of matches, counted batch by batch if the filter would list too many resources. Counting
        stops once the number exceeds the limit.
        """
        bound: Filter = {"f": {"$lte": snapshot}}
        try:
            return self._view.count(all_of([resolver.filter(where, types), bound]))
        except TooManyToList:
            base = all_of([_base_filter(where, types, resolver), bound])
        counted = 0
        for batch in resolver.batches(base):
            counted += self._view.count(resolver.exactly(batch, where, types))
            if limit is not None and counted > limit:
                break
        return counted

    def explain(self, query: SearchQuery) -> Explanation:
        """The matches of each clause, counted one by one, and the database's plan for the page."""
        resolver = ReferenceResolver(self._view, query.visibility)
        snapshot = self._snapshot(query)

        def found(clauses: Sequence[Clause]) -> int:
            return self._count(clauses, query.types, resolver, snapshot)

        where = query.where
        uses = [ClauseUse(found((clause,)), found(where[: place + 1])) for place, clause in enumerate(where)]
        return Explanation(found(()), tuple(uses), tuple(self._steps(query, resolver)))

    def _steps(self, query: SearchQuery, resolver: ReferenceResolver) -> Iterator[str]:
        collections = self._view.collections
        search = {
            "find": collections.resources.name,
            "filter": _base_filter(query.where, query.types, resolver),
        }
        # The driver's own `explain` would execute every plan.
        plan = collections.database.command("explain", search, verbosity="queryPlanner")
        yield from _stages(plan["queryPlanner"])

    def included(
        self, resources: Sequence[StoredResource], include: Include, limit: int
    ) -> tuple[StoredResource, ...]:
        """Living resources by `_include` or `_revinclude`, oldest first, without the given ones."""
        return all_stored(self._view.aggregate(included_stages(resources, include, limit)))


def _base_filter(where: Sequence[Clause], types: Sequence[str], resolver: ReferenceResolver) -> Filter:
    """A filter that all matches satisfy, without the clauses that would list too many resources."""
    parts = [resolver.filter_if_listable(clause, types) for clause in conjuncts(where)]
    return all_of([living(types), *parts])


def _stages(plan: Document) -> Iterator[str]:
    """The steps of a plan, from last to first."""
    index = plan.get("indexName")
    stage = plan.get("stage")
    if stage:
        yield f"{stage} {index}" if index else str(stage)
    for name in _INNER_PLANS:
        inner = plan.get(name, ())
        for step in inner if isinstance(inner, list) else [inner] if inner else ():
            yield from _stages(step)
