"""create and conditional create.

https://hl7.org/fhir/R4/http.html#create
https://hl7.org/fhir/R4/http.html#ccreate
"""

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.criteria import create_criteria, find_single_match
from fhir_server.interactions.engines import Work
from fhir_server.interactions.input_validation import accept_for_create
from fhir_server.interactions.prepared_write import prepare_speculatively
from fhir_server.interactions.write_response import wants_outcome, write_response
from fhir_server.store.port import UnitOfWork


def create(request: FhirRequest, engine: Engine) -> Work:
    """POST [type]: 201 with a new id, or 200 with the resource that is there already."""
    warns = wants_outcome(request)
    asked = accept_for_create(request.content, request.path[0], engine, with_warnings=warns)
    id = engine.new_id()
    prepared = prepare_speculatively(asked.resource, id, engine)

    def work(unit: UnitOfWork) -> FhirResponse:
        if (wanted := create_criteria(request)) is not None:
            existing = find_single_match(unit, engine, wanted, request.base_url)
            if existing is not None:
                return write_response(request, existing, 200)
        changeset = Changeset(unit, engine, request.base_url)
        stored = changeset.put(asked.resource, id, "POST", None, prepared)
        issues = (*asked.warnings, *changeset.settle())
        return write_response(request, changeset.last_version(stored), 201, issues)

    return work
