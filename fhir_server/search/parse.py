"""Parser of search parameters, strict by default, so that a typo never widens a search.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from msgspec import Struct

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.issues import Issue
from fhir_server.search import messages
from fhir_server.search.ast import Clause, Include, SearchQuery, Sort
from fhir_server.search.clauses import ClauseParser, Criterion
from fhir_server.search.contained import containing, matching_or_containing
from fhir_server.search.escapes import is_empty
from fhir_server.search.limits import check_count, shortened
from fhir_server.search.named_queries import QUERY_PARAMETER, BoundQuery, bind_named_query
from fhir_server.search.nesting import check_nesting
from fhir_server.search.parameters import Parameters, UnknownParameter, resource_type
from fhir_server.search.result_parameters import ResultParameters, Total
from fhir_server.search.special_parameters import SPECIALS

IGNORED_HERE = ("_format", "_pretty")
"""Parameters of every interaction, not of the search."""

ONCE = ("_contained", "_containedType", "_count", "_elements", "_query", "_summary", "_total", "_type")

_OWN_WISHES = (*ONCE, "_sort")
"""Parameters with which a client overrides those of a named query."""


class ParsedSearch(Struct, frozen=True):
    """A parsed search.

    `ignored` are the issues of ignored parameters; `self_parameters` are the others, for the self link;
    `summary` and `elements` select the parts of the resources to return.
    """

    query: SearchQuery
    ignored: tuple[Issue, ...] = ()
    self_parameters: tuple[tuple[str, str], ...] = ()
    summary: str | None = None
    elements: tuple[str, ...] = ()


def parse(
    types: Sequence[str],
    parameters: Sequence[tuple[str, str]],
    *,
    registry: Registry,
    zone: ZoneInfo,
    now: int,
    lenient: bool = False,
    base_url: str = "",
    addresses: tuple[str, ...] = (),
    count_default: int = 20,
    count_max: int = 1_000,
    total_max: int = 1_000,
    holders: bool = False,
) -> ParsedSearch:
    """Parse the parameters of a search on `types`, or on all types if there are none. With `holders` they may
    use `_contained`, so that resources of any type match.

    `now`, in UTC microseconds, is what `ap` compares with. URLs below `base_url` or one of `addresses` are
    local. Without `_total`, up to `total_max` matches are counted. Raises `InvalidSearch` with every problem
    at once; if `lenient`, unknown and unsupported parameters become warnings instead.
    """
    check_count(len(parameters))
    given = [(name, value) for name, value in parameters if name not in IGNORED_HERE]
    types = _types(types, given, registry)
    common = Parameters(registry, types)
    parser = _Parser(
        common,
        ClauseParser(registry, zone, (base_url, *addresses), now, SPECIALS),
        ResultParameters(registry, common),
        lenient,
        count_max,
        holders,
    )
    parser.read(given, bind_named_query(types, given, registry))
    if parser.problems:
        raise InvalidSearch(*map(shortened, parser.problems))
    return parser.parsed(tuple(types), count_default, total_max)


def _types(types: Sequence[str], given: Iterable[tuple[str, str]], registry: Registry) -> tuple[str, ...]:
    """The types to search: those of the path, or else those of `_type`."""
    asked = [name.strip() for key, value in given if key == "_type" for name in value.split(",")]
    asked = [resource_type(registry, name, "_type") for name in asked if name]
    if types and not set(asked) <= set(types):
        text = messages.BAD_CHOICE(value=",".join(asked), parameter="_type", valid=", ".join(types))
        raise InvalidSearch.of(text, "http._type")
    return tuple(types) or tuple(dict.fromkeys(asked))


@dataclass(slots=True)
class _Parser:
    """Parses one parameter after another and collects the results."""

    common: Parameters
    clauses: ClauseParser
    results: ResultParameters
    lenient: bool
    count_max: int
    holders: bool
    where: list[Clause] = field(default_factory=list)
    sort: tuple[Sort, ...] = ()
    includes: list[Include] = field(default_factory=list)
    contained: str = "false"
    count: int | None = None
    total: Total | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()
    problems: list[Issue] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)
    understood: list[tuple[str, str]] = field(default_factory=list)

    def read(self, given: Sequence[tuple[str, str]], query: BoundQuery | None) -> None:
        names = [name for name, _ in given]
        for name in ONCE:
            if names.count(name) > 1:
                text = messages.GIVEN_TWICE(parameter=name, count=names.count(name))
                self.problems.append(Issue("error", "invalid", text, (f"http.{name}",)))
        for pair in given:
            if query and (pair[0] == QUERY_PARAMETER or pair in query.own):
                self.understood.append(pair)
            else:
                self._read(*pair)
        if query:
            self._read_named(query, names)
        if self.summary == "text" and self.includes:
            given_as = "_revinclude" if self.includes[0].reverse else "_include"
            text = messages.INCLUDE_WITH_SUMMARY_TEXT(parameter=given_as)
            self.problems.append(Issue("error", "invalid", text, ("http._summary",)))

    def _read_named(self, query: BoundQuery, given: Sequence[str]) -> None:
        """Parse the parameters of a named query; the client's own result parameters override its."""
        understood = list(self.understood)
        for name, value in query.criteria():
            if name not in _OWN_WISHES or name not in given:
                self._read(name, value)
        self.understood = understood

    def _read(self, name: str, value: str) -> None:
        """Parse one parameter, or ignore it if it has no value, as R4 requires."""
        place = (f"http.{name}",)
        if is_empty(value):
            text = messages.EMPTY_PARAMETER(parameter=name)
            self.ignored.append(Issue("information", "informational", text, place))
            return
        try:
            self._take(name, value)
        except UnknownParameter as error:
            if self.lenient:
                text = messages.IGNORED(reason=error.text)
                self.ignored.append(Issue("warning", error.code, text, place))
            else:
                self.problems.append(Issue("error", error.code, error.text, place))
        except InvalidSearch as error:
            self.problems += [replace(issue, expression=place) for issue in error.issues]
        else:
            self.understood.append((name, str(self.count) if name == "_count" else value))

    def _take(self, name: str, value: str) -> None:
        base, colon, modifier = name.partition(":")
        taker = _TAKERS.get(base)
        if taker is not None:
            if colon and taker is not _Parser._take_include:
                raise InvalidSearch.of(messages.NO_MODIFIER(parameter=base, modifier=modifier))
            taker(self, name, value)
        else:
            clause = self.clauses.clause(self.common, Criterion(name, value, name, place=len(self.where)))
            check_nesting(clause, name)
            self.where.append(clause)

    def _take_contained(self, _name: str, value: str) -> None:
        self.contained = self.results.contained(value)
        if self.contained != "false" and not self.holders:
            raise InvalidSearch.of(messages.CONTAINED_IN_SEARCHES(value=value))

    def _take_contained_type(self, name: str, value: str) -> None:
        if value != "container":
            raise UnknownParameter(messages.CONTAINERS_ALONE(parameter=f"{name}={value}"))

    def _take_count(self, _name: str, value: str) -> None:
        self.count = self.results.count(value, self.count_max)

    def _take_elements(self, _name: str, value: str) -> None:
        self.elements = self.results.elements(value)

    def _take_include(self, name: str, value: str) -> None:
        self.includes += self.results.includes(name, value)

    def _take_sort(self, _name: str, value: str) -> None:
        self.sort = self.results.sort(value, self.sort)

    def _take_summary(self, _name: str, value: str) -> None:
        self.summary = self.results.summary(value)

    def _take_total(self, _name: str, value: str) -> None:
        self.total = self.results.total(value)

    def _take_total_method(self, _name: str, value: str) -> None:
        self.total = self.total or self.results.total_by(value)

    def parsed(self, types: tuple[str, ...], count_default: int, total_max: int) -> ParsedSearch:
        """The parsed search. `_count=0` and `_summary=count` both ask for the total alone."""
        counting = self.count == 0 or self.summary == "count"
        where, sort = tuple(self.where), self.sort
        if self.contained != "false":
            clause = (
                matching_or_containing(types, where) if self.contained == "both" else containing(types, where)
            )
            check_nesting(clause, "_contained")
            types, where, sort = (), (clause,), tuple(replace(key, single=False) for key in sort)
        query = SearchQuery(
            types=types,
            where=where,
            sort=sort,
            includes=tuple(dict.fromkeys(self.includes)),
            count=0 if counting else (count_default if self.count is None else self.count),
            total="accurate" if counting else self.total or "bounded",
            total_max=total_max,
        )
        ignored = tuple(map(shortened, self.ignored))
        return ParsedSearch(query, ignored, tuple(self.understood), self.summary, self.elements)


_TAKERS: Mapping[str, Callable[[_Parser, str, str], None]] = {
    "_contained": _Parser._take_contained,
    "_containedType": _Parser._take_contained_type,
    "_count": _Parser._take_count,
    "_elements": _Parser._take_elements,
    "_include": _Parser._take_include,
    "_revinclude": _Parser._take_include,
    "_sort": _Parser._take_sort,
    "_summary": _Parser._take_summary,
    "_total": _Parser._take_total,
    "_totalMethod": _Parser._take_total_method,
    "_type": lambda _parser, _name, _value: None,
}
"""The parser of each result parameter; `_type` is parsed first, by `_types`."""
