"""What a store in memory holds, and how the changes of a unit of work that fails are taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_server.search.entries import Entries
from fhir_server.store.port import Job, StoredResource, TypeIndex

Key = tuple[str, str]
Found = tuple[StoredResource, Entries]
_ABSENT = object()


class Lease(NamedTuple):
    """A job, and who holds it `until` a time in UTC microseconds."""

    job: Job
    holder: str
    until: int


class Journal:
    """Changes dicts and can take every change back."""

    def __init__(self) -> None:
        self._before: list[tuple[dict[Any, Any], Any, Any]] = []

    def set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        self._before.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def erase(self, mapping: dict[Any, Any], key: Any) -> None:
        if key in mapping:
            self._before.append((mapping, key, mapping.pop(key)))

    def mark(self) -> int:
        return len(self._before)

    def undo_to(self, mark: int) -> None:
        while len(self._before) > mark:
            mapping, key, value = self._before.pop()
            if value is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = value


@dataclass(slots=True)
class State:
    """Everything stored. `versions` is the log by sequence; `current` and `entries` are by type and id."""

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

    def living(self, types: Sequence[str] = ()) -> Iterator[Found]:
        for key, stored in self.current.items():
            if not stored.deleted and (not types or stored.type in types):
                yield stored, self.entries[key]
