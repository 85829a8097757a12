"""The SQL of look-ups, remembered: one value of one token, reference or uri parameter, in the order of keys.

They are most of what clients ask, and putting their text together costs more than running it.
"""

from msgspec import Struct

from fhir_server.search.ast import Match, ReferenceValue, SearchQuery, TokenValue, UriValue, Value
from fhir_server.store.sqlite.sql import Sql
from fhir_server.store.sqlite.symbols import Symbols

Shape = tuple[tuple[str, ...], str, type[Value], bool]
"""Types, parameter, the kind of value, and whether it has a system."""

_SHAPES_MAX = 1_000
_PAGES_MAX = 4_096


class Lookup(Struct, frozen=True):
    """The text of a statement, and the symbol of its parameter, which never changes."""

    text: str
    parameter: int


class Lookups:
    """Look-ups by shape, for one connection."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._known: dict[Shape, Lookup] = {}
        self._pages: dict[int, tuple[SearchQuery, Sql]] = {}

    def page(self, query: SearchQuery) -> Sql | None:
        """The statement for a query whose shape is remembered; None for any other.

        Who asks again has kept the query, and with it the statement is known: its symbols never change.
        """
        kept = self._pages.get(id(query))
        if kept is not None and kept[0] is query:
            return kept[1]
        page = self._page(query)
        if page is not None:
            if len(self._pages) >= _PAGES_MAX:
                self._pages.clear()
            self._pages[id(query)] = query, page
        return page

    def _page(self, query: SearchQuery) -> Sql | None:
        match = _only_match(query)
        known = self._known.get(_shape(query, match)) if match else None
        if match is None or known is None:
            return None
        cells = self._cells(match.values[0])
        return None if cells is None else Sql(known.text, (known.parameter, *cells, query.count + 1))

    def remember(self, query: SearchQuery, page: Sql) -> None:
        """Keep the text of a page, if it is that of a look-up whose values and parameter are all known.

        One that nothing is indexed by yet has no symbol: its text has no place for the symbol to come.
        """
        match = _only_match(query)
        if match is None or len(self._known) >= _SHAPES_MAX:
            return
        cells = self._cells(match.values[0])
        parameter = self._symbols.parameter(query.types[0], match.parameter)
        if cells is not None and parameter is not None and page.values[:-1] == (parameter, *cells):
            self._known[_shape(query, match)] = Lookup(page.text, parameter)

    def _cells(self, value: Value) -> tuple[str | int, ...] | None:
        """What the value is compared with, as `conditions` orders it; None where a symbol is lacking."""
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
    """The query's only condition, where there is nothing else to it."""
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
