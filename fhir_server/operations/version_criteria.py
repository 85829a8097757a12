"""Search criteria on versions, which are not indexed: each version is matched in memory.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterator, Sequence

from fhir_server.core import json
from fhir_server.errors import InvalidSearch
from fhir_server.extension import Engine
from fhir_server.interactions.search_parsing import parse_search
from fhir_server.operations import messages
from fhir_server.search.ast import AllOf, AnyOf, Chain, Clause, Has, Hierarchy, Not
from fhir_server.search.entries import Entries
from fhir_server.search.match import Stored, matches
from fhir_server.store.port import StoredResource

OF_EVERY_TYPE = ("_id", "_tag", "_profile", "_security", "_source")
"""The parameters of all resources that can be evaluated on a single version."""


class VersionCriteria:
    """Matches versions with criteria such as `requester=PractitionerRole/1`; without criteria, all match.

    A chain leads to the present version of the resource referred to.
    """

    def __init__(
        self, type: str, parameters: Sequence[tuple[str, str]], engine: Engine, base_url: str
    ) -> None:
        """Raises `InvalidSearch` for an unsupported parameter, and for a criterion on other resources."""
        for name, _ in parameters:
            if name.startswith("_") and name.partition(":")[0] not in OF_EVERY_TYPE:
                raise InvalidSearch.of(messages.NO_CRITERION(name=name), f"http.{name}")
        self._engine = engine
        self._where: tuple[Clause, ...] = ()
        if parameters:
            self._where = parse_search(engine, (type,), parameters, base_url).query.where
        if any(isinstance(clause, Has | Hierarchy) for clause in _flat(self._where)):
            raise InvalidSearch.of(messages.ASKS_OTHERS())

    def match(self, version: StoredResource) -> bool:
        """Whether the version matches; for a deletion, whether the deleted version did."""
        if not self._where:
            return True
        found: StoredResource | None = version
        if version.deleted:
            found = self._engine.store.read_version(version.type, version.id, version.version - 1)
        if found is None or found.deleted:
            return False
        entries = self._engine.extractor.entries(json.parse(found.body))
        return all(matches(clause, found, entries, _Present(self._engine)) for clause in self._where)


class _Present:
    """Reads the present resources to which chains lead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def by_reference(self, type: str, id: str) -> tuple[Stored, Entries] | None:
        found = self._engine.store.read(type, id)
        if found is None or found.deleted:
            return None
        return found, self._engine.extractor.entries(json.parse(found.body))

    def living(self, type: str) -> Iterator[tuple[Stored, Entries]]:
        raise AssertionError(f"criteria that look through every {type} are refused")


def _flat(clauses: Sequence[Clause]) -> Iterator[Clause]:
    for clause in clauses:
        yield clause
        if isinstance(clause, AllOf | AnyOf):
            yield from _flat(clause.clauses)
        elif isinstance(clause, Not):
            yield from _flat((clause.clause,))
        elif isinstance(clause, Chain):
            yield from _flat((clause.where,))
