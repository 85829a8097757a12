"""The data of a store in memory, and the journal that rolls back failed units of work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_server.search.entries import Entries
from fhir_server.store.port import Job, StoredResource, TypeIndex

Key = tuple[str, str]
Indexed = tuple[StoredResource, Entries]
_ABSENT = object()


class Lease(NamedTuple):
    """A job, and its holder `until` a time in UTC microseconds."""

    job: Job
    holder: str
    until: int


class Journal:
    """Changes dicts, and can roll every change back."""

    def __init__(self) -> None:
        self._before: list[tuple[dict[Any, Any], Any, Any]] = []

    def set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self._before.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def erase(self, mapping: dict[Any, Any], key: Any) -> None:
        if key in mapping:
            self._before.append((mapping, key, mapping.pop(key)))

    def savepoint(self) -> int:
        return len(self._before)

    def roll_back_to(self, savepoint: int) -> None:
        while len(self._before) > savepoint:
            mapping, key, value = self._before.pop()
            if value is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = value


@dataclass(slots=True)
class State:
    """All data. `versions` is the log by sequence; `current` and `entries` are by type and id."""

    versions: dict[int, StoredResource] = field(default_factory=dict)
    current: dict[Key, StoredResource] = field(default_factory=dict)
    entries: dict[Key, Entries] = field(default_factory=dict)
    uniques: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Lease] = field(default_factory=dict)
    indexes: dict[str, TypeIndex] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    clock: dict[str, int] = field(default_factory=lambda: {"sequence": 0, "last_updated": 0, "generation": 0})

    def log(self) -> list[StoredResource]:
        return [self.versions[sequence] for sequence in sorted(self.versions)]

    def living(self, types: Sequence[str] = ()) -> Iterator[Indexed]:
        for key, stored in self.current.items():
            if not stored.deleted and (not types or stored.type in types):
                yield stored, self.entries[key]
