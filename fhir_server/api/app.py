"""The ASGI application: the FHIR base without any framework in its way, all other pages by FastAPI.

A framework costs more than a read from the embedded store does, so requests below /fhir go straight from the
server to the dispatcher. https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from fhir_server.api import headers, messages, middleware, target
from fhir_server.api.asgi import AsgiApp, Receive, Scope, Send
from fhir_server.api.body import EMPTY, BodyLimits, ClientGone, parsed, read
from fhir_server.api.errors import ACCEPT_PATCH, allow, refusal
from fhir_server.api.exchange import Exchange, fhir_request, locate, rendered
from fhir_server.api.executors import Executor, Outcome, submit_async
from fhir_server.api.negotiation import language
from fhir_server.api.render import CACHE, NO_BODY, VARY, Reply
from fhir_server.api.request_log import RequestLog
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import StoreUnavailable
from fhir_server.store.port import DeadlineExceeded

VARYING = frozenset({b"accept-encoding", b"accept-language", b"origin"})
"""Request headers that the answer may follow; one that has none of them need not say so."""

ECHOED = b"x-correlation-id"
SURROUNDING = VARYING | {ECHOED}

AT_ONCE_SECONDS = 0.05
"""How long the event loop itself reads, during which it does nothing else."""

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

SHORT_BYTES_MAX = 65_536
"""How long a body may be that nobody has to read while it comes."""


OnReply = Callable[[Reply], None]


class Door(Protocol):
    """The one door into the engine."""

    def dispatch(self, request: FhirRequest) -> FhirResponse: ...

    def is_short(self, request: FhirRequest) -> bool: ...

    def must_wait(self, request: FhirRequest) -> bool: ...

    def may_wait(self, request: FhirRequest) -> bool: ...

    def takes_long(self, request: FhirRequest) -> bool: ...


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the HTTP layer is told. `reads_in_loop`: the store answers reads so fast that they need no
    thread. `set_read_deadline` lets reads of this thread raise `DeadlineExceeded` after so many seconds.
    """

    limits: BodyLimits
    base_urls: target.BaseUrls
    cors: middleware.Cors
    reads_in_loop: bool
    set_read_deadline: Callable[[float | None], None]
    read_timeout_seconds: float
    log: RequestLog | None = None


