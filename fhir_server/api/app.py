"""The ASGI application: the FHIR base without any framework in its way, all other pages by FastAPI.

A framework costs more than a read from the embedded store does, so requests below /fhir go straight from the
server to the dispatcher. https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from fhir_server.api import headers, middleware, target
from fhir_server.api.body import BodyLimits, ClientGone, Receive
from fhir_server.api.errors import (
    RETRY_AFTER_SECONDS,
    RETRY_STATUSES,
    error_response,
    unexpected_response,
)
from fhir_server.api.exchange import Exchange, fhir_request
from fhir_server.api.lanes import Lane
from fhir_server.api.negotiation import language
from fhir_server.api.render import CACHE, NO_BODY, VARY, Reply, render
from fhir_server.api.request_log import RequestLog
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Door(Protocol):
    """The one door into the engine."""

    def dispatch(self, request: FhirRequest) -> FhirResponse: ...

    def is_write(self, request: FhirRequest) -> bool: ...


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the HTTP layer is told. `reads_in_loop`: the store answers reads so fast that they need no
    thread."""

    limits: BodyLimits
    base_urls: target.BaseUrls
    cors: middleware.Cors
    reads_in_loop: bool
    log: RequestLog | None = None


class Application:
    """Serves the FHIR base from `door`, and `site` for every other path.

    `close` is called when the server stops, after the lane has finished what it holds.
    """

    def __init__(
        self, door: Door, lane: Lane, site: AsgiApp, options: ApiOptions, close: Callable[[], None]
    ) -> None:
        self._door = door
        self._lane = lane
        self._site = site
        self._options = options
        self._close = close
        self._request_ids = headers.RequestIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and target.is_fhir(scope["raw_path"]):
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._site(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def stop(self) -> None:
        """Finish the writes that wait, write the last lines of the log, release the store."""
        await self._lane.close()
        if self._options.log is not None:
            self._options.log.flush()
        self._close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        found = headers.pick(scope["headers"])
        exchange = Exchange(
            scope=scope,
            receive=receive,
            headers=found,
            request_id=self._request_ids.of(found),
            method=scope["method"],
            language=language(headers.text(found, b"accept-language")),
        )
        try:
            reply = await self._reply(exchange)
        except ClientGone:
            return
        if self._options.log is not None:
            took = (time.perf_counter() - started) * 1000
            self._options.log.add(exchange.method, exchange.path, reply.status, took, exchange.request_id)
        await _send(reply, exchange.method, send)

    async def _reply(self, exchange: Exchange) -> Reply:
        """The answer with everything that goes around it."""
        found = exchange.headers
        if exchange.method == "OPTIONS":
            reply = self._options_reply(exchange)
        else:
            reply = await self._fhir_reply(exchange)
        reply.headers.append((b"x-request-id", exchange.request_id))
        correlation = found.get(b"x-correlation-id")
        if correlation is not None and headers.SANE_ID.fullmatch(correlation):
            reply.headers.append((b"x-correlation-id", correlation))
        if b"origin" in found:
            reply.headers += self._options.cors.headers(found)
        if b"accept-encoding" in found:
            await middleware.compress(reply, found)
        return reply

    def _options_reply(self, exchange: Exchange) -> Reply:
        if middleware.is_preflight(exchange.method, exchange.headers):
            return self._options.cors.preflight(exchange.headers)
        try:
            exchange.path = target.segments(exchange.scope["raw_path"])
        except FhirError as error:
            return render(error_response(error, exchange.language), "", exchange.content_type)
        return Reply(204, [CACHE, VARY, _allow(exchange.path)])

    async def _fhir_reply(self, exchange: Exchange) -> Reply:
        options = self._options
        try:
            request = await fhir_request(exchange, options.base_urls, options.limits)
            if options.reads_in_loop and not self._door.is_write(request):
                response = self._door.dispatch(request)
            else:
                response = await self._lane.submit(request)
            return render(response, exchange.base_url, exchange.content_type, exchange.pretty)
        except ClientGone:
            raise
        except FhirError as error:
            response = error_response(error, exchange.language)
        except Exception as error:
            response = unexpected_response(error, exchange.request_id.decode(), exchange.language)
        return _refusal(response, exchange)


def _refusal(response: FhirResponse, exchange: Exchange) -> Reply:
    reply = render(response, exchange.base_url, exchange.content_type, exchange.pretty)
    reply.headers.append((b"content-language", exchange.language.encode()))
    if reply.status in (405, 501):
        reply.headers.append(_allow(exchange.path))
    if reply.status in RETRY_STATUSES:
        reply.headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
    return reply


def _allow(path: tuple[str, ...]) -> tuple[bytes, bytes]:
    return b"allow", ", ".join((*target.allowed_methods(path), "OPTIONS")).encode()


async def _send(reply: Reply, method: str, send: Send) -> None:
    if reply.status not in NO_BODY:
        reply.headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
