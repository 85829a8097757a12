"""delete and conditional delete.

https://hl7.org/fhir/R4/http.html#delete
"""

from collections.abc import Sequence

from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import PreconditionFailed
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.conditional_headers import check_write
from fhir_server.interactions.criteria import Criteria, find_matches
from fhir_server.interactions.engines import Work
from fhir_server.interactions.write_response import wants_outcome
from fhir_server.store.port import StoredResource, UnitOfWork


def delete(request: FhirRequest, engine: Engine) -> Work:
    """DELETE [type]/[id]: 204, even if there is nothing to delete."""
    type, id = request.path

    def work(unit: UnitOfWork) -> FhirResponse:
        current = unit.read(type, id)
        check_write(request.conditions, current)
        return _delete(unit, request, engine, [current] if current and not current.deleted else [])

    return work


def conditional_delete(request: FhirRequest, engine: Engine) -> Work:
    """DELETE [type]?criteria: the only match, or all matches if the server is configured so."""
    wanted = Criteria(request.path[0], request.query, "delete")

    def work(unit: UnitOfWork) -> FhirResponse:
        found = deletion_targets(unit, engine, wanted, request.base_url)
        for current in found:
            check_write(request.conditions, current)
        return _delete(unit, request, engine, found)

    return work


def deletion_targets(
    unit: UnitOfWork, engine: Engine, wanted: Criteria, base_url: str
) -> tuple[StoredResource, ...]:
    """The matches of a conditional delete. Raises `PreconditionFailed` for more than the server allows."""
    limit = engine.limits.conditional_delete_max if engine.conditional_delete_multiple else 1
    found = find_matches(unit, engine, wanted, base_url, limit + 1)
    if len(found) <= limit:
        return found
    template = messages.SEVERAL_MATCHES if limit == 1 else messages.TOO_MANY_MATCHES
    text = template(type=wanted.type, criteria=wanted, limit=limit)
    raise PreconditionFailed.of(text, code="multiple-matches")


def _delete(
    unit: UnitOfWork, request: FhirRequest, engine: Engine, targets: Sequence[StoredResource]
) -> FhirResponse:
    changeset = Changeset(unit, engine, request.base_url)
    deleted = [changeset.delete(current) for current in targets]
    issues = changeset.settle()
    version = version_told(deleted)
    if wants_outcome(request):
        body = json.serialise(operation_outcome(issues, request.language))
        return FhirResponse(200, body=body, version=version, issues=issues)
    return FhirResponse(204, version=version, issues=issues)


def version_told(deleted: Sequence[StoredResource | None]) -> int | None:
    """The version for the response: that of the deletion, if there was only one."""
    return deleted[0].version if len(deleted) == 1 and deleted[0] else None
