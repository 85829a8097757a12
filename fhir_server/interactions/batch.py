"""batch: each entry is processed independently, as if it had been sent alone.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Callable
from typing import Any

from msgspec import Raw

from fhir_server.core.bundle import bundle, entry
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, InvalidRequest, status_of
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_entries import READING, entry_of, located, reasoned, response
from fhir_server.interactions.literal_references import references_in
from fhir_server.interactions.places import expression
from fhir_server.interactions.write_response import wants_outcome

Dispatch = Callable[[FhirRequest], FhirResponse]


def batch(
    request: FhirRequest,
    contents: list[dict[str, Any]],
    dispatch: Dispatch,
    dispatch_with_own_writes: Dispatch,
) -> FhirResponse:
    """Dispatch every entry in order; one that fails gets its own OperationOutcome and stops no other.

    Entries after one that may write see its writes, although these may not be committed yet.
    """
    created = _created(contents)
    answers, ask = [], dispatch
    for index, content in enumerate(contents):
        answers.append(_answer(index, content, request, ask, created))
        if content.get("request", {}).get("method") not in READING:
            ask = dispatch_with_own_writes
    return FhirResponse(200, body=bundle("batch-response", answers))


def _created(contents: list[dict[str, Any]]) -> frozenset[str]:
    """The fullUrls `urn:...` of the resources that entries create, which are only valid inside the Bundle."""
    posted = (entry for entry in contents if entry.get("request", {}).get("method") == "POST")
    full_urls = (entry.get("fullUrl", "") for entry in posted)
    return frozenset(url for url in full_urls if url.startswith("urn:"))


def _answer(
    index: int,
    content: dict[str, Any],
    request: FhirRequest,
    dispatch: Dispatch,
    created: frozenset[str],
) -> bytes:
    try:
        asked = entry_of(index, content, request)
    except FhirError as error:
        return _refusal(error, request)
    try:
        if created:
            _check_links(asked.request.content, created)
        return answer_entry(asked.request, dispatch(asked.request))
    except FhirError as error:
        return _refusal(located(error, asked), request)


def _check_links(resource: Any, created: frozenset[str]) -> None:
    """Raise `InvalidRequest` for a reference to what another entry creates: a batch cannot resolve it.

    https://hl7.org/fhir/R4/http.html#brules
    """
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return
    for place, reference in references_in(resource):
        if reference in created:
            text = messages.BATCH_LINKS_NOTHING(reference=reference)
            raise InvalidRequest.of(text, expression(resource, place))


def answer_entry(request: FhirRequest, answer: FhirResponse) -> bytes:
    """The response entry. The resource of a write is only included if the client prefers it."""
    is_write_of_resource = answer.content_location is not None
    shown = not is_write_of_resource or request.preferences.returns not in (None, "minimal")
    members = response(
        reasoned(answer.status),
        location=answer.location or answer.content_location,
        version=answer.version,
        modified=answer.last_updated,
    )
    body = answer.body if shown and request.method != "HEAD" else None
    if body and wants_outcome(request) and (is_write_of_resource or request.method == "DELETE"):
        members["outcome"], body = Raw(body), None
    return entry(resource=body, response=members)


def _refusal(error: FhirError, request: FhirRequest) -> bytes:
    members = response(reasoned(status_of(error)))
    members["outcome"] = operation_outcome(error.issues, request.language)
    return entry(response=members)
