"""$explain-search: for each parameter of a search its meaning, its index and how many resources it leaves;
and which one excludes a given resource.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, InvalidSearch
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.canonical_search import CanonicalSearch
from fhir_server.interactions.search_parsing import parse_search
from fhir_server.issues import Issue, Text
from fhir_server.operations.answers import answer_with
from fhir_server.operations.explain_search import messages
from fhir_server.operations.explain_search.meaning import Meaning, index_of
from fhir_server.operations.explain_search.reasons import Reasons
from fhir_server.operations.parameters import all_parameters
from fhir_server.search.ast import Clause, SearchQuery
from fhir_server.search.index_coverage import check_coverage
from fhir_server.search.limits import check_count
from fhir_server.search.named_queries import QUERY_PARAMETER, bind_named_query
from fhir_server.search.parse import ParsedSearch
from fhir_server.store.port import ClauseUse, StoredResource

RESOURCE = "resource"

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter, or a named query with its parameters, parsed by itself.

    `followed` are its clauses as searched, with references by canonical URL resolved.
    """

    given: tuple[tuple[str, str], ...]
    parsed: ParsedSearch | None
    problems: tuple[Issue, ...]
    followed: tuple[Clause, ...] = ()

    @property
    def text(self) -> str:
        return "&".join("=".join(pair) for pair in self.given)

    @property
    def clauses(self) -> tuple[tuple[Clause, Clause], ...]:
        """Pairs of each clause as parsed and as searched."""
        if self.parsed is None or self.problems:
            return ()
        return tuple(zip(self.parsed.query.where, self.followed, strict=True))


