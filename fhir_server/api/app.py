"""The ASGI application: requests below the FHIR base without a framework, all others by FastAPI.

A framework costs more than a read from the embedded store, so requests below /fhir go directly from the HTTP
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
from fhir_server.api.body import EMPTY, BodyLimits, ClientGone, parse_body, read_body
from fhir_server.api.errors import ACCEPT_PATCH, allow_header, error_reply
from fhir_server.api.exchange import Exchange, fhir_request, render_reply, resolve_target
from fhir_server.api.executors import Executor, Outcome, submit_async
from fhir_server.api.negotiation import language
from fhir_server.api.render import CACHE, NO_BODY, VARY, Reply
from fhir_server.api.request_log import RequestLog
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import StoreUnavailable
from fhir_server.store.port import DeadlineExceeded

VARYING = frozenset({b"accept-encoding", b"accept-language", b"origin"})
"""Request headers that a response may depend on; a request without any gets no Vary header."""

CORRELATION_ID = b"x-correlation-id"
AFFECTING_RESPONSE = VARYING | {CORRELATION_ID}

LOOP_READ_SECONDS = 0.05
"""The time limit of a read in the event loop, which is blocked meanwhile."""

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

TASKLESS_BYTES_MAX = 65_536
"""The largest body that is buffered without a task to receive it."""


OnReply = Callable[[Reply], None]


class RequestDispatcher(Protocol):
    """The HTTP layer's view of the dispatcher."""

    def dispatch(self, request: FhirRequest) -> FhirResponse: ...

    def is_read_by_id(self, request: FhirRequest) -> bool: ...

    def is_blocking(self, request: FhirRequest) -> bool: ...

    def may_block(self, request: FhirRequest) -> bool: ...

    def takes_long(self, request: FhirRequest) -> bool: ...


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """`reads_in_loop`: the store answers reads so fast that they need no thread. `set_read_deadline` makes
    reads of this thread raise `DeadlineExceeded` after so many seconds.
    """

    limits: BodyLimits
    base_urls: target.BaseUrls
    cors: middleware.Cors
    reads_in_loop: bool
    set_read_deadline: Callable[[float | None], None]
    read_timeout_seconds: float
    log: RequestLog | None = None


