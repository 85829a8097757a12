"""update, update as create, and conditional update.

https://hl7.org/fhir/R4/http.html#update
https://hl7.org/fhir/R4/http.html#cond-update
"""

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import Conflict, InvalidRequest
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.conditional_headers import check_write
from fhir_server.interactions.criteria import Criteria, find_single_match
from fhir_server.interactions.engines import Work
from fhir_server.interactions.input_validation import (
    AcceptedResource,
    accept_resource,
    check_id,
    check_same_id,
)
from fhir_server.interactions.prepared_write import PreparedWrite, prepare_speculatively
from fhir_server.interactions.write_response import wants_outcome, write_response
from fhir_server.store.port import StoredResource, UnitOfWork


def update(request: FhirRequest, engine: Engine) -> Work:
    """PUT [type]/[id]: 200 with the next version, or 201 for an id that does not exist."""
    type, id = request.path
    check_id(id)
    asked = accept_resource(request.content, type, engine, with_warnings=wants_outcome(request))
    check_same_id(asked.resource, id)
    prepared = prepare_speculatively(asked.resource, id, engine)
    return lambda unit: _write(unit, request, engine, asked, unit.read(type, id), id, prepared)


def conditional_update(request: FhirRequest, engine: Engine) -> Work:
    """PUT [type]?criteria: updates the one match, or creates when there is none."""
    type = request.path[0]
    asked = accept_resource(request.content, type, engine, with_warnings=wants_outcome(request))
    wanted = Criteria(type, request.query, "update")

    def work(unit: UnitOfWork) -> FhirResponse:
        match, id = update_target(unit, engine, wanted, asked.resource, request.base_url)
        return _write(unit, request, engine, asked, match, id)

    return work


def update_target(
    unit: UnitOfWork, engine: Engine, wanted: Criteria, resource: Resource, base_url: str
) -> tuple[StoredResource | None, str]:
    """The target of a conditional update: the current version, if any, and the id.

    Raises `PreconditionFailed` for several matches, `InvalidRequest` when the body's id is not the match's,
    and `Conflict` when nothing matches but the body's id is taken.
    """
    match = find_single_match(unit, engine, wanted, base_url)
    given = resource.get("id")
    if match is not None:
        if given is not None and given != match.id:
            raise InvalidRequest.of(
                messages.MATCH_HAS_OTHER_ID(reference=match.reference, given=given), f"{wanted.type}.id"
            )
        return match, match.id
    if given is None:
        return None, engine.new_id()
    current = unit.read(wanted.type, given)
    if current is not None and not current.deleted:
        raise Conflict.of(messages.ID_TAKEN(reference=current.reference), f"{wanted.type}.id")
    return current, given


def _write(
    unit: UnitOfWork,
    request: FhirRequest,
    engine: Engine,
    asked: AcceptedResource,
    current: StoredResource | None,
    id: str,
    prepared: PreparedWrite | None = None,
) -> FhirResponse:
    check_write(request.conditions, current)
    changeset = Changeset(unit, engine, request.base_url)
    stored = changeset.put(asked.resource, id, "PUT", current, prepared)
    created = current is None or current.deleted
    issues = (*asked.warnings, *changeset.settle())
    return write_response(request, changeset.last_version(stored), 201 if created else 200, issues)
