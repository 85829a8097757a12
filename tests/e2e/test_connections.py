"""What happens on one connection: order, pipelining, clients that do not read, connections that end.

https://www.rfc-editor.org/rfc/rfc9112
"""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPMessage, parse_headers
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

MANY = 3_000


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes


class Connection:
    """A socket to the server, and the answers that come back on it."""

    def __init__(self, server: RunningServer) -> None:
        address = urlsplit(server.base_url)
        self.socket = socket.socket()
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, buffer, 4_096)
        self.socket.settimeout(30)
        self.socket.connect((address.hostname, address.port))
        self._answers = self.socket.makefile("rb")

    def send(self, *requests: bytes) -> None:
        self.socket.sendall(b"".join(requests))

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, read to its end."""
        _, status, _ = self._answers.readline().split(b" ", 2)
        headers = parse_headers(self._answers)
        bodiless = method == "HEAD" or status == b"304"
        return Answer(
            int(status), headers, b"" if bodiless else self._answers.read(int(headers["content-length"]))
        )

    def close(self) -> None:
        self._answers.close()
        self.socket.close()

    def is_at_end(self) -> bool:
        return self._answers.read(1) == b""


@pytest.fixture
def connection(server: RunningServer) -> Iterator[Connection]:
    with closing(Connection(server)) as made:
        yield made


def request(method: str, path: str, body: bytes = b"", version: str = "1.1", headers: bytes = b"") -> bytes:
    length = b"Content-Type: application/fhir+json\r\nContent-Length: %d\r\n" % len(body) if body else b""
    head = f"{method} /fhir/{path} HTTP/{version}\r\nHost: 127.0.0.1\r\n".encode()
    return head + length + headers + b"\r\n" + body


def put(id: str) -> bytes:
    return request("PUT", f"Patient/{id}", json.dumps({"resourceType": "Patient", "id": id}).encode())


def test_answers_come_in_the_order_of_the_requests(connection: Connection) -> None:
    connection.send(put("order"), request("GET", "Patient/order"), request("GET", "Patient/none"))
    assert connection.answer().status in (200, 201)
    assert json.loads(connection.answer().body)["id"] == "order"
    assert connection.answer().status == 404


def test_requests_by_the_thousand_may_wait_behind_a_write(connection: Connection) -> None:
    connection.send(put("waited-for"), *[request("GET", "Patient/waited-for")] * MANY)
    assert connection.answer().status in (200, 201)
    assert {connection.answer().status for _ in range(MANY)} == {200}


def test_a_client_that_does_not_read_is_waited_for_and_keeps_nobody_waiting(
    server: RunningServer, connection: Connection
) -> None:
    one = request("GET", "Patient/none")
    sent = 0
    connection.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):  # noqa: PT012
        while True:
            sent += connection.socket.send((one * MANY)[sent % len(one) :])
    with closing(Connection(server)) as other:
        other.send(request("GET", "metadata"))
        assert other.answer().status == 200
    connection.socket.settimeout(30)
    assert {connection.answer().status for _ in range(sent // len(one))} == {404}


def test_a_connection_that_is_not_kept_ends_with_the_answer(connection: Connection) -> None:
    connection.send(request("GET", "metadata", headers=b"Connection: close\r\n"))
    answer = connection.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert connection.is_at_end()


def test_so_does_one_of_http_1_0(connection: Connection) -> None:
    connection.send(request("GET", "Patient/none", version="1.0"))
    assert connection.answer().status == 404
    assert connection.is_at_end()


def test_head_and_not_modified_have_no_body(connection: Connection) -> None:
    connection.send(put("bare"), request("HEAD", "Patient/bare"))
    connection.answer()
    head = connection.answer("HEAD")
    connection.send(
        request(
            "GET",
            "Patient/bare",
            headers=b"If-None-Match: " + (head.headers["etag"] or "").encode() + b"\r\n",
        ),
        request("GET", "Patient/bare"),
    )
    unchanged, whole = connection.answer(), connection.answer()
    assert (unchanged.status, whole.status) == (304, 200)
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert "content-length" not in unchanged.headers


def test_a_body_is_asked_for_when_the_client_waits_to_be(connection: Connection) -> None:
    body = b'{"resourceType":"Patient"}'
    whole = request("POST", "Patient", body, headers=b"Expect: 100-continue\r\n")
    connection.send(whole.removesuffix(body))
    assert connection.socket.recv(100).startswith(b"HTTP/1.1 100 ")
    connection.send(body)
    assert connection.answer("POST").status == 201


def test_a_client_of_http_1_0_is_not_asked_for_a_body(connection: Connection) -> None:
    body = b'{"resourceType":"Patient"}'
    connection.send(request("POST", "Patient", body, version="1.0", headers=b"Expect: 100-continue\r\n"))
    assert connection.answer("POST").status == 201


def test_the_body_of_a_client_that_offers_http_2_is_read(connection: Connection) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    connection.send(request("POST", "Patient", b'{"resourceType":"Patient"}', headers=offer))
    assert connection.answer("POST").status == 201


def test_what_is_no_http_is_refused(connection: Connection) -> None:
    connection.send(b"no request at all\r\n\r\n")
    assert connection.answer().status == 400
