"""One HTTP exchange: from an ASGI scope to a FhirRequest, and from a FhirResponse to a reply.

https://hl7.org/fhir/R4/http.html#general
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from fhir_server.api import binary, messages, negotiation, target
from fhir_server.api.body import EMPTY, Body
from fhir_server.api.headers import Headers, text
from fhir_server.api.render import Reply, render
from fhir_server.core.request import Conditions, FhirRequest, FhirResponse, Preferences
from fhir_server.errors import FhirError, MethodNotAllowed, NotAcceptable, NotSupported
from fhir_server.issues import Language

DEFAULT_CONTENT_TYPE = negotiation.content_type(b"")
READS = frozenset({"GET", "HEAD"})
SERVED = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
REFUSED = frozenset({"TRACE", "CONNECT"})
CONDITIONAL = (
    b"if-match",
    b"if-none-match",
    b"if-modified-since",
    b"if-unmodified-since",
    b"if-none-exist",
)
UNCONDITIONAL = Conditions()
INDIFFERENT = Preferences()


class Exchange(Struct):
    """The state of one HTTP request while it is answered.

    `started` is the `time.perf_counter` in seconds; `reply` is not complete until it has its last headers;
    `takes_long` says that the event loop tried and ran out of time; `allowed` are the methods of a path that
    is not below the FHIR base; `as_it_is` says that a Binary is wanted in its native format.
    """

    scope: Mapping[str, Any]
    headers: Headers
    request_id: bytes
    method: str
    language: Language
    started: float
    path: tuple[str, ...] = ()
    content_type: bytes = DEFAULT_CONTENT_TYPE
    pretty: bool = False
    base_url: str = ""
    reply: Reply | None = None
    takes_long: bool = False
    as_it_is: bool = False
    allowed: tuple[str, ...] = ()


def resolve_target(exchange: Exchange, base_urls: target.BaseUrls) -> None:
    """Set the exchange's base URL and path.

    Raises `InvalidRequest` for an unreadable URL or Host, and `MethodNotAllowed` or `NotSupported` for a
    method that FHIR does not use.
    """
    exchange.base_url = base_urls.of(exchange.scope, exchange.headers)
    exchange.path = target.segments(exchange.scope["raw_path"])
    if exchange.method not in SERVED:
        raise _unserved(exchange.method, exchange.path)


def fhir_request(exchange: Exchange, body: Body = EMPTY) -> FhirRequest:
    """The FHIR request of an exchange whose target is resolved; HEAD becomes GET. Sets the response format.

    Raises `InvalidRequest` for an unreadable query, and `NotAcceptable` for a format that is not served.
    """
    headers, query = exchange.headers, exchange.scope["query_string"]
    parameters = target.query(query) + body.form if query or body.form else ()
    _negotiate(exchange, parameters)
    prefer = headers.get(b"prefer")
    return FhirRequest(
        "GET" if exchange.method == "HEAD" else exchange.method,
        exchange.path,
        exchange.base_url,
        parameters,
        body.content,
        body.content_type,
        _conditions(headers),
        negotiation.preferences(prefer) if prefer else INDIFFERENT,
        exchange.language,
        accept_language=text(headers, b"accept-language") or "",
    )


def _negotiate(exchange: Exchange, parameters: tuple[tuple[str, str], ...]) -> None:
    """Set the response format by `_format` and `_pretty`; `_format` overrides Accept."""
    wanted = shown = None
    for name, value in parameters:
        if name == "_format":
            wanted = value
        elif name == "_pretty":
            shown = value
    if shown:
        exchange.pretty = negotiation.pretty(shown)
    if wanted:
        exchange.content_type = negotiation.content_type_of_format(wanted)
    else:
        try:
            exchange.content_type = negotiation.content_type(exchange.headers.get(b"accept", b""))
        except NotAcceptable:
            if exchange.method not in READS or not binary.is_single_binary(exchange.method, exchange.path):
                raise
            exchange.as_it_is = True


def render_reply(response: FhirResponse, exchange: Exchange) -> Reply:
    """The HTTP reply, in the negotiated format."""
    if exchange.as_it_is:
        response = binary.as_it_is(response, exchange.headers[b"accept"])
    return render(response, exchange.base_url, exchange.content_type, exchange.pretty)


def _conditions(headers: Headers) -> Conditions:
    if headers.keys().isdisjoint(CONDITIONAL):
        return UNCONDITIONAL
    if_none_exist = headers.get(b"if-none-exist")
    return Conditions(
        if_match=text(headers, b"if-match"),
        if_none_match=text(headers, b"if-none-match"),
        if_modified_since=text(headers, b"if-modified-since"),
        if_unmodified_since=text(headers, b"if-unmodified-since"),
        # A search string: clients write its values in UTF-8, although a header should be escaped.
        if_none_exist=None if if_none_exist is None else if_none_exist.decode("utf-8", "replace"),
    )


def _unserved(method: str, path: tuple[str, ...]) -> FhirError:
    allowed = ", ".join(target.allowed_methods(path))
    if method in REFUSED:
        return MethodNotAllowed.of(messages.METHOD_NOT_ALLOWED(method=method, allowed=allowed))
    return NotSupported.of(messages.METHOD_UNKNOWN(method=method[:40], allowed=allowed))
