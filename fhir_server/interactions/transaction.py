"""transaction: all entries in one unit of work, or none.

Deletes first, then creates, updates and patches, then reads, whatever their order in the Bundle.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from msgspec import Struct, structs

from fhir_server.core.bundle import bundle
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, InvalidRequest, MalformedContent, Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.batch import answer_entry
from fhir_server.interactions.bundle_entries import (
    Entry,
    entries_by_method,
    entry_of,
    located,
    located_issue,
)
from fhir_server.interactions.bundled_definitions import with_bundled_definitions
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.condition_conflicts import conflicting_conditions, in_dependency_order
from fhir_server.interactions.conditional_headers import check_write
from fhir_server.interactions.conditional_references import criteria_of, target_types
from fhir_server.interactions.criteria import Criteria, find_matches, find_single_match, prefetch_matches
from fhir_server.interactions.delete import deletion_targets, version_told
from fhir_server.interactions.entry_conditions import EntryConditions
from fhir_server.interactions.entry_links import EntryLinks, Identities
from fhir_server.interactions.input_validation import (
    AcceptedResource,
    accept_bundled,
    accept_resource,
    check_id,
    check_same_id,
    without_id,
)
from fhir_server.interactions.patch import check_media_type, patched
from fhir_server.interactions.prepared_write import PreparedWrite
from fhir_server.interactions.routes import unknown_type
from fhir_server.interactions.speculative_writes import LinkedResource, link_resource, speculate
from fhir_server.interactions.update import update_target
from fhir_server.interactions.write_response import wants_outcome, write_response
from fhir_server.issues import Issue
from fhir_server.store.port import Method, StoredResource, UnitOfWork
from fhir_server.validation.fhirpath.compiled import StepBudget


class _Write(Struct, frozen=True):
    """A planned write of an entry: the resource, its id, and the current version that it replaces."""

    entry: Entry
    id: str
    current: StoredResource | None
    resource: Resource
    prepared: PreparedWrite | None = None


@dataclass(slots=True)
class _Plan:
    """The writes of a transaction with all conditions resolved, before any but deletions are done."""

    identities: Identities
    writes: list[_Write] = field(default_factory=list)
    matched: list[tuple[Entry, StoredResource]] = field(default_factory=list)
    claimed: dict[str, Entry] = field(default_factory=dict)
    """The entry that writes or deletes a resource, by reference."""
    unmatched: dict[Criteria, Entry] = field(default_factory=dict)
    """The entry that creates the resource for criteria without a match."""

    def claim(self, reference: str, entry: Entry) -> None:
        """Record that an entry writes or deletes a resource. Raises `InvalidRequest` if another does too."""
        if reference in self.claimed:
            raise InvalidRequest.of(messages.DUPLICATE_IDENTITY(reference=reference))
        self.claimed[reference] = entry

    def miss(self, wanted: Criteria, entry: Entry) -> None:
        """Record criteria without a match. Raises `InvalidRequest` if another entry has the same."""
        if wanted in self.unmatched:
            raise _duplicate(wanted)
        self.unmatched[wanted] = entry

    def write(self, write: _Write) -> None:
        """Plan a write."""
        reference = f"{write.resource['resourceType']}/{write.id}"
        self.claim(reference, write.entry)
        version = write.current.version + 1 if write.current else 1
        self.identities.add(write.entry.full_url, reference, version, write.resource)
        self.writes.append(write)

    def placed(self, reference: str, issue: Issue) -> Issue:
        """An issue of a rule, located at the entry that writes its resource, if there is one."""
        entry = self.claimed.get(reference)
        return located_issue(issue, entry) if entry else issue


_Written = tuple[Entry, StoredResource, int]
"""An entry, the version that it wrote or matched, and the status of its response."""

_Target = tuple[StoredResource | None, str, Resource]
"""The target of an update or patch: the current version, if any, the id, and the resource to write."""

P = ParamSpec("P")
T = TypeVar("T")
ReadIn = Callable[[FhirRequest, UnitOfWork], FhirResponse]


def _located_step(
    entry: Entry, step: Callable[Concatenate[Entry, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run one step for an entry, with its errors located at the entry."""
    try:
        return step(entry, *args, **kwargs)
    except FhirError as error:
        raise located(error, entry) from error


