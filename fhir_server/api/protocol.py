"""uvicorn's HTTP protocol, with a shorter way for the requests below the FHIR base.

An answer leaves in one write, headers and body together, where ASGI takes two messages; and a request that
has nothing to wait for is answered in the call that parsed it, without a task of its own. Whatever is not the
application's own, or comes while the client does not read, goes uvicorn's way.
https://www.uvicorn.org/contributing/#the-asgi-protocol
"""

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fhir_server.api.app import Application
from fhir_server.api.asgi import Receive, Scope, Send
from fhir_server.api.exchange import Exchange
from fhir_server.api.render import Reply

OTHER_LINES = 2
"""The status line, and the empty one that ends the head."""


class FhirProtocol(HttpToolsProtocol):
    """One connection."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if isinstance(app, Application) and app.serves(cycle.scope):
            self._start(cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _start(self, cycle: RequestResponseCycle, app: Application) -> None:
        if cycle is not self.cycle or self.flow.write_paused:
            # It waited behind others; each would else be answered in the call of the one before it.
            super()._start_asgi_task(cycle, partial(_answer, cycle, app))
            return
        exchange = app.begin(cycle.scope)
        reply = app.at_once(exchange)
        if reply is None:
            super()._start_asgi_task(cycle, partial(_answer_in_time, cycle, app, exchange))
        else:
            _send(cycle, reply)
            cycle.on_response = _nothing


async def _answer(
    cycle: RequestResponseCycle, app: Application, scope: Scope, receive: Receive, send: Send
) -> None:
    exchange = app.begin(scope)
    reply = app.at_once(exchange)
    if reply is None:
        await _answer_in_time(cycle, app, exchange, scope, receive, send)
    else:
        await _send_when_read(cycle, reply)


async def _answer_in_time(
    cycle: RequestResponseCycle, app: Application, exchange: Exchange, _: Scope, receive: Receive, __: Send
) -> None:
    reply = await app.in_time(exchange, receive)
    if reply is not None:
        await _send_when_read(cycle, reply)


async def _send_when_read(cycle: RequestResponseCycle, reply: Reply) -> None:
    """Send the answer once the client reads what was sent before, unless it goes away."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if not cycle.disconnected:
        _send(cycle, reply)


def _send(cycle: RequestResponseCycle, reply: Reply) -> None:
    """The whole answer. Raises `ValueError` for a header that would break the head in two."""
    headers = cycle.default_headers + reply.headers
    if not cycle.keep_alive:
        headers.append((b"connection", b"close"))
    head = STATUS_LINE[reply.status] + b"".join([b"%s: %s\r\n" % header for header in headers]) + b"\r\n"
    if head.count(b"\n") != len(headers) + OTHER_LINES or head.count(b"\r") != len(headers) + OTHER_LINES:
        raise ValueError("a header of the answer holds the end of a line")
    cycle.response_started = cycle.response_complete = True
    cycle.transport.writelines((head, reply.body))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def _nothing() -> None:
    """Lets go of the connection, as uvicorn does after an answer."""
