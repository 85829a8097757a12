"""A unit of work on the store in memory.

https://hl7.org/fhir/R4/http.html
"""

import threading
from collections.abc import Iterable

from fhir_server import errors
from fhir_server.core.resource import Draft, body
from fhir_server.search.ast import SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.store import messages
from fhir_server.store.expected_version import check_expected_version, check_sequence
from fhir_server.store.generation import new_generation
from fhir_server.store.memory.reader import MemoryReader
from fhir_server.store.memory.state import Journal, State
from fhir_server.store.port import (
    Method,
    StoredResource,
    TypeIndex,
)


class MemoryUnit(MemoryReader):
    """One atomic change; the store rolls its journal back if the work fails."""

    def __init__(self, state: State, lock: threading.RLock, journal: Journal, wall: int) -> None:
        super().__init__(state, lock)
        self._journal = journal
        self._now = max(wall // 1000 * 1000, state.clock["last_updated"])

    @property
    def now(self) -> int:
        return self._now

    def prefetch(self, resources: Iterable[tuple[str, str]]) -> None:
        """Nothing to do: they are in memory."""

    def prefetch_searches(self, queries: Iterable[SearchQuery]) -> None:
        """Nothing to do: each search is made when it is called."""

    def put(
        self, draft: Draft, entries: Entries, method: Method, expected_version: int | None = None
    ) -> StoredResource:
        current = self.read(draft.type, draft.id)
        self._check_version(f"{draft.type}/{draft.id}", current, expected_version)
        version = current.version + 1 if current else 1
        stored = self._next(current, draft.type, draft.id, version, method, body(draft, version, self._now))
        self._append(stored)
        self._journal.set(self._state.entries, (draft.type, draft.id), entries)
        return stored

    def delete(self, type: str, id: str, expected_version: int | None = None) -> StoredResource | None:
        current = self.read(type, id)
        if current is None or current.deleted:
            return None
        self._check_version(current.reference, current, expected_version)
        return self._append_deletion(current)

    def define_indexes(self, indexes: Iterable[TypeIndex]) -> None:
        for index in indexes:
            self._journal.set(self._state.indexes, index.type, index)
        self._journal.set(self._state.clock, "generation", new_generation())

    def put_document(self, name: str, document: bytes | None) -> None:
        if document is None:
            self._journal.erase(self._state.documents, name)
        else:
            self._journal.set(self._state.documents, name, document)

    def replace_entries(
        self, resource: StoredResource, entries: Entries, parameters: frozenset[str] | None = None
    ) -> bool:
        key = (resource.type, resource.id)
        if resource.deleted or self._state.current.get(key) != resource:
            return False
        if parameters is not None:
            entries = _replaced(self._state.entries[key], entries, parameters)
        self._journal.set(self._state.entries, key, entries)
        return True

    def purge(self, type: str, id: str) -> bool:
        versions = [
            version for version in self._state.versions.values() if (version.type, version.id) == (type, id)
        ]
        if not versions or (len(versions) == 1 and versions[0].deleted):
            return False
        for version in versions:
            self._journal.erase(self._state.versions, version.sequence)
        self._append_deletion(self._state.current[type, id])
        return True

    def _check_version(self, reference: str, current: StoredResource | None, expected: int | None) -> None:
        living = current is not None and not current.deleted
        check_expected_version(reference, current.version if current else 0, living, expected)

    def _append_deletion(self, current: StoredResource) -> StoredResource:
        self._journal.erase(self._state.entries, (current.type, current.id))
        for key in [key for key, owner in self._state.uniques.items() if owner == current.reference]:
            self._journal.erase(self._state.uniques, key)
        deletion = self._next(current, current.type, current.id, current.version + 1, "DELETE", b"")
        self._append(deletion)
        return deletion

    def _next(
        self,
        current: StoredResource | None,
        type: str,
        id: str,
        version: int,
        method: Method,
        content: bytes,
    ) -> StoredResource:
        sequence = self._state.clock["sequence"] + 1
        first = current.first_sequence if current else sequence
        return StoredResource(type, id, version, sequence, first, self._now, method, content)

    def _append(self, version: StoredResource) -> None:
        self._journal.set(self._state.clock, "sequence", version.sequence)
        self._journal.set(self._state.clock, "last_updated", version.last_updated)
        self._journal.set(self._state.versions, version.sequence, version)
        self._journal.set(self._state.current, (version.type, version.id), version)

    def import_version(self, version: StoredResource, entries: Entries) -> None:
        check_sequence(version, self._state.clock["sequence"])
        self._append(version)
        key = (version.type, version.id)
        if version.deleted:
            self._journal.erase(self._state.entries, key)
        else:
            self._journal.set(self._state.entries, key, entries)

    def lock(self, key: str) -> None:
        """Nothing to do: units run one after the other."""

    def claim_unique(self, key: str, owner: str) -> None:
        holder = self._state.uniques.get(key, owner)
        if holder != owner:
            raise errors.Conflict.of(messages.UNIQUE_TAKEN(key=key, holder=holder, owner=owner))
        self._journal.set(self._state.uniques, key, owner)


def _replaced(entries: Entries, new: Entries, parameters: frozenset[str]) -> Entries:
    """The entries, with those of some parameters replaced by the new ones."""
    merged = Entries()
    for kind in Entries.__struct_fields__:
        kept = [
            entry for entry in getattr(entries, kind) if entry.parameter.partition(":")[0] not in parameters
        ]
        setattr(merged, kind, kept + getattr(new, kind))
    return merged