class Application:
    """Serves the FHIR base from `door`, and `site` for every other path.

    `close` is called when the server stops, after the lane has finished what it holds.
    """

    def __init__(
        self, door: Door, executor: Executor, site: AsgiApp, options: ApiOptions, close: Callable[[], None]
    ) -> None:
        self._door = door
        self._executor = executor
        self._site = site
        self._options = options
        self._close = close
        self._request_ids = headers.RequestIds()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self.serves(scope):
            return self._serve(scope, receive, send)
        if scope["type"] == "lifespan":
            return self._lifespan(receive, send)
        return self._site(scope, receive, send)

    def serves(self, scope: Mapping[str, Any]) -> bool:
        """Whether this is a request below the FHIR base."""
        return scope["type"] == "http" and target.is_fhir(scope["raw_path"])

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """ASGI's lifespan protocol: the server tells when it starts and when it is about to stop."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def stop(self) -> None:
        """Finish the writes that wait, write the last lines of the log, release the store."""
        await self._executor.close()
        if self._options.log is not None:
            self._options.log.flush()
        self._close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self.begin(scope)
        reply = self.at_once(exchange) or await self.in_time(exchange, receive)
        if reply is not None:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": reply.body})

    def begin(self, scope: Mapping[str, Any]) -> Exchange:
        """An exchange below the FHIR base, which `at_once` or else `in_time` answers."""
        found = headers.pick(scope["headers"])
        accepted = found.get(b"accept-language")
        return Exchange(
            scope,
            found,
            self._request_ids.of(found),
            scope["method"],
            language(accepted) if accepted else "en",
            time.perf_counter(),
        )

    def at_once(self, exchange: Exchange) -> Reply | None:
        """The finished answer to a request that has nothing to wait for; None for any other."""
        reply = exchange.reply = self._answer_at_once(exchange)
        if reply is None or middleware.packs_long(reply, exchange.headers):
            return None
        return self._finished(reply, exchange)

    def can_submit(self, exchange: Exchange) -> bool:
        """Whether `submit` can answer what was not answered at once: a write with a short body."""
        length = exchange.headers.get(b"content-length", b"")
        return (
            exchange.reply is None
            and exchange.method in WITH_BODY
            and target.names_resources(exchange.path)
            and length.isdigit()
            and int(length) <= min(SHORT_BYTES_MAX, self._options.limits.bytes_max)
        )

    def submit(self, exchange: Exchange, raw: bytes, answered: OnReply) -> None:
        """Have the write done whose body has come; `answered` is then given the finished answer."""
        on_outcome = partial(self._answer_write, exchange, answered)
        try:
            body = parsed(raw, exchange.method, exchange.path, exchange.headers, self._options.limits)
            self._executor.submit(fhir_request(exchange, body), on_outcome)
        except Exception as error:
            on_outcome(error)

    def _answer_write(self, exchange: Exchange, answered: OnReply, outcome: Outcome) -> None:
        reply = _reply(outcome, exchange)
        if not middleware.packs_long(reply, exchange.headers):
            answered(self._finished(reply, exchange))
        else:
            packing = asyncio.get_running_loop().run_in_executor(None, middleware.pack, reply)
            packing.add_done_callback(lambda _: answered(self._finished(reply, exchange)))

    async def in_time(self, exchange: Exchange, receive: Receive) -> Reply | None:
        """The finished answer to an exchange that was not answered at once; None when the client went
        away."""
        try:
            reply = exchange.reply or await self._answer_in_time(exchange, receive)
        except ClientGone:
            return None
        if middleware.packs_long(reply, exchange.headers):
            await asyncio.to_thread(middleware.pack, reply)
        return self._finished(reply, exchange)

    def _finished(self, reply: Reply, exchange: Exchange) -> Reply:
        """The answer with the headers that every answer has, whatever it says; it is noted in the log."""
        reply.headers.append((b"x-request-id", exchange.request_id))
        if not exchange.headers.keys().isdisjoint(SURROUNDING):
            self._surround(reply, exchange.headers)
        if reply.status not in NO_BODY:
            reply.headers.append((b"content-length", b"%d" % len(reply.body)))
        if exchange.method == "HEAD":
            reply.body = b""
        log = self._options.log
        if log is not None:
            took = time.perf_counter() - exchange.started
            log.add(exchange.method, exchange.path, reply.status, took, exchange.request_id)
        return reply

    def _answer_at_once(self, exchange: Exchange) -> Reply | None:
        """The answer to a request that has nothing to wait for; None for any other."""
        try:
            if exchange.method == "OPTIONS":
                return self._options_reply(exchange)
            locate(exchange, self._options.base_urls)
            if exchange.method in WITH_BODY or not self._options.reads_in_loop:
                return None
            request = fhir_request(exchange)
            door = self._door
            if door.is_short(request):
                response = door.dispatch(request)
            elif door.must_wait(request):
                return None
            elif door.takes_long(request):
                raise DeadlineExceeded
            else:
                response = self._in_a_hurry(request, AT_ONCE_SECONDS)
            return rendered(response, exchange)
        except DeadlineExceeded:
            exchange.takes_long = True
            return None
        except Exception as error:
            return refusal(error, exchange)

    def _in_a_hurry(self, request: FhirRequest, seconds: float) -> FhirResponse:
        """What the door answers within so many seconds. Raises `DeadlineExceeded`."""
        self._options.set_read_deadline(seconds)
        try:
            return self._door.dispatch(request)
        finally:
            self._options.set_read_deadline(None)

    async def _answer_read(self, request: FhirRequest, *, takes_long: bool) -> FhirResponse:
        """The answer to a read, found in a thread where it takes long: nobody else need wait for it."""
        if not takes_long:
            with suppress(DeadlineExceeded):
                return self._in_a_hurry(request, AT_ONCE_SECONDS)
        limit = self._options.read_timeout_seconds
        try:
            return await asyncio.to_thread(self._in_a_hurry, request, limit)
        except DeadlineExceeded as error:
            raise StoreUnavailable.of(messages.READ_TIMEOUT(limit=f"{limit:g}"), code="timeout") from error

    async def _answer_in_time(self, exchange: Exchange, receive: Receive) -> Reply:
        """The answer to a request whose body has to arrive or that has to wait for the store."""
        try:
            body = EMPTY
            if exchange.method in WITH_BODY:
                limits = self._options.limits
                body = await read(exchange.method, exchange.path, exchange.headers, receive, limits)
            request = fhir_request(exchange, body)
            if self._options.reads_in_loop and not self._door.may_wait(request):
                takes_long = exchange.takes_long or self._door.takes_long(request)
                response = await self._answer_read(request, takes_long=takes_long)
            else:
                response = await submit_async(self._executor, request)
            return rendered(response, exchange)
        except ClientGone:
            raise
        except Exception as error:
            return refusal(error, exchange)

    def _options_reply(self, exchange: Exchange) -> Reply:
        if middleware.is_preflight(exchange.method, exchange.headers):
            return self._options.cors.preflight(exchange.headers)
        exchange.path = target.segments(exchange.scope["raw_path"])
        methods = target.allowed_methods(exchange.path)
        patches = [ACCEPT_PATCH] if "PATCH" in methods else []
        return Reply(204, [CACHE, allow(methods), *patches])

    def _surround(self, reply: Reply, asked: headers.Headers) -> None:
        """Add what follows the request's own headers, and pack the body."""
        correlation = asked.get(ECHOED)
        if correlation is not None and headers.SANE_ID.fullmatch(correlation):
            reply.headers.append((ECHOED, correlation))
        if b"origin" in asked:
            reply.headers += self._options.cors.headers(asked)
        if not asked.keys().isdisjoint(VARYING):
            reply.headers.append(VARY)
            if middleware.may_pack(reply, asked):
                middleware.pack(reply)


def _reply(outcome: Outcome, exchange: Exchange) -> Reply:
    """The answer to what came out of the lane."""
    if isinstance(outcome, Exception):
        return refusal(outcome, exchange)
    try:
        return rendered(outcome, exchange)
    except Exception as error:
        return refusal(error, exchange)
