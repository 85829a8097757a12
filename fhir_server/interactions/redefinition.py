"""What a unit of work changes in the definitions by which resources are indexed and searched.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from fhir_server.errors import Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.search.admission import Admission
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Reader, TypeIndex, UnitOfWork

DEFINED_BY = "SearchParameter"

_PAGE = 500


class Redefinition:
    """The definitions as the writes of one unit leave them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._registry = engine.registry

    def put(self, resource: Resource) -> None:
        """Take in a SearchParameter that carries its id. Raises `Unprocessable` where it cannot be used."""
        others = self._without(resource["id"])
        admission = Admission(others, self._engine.extractor.indexing, self._engine.paths)
        if problems := admission.problems(resource):
            raise Unprocessable(*problems)
        self._registry = others.storing((*others.stored, resource))

    def delete(self, id: str) -> None:
        """Take out the SearchParameter of this id."""
        self._registry = self._without(id)

    def settle(self, unit: UnitOfWork) -> None:
        """Put the definitions in force with the rest of the unit."""
        if self._registry is not self._engine.registry:
            adopt(unit, self._registry, self._engine.extractor.over(self._registry))

    def _without(self, id: str) -> Registry:
        return self._registry.storing(one for one in self._registry.stored if one["id"] != id)


def adopt(unit: UnitOfWork, registry: Registry, extractor: Extractor) -> None:
    """Record that resources are indexed by these definitions from here on.

    The index of a parameter that is new, or that has changed, is pending where resources of the type live.
    """
    known = unit.indexes()
    empty = not _lives(unit)
    changed = []
    for type in registry.resource_types:
        fingerprints = extractor.fingerprints.of(type)
        before = known.get(type, TypeIndex(type, {}))
        if before.fingerprints != fingerprints:
            pending = () if empty or not _lives(unit, type) else _pending(before, fingerprints)
            changed.append(TypeIndex(type, fingerprints, frozenset(pending)))
    unit.define(changed)


def _pending(before: TypeIndex, fingerprints: dict[str, str]) -> Iterator[str]:
    for code, fingerprint in fingerprints.items():
        if code in before.pending or before.fingerprints.get(code) != fingerprint:
            yield code


def _lives(unit: UnitOfWork, *types: str) -> bool:
    return bool(unit.search(SearchQuery(types, count=1, total="none")).matches)


def stored_parameters(reader: Reader) -> tuple[Resource, ...]:
    """Every SearchParameter that clients have stored, whatever its status."""
    return tuple(_stored(reader))


def _stored(reader: Reader) -> Iterator[dict[str, Any]]:
    page = None
    while True:
        result = reader.search(SearchQuery((DEFINED_BY,), count=_PAGE, total="none", page=page))
        for stored in result.matches:
            yield json.parse(stored.body)
        if result.next is None:
            return
        page = Page(result.snapshot, result.next)