class Transaction:
    """One transaction Bundle. `read` answers its reading entries; `judged` if the Bundle has been validated
    as a whole, by the profiles that it claims.
    """

    def __init__(
        self,
        request: FhirRequest,
        contents: list[dict[str, Any]],
        engine: Engine,
        read: ReadIn,
        *,
        judged: bool = False,
    ) -> None:
        self._request = request
        self._engine = engine
        self._read_in = read
        self._accept = accept_bundled if judged else accept_resource
        self._entries = [entry_of(index, content, request) for index, content in enumerate(contents)]
        self._reading = [entry for entry in self._entries if entry.only_reads]
        self._writing = [entry for entry in self._entries if not entry.only_reads]
        _check_full_urls(self._entries)
        self._warnings: dict[int, tuple[Issue, ...]] = {}
        self._resources = self._accepted()
        creates = entries_by_method(self._writing, "POST")
        self._ids = {entry.index: engine.new_id() for entry in creates}
        self._conditions = EntryConditions(self._writing, engine)
        self._speculative = speculate(
            self._writing, self._resources, self._ids, self._conditions.known, engine
        )

    def work(self, unit: UnitOfWork) -> FhirResponse:
        """Run the transaction in a unit of work."""
        with self._engine.validator.shared_budget():
            answers = self._work(unit)
        ordered = [answers[entry.index] for entry in self._entries]
        return FhirResponse(200, body=bundle("transaction-response", ordered))

    def _accepted(self) -> dict[int, Resource]:
        """The validated resources of all creates and updates.

        Raises, with the issues of every entry, `MalformedContent`, or `Unprocessable` if their structure is
        valid. Raises `Unprocessable` at once if the invariants of profiles take too long.
        """
        resources: dict[int, Resource] = {}
        issues: list[Issue] = []
        malformed = False
        judging = with_bundled_definitions(self._engine, self._writing)
        with judging.validator.shared_budget() as budget:
            for entry in entries_by_method(self._writing, "POST", "PUT"):
                self._check_path(entry)
                try:
                    resources[entry.index] = self._accepted_alone(entry, judging)
                except FhirError as error:
                    _check_budget(budget, entry)
                    malformed |= not isinstance(error, Unprocessable)
                    issues += located(error, entry).issues
        if issues:
            raise MalformedContent(*issues) if malformed else Unprocessable(*issues)
        return resources

    def _accepted_alone(self, entry: Entry, judging: Engine) -> Resource:
        content, type = entry.request.content, entry.request.path[0]
        content = without_id(content) if entry.request.method == "POST" else content
        warns = wants_outcome(self._request)
        return self._with_warnings(entry, self._accept(content, type, judging, with_warnings=warns))

    def _with_warnings(self, entry: Entry, found: AcceptedResource) -> Resource:
        """The resource of an entry, with its warnings recorded for the response."""
        self._warnings[entry.index] = found.warnings
        return found.resource

    def _check_path(self, entry: Entry) -> None:
        """Raise `InvalidRequest` or `UnknownType` for a path that is neither a type nor a resource."""
        path = entry.request.path
        if len(path) not in (1, 2):
            raise _not_in_transaction(entry)
        if not self._engine.registry.is_resource_type(path[0]):
            raise located(unknown_type(path[0], self._engine.registry), entry)

    def _work(self, unit: UnitOfWork) -> dict[int, bytes]:
        plan = _Plan(Identities(self._request.base_url))
        changeset = Changeset(unit, self._engine, self._request.base_url, plan.placed)
        answers: dict[int, bytes] = {}
        unit.prefetch(self._named())
        for entry in entries_by_method(self._writing, "DELETE"):
            answers[entry.index] = _located_step(entry, self._delete, unit, changeset, plan)
        prefetch_matches(unit, self._engine, self._conditions.known.values(), self._request.base_url)
        creates = entries_by_method(self._writing, "POST")
        updates = entries_by_method(self._writing, "PUT", "PATCH")
        for entry in self._conditions.in_dependency_order([*creates, *updates]):
            plan_one = self._plan_create if entry.request.method == "POST" else self._plan_update
            _located_step(entry, plan_one, unit, plan)
        stored = self._write(plan, changeset)
        for wanted, entry in conflicting_conditions(
            plan.unmatched, (write.resource for write in plan.writes)
        ):
            _located_step(entry, self._check_single, unit, wanted)
        changeset.settle()
        for entry, found, status in stored:
            left = changeset.last_version(found)
            was_there = entry.request.method == "POST" and status == 200
            accepted_with = () if was_there else self._warnings.get(entry.index, ())
            warnings = (*accepted_with, *changeset.warnings_of(found))
            answers[entry.index] = answer_entry(
                entry.request, write_response(entry.request, left, status, warnings)
            )
        for entry in self._reading:
            answers[entry.index] = _located_step(entry, self._read, unit)
        return answers

    def _named(self) -> list[tuple[str, str]]:
        """The (type, id) of resources that entries change by id."""
        changing = entries_by_method(self._writing, "DELETE", "PUT", "PATCH")
        paths = (entry.request.path for entry in changing)
        return [(path[0], path[1]) for path in paths if len(path) == 2]

    def _delete(self, entry: Entry, unit: UnitOfWork, changeset: Changeset, plan: _Plan) -> bytes:
        request = entry.request
        self._check_path(entry)
        if len(request.path) == 2:
            plan.claim("/".join(request.path), entry)
            found = unit.read(*request.path)
            check_write(request.conditions, found)
            targets: tuple[StoredResource, ...] = (found,) if found and not found.deleted else ()
        elif request.query:
            wanted = self._conditions.wanted(entry, plan.identities)
            targets = deletion_targets(unit, self._engine, wanted, request.base_url)
            for target in targets:
                check_write(request.conditions, target)
        else:
            raise _not_in_transaction(entry)
        for target in targets:
            if len(request.path) == 1:
                plan.claim(target.reference, entry)
        deleted = [changeset.delete(target) for target in targets]
        return answer_entry(request, FhirResponse(204, version=version_told(deleted)))

    def _plan_create(self, entry: Entry, unit: UnitOfWork, plan: _Plan) -> None:
        request = entry.request
        if len(request.path) != 1:
            raise _not_in_transaction(entry)
        resource = self._resources[entry.index]
        wanted = self._conditions.wanted_to_create(entry, plan.identities)
        if wanted is not None:
            existing = find_single_match(unit, self._engine, wanted, request.base_url)
            if existing is not None:
                plan.matched.append((entry, existing))
                plan.identities.add(entry.full_url, existing.reference, existing.version, resource)
                return
            plan.miss(wanted, entry)
        plan.write(_Write(entry, self._ids[entry.index], None, resource))

    def _plan_update(self, entry: Entry, unit: UnitOfWork, plan: _Plan) -> None:
        request = entry.request
        self._check_path(entry)
        plan_one = self._patch_target if request.method == "PATCH" else self._update_target
        current, id, resource = plan_one(entry, unit, plan)
        if len(request.path) == 1 and (current is None or current.deleted):
            plan.miss(self._conditions.wanted(entry, plan.identities), entry)
        plan.write(_Write(entry, id, current, resource))

    def _update_target(self, entry: Entry, unit: UnitOfWork, plan: _Plan) -> _Target:
        request = entry.request
        resource = self._resources[entry.index]
        if len(request.path) == 2:
            check_id(request.path[1])
            check_same_id(resource, request.path[1])
            current, id = unit.read(*request.path), request.path[1]
        else:
            wanted = self._conditions.wanted(entry, plan.identities)
            current, id = update_target(unit, self._engine, wanted, resource, request.base_url)
        check_write(request.conditions, current)
        return current, id, resource

    def _patch_target(self, entry: Entry, unit: UnitOfWork, plan: _Plan) -> _Target:
        request = entry.request
        check_media_type(request)
        if len(request.path) == 2:
            reference = "/".join(request.path)
            current = unit.read(*request.path)
        else:
            wanted = self._conditions.wanted(entry, plan.identities)
            reference = f"{wanted.type}?{wanted}"
            current = find_single_match(unit, self._engine, wanted, request.base_url)
        resource = self._with_warnings(entry, patched(request, current, reference, self._engine, unit))
        return current, resource["id"], resource

    def _write(self, plan: _Plan, changeset: Changeset) -> list[_Written]:
        """Do the planned writes; those with conditional references last, as these may match the others."""
        links = EntryLinks(self._engine.registry, plan.identities)
        speculative = self._speculative.valid_for(plan.identities)
        settled: list[_Write] = []
        waiting: list[tuple[_Write, str, frozenset[str]]] = []
        references: list[str] = []
        for write in plan.writes:
            known = speculative.get(write.entry.index)
            found: LinkedResource = known or _located_step(write.entry, link_resource, write.resource, links)
            ready = structs.replace(write, resource=found.resource, prepared=found.prepared)
            if types := target_types(found.references, self._engine):
                references += found.references
                waiting.append((ready, found.resource["resourceType"], types))
            else:
                settled.append(ready)
        sought = criteria_of(references, self._engine)
        prefetch_matches(changeset.unit, self._engine, sought, self._request.base_url)
        put = [
            _located_step(write.entry, _put, write, changeset)
            for write in (*settled, *in_dependency_order(waiting))
        ]
        return [*put, *((entry, existing, 200) for entry, existing in plan.matched)]

    def _check_single(self, entry: Entry, unit: UnitOfWork, wanted: Criteria) -> None:
        """Raise `InvalidRequest` if another entry has written a match of this one's criteria."""
        if len(find_matches(unit, self._engine, wanted, entry.request.base_url)) > 1:
            raise _duplicate(wanted)

    def _read(self, entry: Entry, unit: UnitOfWork) -> bytes:
        return answer_entry(entry.request, self._read_in(entry.request, unit))


