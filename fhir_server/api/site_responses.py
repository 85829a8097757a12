"""Responses outside the FHIR base, made as those below it: with a request id, errors as OperationOutcomes.

https://hl7.org/fhir/R4/operationoutcome.html
"""

import time
from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from fhir_server.api import headers, messages, negotiation
from fhir_server.api.body import ClientGone
from fhir_server.api.errors import allow_header, error_reply
from fhir_server.api.exchange import Exchange
from fhir_server.api.render import Reply
from fhir_server.api.target import BaseUrls
from fhir_server.core.request import FhirRequest
from fhir_server.errors import MethodNotAllowed, NotFound
from fhir_server.issues import Language

Handler = Callable[[Exchange, FhirRequest], Awaitable[Reply]]
"""Makes the reply to an exchange. The request carries the client's language and base URL to the engine."""

SHOWN_PATH_MAX = 200


class SiteResponses:
    """Makes the responses to FastAPI requests; `base_urls` gives the FHIR base URL as the client sees it."""

    def __init__(self, base_urls: BaseUrls) -> None:
        self._base_urls = base_urls
        self._request_ids = headers.RequestIds()

    async def respond(self, request: Request, answer: Handler) -> Response:
        """The response with the reply of `answer`, or with the error that it raised."""
        exchange = self._exchange(request)
        try:
            exchange.base_url = self._base_urls.of(request.scope, exchange.headers)
            asked = FhirRequest("GET", (), exchange.base_url, language=exchange.language)
            reply = await answer(exchange, asked)
        except ClientGone:
            reply = Reply(400)
        except Exception as error:
            reply = error_reply(error, exchange)
        reply.headers.append((b"x-request-id", exchange.request_id))
        response = Response(reply.body, reply.status)
        response.raw_headers = [*reply.headers, (b"content-length", b"%d" % len(reply.body))]
        return response

    async def not_found(self, request: Request, _: Exception) -> Response:
        """The response to an unknown path, which names the FHIR base."""

        async def answer(exchange: Exchange, _: FhirRequest) -> Reply:
            raise nothing_found(exchange)

        return await self.respond(request, answer)

    async def method_not_allowed(self, request: Request, error: Exception) -> Response:
        """The response to a method that a page does not support, and to OPTIONS: the methods that it does."""

        async def answer(exchange: Exchange, _: FhirRequest) -> Reply:
            methods = (getattr(error, "headers", None) or {}).get("Allow", "GET, HEAD")
            exchange.allowed = tuple(sorted(methods.split(", ")))
            if exchange.method == "OPTIONS":
                return Reply(204, [allow_header(exchange.allowed)])
            text = messages.METHOD_NOT_ALLOWED(method=exchange.method, allowed=methods)
            raise MethodNotAllowed.of(text)

        return await self.respond(request, answer)

    def _exchange(self, request: Request) -> Exchange:
        found = headers.select_headers(request.scope["headers"])
        accepted = found.get(b"accept-language")
        language: Language = negotiation.language(accepted) if accepted else "en"
        started = time.perf_counter()
        return Exchange(request.scope, found, self._request_ids.of(found), request.method, language, started)


def nothing_found(exchange: Exchange) -> NotFound:
    """The error for a path that is neither a page, nor a record, nor FHIR."""
    path = exchange.scope["path"][:SHOWN_PATH_MAX]
    return NotFound.of(messages.NOWHERE(path=path, base=exchange.base_url))
