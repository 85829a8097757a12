"""Explains why a resource does not satisfy a clause, from its content and the resources that refer to it.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPathError
from fhir_server.core.time_limit import TimeLimitExceeded, time_limit
from fhir_server.extension import Engine, Resource
from fhir_server.interactions.canonical_search import CanonicalSearch
from fhir_server.issues import Text
from fhir_server.operations.explain_search import messages
from fhir_server.operations.explain_search.meaning import Meaning
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Has,
    Hierarchy,
    Include,
    Match,
    Not,
    ReferenceValue,
    SearchQuery,
    TokenValue,
)
from fhir_server.search.extract import EVALUATION_SECONDS_MAX
from fhir_server.store.port import StoredResource

FOUND_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Reasons:
    """Explains one resource at a time, by searches of the store."""

    engine: Engine

    def satisfies(self, stored: StoredResource, clause: Clause) -> bool:
        """Whether a search with this clause alone finds the resource."""
        itself = Match("_id", "token", (TokenValue(None, stored.id),))
        query = SearchQuery((stored.type,), (itself, clause), count=1, total="none")
        return bool(self.engine.store.search(self._canonicals.followed(query)).matches)

    @property
    def _canonicals(self) -> CanonicalSearch:
        return CanonicalSearch(self.engine, self.engine.store)

    def why(self, stored: StoredResource, clause: Clause) -> Text:
        """Why the resource does not satisfy a clause."""
        match clause:
            case AllOf(clauses):
                failing = (part for part in clauses if not self.satisfies(stored, part))
                return self.why(stored, next(failing, clauses[0]))
            case Chain():
                return self._why_chain(stored, clause)
            case Has():
                return self._why_has(stored, clause)
            case Match(parameter):
                return self._but_found(stored, clause, parameter.partition(":")[0])
            case Hierarchy(parameter):
                return self._but_found(stored, clause, parameter)
            case AnyOf() | Not():
                return messages.ASKED(meaning=self._meaning(clause))

    def _meaning(self, clause: Clause) -> Text:
        return Meaning(self.engine.zone).of(clause)

    def _but_found(self, stored: StoredResource, clause: Clause, code: str) -> Text:
        meaning, found = self._meaning(clause), self.values(stored, code)
        if found is None:
            return messages.ASKED(meaning=meaning)
        if not found:
            return messages.ASKED_BUT_EMPTY(meaning=meaning, parameter=code)
        return messages.ASKED_BUT_FOUND(meaning=meaning, parameter=code, found=found)

    def values(self, stored: StoredResource, code: str) -> str | None:
        """The values of the parameter in the resource, as JSON; empty where it has none, None where they
        cannot be shown.
        """
        resource: Resource = json.parse_own(stored.body)
        if code in ("_id", "_lastUpdated"):
            return str(resource["id"] if code == "_id" else resource["meta"]["lastUpdated"])
        parameter = self.engine.registry.search_parameters(stored.type).get(code)
        if parameter is None or not parameter.expression:
            return None
        try:
            with time_limit(EVALUATION_SECONDS_MAX):
                values = self.engine.paths.evaluate(parameter.expression, resource)
        except (FhirPathError, TimeLimitExceeded):
            return None
        text = ", ".join(json.serialise(value).decode() for value in values)
        return text if len(text) <= FOUND_LENGTH_MAX else f"{text[:FOUND_LENGTH_MAX]}..."

    def _why_chain(self, stored: StoredResource, chain: Chain) -> Text:
        for target in self._targets(stored, chain):
            reason = self.why(target, chain.where)
            return messages.TARGET_FAILS(parameter=chain.parameter, reference=target.reference, reason=reason)
        return messages.NO_SUCH_TARGET(
            meaning=self._meaning(chain), parameter=chain.parameter, types="|".join(chain.types)
        )

    def _targets(self, stored: StoredResource, chain: Chain) -> Iterator[StoredResource]:
        entries = self.engine.extractor.entries(json.parse_own(stored.body))
        for entry in entries.references:
            if entry.parameter == chain.parameter and entry.type in chain.types:
                target = self.engine.store.read(entry.type, entry.target)
                if target is not None and not target.deleted:
                    yield target
        step = Include(stored.type, chain.parameter, None)
        referred = self._canonicals.referred((stored,), step)
        yield from (target for target in referred if target.type in chain.types)

    def _why_has(self, stored: StoredResource, has: Has) -> Text:
        itself = Match(has.parameter, "reference", (ReferenceValue(stored.type, stored.id),))
        referring = SearchQuery((has.type,), (itself,), count=1, total="none")
        step = Include(has.type, has.parameter, None, reverse=True)
        found = self.engine.store.search(referring).matches or self._canonicals.referring((stored,), step)
        template = messages.REFERRING_FAIL if found else messages.NOBODY_REFERS
        return template(meaning=self._meaning(has), type=has.type, parameter=has.parameter)
