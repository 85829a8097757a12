"""Changes that a unit of work makes to the definitions for indexing, search and validation.

https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator

from fhir_server.core import json
from fhir_server.core.reference import with_version
from fhir_server.definitions.registry import Registry
from fhir_server.errors import Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions.conformance import every
from fhir_server.search.ast import SearchQuery
from fhir_server.search.extract import Extractor
from fhir_server.search.parameter_validator import SearchParameterValidator
from fhir_server.store.port import Reader, TypeIndex, UnitOfWork

DEFINED_BY = "SearchParameter"


class DefinitionChanges:
    """The definitions after the writes of one unit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._registry = engine.registry
        self._changed = False

    def put(self, resource: Resource) -> None:
        """Add or replace a SearchParameter, which has its id. Raises `Unprocessable` if it cannot be used."""
        others = self._without(resource["id"])
        validator = SearchParameterValidator(others, self._engine.extractor.indexing, self._engine.paths)
        if problems := validator.validate(resource):
            raise Unprocessable(*problems)
        self._registry = others.with_stored((*others.stored, resource))

    def delete(self, id: str) -> None:
        """Remove the SearchParameter of this id."""
        self._registry = self._without(id)

    def note_change(self, created: Resource | None = None) -> None:
        """Record that a conformance resource was `created`, or changed in another way.

        Creating one that the registry already has changes nothing, so that guides can be loaded repeatedly.
        """
        if created is None or not is_known(created, self._engine.registry):
            self._changed = True

    def settle(self, unit: UnitOfWork) -> None:
        """Put the definitions in force with the commit of the unit."""
        if self._registry is not self._engine.registry:
            put_in_force(unit, self._registry, self._engine.extractor.with_registry(self._registry))
        elif self._changed:
            unit.define_indexes(())
        if self._engine.extractor.overrun:
            _record_overrun(unit, self._engine)

    def _without(self, id: str) -> Registry:
        return self._registry.with_stored(stored for stored in self._registry.stored if stored["id"] != id)


def is_known(resource: Resource, registry: Registry) -> bool:
    """Whether a registry has a conformance resource with the same content."""
    type, given = resource["resourceType"], _without_server_meta(resource)
    if url := resource.get("url"):
        known = registry.canonical(with_version(url, resource.get("version")), type)
        return known is not None and _without_server_meta(known) == given
    return any(_without_server_meta(known) == given for known in registry.resources(type))


def _without_server_meta(resource: Resource) -> Resource:
    """The resource without its id and meta, which the server assigns."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def put_in_force(unit: UnitOfWork, registry: Registry, extractor: Extractor) -> None:
    """Record these definitions as those by which resources are indexed from now on.

    The index of a new or changed parameter is pending if there are resources of the type.
    """
    known = unit.indexes()
    empty = not _has_resources(unit)
    changed = []
    for type in registry.resource_types:
        fingerprints = extractor.fingerprints.of(type)
        before = known.get(type, TypeIndex(type, {}))
        if before.fingerprints != fingerprints:
            pending = () if empty or not _has_resources(unit, type) else _pending(before, fingerprints)
            changed.append(TypeIndex(type, fingerprints, frozenset(pending)))
    unit.define_indexes(changed)


def _record_overrun(unit: UnitOfWork, engine: Engine) -> None:
    """Record that the index of a parameter whose expression timed out does not cover every resource."""
    by_type: dict[str, set[str]] = {}
    for type, code in tuple(engine.extractor.overrun):  # others may add to it
        if code not in engine.pending.get(type, ()):
            by_type.setdefault(type, set()).add(code)
    known = unit.indexes() if by_type else {}
    changed = []
    for type, codes in by_type.items():
        index = known[type]
        if missing := codes & index.fingerprints.keys() - index.pending:
            changed.append(TypeIndex(type, index.fingerprints, index.pending | missing))
    if changed:
        unit.define_indexes(changed)


def _pending(before: TypeIndex, fingerprints: dict[str, str]) -> Iterator[str]:
    for code, fingerprint in fingerprints.items():
        if code in before.pending or before.fingerprints.get(code) != fingerprint:
            yield code


def _has_resources(unit: UnitOfWork, *types: str) -> bool:
    return bool(unit.search(SearchQuery(types, count=1, total="none")).matches)


def stored_parameters(reader: Reader) -> tuple[Resource, ...]:
    """All SearchParameters of clients, whatever their status."""
    return tuple(json.parse(stored.body) for stored in every(reader, DEFINED_BY))
