"""The statements that can answer one query, each built when it is first needed.

Which of them run is decided for every search from the data, so a plan stays valid: a repeated search finds
its statements ready.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, TypeVar

from fhir_server.search.ast import SearchQuery
from fhir_server.store.sqlite.compiler import Compiler
from fhir_server.store.sqlite.pages import bounds_sort, ordered_sources, page, sort_bound, up_to
from fhir_server.store.sqlite.row_sources import Candidate, RowSource
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols

T = TypeVar("T")

FIRST_ROWS = 512
"""Rows of an index in sort order that are tried first, before any other way to read the page."""

SORT_BOUND = object()
"""Placeholder among the values of a statement for the sort value at which it stops page_plan."""


class PagePlan(NamedTuple):
    """A row source of matches, and the statement that reads the page from it.

    `sort_bound` reads the sort value of the row `FIRST_ROWS` rows on, and `bounded_page` is the page up to
    that value; both None if the source has no order.
    """

    source: RowSource
    page: Sql
    sort_bound: Sql | None = None
    bounded_page: Sql | None = None


class SingleStatement(NamedTuple):
    """One statement that most likely returns the whole page; `is_all` if it returns every match in any case.
    `watermark` is that of the oldest data by which it was chosen.
    """

    page: Sql
    is_all: bool
    watermark: int


class Plan:
    """The statements for one query. Each page has one extra row, which shows whether another page follows."""

    def __init__(self, query: SearchQuery, compiler: Compiler, symbols: Symbols) -> None:
        self.query = query
        self._compiler = compiler
        self._symbols = symbols
        self._provisional_answers = 0
        self.single_statement: SingleStatement | None = None
        self._page_plans: dict[int | None, PagePlan] = {}

    def is_valid(self) -> bool:
        """Whether everything built so far is valid for any data."""
        return not self._compiler.is_data_dependent and not self._provisional_answers

    def _build(self, build: Callable[[], T]) -> T:
        """Call `build`, and count the answers about symbols in it that may change."""
        before = self._symbols.provisional_answers
        result = build()
        self._provisional_answers += self._symbols.provisional_answers - before
        return result

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The sources that the clauses offer, the best ranks first."""
        return self._build(lambda: self._compiler.candidates(self.query.types, self.query.where))

    @cached_property
    def unsorted(self) -> list[Candidate]:
        """The candidates whose rows would have to be sorted: all but those on the date that is sorted by."""
        first = self.query.sort[0]
        return [one for one in self.candidates if not bounds_sort(one[1][0], first)]

    def page_plan(self, candidate: Candidate | None) -> PagePlan:
        """The matches of the query by one of the candidates, or by a scan of all resources of the types."""
        key = None if candidate is None else id(candidate)
        found = self._page_plans.get(key)
        if found is None:
            found = self._build(lambda: self._page_plan(self._source(candidate)))
            self._page_plans[key] = found
        return found

    def _source(self, candidate: Candidate | None) -> RowSource:
        types, where = self.query.types, self.query.where
        if candidate is None:
            return self._compiler.narrowed(self._compiler.walk(types), types, where)
        return self._compiler.satisfying(candidate, types, where)

    @cached_property
    def ordered(self) -> list[PagePlan]:
        """Page plans that, one after the other, give the matches in the order of the first sort key. Empty if
        no index has that order.
        """
        return self._build(self._walks)

    def _walks(self) -> list[PagePlan]:
        query = self.query
        return [
            self._walk(rows, matching)
            for rows, matching in ordered_sources(self._compiler, self._symbols, query)
            if not (rows.order and query.page and query.page.after[0] is None)
        ]

    def _walk(self, rows: RowSource, matching: RowSource) -> PagePlan:
        page_plan = self._page_plan(matching)
        if rows.order is None:
            return page_plan
        near = self._page_plan(up_to(matching, self.query.sort[0], SORT_BOUND))
        return page_plan._replace(sort_bound=sort_bound(rows, self.query, FIRST_ROWS), bounded_page=near.page)

    def _page_plan(self, source: RowSource) -> PagePlan:
        return PagePlan(source, page(source, self.query, self._symbols, self.query.count + 1))