def _check_budget(budget: StepBudget, entry: Entry) -> None:
    """Raises `Unprocessable` where the invariants of profiles have used up the budget of the Bundle."""
    if budget.left < 0:
        raise Unprocessable.of(messages.FHIRPATH_TOO_COSTLY(), entry.location, code="too-costly")


def _put(entry: Entry, write: _Write, changeset: Changeset) -> _Written:
    method: Method = entry.request.method  # type: ignore[assignment]
    stored = changeset.put(write.resource, write.id, method, write.current, write.prepared)
    created = write.current is None or write.current.deleted
    return entry, stored, 201 if created else 200


def _duplicate(wanted: Criteria) -> InvalidRequest:
    return InvalidRequest.of(messages.DUPLICATE_IDENTITY(reference=f"{wanted.type}?{wanted}"))


def _check_full_urls(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.full_url and entry.full_url in seen:
            text = messages.DUPLICATE_FULL_URL(url=entry.full_url)
            raise InvalidRequest.of(text, f"{entry.location}.fullUrl")
        seen.add(entry.full_url or "")


def _not_in_transaction(entry: Entry) -> InvalidRequest:
    request = entry.request
    text = messages.NOT_IN_TRANSACTION(method=request.method, url="/".join(request.path))
    return InvalidRequest.of(text, f"{entry.location}.request.url")