def explain_search(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST [type]/$explain-search?...[&resource=Type/id], or on the base: Parameters."""
    parameters = all_parameters(request)
    reference = next((value for name, value in parameters if name == RESOURCE), None)
    asked = [pair for pair in parameters if pair[0] != RESOURCE]
    check_count(len(asked))
    explanation = _Explanation(request, engine, request.path[:-1], asked)
    parts = [*explanation.parts(reference)]
    return answer_with(parts)


class _Explanation:
    """The explanation of one search."""

    def __init__(
        self, request: FhirRequest, engine: Engine, types: tuple[str, ...], asked: Sequence[tuple[str, str]]
    ) -> None:
        self._request = request
        self._engine = engine
        self._types = self._parse(types, [pair for pair in asked if pair[0] == "_type"]).query.types
        self._criteria = [self._criterion(pairs) for pairs in self._together(asked) if pairs[0][0] != "_type"]
        self._between = tuple(self._problems_between(asked))
        self._reasons = Reasons(engine)

    def parts(self, reference: str | None) -> Iterator[Part]:
        stored = self._subject(reference)
        where = tuple(followed for criterion in self._criteria for _, followed in criterion.clauses)
        sort = tuple(
            key for criterion in self._criteria if criterion.parsed for key in criterion.parsed.query.sort
        )
        explained = self._engine.store.explain(SearchQuery(self._types, where, sort))
        yield {"name": "searched", "valueUnsignedInt": explained.searched}
        left = explained.clauses[-1].left if explained.clauses else explained.searched
        yield {"name": "matches", "valueUnsignedInt": left}
        uses = iter(explained.clauses)
        for criterion in self._criteria:
            yield from self._criterion_parts(criterion, uses, stored)
        for issue in self._between:
            names = ", ".join(place.removeprefix("http.") for place in issue.expression)
            yield self._problem({"name": "parameter", "valueString": names}, issue)
        for step in explained.steps:
            yield {"name": "step", "valueString": step}
        if reference is not None:
            yield self._verdict(reference, stored)

    # parsing

    def _parse(self, types: tuple[str, ...], parameters: Sequence[tuple[str, str]]) -> ParsedSearch:
        lenient = self._request.preferences.lenient
        return parse_search(self._engine, types, parameters, self._request.base_url, lenient=lenient)

    def _together(self, asked: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], ...]]:
        """Each parameter by itself, or a named query with its parameters."""
        try:
            query = bind_named_query(self._types, asked, self._engine.registry)
        except InvalidSearch:
            query = None
        own = query.own if query else ()
        for pair in asked:
            if pair not in own:
                yield (pair, *own) if pair[0] == QUERY_PARAMETER else (pair,)

    def _criterion(self, pairs: tuple[tuple[str, str], ...]) -> Criterion:
        """The parsed parameter without the others, or its problems."""
        try:
            parsed = self._parse(self._types, pairs)
            check_coverage(parsed.query, self._engine.pending, self._engine.registry)
            followed = CanonicalSearch(self._engine, self._engine.store).followed(parsed.query)
        except InvalidSearch as error:
            return Criterion(pairs, None, error.issues)
        return Criterion(pairs, parsed, parsed.ignored, followed.where)

    def _problems_between(self, asked: Sequence[tuple[str, str]]) -> Iterator[Issue]:
        """Problems of parameters only in combination, such as one that must not be repeated."""
        known = [issue.text for criterion in self._criteria for issue in criterion.problems]
        try:
            self._parse(self._types, asked)
        except InvalidSearch as error:
            yield from (issue for issue in error.issues if issue.text not in known)

    # output

    def _criterion_parts(
        self, criterion: Criterion, uses: Iterator[ClauseUse], stored: StoredResource | None
    ) -> Iterator[Part]:
        given = {"name": "parameter", "valueString": criterion.text}
        if criterion.problems:
            for issue in criterion.problems:
                yield self._problem(given, issue)
        elif criterion.clauses:
            for clause, followed in criterion.clauses:
                yield {"name": "clause", "part": [given, *self._clause(clause, followed, next(uses), stored)]}
        else:
            yield {"name": "result", "part": [given, self._text("meaning", _shaping(criterion))]}

    def _problem(self, given: Part, issue: Issue) -> Part:
        severity = {"name": "severity", "valueCode": issue.severity}
        return {"name": "problem", "part": [given, severity, self._text("text", issue.text)]}

    def _clause(
        self, clause: Clause, followed: Clause, use: ClauseUse, stored: StoredResource | None
    ) -> Iterator[Part]:
        yield self._text("meaning", Meaning(self._engine.zone).of(clause))
        yield self._text("index", index_of(clause, self._types))
        yield {"name": "drives", "valueBoolean": use.drives}
        yield {"name": "alone", "valueUnsignedInt": use.alone}
        yield {"name": "left", "valueUnsignedInt": use.left}
        if stored is not None:
            yield {"name": "satisfied", "valueBoolean": self._reasons.satisfies(stored, followed)}

    def _text(self, name: str, text: Text) -> Part:
        return {"name": name, "valueString": text.render(self._request.language)}

    # one resource

    def _subject(self, reference: str | None) -> StoredResource | None:
        """The resource to explain, if it exists and is of one of the types. Raises `InvalidRequest`."""
        if reference is None:
            return None
        type, _, id = reference.partition("/")
        if not id or not self._engine.registry.is_resource_type(type):
            raise InvalidRequest.of(messages.RESOURCE_NEEDED(value=reference), f"http.{RESOURCE}")
        stored = self._engine.store.read(type, id)
        of_types = not self._types or type in self._types
        return stored if stored is not None and not stored.deleted and of_types else None

    def _verdict(self, reference: str, stored: StoredResource | None) -> Part:
        matches, text = self._judged(reference, stored)
        told: list[Part] = [{"name": "reference", "valueString": reference}]
        if matches is not None:
            told.append({"name": "matches", "valueBoolean": matches})
        return {"name": RESOURCE, "part": [*told, self._text("reason", text)]}

    def _judged(self, reference: str, stored: StoredResource | None) -> tuple[bool | None, Text]:
        """Whether the resource matches, None where that cannot be decided; and the reason."""
        if stored is None:
            return False, self._why_not_searched(reference)
        for criterion in self._criteria:
            for clause, followed in criterion.clauses:
                if not self._reasons.satisfies(stored, followed):
                    reason = self._reasons.why(stored, clause)
                    return False, messages.BECAUSE(reference=reference, clause=criterion.text, reason=reason)
        problems = (*self._between, *(issue for criterion in self._criteria for issue in criterion.problems))
        if any(issue.severity == "error" for issue in problems):
            return None, messages.CANNOT_TELL(reference=reference)
        return True, messages.IS_A_MATCH(reference=reference)

    def _why_not_searched(self, reference: str) -> Text:
        type, _, id = reference.partition("/")
        stored = self._engine.store.read(type, id)
        if stored is None:
            return messages.NEVER_WAS(reference=reference)
        if stored.deleted:
            return messages.IS_DELETED(reference=reference)
        return messages.OTHER_TYPE(reference=reference, types=", ".join(self._types))


def _shaping(criterion: Criterion) -> Text:
    """The meaning of a parameter that does not filter."""
    query = criterion.parsed.query if criterion.parsed else SearchQuery(())
    for include in query.includes:
        template = messages.REVINCLUDED if include.reverse else messages.INCLUDED
        return template(source=include.source, parameter=include.parameter)
    if query.sort:
        keys = ", ".join(f"-{key.parameter}" if key.descending else key.parameter for key in query.sort)
        return messages.SORTED(keys=keys)
    return messages.SHAPES_THE_ANSWER()


EXPLAIN_SEARCH = Operation(
    code="explain-search",
    definition="urn:fhir-server:OperationDefinition:explain-search",
    levels=frozenset({"system", "type"}),
    handle=explain_search,
)
