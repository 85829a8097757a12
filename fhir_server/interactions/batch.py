"""batch: each entry on its own, as if it had been sent alone.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Callable
from typing import Any

from fhir_server.core.bundle import bundle, entry
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, status_of
from fhir_server.interactions.entries import entry_of, located, reasoned, response

Dispatch = Callable[[FhirRequest], FhirResponse]


def batch(request: FhirRequest, contents: list[dict[str, Any]], dispatch: Dispatch) -> FhirResponse:
    """Dispatch every entry in turn; a failed one has its own OperationOutcome and stops no other."""
    answers = [_answer(index, content, request, dispatch) for index, content in enumerate(contents)]
    return FhirResponse(200, body=bundle("batch-response", answers))


def _answer(index: int, content: dict[str, Any], request: FhirRequest, dispatch: Dispatch) -> bytes:
    try:
        asked = entry_of(index, content, request)
    except FhirError as error:
        return _refusal(error, request)
    try:
        return answer_entry(asked.request, dispatch(asked.request))
    except FhirError as error:
        return _refusal(located(error, asked), request)


def answer_entry(request: FhirRequest, answer: FhirResponse) -> bytes:
    """The response to one entry. What a write returns is shown only when the client prefers it."""
    is_write_of_resource = answer.content_location is not None
    shown = not is_write_of_resource or request.preferences.returns not in (None, "minimal")
    members = response(
        reasoned(answer.status),
        location=answer.location or answer.content_location,
        version=answer.version,
        modified=answer.last_updated,
    )
    body = answer.body if shown and request.method != "HEAD" else None
    return entry(resource=body, response=members)


def _refusal(error: FhirError, request: FhirRequest) -> bytes:
    members = response(reasoned(status_of(error)))
    members["outcome"] = operation_outcome(error.issues, request.language)
    return entry(response=members)
