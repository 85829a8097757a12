"""Everything that is not success, as an OperationOutcome that tells the client what it may know.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

import errno
import logging
import traceback

from fhir_server.api import messages
from fhir_server.api.body import JSON_PATCH
from fhir_server.api.exchange import DEFAULT_CONTENT_TYPE, Exchange
from fhir_server.api.negotiation import FHIR_JSON
from fhir_server.api.render import Reply, render
from fhir_server.api.target import allowed_methods
from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirResponse
from fhir_server.errors import (
    FhirError,
    InvalidRequest,
    MethodNotAllowed,
    NotSupported,
    RequestTimeout,
    StoreUnavailable,
    status_of,
)
from fhir_server.issues import Issue, Language

RETRY_AFTER_SECONDS = 1
RETRY_STATUSES = frozenset({429, 503})
ACCEPT_PATCH = (b"accept-patch", f"{JSON_PATCH}, {FHIR_JSON}".encode())
"""The media types of patches. https://www.rfc-editor.org/rfc/rfc5789#section-3.1"""

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What the system says that has no more files or memory to give at the moment."""

logger = logging.getLogger("fhir_server")


def refusal(error: Exception, exchange: Exchange) -> Reply:
    """The answer to a request that failed, in the reader's language, with what helps to do better."""
    if isinstance(error, FhirError):
        response = _foreseen(error, exchange.language)
    else:
        response = _unforeseen(error, exchange.request_id.decode(), exchange.language)
    reply = render(response, exchange.base_url, exchange.content_type, exchange.pretty)
    reply.headers.append((b"content-language", exchange.language.encode()))
    if reply.status in (405, 501):
        reply.headers.append(allow(_allowed(error) or exchange.allowed or allowed_methods(exchange.path)))
    if reply.status == 415 and exchange.method == "PATCH":
        reply.headers.append(ACCEPT_PATCH)
    if reply.status in RETRY_STATUSES:
        reply.headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
    return reply


def unreadable(*, but_for_method: bool) -> Reply:
    """The answer to what is no HTTP request, or would be one but for its method."""
    if but_for_method:
        return _without_request(NotSupported.of(messages.NO_SUCH_METHOD()))
    return _without_request(InvalidRequest.of(messages.NO_REQUEST()))


def too_slow(seconds: int) -> Reply:
    """The answer to a request that has not come to its end after so long."""
    return _without_request(RequestTimeout.of(messages.REQUEST_TOO_SLOW(seconds=seconds)))


def _without_request(error: FhirError) -> Reply:
    """In English, as no header says otherwise."""
    reply = render(_foreseen(error, "en"), "", DEFAULT_CONTENT_TYPE)
    reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    return reply


def allow(methods: tuple[str, ...]) -> tuple[bytes, bytes]:
    """The Allow header of a path with these methods."""
    return b"allow", ", ".join((*methods, "OPTIONS")).encode()


def _allowed(error: Exception) -> tuple[str, ...]:
    """The methods that a refusal of another one names."""
    return error.allowed if isinstance(error, MethodNotAllowed) else ()


def _foreseen(error: FhirError, language: Language) -> FhirResponse:
    outcome = operation_outcome(error.issues, language)
    return FhirResponse(status_of(error), json.serialise(outcome))


def _unforeseen(error: Exception, request_id: str, language: Language) -> FhirResponse:
    """An id for the client, and the places in the code for our log.

    The log shows no message of the exception: it may quote a name or a search value.
    """
    logger.error("request %s failed\n%s", request_id, _places(error))
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in EXHAUSTED):
        return _foreseen(StoreUnavailable.of(messages.EXHAUSTED()), language)
    issue = Issue("fatal", "exception", messages.UNEXPECTED(id=request_id))
    return FhirResponse(500, json.serialise(operation_outcome([issue], language)))


def _places(error: BaseException) -> str:
    """The places of the error and of those that led to it, which may lead back to one another."""
    told: list[str] = []
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        kind = f"{type(cause).__module__}.{type(cause).__qualname__}"
        told.append("".join(traceback.format_tb(cause.__traceback__)) + kind)
        cause = cause.__cause__ or cause.__context__
    return "\nwhich led to\n".join(reversed(told))