class Application:
    """Serves the FHIR base by `dispatcher`, and `site` for every other path.

    `close` is called when the server stops, after the executor has finished its queue.
    """

    def __init__(
        self,
        dispatcher: RequestDispatcher,
        executor: Executor,
        site: AsgiApp,
        options: ApiOptions,
        close: Callable[[], None],
    ) -> None:
        self._dispatcher = dispatcher
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
        """ASGI's lifespan protocol: one message at startup, one at shutdown."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def stop(self) -> None:
        """Finish the queued writes, flush the request log, release the store."""
        await self._executor.close()
        if self._options.log is not None:
            self._options.log.flush()
        self._close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self.open_exchange(scope)
        reply = self.reply_now(exchange) or await self.reply_later(exchange, receive)
        if reply is not None:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": reply.body})

    def open_exchange(self, scope: Mapping[str, Any]) -> Exchange:
        """The exchange for a request below the FHIR base, which `reply_now` or else `reply_later` answers."""
        found = headers.select_headers(scope["headers"])
        accepted = found.get(b"accept-language")
        return Exchange(
            scope,
            found,
            self._request_ids.of(found),
            scope["method"],
            language(accepted) if accepted else "en",
            time.perf_counter(),
        )

    def reply_now(self, exchange: Exchange) -> Reply | None:
        """The complete reply to a request that can be answered without waiting; None for any other."""
        reply = exchange.reply = self._try_reply_now(exchange)
        if reply is None or middleware.is_slow_to_compress(reply, exchange.headers):
            return None
        return self._finished(reply, exchange)

    def can_submit(self, exchange: Exchange) -> bool:
        """Whether `submit` can answer what `reply_now` did not: a write with a short body."""
        length = exchange.headers.get(b"content-length", b"")
        return (
            exchange.reply is None
            and exchange.method in METHODS_WITH_BODY
            and target.names_resources(exchange.path)
            and length.isdigit()
            and int(length) <= min(TASKLESS_BYTES_MAX, self._options.limits.bytes_max)
        )

    def submit(self, exchange: Exchange, raw: bytes, on_reply: OnReply) -> None:
        """Queue a write whose body is complete; `on_reply` is called with the complete reply."""
        on_outcome = partial(self._answer_write, exchange, on_reply)
        try:
            body = parse_body(raw, exchange.method, exchange.path, exchange.headers, self._options.limits)
            self._executor.submit(fhir_request(exchange, body), on_outcome)
        except Exception as error:
            on_outcome(error)

    def _answer_write(self, exchange: Exchange, on_reply: OnReply, outcome: Outcome) -> None:
        reply = _outcome_reply(outcome, exchange)
        if not middleware.is_slow_to_compress(reply, exchange.headers):
            on_reply(self._finished(reply, exchange))
        else:
            compression = asyncio.get_running_loop().run_in_executor(None, middleware.compress, reply)
            compression.add_done_callback(lambda _: on_reply(self._finished(reply, exchange)))

    async def reply_later(self, exchange: Exchange, receive: Receive) -> Reply | None:
        """The complete reply to what `reply_now` did not answer; None if the client has disconnected."""
        try:
            reply = exchange.reply or await self._reply_later(exchange, receive)
        except ClientGone:
            return None
        if middleware.is_slow_to_compress(reply, exchange.headers):
            await asyncio.to_thread(middleware.compress, reply)
        return self._finished(reply, exchange)

    def _finished(self, reply: Reply, exchange: Exchange) -> Reply:
        """The reply with the headers that every reply has. Logs the request."""
        reply.headers.append((b"x-request-id", exchange.request_id))
        if not exchange.headers.keys().isdisjoint(AFFECTING_RESPONSE):
            self._add_dependent_headers(reply, exchange.headers)
        if reply.status not in NO_BODY:
            reply.headers.append((b"content-length", b"%d" % len(reply.body)))
        if exchange.method == "HEAD":
            reply.body = b""
        log = self._options.log
        if log is not None:
            took = time.perf_counter() - exchange.started
            log.add(exchange.method, exchange.path, reply.status, took, exchange.request_id)
        return reply

    def _try_reply_now(self, exchange: Exchange) -> Reply | None:
        """The reply to a request that can be answered without waiting; None for any other."""
        try:
            if exchange.method == "OPTIONS":
                return self._options_reply(exchange)
            resolve_target(exchange, self._options.base_urls)
            if exchange.method in METHODS_WITH_BODY or not self._options.reads_in_loop:
                return None
            request = fhir_request(exchange)
            dispatcher = self._dispatcher
            if dispatcher.is_read_by_id(request):
                response = dispatcher.dispatch(request)
            elif dispatcher.is_blocking(request):
                return None
            elif dispatcher.takes_long(request):
                raise DeadlineExceeded
            else:
                response = self._dispatch_within(request, LOOP_READ_SECONDS)
            return render_reply(response, exchange)
        except DeadlineExceeded:
            exchange.takes_long = True
            return None
        except Exception as error:
            return error_reply(error, exchange)

    def _dispatch_within(self, request: FhirRequest, seconds: float) -> FhirResponse:
        """Dispatch with a time limit. Raises `DeadlineExceeded`."""
        self._options.set_read_deadline(seconds)
        try:
            return self._dispatcher.dispatch(request)
        finally:
            self._options.set_read_deadline(None)

    async def _answer_read(self, request: FhirRequest, *, takes_long: bool) -> FhirResponse:
        """The response to a read. One that takes long runs in a thread, so as not to block the event loop."""
        if not takes_long:
            with suppress(DeadlineExceeded):
                return self._dispatch_within(request, LOOP_READ_SECONDS)
        limit = self._options.read_timeout_seconds
        try:
            return await asyncio.to_thread(self._dispatch_within, request, limit)
        except DeadlineExceeded as error:
            raise StoreUnavailable.of(messages.READ_TIMEOUT(limit=f"{limit:g}"), code="timeout") from error

    async def _reply_later(self, exchange: Exchange, receive: Receive) -> Reply:
        """The reply to a request whose body has yet to arrive, or that has to wait for the store."""
        try:
            body = EMPTY
            if exchange.method in METHODS_WITH_BODY:
                limits = self._options.limits
                body = await read_body(exchange.method, exchange.path, exchange.headers, receive, limits)
            request = fhir_request(exchange, body)
            if self._options.reads_in_loop and not self._dispatcher.may_block(request):
                takes_long = exchange.takes_long or self._dispatcher.takes_long(request)
                response = await self._answer_read(request, takes_long=takes_long)
            else:
                response = await submit_async(self._executor, request)
            return render_reply(response, exchange)
        except ClientGone:
            raise
        except Exception as error:
            return error_reply(error, exchange)

    def _options_reply(self, exchange: Exchange) -> Reply:
        if middleware.is_preflight(exchange.method, exchange.headers):
            return self._options.cors.preflight(exchange.headers)
        exchange.path = target.segments(exchange.scope["raw_path"])
        methods = target.allowed_methods(exchange.path)
        patches = [ACCEPT_PATCH] if "PATCH" in methods else []
        return Reply(204, [CACHE, allow_header(methods), *patches])

    def _add_dependent_headers(self, reply: Reply, asked: headers.Headers) -> None:
        """Add the headers that depend on the request's, and compress the body."""
        correlation = asked.get(CORRELATION_ID)
        if correlation is not None and headers.SAFE_ID.fullmatch(correlation):
            reply.headers.append((CORRELATION_ID, correlation))
        if b"origin" in asked:
            reply.headers += self._options.cors.headers(asked)
        if not asked.keys().isdisjoint(VARYING):
            reply.headers.append(VARY)
            if middleware.should_compress(reply, asked):
                middleware.compress(reply)


def _outcome_reply(outcome: Outcome, exchange: Exchange) -> Reply:
    """The reply for an executor's outcome."""
    if isinstance(outcome, Exception):
        return error_reply(outcome, exchange)
    try:
        return render_reply(outcome, exchange)
    except Exception as error:
        return error_reply(error, exchange)
