"""The statements that answer one query, each put together when it is first needed.

Which of them are run is decided every time by a look at the data, so that a plan lasts: a search that is
asked again finds its statements ready.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, TypeVar

from fhir_server.search.ast import SearchQuery
from fhir_server.store.sqlite.compiler import Compiler
from fhir_server.store.sqlite.pages import bounds_sort, horizon, ordered_sources, page, up_to
from fhir_server.store.sqlite.row_sources import Candidate, RowSource
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols

T = TypeVar("T")

WALKED = 512
"""Rows of an index that are read in the order wanted before anything else is tried."""

HORIZON = object()
"""Stands among the values of a statement for the sort value up to which it reads."""


class Reading(NamedTuple):
    """A source of matches, and the statement of the page that it gives.

    `horizon` finds the sort value `WALKED` rows on, and `within` is the page as far as that; None where the
    source has no order.
    """

    source: RowSource
    page: Sql
    horizon: Sql | None = None
    within: Sql | None = None


class Likely(NamedTuple):
    """A statement that most likely gives the whole page; `is_all` where there are no matches besides in any
    case. `seen` is the watermark of the looks at the data by which it was chosen.
    """

    page: Sql
    is_all: bool
    seen: int


class Plan:
    """How one query may be answered; every page has one row more, to know whether another follows."""

    def __init__(self, query: SearchQuery, compiler: Compiler, symbols: Symbols) -> None:
        self.query = query
        self._compiler = compiler
        self._symbols = symbols
        self._open_answers = 0
        self.likely: Likely | None = None
        self._readings: dict[int | None, Reading] = {}

    def is_lasting(self) -> bool:
        """Whether what was put together so far is right for any data."""
        return not self._compiler.is_data_dependent and not self._open_answers

    def _put_together(self, what: Callable[[], T]) -> T:
        """What is put together with the symbols that there are now."""
        before = self._symbols.open_answers
        made = what()
        self._open_answers += self._symbols.open_answers - before
        return made

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The sources that the clauses offer, the best ranks first."""
        return self._put_together(lambda: self._compiler.candidates(self.query.types, self.query.where))

    @cached_property
    def unsorted(self) -> list[Candidate]:
        """Those whose rows would have to be sorted, as they are not of the date that is sorted by."""
        first = self.query.sort[0]
        return [one for one in self.candidates if not bounds_sort(one[1][0], first)]

    def reading(self, candidate: Candidate | None) -> Reading:
        """What satisfies the query, by one of the candidates; without one, by all resources of the types."""
        key = None if candidate is None else id(candidate)
        found = self._readings.get(key)
        if found is None:
            found = self._put_together(lambda: self._reading(self._source(candidate)))
            self._readings[key] = found
        return found

    def _source(self, candidate: Candidate | None) -> RowSource:
        types, where = self.query.types, self.query.where
        if candidate is None:
            return self._compiler.narrowed(self._compiler.walk(types), types, where)
        return self._compiler.satisfying(candidate, types, where)

    @cached_property
    def ordered(self) -> list[Reading]:
        """One after the other these give the matches in the order of the first sort key. Empty where no index
        has that order.
        """
        return self._put_together(self._walks)

    def _walks(self) -> list[Reading]:
        query = self.query
        return [
            self._walk(rows, matching)
            for rows, matching in ordered_sources(self._compiler, self._symbols, query)
            if not (rows.order and query.page and query.page.after[0] is None)
        ]

    def _walk(self, rows: RowSource, matching: RowSource) -> Reading:
        reading = self._reading(matching)
        if rows.order is None:
            return reading
        near = self._reading(up_to(matching, self.query.sort[0], HORIZON))
        return reading._replace(horizon=horizon(rows, self.query, WALKED), within=near.page)

    def _reading(self, source: RowSource) -> Reading:
        return Reading(source, page(source, self.query, self._symbols, self.query.count + 1))
