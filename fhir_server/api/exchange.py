"""From an ASGI scope to a FhirRequest.

https://hl7.org/fhir/R4/http.html#general
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.api import body, headers, messages, negotiation, target
from fhir_server.core.request import Conditions, FhirRequest
from fhir_server.errors import FhirError, MethodNotAllowed, NotSupported
from fhir_server.issues import Language

DEFAULT_CONTENT_TYPE = negotiation.content_type("")
SERVED = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
REFUSED = frozenset({"TRACE", "CONNECT"})
UNCONDITIONAL = Conditions()


@dataclass(slots=True)
class Exchange:
    """One HTTP request while it is answered: what is known so far of who asked and how to answer."""

    scope: Mapping[str, Any]
    receive: body.Receive
    headers: headers.Headers
    request_id: bytes
    method: str
    language: Language
    path: tuple[str, ...] = ()
    content_type: str = DEFAULT_CONTENT_TYPE
    pretty: bool = False
    base_url: str = ""


async def fhir_request(
    exchange: Exchange, base_urls: target.BaseUrls, limits: body.BodyLimits
) -> FhirRequest:
    """The request, its body read and parsed; fills in `exchange` on the way. HEAD is asked as GET.

    Raises the `FhirError` of whatever cannot be understood.
    """
    scope, found = exchange.scope, exchange.headers
    exchange.base_url = base_urls.of(scope, found)
    exchange.path = path = target.segments(scope["raw_path"])
    method = exchange.method
    if method not in SERVED:
        raise _unserved(method, path)
    query = target.query(scope["query_string"])
    content = body.EMPTY
    if method in WITH_BODY:
        content = await body.read(method, path, found, exchange.receive, limits)
        query += content.form
    _negotiate(exchange, query)
    return FhirRequest(
        method="GET" if method == "HEAD" else method,
        path=path,
        base_url=exchange.base_url,
        query=query,
        content=content.content,
        content_type=content.content_type,
        conditions=_conditions(found),
        preferences=negotiation.preferences(headers.text(found, b"prefer")),
        language=exchange.language,
    )


def _negotiate(exchange: Exchange, query: tuple[tuple[str, str], ...]) -> None:
    """`_format` and `_pretty` are the HTTP layer's own; `_format` stands above Accept."""
    asked = dict(query) if query else {}
    exchange.pretty = negotiation.pretty(asked.get("_pretty"))
    wanted = asked.get("_format")
    if wanted:
        exchange.content_type = negotiation.content_type_of_format(wanted)
    else:
        exchange.content_type = negotiation.content_type(headers.text(exchange.headers, b"accept"))


def _conditions(found: headers.Headers) -> Conditions:
    conditions = Conditions(
        if_match=headers.optional_text(found, b"if-match"),
        if_none_match=headers.optional_text(found, b"if-none-match"),
        if_modified_since=headers.optional_text(found, b"if-modified-since"),
        if_none_exist=_utf8_text(found, b"if-none-exist"),
    )
    return UNCONDITIONAL if conditions == UNCONDITIONAL else conditions


def _utf8_text(found: headers.Headers, name: bytes) -> str | None:
    value = found.get(name)
    return None if value is None else value.decode("utf-8", "replace")


def _unserved(method: str, path: tuple[str, ...]) -> FhirError:
    allowed = ", ".join(target.allowed_methods(path))
    if method in REFUSED:
        return MethodNotAllowed.of(messages.METHOD_NOT_ALLOWED(method=method, allowed=allowed))
    return NotSupported.of(messages.METHOD_UNKNOWN(method=method[:40], allowed=allowed))
