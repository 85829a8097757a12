"""uvicorn's HTTP protocol, with a fast path for requests below the FHIR base.

A reply is sent in one write, headers and body together, where ASGI takes two messages. A request that does
not have to wait is answered in the call that parsed it, without a task and without uvicorn's request state. A
write with a short body needs no task either: the executor calls back when it is done. Everything else takes
uvicorn's usual path: other paths, requests that arrive while another is being answered, and replies to a
client that does not read.
https://www.uvicorn.org/contributing/#the-asgi-protocol
"""

import asyncio
import re
import sys
import time
from functools import partial
from typing import Any

from httptools import HttpParserInvalidMethodError
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fhir_server.api import target
from fhir_server.api.app import Application
from fhir_server.api.asgi import Receive, Scope, Send
from fhir_server.api.errors import invalid_http_reply, timeout_reply
from fhir_server.api.exchange import Exchange
from fhir_server.api.render import Reply, http_date
from fhir_server.api.request_deadline import RequestDeadline

OFFER = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)
"""The Upgrade header. The parser would skip the body of a request that has it.

https://www.rfc-editor.org/rfc/rfc9110#section-7.8
"""

AUTHORITY = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
"""The host, and perhaps the port, of a URL."""

KNOWN = rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) "
UNKNOWN_METHOD = re.compile(rb"^(?!%b)[\w!#$%%&'*+.^`|~-]+ \S+ HTTP/\d\.\d\r$" % KNOWN, re.MULTILINE)
"""The request line of a request with an unknown method."""

HEAD_BYTES_MAX = 1_048_576
"""The limit of a request line and its headers, as received in chunks before they are complete."""


class TasklessCycle(Struct):
    """A write that is answered without a task, in place of uvicorn's RequestResponseCycle."""

    app: Application
    exchange: Exchange
    keep_alive: bool
    body: bytes = b""
    response_complete: bool = False


