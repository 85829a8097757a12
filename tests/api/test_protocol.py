"""One connection as uvicorn drives it: what is read from it, what is written to it, when it is closed."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from fhir_server.api.protocol import FhirProtocol
from fhir_server.core.request import FhirResponse

KEEP_ALIVE_SECONDS = 75
REQUEST_SECONDS = 60
READ = b"GET /fhir/Patient/short HTTP/1.1\r\nHost: localhost\r\n\r\n"
WRITE = b"""\
POST /fhir/Patient HTTP/1.1\r
Host: localhost\r
Content-Type: application/json\r
Content-Length: 2\r
\r
{}"""


@dataclass
class Timer:
    """What a loop is asked to call later."""

    at: float
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Loop:
    """A loop whose clock the test moves."""

    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + seconds, call))
        return self.timers[-1]

    def run_until(self, moment: float) -> None:
        """Call what is due up to this moment."""
        while due := [timer for timer in self.timers if timer.at <= moment and not timer.cancelled]:
            self.now = due[0].at
            self.timers.remove(due[0])
            due[0].call()
        self.now = moment


@dataclass
class Transport:
    """Keeps what is written."""

    sent: bytes = b""
    closed: bool = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None


@dataclass
class Connection:
    """A connection to a server whose dispatcher answers at once."""

    protocol: FhirProtocol
    transport: Transport
    loop: Loop

    def receive(self, data: bytes) -> bytes:
        """What is sent back when `data` has come."""
        self.transport.sent = b""
        self.protocol.data_received(data)
        return self.transport.sent


@pytest.fixture
def api(make_api: Callable[..., Any]) -> Any:
    return make_api(FhirResponse(200, b"{}", version=1), log=None)


@pytest.fixture
def connection(api: Any) -> Iterator[Connection]:
    config = uvicorn.Config(
        api.application(),
        ws="none",
        log_config=None,
        proxy_headers=False,
        interface="asgi3",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    transport, loop = Transport(), Loop()
    protocol = FhirProtocol(REQUEST_SECONDS, config, ServerState(), {}, loop)
    protocol.connection_made(transport)  # type: ignore[arg-type]
    yield Connection(protocol, transport, loop)
    protocol.connection_lost(None)
    assert all(timer.cancelled for timer in loop.timers)


def test_a_read_is_answered_in_the_call_that_brings_it(connection: Connection) -> None:
    answer = connection.receive(READ)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n{}")
    assert answer.count(b"\r\n\r\n") == 1
    assert connection.receive(READ[:20]) == b""
    assert connection.receive(READ[20:]).startswith(b"HTTP/1.1 200 ")


def test_an_answer_is_dated_when_it_leaves(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")
    connection.protocol.server_state.default_headers = [stale]
    monkeypatch.setattr(time, "time", lambda: 1_600_000_000.9)
    answer = connection.receive(READ)
    assert answer.count(b"\r\ndate: ") == 1
    assert b"\r\ndate: Sun, 13 Sep 2020 12:26:40 GMT\r\n" in answer


def test_a_body_that_nobody_wants_is_passed_over(connection: Connection) -> None:
    with_body = READ.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nGET /")
    assert connection.receive(with_body + READ).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("offer", [b"Upgrade: h2c", b"upgrade:  h2c ", b"UPGRADE: x\r\nUpgrade: websocket"])
def test_the_offer_of_another_protocol_is_passed_over(connection: Connection, offer: bytes) -> None:
    head = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n" + offer
    asked = READ.replace(b"\r\n\r\n", b"\r\n" + head + b"\r\nContent-Length: 5\r\n\r\nGET /")
    assert connection.receive(asked + READ).count(b"HTTP/1.1 200 ") == 2


def test_what_a_body_offers_is_no_offer(connection: Connection) -> None:
    body = b"\r\nUpgrade: h2c\r\n"
    asked = READ.replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(body))
    assert connection.receive(asked + body + READ).count(b"HTTP/1.1 200 ") == 2
    assert connection.receive(asked).startswith(b"HTTP/1.1 200 ")
    assert connection.receive(body) == b""
    assert connection.receive(READ).startswith(b"HTTP/1.1 200 ")
    page = READ.replace(b"\r\n\r\n", b"\r\nUpgrade-Insecure-Requests: 1\r\n\r\n")
    assert connection.receive(page).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_refused(connection: Connection) -> None:
    part = b"X-Long: " + b"a" * 65_536 + b"\r\n"
    connection.receive(READ[:-2])
    answers = [connection.receive(part) for _ in range(32)]
    assert [answer[:12] for answer in answers if answer] == [b"HTTP/1.1 431"]
    assert connection.transport.closed


def test_heads_are_measured_one_by_one(connection: Connection) -> None:
    part = b"X-Long: " + b"a" * 65_536 + b"\r\n"
    for _ in range(3):
        answers = [connection.receive(data) for data in (READ[:-2], *[part] * 10, b"\r\n")]
        assert [answer[:12] for answer in answers if answer] == [b"HTTP/1.1 200"]
    connection.receive(READ[:20])
    for _ in range(30):
        answers = [connection.receive(READ[20:] + READ * 1_000 + READ[:20])]
        assert answers[0].count(b"HTTP/1.1 200") == 1_001


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (READ.replace(b"Host: localhost\r\n", b""), 400),
        (READ.replace(b"GET /", b"GET http://no_such host/"), 400),
        (READ.replace(b"/short HTTP/1.1", b"/\xe9 HTTP/1.1"), 400),
        (READ.replace(b"HTTP/1.1", b"HTTP/9.9"), 400),
        (READ.replace(b"GET", b"FOO"), 501),
        (b"no request at all\r\n\r\n", 400),
        (WRITE.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 3"), 400),
        (READ + b"}" + READ, 400),
        (WRITE.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked") + b"\r\n", 400),
    ],
)
def test_what_is_no_request_is_told_so(connection: Connection, asked: bytes, status: int) -> None:
    answer = connection.receive(asked)
    head, _, body = answer[answer.rindex(b"HTTP/1.1 %d " % status) :].partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
    assert body.startswith(b'{"resourceType":"OperationOutcome"')


def test_what_comes_before_it_is_answered(connection: Connection) -> None:
    async def write() -> bytes:
        assert connection.receive(WRITE + b"nonsense\r\n\r\n") == b""
        return await written(connection)

    answer = asyncio.run(write())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert connection.transport.closed


def test_a_whole_url_names_the_host(api: Any, connection: Connection) -> None:
    asked = WRITE.replace(b"POST /", b"POST http://other.example:81/")

    async def write() -> None:
        connection.protocol.loop = asyncio.get_running_loop()
        connection.receive(asked)
        while not api.dispatcher.asked:
            await asyncio.sleep(0.001)

    asyncio.run(write())
    assert [request.base_url for request in api.dispatcher.asked] == ["http://other.example:81/fhir"]


def test_only_what_the_client_wants_kept_is_kept(connection: Connection) -> None:
    answer = connection.receive(READ.replace(b"Host", b"Connection: close\r\nHost"))
    assert b"\r\nconnection: close\r\n" in answer
    assert connection.transport.closed


def test_nothing_is_sent_after_the_last_answer(connection: Connection) -> None:
    last = READ.replace(b"Host", b"Connection: close\r\nTransfer-Encoding: chunked\r\nHost")
    assert connection.receive(last + b"no chunk\r\n").count(b"HTTP/1.1 ") == 1


def test_an_idle_connection_is_closed(connection: Connection) -> None:
    connection.receive(READ)
    connection.loop.run_until(KEEP_ALIVE_SECONDS - 1)
    assert not connection.transport.closed
    connection.loop.run_until(KEEP_ALIVE_SECONDS)
    assert connection.transport.closed


def test_one_that_is_used_is_kept(connection: Connection) -> None:
    connection.receive(READ)
    connection.loop.run_until(KEEP_ALIVE_SECONDS - 1)
    connection.receive(READ)
    connection.loop.run_until(2 * KEEP_ALIVE_SECONDS - 2)
    assert not connection.transport.closed
    connection.loop.run_until(2 * KEEP_ALIVE_SECONDS - 1)
    assert connection.transport.closed


def test_one_that_a_request_is_arriving_on_is_kept(connection: Connection) -> None:
    connection.receive(READ)
    connection.loop.run_until(KEEP_ALIVE_SECONDS - 1)
    connection.receive(READ[:20])
    connection.loop.run_until(KEEP_ALIVE_SECONDS + REQUEST_SECONDS - 2)
    assert not connection.transport.closed
    assert connection.receive(READ[20:]).startswith(b"HTTP/1.1 200 ")
    connection.loop.run_until(2 * KEEP_ALIVE_SECONDS + REQUEST_SECONDS)
    assert connection.transport.closed


def test_one_on_which_nothing_ever_comes_is_closed(connection: Connection) -> None:
    connection.loop.run_until(KEEP_ALIVE_SECONDS - 1)
    assert not connection.transport.closed
    connection.loop.run_until(KEEP_ALIVE_SECONDS)
    assert connection.transport.closed


@pytest.mark.parametrize("part", [READ[:1], READ[:-1], WRITE[:-1]])
def test_a_request_that_does_not_end_in_time_is_refused(
    api: Any, connection: Connection, part: bytes
) -> None:
    connection.receive(READ)
    connection.receive(part)
    connection.loop.run_until(REQUEST_SECONDS - 1)
    assert not connection.transport.closed
    connection.loop.run_until(REQUEST_SECONDS + 1)
    head, _, body = connection.transport.sent.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"content-length: %d" % len(body) in head
    assert json.loads(body)["issue"][0]["code"] == "timeout"
    assert connection.transport.closed
    assert len(api.dispatcher.asked) == 1


def test_a_byte_now_and_then_does_not_make_it_longer(connection: Connection) -> None:
    for second in range(0, REQUEST_SECONDS, 10):
        connection.loop.run_until(second)
        connection.receive(WRITE[second : second + 1])
    connection.loop.run_until(REQUEST_SECONDS + 1)
    assert connection.transport.closed


def test_a_long_one_may_take_longer(connection: Connection) -> None:
    connection.receive(READ[:-2])
    for second in range(3 * REQUEST_SECONDS):
        connection.loop.run_until(second)
        assert connection.receive(b"X-Long: " + b"a" * 1_000 + b"\r\n") == b""
    assert not connection.transport.closed
    assert connection.receive(b"\r\n").startswith(b"HTTP/1.1 200 ")


def test_what_is_answered_before_its_body_has_come_is_not_answered_twice(connection: Connection) -> None:
    with_body = READ.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nGET")
    assert connection.receive(with_body).startswith(b"HTTP/1.1 200 ")
    connection.transport.sent = b""
    connection.loop.run_until(REQUEST_SECONDS + 1)
    assert (connection.transport.sent, connection.transport.closed) == (b"", True)


def test_a_client_may_wait_for_an_answer_in_the_middle_of_its_next_request(connection: Connection) -> None:
    async def write() -> bytes:
        connection.receive(WRITE + READ[:20])
        connection.loop.run_until(3 * REQUEST_SECONDS)
        assert not connection.transport.closed
        return await written(connection)

    assert asyncio.run(write()).startswith(b"HTTP/1.1 200 ")
    assert connection.receive(READ[20:]).startswith(b"HTTP/1.1 200 ")


async def written(connection: Connection) -> bytes:
    """What is sent until all writes are done."""
    await connection.protocol.app.stop()
    return connection.transport.sent


def test_a_write_is_answered_when_its_body_has_come(api: Any, connection: Connection) -> None:
    async def write() -> bytes:
        assert connection.receive(WRITE[:-1]) == b""
        assert api.dispatcher.asked == []
        connection.receive(WRITE[-1:])
        return await written(connection)

    answer = asyncio.run(write())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n{}")
    assert [request.content for request in api.dispatcher.asked] == [{}]
    assert connection.receive(READ).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [((b"\n{}", b"\n{1"), b"400"), ((b"json", b"yaml"), b"415"), ((b"localhost", b"?"), b"400")],
)
def test_a_write_that_is_refused_does_not_wait(
    connection: Connection, wrong: tuple[bytes, bytes], status: bytes
) -> None:
    assert connection.receive(WRITE.replace(*wrong)).startswith(b"HTTP/1.1 " + status)


def test_nobody_is_told_who_has_gone(api: Any, connection: Connection) -> None:
    async def write() -> None:
        connection.receive(WRITE)
        connection.transport.close()
        connection.protocol.connection_lost(None)
        assert await written(connection) == b""

    asyncio.run(write())
    assert len(api.dispatcher.asked) == 1


def test_a_client_that_sends_no_more_is_answered(api: Any, connection: Connection) -> None:
    async def write() -> bytes:
        connection.receive(WRITE)
        assert connection.protocol.eof_received()
        assert not connection.transport.closed
        return await written(connection)

    assert not connection.protocol.eof_received()
    assert b"\r\nconnection: close\r\n" in asyncio.run(write())
    assert connection.transport.closed
    assert len(api.dispatcher.asked) == 1


@pytest.mark.parametrize("part", [READ[:20], WRITE[:-1]])
def test_one_that_sends_no_more_of_a_request_is_not(connection: Connection, part: bytes) -> None:
    connection.receive(part)
    assert not connection.protocol.eof_received()


def test_nobody_is_blamed_for_an_answer_that_nobody_waits_for(
    api: Any, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async def write() -> None:
        connection.protocol.loop = asyncio.get_running_loop()
        connection.receive(WRITE.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2])
        connection.receive(b"2\r\n{}\r\n0\r\n\r\n")
        connection.transport.close()
        await asyncio.gather(*connection.protocol.tasks)

    asyncio.run(write())
    assert (connection.transport.sent, caplog.text) == (b"", "")
    assert len(api.dispatcher.asked) == 1


def test_a_server_that_stops_gives_the_answer_first(connection: Connection) -> None:
    async def write() -> bytes:
        connection.receive(WRITE)
        connection.protocol.shutdown()
        assert not connection.transport.closed
        return await written(connection)

    assert b"\r\nconnection: close\r\n" in asyncio.run(write())
    assert connection.transport.closed


def test_a_head_that_cannot_be_written_ends_the_connection(api: Any, connection: Connection) -> None:
    api.dispatcher.answer = lambda _: FhirResponse(200, b"{}", media_type="a\r\nb")

    async def write() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: errors.append(told["exception"]))
        connection.receive(WRITE)
        return await written(connection)

    errors: list[Exception] = []
    assert asyncio.run(write()) == b""
    assert connection.transport.closed
    assert [type(error) for error in errors] == [ValueError]
