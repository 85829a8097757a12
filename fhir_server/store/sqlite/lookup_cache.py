"""Caches the SQL of look-ups: searches by one value of one token, reference or uri parameter, unsorted.

Most searches of clients are look-ups, and building their SQL costs more than running it.
"""

from msgspec import Struct

from fhir_server.search.ast import Match, ReferenceValue, SearchQuery, TokenValue, UriValue, Value
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols

Shape = tuple[tuple[str, ...], str, type[Value], bool]
"""Types, parameter, the class of the value, and whether it has a system."""

_SHAPES_MAX = 1_000
_PAGES_MAX = 4_096


class Lookup(Struct, frozen=True):
    """The SQL of a look-up, and the symbol of its parameter, which never changes."""

    text: str
    parameter: int


class LookupCache:
    """Look-ups by shape, for one connection."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._lookups: dict[Shape, Lookup] = {}
        self._pages: dict[int, tuple[SearchQuery, Sql]] = {}

    def page(self, query: SearchQuery) -> Sql | None:
        """The statement for a query whose shape is cached; None for any other.

        A query object that comes again has its statement cached by identity: its symbols never change.
        """
        cached = self._pages.get(id(query))
        if cached is not None and cached[0] is query:
            return cached[1]
        page = self._page(query)
        if page is not None:
            if len(self._pages) >= _PAGES_MAX:
                self._pages.clear()
            self._pages[id(query)] = query, page
        return page

    def _page(self, query: SearchQuery) -> Sql | None:
        match = _only_match(query)
        lookup = self._lookups.get(_shape(query, match)) if match else None
        if match is None or lookup is None:
            return None
        cells = self._cells(match.values[0])
        return None if cells is None else Sql(lookup.text, (lookup.parameter, *cells, query.count + 1))

    def remember(self, query: SearchQuery, page: Sql) -> None:
        """Cache the SQL of a page if it is a look-up whose value and parameter all have symbols.

        The SQL for a parameter or system without a symbol, by which nothing is indexed yet, has no
        placeholder for the symbol.
        """
        match = _only_match(query)
        if match is None or len(self._lookups) >= _SHAPES_MAX:
            return
        cells = self._cells(match.values[0])
        parameter = self._symbols.parameter(query.types[0], match.parameter)
        if cells is not None and parameter is not None and page.values[:-1] == (parameter, *cells):
            self._lookups[_shape(query, match)] = Lookup(page.text, parameter)

    def _cells(self, value: Value) -> tuple[str | int, ...] | None:
        """The values to compare cells with, in the order of `conditions`; None if a symbol is missing."""
        if isinstance(value, TokenValue) and value.code is not None:
            if value.system is None:
                return (value.code,)
            symbol = self._symbols.system(value.system)
            return None if symbol is None else (value.code, symbol)
        if isinstance(value, ReferenceValue) and value.type is not None and value.version is None:
            symbol = self._symbols.type(value.type)
            return None if symbol is None else (value.target, symbol)
        return (value.value,) if isinstance(value, UriValue) else None


def _only_match(query: SearchQuery) -> Match | None:
    """The only criterion of a query that has nothing else to it, else None."""
    if len(query.where) != 1 or len(query.types) != 1 or query.sort or query.page or query.visibility:
        return None
    match = query.where[0]
    if not isinstance(match, Match) or match.modifier is not None or len(match.values) != 1:
        return None
    return None if match.parameter in ("_id", "_lastUpdated") else match


def _shape(query: SearchQuery, match: Match) -> Shape:
    value = match.values[0]
    has_system = isinstance(value, TokenValue) and value.system is not None
    return query.types, match.parameter, type(value), has_system
