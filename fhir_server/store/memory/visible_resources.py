"""The resources of a store in memory that searches, chains and `_has` may see.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fhir_server.search.ast import Clause
from fhir_server.search.entries import Entries
from fhir_server.search.match import matches
from fhir_server.store.memory.state import Indexed, State
from fhir_server.store.port import (
    StoredResource,
)


@dataclass(frozen=True, slots=True)
class VisibleResources:
    """The living resources of a state that satisfy `visibility`."""

    state: State
    visibility: Clause | None = None

    def by_reference(self, type: str, id: str) -> Indexed | None:
        stored = self.state.current.get((type, id))
        if stored is None or stored.deleted:
            return None
        entries = self.state.entries[type, id]
        return (stored, entries) if self._visible(stored, entries) else None

    def living(self, type: str) -> Iterator[Indexed]:
        for stored, entries in self.state.living((type,)):
            if self._visible(stored, entries):
                yield stored, entries

    def matching(self, types: Sequence[str], where: Iterable[Clause]) -> Iterator[Indexed]:
        clauses = tuple(where)
        for stored, entries in self.state.living(types):
            if self._visible(stored, entries) and all(
                matches(clause, stored, entries, self) for clause in clauses
            ):
                yield stored, entries

    def _visible(self, stored: StoredResource, entries: Entries) -> bool:
        return self.visibility is None or matches(
            self.visibility, stored, entries, VisibleResources(self.state)
        )
