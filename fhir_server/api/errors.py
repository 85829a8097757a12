"""Error replies: every exception as an OperationOutcome that discloses no internals.

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
"""Operating system errors for a temporary lack of file handles or memory."""

logger = logging.getLogger("fhir_server")


def error_reply(error: Exception, exchange: Exchange) -> Reply:
    """The reply to a request that failed, in the client's language, with Allow or Retry-After where due."""
    if isinstance(error, FhirError):
        response = _expected_error(error, exchange.language)
    else:
        response = _unexpected_error(error, exchange.request_id.decode(), exchange.language)
    reply = render(response, exchange.base_url, exchange.content_type, exchange.pretty)
    reply.headers.append((b"content-language", exchange.language.encode()))
    if reply.status in (405, 501):
        reply.headers.append(
            allow_header(_allowed(error) or exchange.allowed or allowed_methods(exchange.path))
        )
    if reply.status == 415 and exchange.method == "PATCH":
        reply.headers.append(ACCEPT_PATCH)
    if reply.status in RETRY_STATUSES:
        reply.headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
    return reply


def invalid_http_reply(*, but_for_method: bool) -> Reply:
    """The reply to bytes that are no HTTP request, or only have an unknown method."""
    if but_for_method:
        return _without_request(NotSupported.of(messages.NO_SUCH_METHOD()))
    return _without_request(InvalidRequest.of(messages.NO_REQUEST()))


def timeout_reply(seconds: int) -> Reply:
    """The reply to a request that is incomplete at its deadline."""
    return _without_request(RequestTimeout.of(messages.REQUEST_TOO_SLOW(seconds=seconds)))


def _without_request(error: FhirError) -> Reply:
    """An error reply without a request, and therefore in English."""
    reply = render(_expected_error(error, "en"), "", DEFAULT_CONTENT_TYPE)
    reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    return reply


def allow_header(methods: tuple[str, ...]) -> tuple[bytes, bytes]:
    """The Allow header for these methods."""
    return b"allow", ", ".join((*methods, "OPTIONS")).encode()


def _allowed(error: Exception) -> tuple[str, ...]:
    """The methods that a refusal of another one names."""
    return error.allowed if isinstance(error, MethodNotAllowed) else ()


def _expected_error(error: FhirError, language: Language) -> FhirResponse:
    outcome = operation_outcome(error.issues, language)
    return FhirResponse(status_of(error), json.serialise(outcome))


def _unexpected_error(error: Exception, request_id: str, language: Language) -> FhirResponse:
    """A response with the request's id; the traceback goes to the log.

    The exception's message is not logged: it may quote a name or a search value.
    """
    logger.error("request %s failed\n%s", request_id, _traceback(error))
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in EXHAUSTED):
        return _expected_error(StoreUnavailable.of(messages.EXHAUSTED()), language)
    issue = Issue("fatal", "exception", messages.UNEXPECTED(id=request_id))
    return FhirResponse(500, json.serialise(operation_outcome([issue], language)))


def _traceback(error: BaseException) -> str:
    """The traceback of an error and of its causes, without messages. A chain of causes may be circular."""
    told: list[str] = []
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        kind = f"{type(cause).__module__}.{type(cause).__qualname__}"
        told.append("".join(traceback.format_tb(cause.__traceback__)) + kind)
        cause = cause.__cause__ or cause.__context__
    return "\nwhich led to\n".join(reversed(told))
