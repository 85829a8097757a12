"""The writes of one unit of work, with the programmes' rules and reactions around them.

Order inside the unit: everything is put, the rules see the resulting state, each reaction runs once for each
change, and the rules see what the reactions left, if these wrote anything.
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
"""Says of an issue about the resource `Type/id` where it stands in what the client has sent."""


def _as_sent(_: str, issue: Issue) -> Issue:
    return issue


class Changeset:
    """Collects what a unit of work writes. `settle` must be its last call, but for what tells of it."""

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
        told = self._told(after, draft, stored) if draft.type in self._engine.watched else None
        self._noted(draft.type, id, told)
        self._last[draft.type, id] = stored
        if told is not None:
            self._changes.append(Change(draft.type, id, content_of(before, self._engine), told))
        return stored

    def _told(self, resource: Resource, draft: Draft, stored: StoredResource) -> Resource | None:
        """What rules and reactions are told that was written."""
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
        self._noted(current.type, current.id)
        if current.type == DEFINED_BY:
            self._definition_changes.delete(current.id)
        elif current.type in CLIENT_TYPES:
            self._definition_changes.note_change()
        if current.type in self._engine.watched:
            told = content_of(current, self._engine)
            self._changes.append(Change(current.type, current.id, told, None))
        return stored

    def _noted(self, type: str, id: str, content: Resource | None = None) -> None:
        """Forget what was read that is not so any more, now that this resource is written."""
        self._references.written(type)
        self._view.written(type, id, content)

    def left(self, stored: StoredResource) -> StoredResource:
        """The version that the unit leaves of a resource: a reaction may have written one after `stored`."""
        return self._last.get((stored.type, stored.id), stored)

    def settle(self) -> tuple[Issue, ...]:
        """Run rules, reactions and rules again, and put in force what was defined. Returns the warnings;
        raises `BusinessRule` for errors.
        """
        if self._changes:
            self._warnings = self._check(self._changes)
            if self._react():
                self._warnings = self._check(self._changes)
        self._definition_changes.settle(self.unit)
        return tuple(issue for _, issue in self._warnings)

    def warnings_of(self, stored: StoredResource) -> tuple[Issue, ...]:
        """What the rules have to remark on one of the resources, once all is settled."""
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
        """What the rules say, each with the reference of the resource that it is about."""
        found = tuple(
            (f"{change.type}/{change.id}", issue)
            for change in changes
            for rule in self._engine.rules_of[change.type]
            for issue in rule.check(change, self._view)
        )
        if any(issue.fails for _, issue in found):
            raise BusinessRule(*(self._placed(reference, issue) for reference, issue in found))
        return found
