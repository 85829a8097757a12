"""The answer to a write, as the Prefer header asks for it.

https://hl7.org/fhir/R4/http.html#ops
"""

from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.issues import Issue
from fhir_server.store.port import StoredResource


def tells_warnings(request: FhirRequest) -> bool:
    """Whether the answer to a write says what was to be remarked on the resource."""
    return request.preferences.returns == "OperationOutcome"


def written(
    request: FhirRequest, stored: StoredResource, status: int, issues: tuple[Issue, ...] = ()
) -> FhirResponse:
    """The answer to a create, update or patch: the resource unless the client prefers less. It tells the
    location of what was there already too.
    """
    returns = request.preferences.returns or "representation"
    body = stored.body if returns == "representation" else None
    if tells_warnings(request):
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
