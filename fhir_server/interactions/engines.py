"""Engines, one for each generation of the definitions. All processes follow a change of these.

A search parameter, profile or code list is in force from the commit that stores it. Every engine has the
generation of its definitions; a unit of work by an outdated engine is refused, and repeated by a new one.
https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.definitions.layers import Entry
from fhir_server.definitions.registry import Registry
from fhir_server.errors import StoreUnavailable
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.conformance import StoredConformance
from fhir_server.interactions.definition_changes import put_in_force, stored_parameters
from fhir_server.search.cache import SearchCache
from fhir_server.search.extract import Extractor
from fhir_server.search.index_coverage import Pending
from fhir_server.store.port import Reader, TypeIndex, UnitOfWork

T = TypeVar("T")
Work = Callable[[UnitOfWork], FhirResponse]
"""The part of a write inside the unit of work: everything that depends on the store."""
Write = Callable[[FhirRequest, Engine], Work]
"""The part of a write before the unit of work: validates its input and returns the work."""


class DefinitionsChanged(Exception):
    """The engine's definitions are outdated: repeat the request with a new engine."""


def transact(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    """Run `work` as one unit of work, which indexes by the definitions in force.

    Raises `DefinitionsChanged` if the engine is outdated, and `StoreUnavailable` if the process was started
    with other definitions than those in force.
    """

    def by_these_definitions(unit: UnitOfWork) -> T:
        if unit.generation() != engine.generation:
            raise DefinitionsChanged
        _check_own_definitions(engine)
        return work(unit)

    return engine.store.transact(by_these_definitions)


def _check_own_definitions(engine: Engine) -> None:
    """Raise `StoreUnavailable` if the process was started with other definitions than those in force."""
    if engine.indexed_otherwise:
        type, code = engine.indexed_otherwise[0]
        text = messages.OTHER_DEFINITIONS(count=len(engine.indexed_otherwise), parameter=f"{type}.{code}")
        raise StoreUnavailable.of(text)


def check_in_force(engine: Engine) -> None:
    """Raise `DefinitionsChanged` if the engine is outdated, so that a refusal may be wrong."""
    if engine.store.generation() != engine.generation:
        raise DefinitionsChanged


class Engines:
    """Makes engines from a first one, with the definitions in the store."""

    def __init__(self, engine: Engine) -> None:
        self._store = engine.store
        self._newest = self._older = engine
        self._conformance = StoredConformance(engine.store)
        if self._store.generation() == 0:
            self.adopt()
        else:
            self.current()

    def latest(self) -> Engine:
        """The engine used last, without a look at the store: for reads by id, and for `transact`."""
        return self._newest

    def current(self) -> Engine:
        """The engine for the definitions in force."""
        generation = self._store.generation()
        for engine in (self._newest, self._older):
            if engine.generation == generation:
                return engine
        while True:
            engine = self._engine_for(self._store)
            if self._store.generation() == engine.generation:
                return self._remember(engine)

    def probe(self) -> None:
        """Raises what keeps this process from reading or writing, if anything does."""
        self._store.check_health()
        _check_own_definitions(self.current())

    def renewed(self) -> Engine:
        """The engine for the definitions that this thread's units of work see, uncommitted ones included."""
        return self._remember(self._store.transact(self._engine_for))

    def adopt(self) -> Engine:
        """Put the definitions of this process in force, if the store has others."""

        def work(unit: UnitOfWork) -> Engine:
            engine = self._engine_for(unit)
            if unit.generation() == 0 or engine.indexed_otherwise:
                put_in_force(unit, engine.registry, engine.extractor)
                engine = self._engine_for(unit)
            return engine

        return self._remember(self._store.transact(work))

    def _remember(self, engine: Engine) -> Engine:
        """Keep the last two engines: readers see a change later than the thread that commits it."""
        if engine.generation != self._newest.generation:
            self._older = self._newest
        self._newest = engine
        return engine

    def _engine_for(self, reader: Reader) -> Engine:
        """The engine for what the reader sees."""
        generation, indexes = reader.generation(), reader.indexes()
        registry = self._registry(reader)
        extractor = self._newest.extractor
        if not _index_alike(registry, self._newest.registry):
            extractor = extractor.with_registry(registry)
        codes, validator = self._newest.codes, self._newest.validator
        if registry is not self._newest.registry:
            codes = codes.with_registry(registry)
            validator = validator.with_registry(registry, codes)
        others, pending = _index_state(registry, extractor, indexes)
        if any(code not in pending.get(type, ()) for type, code in tuple(extractor.overrun)):
            extractor = extractor.with_registry(
                registry
            )  # the parameter has been reindexed since it timed out
        return replace(
            self._newest,
            registry=registry,
            extractor=extractor,
            codes=codes,
            validator=validator,
            search_cache=SearchCache(),
            generation=generation,
            pending=pending,
            indexed_otherwise=others,
        )

    def _registry(self, reader: Reader) -> Registry:
        """The registry with the definitions in the store; the last one if they have not changed."""
        registry = self._newest.registry
        packages, stored = self._conformance.packages(reader), stored_parameters(reader)
        clients = self._conformance.clients(reader, registry.clients)
        if packages.entries != registry.packages.entries:
            registry = registry.with_packages(packages)
        if stored != registry.stored or clients is not registry.clients:
            registry = registry.with_stored(stored, clients)
        return registry


def _index_alike(one: Registry, other: Registry) -> bool:
    """Whether two registries make the same index entries: they have the same search parameters, and the same
    code systems, which determine case sensitivity. Those of guides never change.
    """
    if one.stored != other.stored or one.packages is not other.packages:
        return False
    return one.clients is other.clients or _code_systems(one) == _code_systems(other)


def _code_systems(registry: Registry) -> list[Entry]:
    return [entry for entry in registry.clients.entries if entry.type == "CodeSystem"]


def _index_state(
    registry: Registry, extractor: Extractor, indexes: Mapping[str, TypeIndex]
) -> tuple[tuple[tuple[str, str], ...], Pending]:
    """The parameters, as (type, code), whose definition differs from that recorded in the store; and all with
    an incomplete index.
    """
    others: list[tuple[str, str]] = []
    pending: dict[str, frozenset[str]] = {}
    for type in registry.resource_types:
        index = indexes.get(type, TypeIndex(type, {}))
        differing = _different_codes(extractor.fingerprints.of(type), index.fingerprints)
        others += [(type, code) for code in sorted(differing)]
        if waiting := index.pending | differing:
            pending[type] = waiting
    return tuple(others), pending


def _different_codes(own: Mapping[str, str], recorded: Mapping[str, str]) -> frozenset[str]:
    if own == recorded:
        return frozenset()
    return frozenset(code for code in {*own, *recorded} if own.get(code) != recorded.get(code))
