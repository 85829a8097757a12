"""The writes of one unit of work, with the programmes' rules and reactions.

Order inside the unit: all writes; the rules on the resulting state; each reaction once for each change; if a
reaction wrote anything, the rules again.
"""

from collections.abc import Callable, Iterable

from fhir_server.core.reference import relative
from fhir_server.core.resource import Draft, committed
from fhir_server.errors import BusinessRule
from fhir_server.extension import Change, Engine, Resource
from fhir_server.interactions.conditional_references import ConditionalReferences
from fhir_server.interactions.conformance import CLIENT_TYPES
from fhir_server.interactions.criteria import identity_lock
from fhir_server.interactions.definition_changes import DEFINED_BY, DefinitionChanges
from fhir_server.interactions.prepared_write import PreparedWrite, prepare_write
from fhir_server.interactions.unit_view import UnitView, content_of
from fhir_server.issues import Issue
from fhir_server.store.port import Method, StoredResource, UnitOfWork

Placed = Callable[[str, Issue], Issue]
"""Locates an issue about the resource `Type/id` in the client's request."""


def _as_sent(_: str, issue: Issue) -> Issue:
    return issue


class Changeset:
    """Collects the writes of a unit of work. `settle` is called last; only getters may follow."""

    def __init__(self, unit: UnitOfWork, engine: Engine, base_url: str, placed: Placed = _as_sent) -> None:
        self.unit = unit
        self._engine = engine
        self._placed = placed
        self._warnings: tuple[tuple[str, Issue], ...] = ()
        self._changes: list[Change] = []
        self._last: dict[tuple[str, str], StoredResource] = {}
        self._definition_changes = DefinitionChanges(engine)
        self._references = ConditionalReferences(unit, engine, base_url)
        self._view = UnitView(unit, engine)

    def put(
        self,
        resource: Resource,
        id: str,
        method: Method,
        before: StoredResource | None = None,
        prepared: PreparedWrite | None = None,
    ) -> StoredResource:
        """Write the next version of `resource` under `id`; `before` is the current version, if there is one.
        `prepared` is used if it still holds.
        """
        if prepared is None or not self._still_holds(prepared, id):
            prepared = prepare_write(resource, id, self._engine, self._references.target)
        after, draft, entries = prepared.resource, prepared.draft, prepared.entries
        if draft.type == DEFINED_BY:
            self._definition_changes.put(after)
        elif draft.type in CLIENT_TYPES:
            self._definition_changes.note_change(None if before else after)
        for token in entries.tokens:
            if token.parameter == "identifier":
                self.unit.lock(identity_lock(draft.type, token.system, token.code))
        stored = self.unit.put(draft, entries, method, before.version if before else 0)
        told = self._as_written(after, draft, stored) if draft.type in self._engine.watched else None
        self._invalidate(draft.type, id, told)
        self._last[draft.type, id] = stored
        if told is not None:
            self._changes.append(Change(draft.type, id, content_of(before, self._engine), told))
        return stored

    def _as_written(self, resource: Resource, draft: Draft, stored: StoredResource) -> Resource | None:
        """The resource as written, for rules and reactions."""
        is_absolute = relative(draft.tail, self._engine.extractor.indexing.base_urls) != draft.tail
        if is_absolute:
            return content_of(stored, self._engine)
        return committed(resource, stored.version, stored.last_updated)

    def _still_holds(self, prepared: PreparedWrite, id: str) -> bool:
        """Whether a prepared write has this id and the right targets of its conditional references."""
        return prepared.draft.id == id and all(
            self._references.target(one) == target for one, target in prepared.targets.items()
        )

    def delete(self, current: StoredResource) -> StoredResource | None:
        """Write the deletion of a resource."""
        stored = self.unit.delete(current.type, current.id, current.version)
        self._invalidate(current.type, current.id)
        if current.type == DEFINED_BY:
            self._definition_changes.delete(current.id)
        elif current.type in CLIENT_TYPES:
            self._definition_changes.note_change()
        if current.type in self._engine.watched:
            told = content_of(current, self._engine)
            self._changes.append(Change(current.type, current.id, told, None))
        return stored

    def _invalidate(self, type: str, id: str, content: Resource | None = None) -> None:
        """Invalidate what is cached and may have changed with this resource."""
        self._references.written(type)
        self._view.written(type, id, content)

    def last_version(self, stored: StoredResource) -> StoredResource:
        """The last version of a resource in the unit: a reaction may have written one after `stored`."""
        return self._last.get((stored.type, stored.id), stored)

    def settle(self) -> tuple[Issue, ...]:
        """Run rules, reactions and rules again, and put new definitions in force. Returns the warnings;
        raises `BusinessRule` for errors.
        """
        if self._changes:
            self._warnings = self._check(self._changes)
            if self._react():
                self._warnings = self._check(self._changes)
        self._definition_changes.settle(self.unit)
        return tuple(issue for _, issue in self._warnings)

    def warnings_of(self, stored: StoredResource) -> tuple[Issue, ...]:
        """The rules' warnings about one of the resources, after `settle`."""
        return tuple(issue for reference, issue in self._warnings if reference == stored.reference)

    def _react(self) -> bool:
        """Run each reaction once for each change so far; whether any wrote something."""
        written = False
        for change in tuple(self._changes):
            for reaction in self._engine.reactions_of[change.type]:
                written |= self._write(reaction.react(change, self._view))
        return written

    def _write(self, resources: Iterable[Resource]) -> bool:
        written = False
        for resource in resources:
            before = self.unit.read(resource["resourceType"], resource["id"])
            self.put(resource, resource["id"], "PUT", before)
            written = True
        return written

    def _check(self, changes: Iterable[Change]) -> tuple[tuple[str, Issue], ...]:
        """The issues of the rules, each with the reference of its resource."""
        found = tuple(
            (f"{change.type}/{change.id}", issue)
            for change in changes
            for rule in self._engine.rules_of[change.type]
            for issue in rule.check(change, self._view)
        )
        if any(issue.fails for _, issue in found):
            raise BusinessRule(*(self._placed(reference, issue) for reference, issue in found))
        return found
