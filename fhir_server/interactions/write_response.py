"""The response to a write, as the Prefer header asks for it.

https://hl7.org/fhir/R4/http.html#ops
"""

from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.issues import Issue
from fhir_server.store.port import StoredResource


def wants_outcome(request: FhirRequest) -> bool:
    """Whether the client prefers an OperationOutcome, with the warnings, as the response to a write."""
    return request.preferences.returns == "OperationOutcome"


def write_response(
    request: FhirRequest, stored: StoredResource, status: int, issues: tuple[Issue, ...] = ()
) -> FhirResponse:
    """The response to a create, update or patch: the resource, unless the client prefers less. It has a
    location even where the resource existed before.
    """
    returns = request.preferences.returns or "representation"
    body = stored.body if returns == "representation" else None
    if wants_outcome(request):
        body = json.serialise(operation_outcome(issues, request.language))
    location = f"{stored.reference}/_history/{stored.version}"
    return FhirResponse(
        status,
        body=body,
        version=stored.version,
        last_updated=stored.last_updated,
        location=location,
        content_location=location,
        issues=issues,
    )
