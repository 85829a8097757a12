"""The door to the server: universes are written into every backend, and queries are understood and asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl

from fhir_server.core import json
from fhir_server.core.resource import draft
from fhir_server.definitions.registry import Registry
from fhir_server.search.ast import SearchQuery
from fhir_server.search.extract import Extractor
from fhir_server.search.parse import parse
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore
from tests.mongo.databases import emptied_store
from tests.search.oracle.questions.universes import BASE_URL, ZONE
from tests.search.oracle.search import Oracle

Resource = Mapping[str, Any]

NOW = 1_795_262_400_000_000
"""2026-11-21T12:00Z in microseconds, when all queries are asked."""


@dataclass(slots=True)
class Clock:
    """Tells the stores the time that a test wants."""

    time: int = 0

    def __call__(self) -> int:
        return self.time


def _sqlite(folder: Path, clock: Clock) -> Store:
    """A copy of an empty store, which is quicker to make than a new one."""
    empty = folder.parent / "empty.sqlite"
    if not empty.exists():
        SqliteStore(empty).close()
    own = folder / "store.sqlite"
    copy(empty, own)
    return SqliteStore(own, clock)


BACKENDS: Mapping[str, Callable[[Path, Clock], Store]] = {
    "memory": lambda _, clock: MemoryStore(clock),
    "sqlite": _sqlite,
}
MONGODB: Mapping[str, Callable[[Path, Clock], Store]] = {
    "mongodb": lambda _, clock: emptied_store(clock=clock),
    "indexed": lambda _, clock: emptied_store(indexes=True, clock=clock),
}
"""Asked fewer questions than the others, as each takes it longer."""


@dataclass(frozen=True, slots=True)
class Server:
    """One universe in every backend."""

    registry: Registry
    extractor: Extractor
    stores: Mapping[str, Store]
    clock: Clock = field(default_factory=Clock)

    @classmethod
    @contextmanager
    def open(
        cls,
        registry: Registry,
        extractor: Extractor,
        folder: Path,
        backends: Mapping[str, Callable[[Path, Clock], Store]] = BACKENDS,
    ) -> Iterator["Server"]:
        """Every backend, empty, for as long as the block lasts."""
        clock = Clock()
        with TemporaryDirectory(dir=folder) as own:
            stores = {name: open(Path(own), clock) for name, open in backends.items()}
            yield cls(registry, extractor, stores, clock)
            for store in stores.values():
                store.close()

    def put(self, *resources: Resource) -> None:
        """Write resources one after the other, each at its own `meta.lastUpdated`."""
        for store in self.stores.values():
            with store.group():
                for resource in resources:
                    self._put(store, resource)

    def _put(self, store: Store, resource: Resource) -> None:
        received = json.parse(json.serialise(_raw(resource)))
        entries = self.extractor.entries(received)
        self.clock.time = microseconds(resource["meta"]["lastUpdated"])
        store.transact(lambda unit: unit.put(draft(received, received["id"]), entries, "PUT"))

    def query(self, types: Sequence[str], query: str) -> SearchQuery:
        """A query as the server understands it."""
        return parse(
            types,
            parse_qsl(query, keep_blank_values=True),
            registry=self.registry,
            zone=ZONE,
            now=NOW,
            base_url=BASE_URL,
        ).query


def oracle(registry: Registry, resources: Sequence[Resource]) -> Oracle:
    """The oracle for the same zone, time and base."""
    return Oracle(resources, registry.search_parameters, zone=ZONE, now=NOW, base_url=BASE_URL)


def _raw(value: Any) -> Any:
    """The same with decimals that are written as they are."""
    if isinstance(value, Decimal):
        return json.number(value)
    if isinstance(value, list):
        return [_raw(item) for item in value]
    return {name: _raw(member) for name, member in value.items()} if isinstance(value, dict) else value


def microseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1_000) * 1_000
