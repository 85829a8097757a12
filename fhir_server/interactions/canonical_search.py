"""Chains, `_has` and includes through canonical references, whose targets are found by url.

A canonical has neither type nor id, so no index joins it with its target. The far end of the step is searched
first, and its urls become values of the criterion. A canonical below the server's own base may be a
resource's address as well as its url, and is resolved as both.
https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct, structs

from fhir_server.core import json
from fhir_server.core.reference import parse_reference
from fhir_server.errors import InvalidSearch
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.search.ast import (
    EVERY,
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Has,
    Include,
    Match,
    Not,
    ReferenceValue,
    SearchQuery,
    TokenValue,
    UriValue,
)
from fhir_server.search.parameters import Parameters
from fhir_server.search.text_elements import element_types
from fhir_server.store.port import Reader, StoredResource

FOLLOWED_MAX = 1_000
"""The most resources at the far end of a step."""


class CanonicalSearch(Struct, frozen=True):
    """Resolves the canonicals of a query by searches of `reader`."""

    engine: Engine
    reader: Reader

    def followed(self, query: SearchQuery) -> SearchQuery:
        """The query with steps through canonicals replaced. Raises `InvalidSearch` for too many targets."""
        where = tuple(self._clause(clause, query.types) for clause in query.where)
        return query if where == query.where else structs.replace(query, where=where)

    def codes(self, type: str) -> list[str]:
        """The reference parameters of a type that select canonicals."""
        parameters = self.engine.registry.search_parameters(type)
        return [code for code in parameters if self._is_canonical(type, code)]

    def referred(self, sources: Iterable[StoredResource], include: Include) -> list[StoredResource]:
        """The resources that `sources` refer to by canonicals."""
        found: dict[str, StoredResource] = {}
        followed: dict[str, list[str]] = {}
        for source in sources:
            if source.type not in followed:
                asked = include.source in (EVERY, source.type)
                followed[source.type] = self._of_include(source.type, include) if asked else []
            for code in followed[source.type]:
                types = self._targets(source.type, code, include.target)
                wanted = tuple(self._url_matches(self._canonicals_of(source, code)))
                if wanted and types:
                    found |= {stored.reference: stored for stored in self._search(types, AnyOf(wanted))}
        return list(found.values())

    def referring(self, targets: Sequence[StoredResource], include: Include) -> list[StoredResource]:
        """The resources that refer to `targets` by canonicals."""
        ways = [(target.type, tuple(self._ways_to(target))) for target in targets]
        if not any(values for _, values in ways):
            return []
        found: dict[str, StoredResource] = {}
        for source in include.sources or self.engine.registry.resource_types:
            for code in self._of_include(source, include):
                types = self._targets(source, code, include.target)
                values = tuple(value for type, some in ways if type in types for value in some)
                if values:
                    clause = Match(code, "reference", values)
                    found |= {stored.reference: stored for stored in self._search((source,), clause)}
        return list(found.values())

    def _clause(self, clause: Clause, types: Sequence[str]) -> Clause:
        match clause:
            case Chain(parameter, targets, where):
                chain = replace(clause, where=self._clause(where, targets))
                return self._chain(chain) if self._any_canonical(types, parameter) else chain
            case Has(type, parameter, where):
                has = replace(clause, where=self._clause(where, (type,)))
                return self._has(has) if self._is_canonical(type, parameter) else has
            case AllOf(clauses):
                return AllOf(tuple(self._clause(part, types) for part in clauses))
            case AnyOf(clauses):
                return AnyOf(tuple(self._clause(part, types) for part in clauses))
            case Not(negated):
                return Not(self._clause(negated, types))
        return clause

    def _chain(self, chain: Chain) -> Clause:
        found = self._far_end(chain.types, chain.where, chain.parameter)
        values = tuple(value for resource in found for value in self._ways_to(resource))
        return AnyOf((chain, Match(chain.parameter, "reference", values)))

    def _has(self, has: Has) -> Clause:
        found = self._far_end((has.type,), has.where, has.parameter)
        canonicals = {named: None for stored in found for named in self._canonicals_of(stored, has.parameter)}
        return AnyOf((has, *self._url_matches(canonicals)))

    def _far_end(self, types: Sequence[str], where: Clause, parameter: str) -> tuple[StoredResource, ...]:
        found = self._search(types, where)
        if len(found) > FOLLOWED_MAX:
            text = messages.TOO_MANY_FOLLOWED(parameter=parameter, limit=FOLLOWED_MAX)
            raise InvalidSearch.of(text, f"http.{parameter}", code="too-costly")
        return found

    def _search(self, types: Sequence[str], where: Clause) -> tuple[StoredResource, ...]:
        query = SearchQuery(tuple(types), (where,), count=FOLLOWED_MAX + 1, total="none")
        return self.reader.search(query).matches

    def _canonicals_of(self, stored: StoredResource, code: str) -> Iterator[tuple[str, str]]:
        """The canonicals of a resource under a parameter, as (url, version or empty)."""
        resource = json.parse_own(stored.body)
        for entry in self.engine.extractor.entries_of(resource, frozenset({code})).references:
            if entry.parameter != code or not entry.target:
                continue
            if not entry.type:
                yield entry.target, entry.version
                continue
            for base_url in self._base_urls:
                yield f"{base_url.rstrip('/')}/{entry.type}/{entry.target}", entry.version

    def _ways_to(self, target: StoredResource) -> Iterator[ReferenceValue]:
        """The canonicals that refer to a resource: its url with its version, and without. A url below the
        server's own base is indexed as a reference to `Type/id`.
        """
        resource: dict[str, Any] = json.parse_own(target.body)
        url, version = resource.get("url"), resource.get("version")
        if isinstance(url, str):
            reference = parse_reference(url, *self._base_urls)
            type, wanted = (reference.type, reference.id) if reference.kind == "local" else ("", url)
            yield ReferenceValue(type, wanted, "")
            if isinstance(version, str):
                yield ReferenceValue(type, wanted, version)

    def _url_matches(self, canonicals: Iterable[tuple[str, str]]) -> Iterator[Clause]:
        for url, version in canonicals:
            by_url = Match("url", "uri", (UriValue(url),))
            if not version:
                yield by_url
            else:
                yield AllOf((by_url, Match("version", "token", (TokenValue(None, version),))))

    @property
    def _base_urls(self) -> tuple[str, ...]:
        return self.engine.extractor.indexing.base_urls

    def _of_include(self, source: str, include: Include) -> list[str]:
        if include.parameter == EVERY:
            return self.codes(source)
        return [include.parameter] if self._is_canonical(source, include.parameter) else []

    def _targets(self, source: str, code: str, target: str | None) -> tuple[str, ...]:
        """The target types of a parameter that have a url."""
        possible = (
            Parameters(self.engine.registry, (source,)).targets(code) or self.engine.registry.resource_types
        )
        has_url = [type for type in possible if "url" in self.engine.registry.search_parameters(type)]
        return tuple(type for type in has_url if target in (None, type))

    def _any_canonical(self, types: Sequence[str], code: str) -> bool:
        return any(self._is_canonical(type, code) for type in types)

    def _is_canonical(self, type: str, code: str) -> bool:
        registry = self.engine.registry
        parameter = registry.search_parameters(type).get(code)
        if parameter is None or parameter.type != "reference":
            return False
        return "canonical" in element_types(registry, type, code)


def has_joins(query: SearchQuery) -> bool:
    """Whether a clause may join another resource, as chains do."""
    for clause in query.where:  # noqa: SIM110 - a loop takes a third of the time
        if type(clause) is not Match:
            return True
    return False