class FhirProtocol(HttpToolsProtocol):
    """One connection."""

    _pending_exchange: Exchange | None = None
    """The exchange of the current request, if it could not be answered at once."""

    _head_scope: Any = None
    _head_bytes = 0
    """The bytes received of an incomplete head, counted from the chunk in which it began."""

    _is_in_body = False
    """Whether the parser is inside the body of a request."""

    _received = b""
    """The last chunk received."""

    _idle_since: float | None = None
    """The loop time of the last reply, while no other request has begun."""

    _deadline_task: asyncio.TimerHandle | None = None

    def __init__(self, request_seconds: int, *about: Any, **named: Any) -> None:
        super().__init__(*about, **named)
        self._deadline = RequestDeadline(request_seconds)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_next()

    def data_received(self, data: bytes) -> None:
        if b"pgrade:" in data and not self._is_in_body:
            head, end, rest = data.partition(b"\r\n\r\n")
            data = OFFER.sub(b"", head) + end + rest
        self._received = data
        super().data_received(data)
        if self.scope is not None and "method" not in self.scope:
            self._wait_for_head(len(data))
            self._wait_for_rest(len(data))
        elif self._is_in_body:
            self._wait_for_rest(len(data))

    def _wait_for_head(self, more: int) -> None:
        """Refuse a head that is too long."""
        if self._head_scope is not self.scope:
            self._head_scope, self._head_bytes = self.scope, 0
        self._head_bytes += more
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(Reply(431, [(b"content-length", b"0")]))

    def _wait_for_rest(self, more: int) -> None:
        self._deadline.add_bytes(more, self.loop.time())
        if self._deadline_task is None:
            self._deadline_task = self.loop.call_later(self._deadline.seconds, self._check_deadline)

    def _check_deadline(self) -> None:
        """Refuse a request that is late, unless the server itself has paused reading."""
        self._deadline_task = None
        deadline, now = self._deadline, self.loop.time()
        if deadline.since is None or self.transport.is_closing():
            return
        if self._is_busy() or self.flow.read_paused:
            deadline.since = now
        left = deadline.seconds_left(deadline.since, now)
        if left > 0:
            self._deadline_task = self.loop.call_later(left, self._check_deadline)
        elif self._is_in_body and (self.cycle is None or getattr(self.cycle, "response_started", False)):
            self.transport.close()
        else:
            self._refuse(timeout_reply(int(deadline.seconds)))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep the connection open: a client that has finished sending may still read its replies.

        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        if not self._is_busy():
            return False
        self.cycle.keep_alive = False
        return True

    def _is_busy(self) -> bool:
        """Whether an earlier request is still being answered."""
        return self.cycle is not None and not self.cycle.response_complete and not self._is_in_body

    def _refuse(self, reply: Reply) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(_reply_bytes(reply, keep_alive=False))
        self.transport.close()

    def send_400_response(self, _: str) -> None:
        """Refuse malformed HTTP, unless an earlier request is still being answered; then close after that."""
        if self._is_busy():
            self.cycle.keep_alive = False
            return
        wrong_method = isinstance(sys.exception(), HttpParserInvalidMethodError)
        is_other_method = wrong_method and UNKNOWN_METHOD.search(self._received) is not None
        self._refuse(invalid_http_reply(but_for_method=is_other_method))

    def on_headers_complete(self) -> None:
        self._is_in_body = True
        if self.url[:1] != b"/":
            self._use_authority_of_target()
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            # https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
            self.expect_100_continue = False
        app = self._application()
        if app is None:
            super().on_headers_complete()
            return
        exchange = app.open_exchange(self.scope)
        reply = app.reply_now(exchange)
        if reply is not None:
            self.cycle = None  # type: ignore[assignment]
            self._send(reply, self._keeps_alive())
        elif app.can_submit(exchange) and not self.expect_100_continue:
            self.cycle = TasklessCycle(app, exchange, self._keeps_alive())  # type: ignore[assignment]
        else:
            self._pending_exchange = exchange
            super().on_headers_complete()

    def _use_authority_of_target(self) -> None:
        """Use the host of an absolute-form target in place of the Host header.

        https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
        """
        if found := AUTHORITY.match(self.url):
            others = [header for header in self.headers if header[0] != b"host"]
            self.headers[:] = [(b"host", found[1]), *others]

    def _application(self) -> Application | None:
        """The application, if the request is below the FHIR base and can take the fast path; then also
        completes the scope.
        """
        app, url, cycle = self.app, self.url, self.cycle
        if not isinstance(app, Application) or self.flow.write_paused or self.parser.should_upgrade():
            return None
        if self.parser.get_http_version() != "1.1":
            return None
        if (cycle is not None and not cycle.response_complete) or not url.isascii() or b"#" in url:
            return None
        path, _, query = url.partition(b"?")
        if not target.is_fhir(path):
            return None
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["raw_path"] = path
        scope["query_string"] = query
        return app

    def _keeps_alive(self) -> bool:
        """Whether the connection stays open after the reply."""
        return bool(self.parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        if isinstance(self.cycle, TasklessCycle):
            self.cycle.body += body
        elif self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_body = False
        self._deadline.since = None
        if isinstance(cycle := self.cycle, TasklessCycle):
            cycle.app.submit(cycle.exchange, cycle.body, partial(self._on_reply, cycle))
        elif self.cycle is not None:
            super().on_message_complete()

    def _on_reply(self, cycle: TasklessCycle, reply: Reply) -> None:
        cycle.response_complete = True
        if self.transport.is_closing():
            return
        try:
            self._send(reply, cycle.keep_alive)
        except ValueError:
            self.transport.close()
            raise

    def _send(self, reply: Reply, keep_alive: bool) -> None:
        self.transport.write(_reply_bytes(reply, keep_alive))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if isinstance(app, Application) and app.serves(cycle.scope):
            self._start(cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _start(self, cycle: RequestResponseCycle, app: Application) -> None:
        exchange, self._pending_exchange = self._pending_exchange, None
        if exchange is not None:
            super()._start_asgi_task(cycle, partial(_answer_in_time, cycle, app, exchange))
        else:
            # A pipelined request takes a task: otherwise each would be nested in the call of the last.
            super()._start_asgi_task(cycle, partial(_answer, cycle, app))

    def on_response_complete(self) -> None:
        """As uvicorn's, but without a keep-alive timer for each reply: setting it and cancelling it with the
        next request costs as much as parsing that request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._wait_for_next()

    def _wait_for_next(self) -> None:
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._check_idle_in(self.timeout_keep_alive)

    def _check_idle_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._check_idle_in(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        if isinstance(self.cycle, TasklessCycle):
            self.cycle = None
        super().connection_lost(exc)
        for task in (self.timeout_keep_alive_task, self._deadline_task):
            if task is not None:
                task.cancel()


async def _answer(
    cycle: RequestResponseCycle, app: Application, scope: Scope, receive: Receive, send: Send
) -> None:
    exchange = app.open_exchange(scope)
    reply = app.reply_now(exchange)
    if reply is None:
        await _answer_in_time(cycle, app, exchange, scope, receive, send)
    else:
        await _send_when_read(cycle, reply)


async def _answer_in_time(
    cycle: RequestResponseCycle, app: Application, exchange: Exchange, _: Scope, receive: Receive, __: Send
) -> None:
    reply = await app.reply_later(exchange, receive)
    if reply is None:
        cycle.disconnected = True
    else:
        await _send_when_read(cycle, reply)


async def _send_when_read(cycle: RequestResponseCycle, reply: Reply) -> None:
    """Send the reply once the client has read what was sent before, unless it disconnects."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected or cycle.transport.is_closing():
        cycle.disconnected = True
        return
    message = _reply_bytes(reply, cycle.keep_alive)
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(message)
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _reply_bytes(reply: Reply, keep_alive: bool) -> bytes:
    """The reply as bytes. Raises `ValueError` for a header that contains a line break.

    uvicorn's own Date lags by up to a second, and Last-Modified must not be later than Date.
    https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1
    """
    headers = [(b"date", http_date(int(time.time()))), *reply.headers]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = b"\r\n".join([*map(b": ".join, headers), b""])
    if len(lines.splitlines()) != len(headers):
        raise ValueError("a header of the answer holds the end of a line")
    return STATUS_LINE[reply.status] + lines + b"\r\n" + reply.body
