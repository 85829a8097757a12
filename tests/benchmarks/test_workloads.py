"""Requests depend on the previous responses, and a wrong response ends the round."""

import pytest

from benchmarks.wire import Response
from benchmarks.workloads import InTurn, UnexpectedAnswer, Updates

REVISIONS = [
    [{"resourceType": "Patient", "id": name, "active": active} for active in (True, False)] for name in "ab"
]


def answer(status: int, version: int = 1) -> Response:
    return Response(status, b'HTTP/1.1 %d OK\r\nETag: W/"%d"' % (status, version), b"{}")


def test_requests_go_out_in_turn_over_all_connections() -> None:
    load = InTurn([b"1", b"2", b"3"], expected=200)

    assert [load.request(connection) for connection in (0, 1, 0, 1)] == [b"1", b"2", b"3", b"1"]


def test_an_answer_that_is_not_the_expected_one_is_an_error() -> None:
    load = InTurn([b"1"], expected=201)

    load.answered(0, answer(201))
    with pytest.raises(UnexpectedAnswer, match="503"):
        load.answered(0, answer(503))


def test_each_connection_updates_its_own_resource_under_its_own_version() -> None:
    load = Updates(REVISIONS)

    assert b"If-Match" not in load.request(0)
    load.answered(0, answer(200, version=4))
    load.request(1)
    load.answered(1, answer(201, version=1))

    assert b"PUT /fhir/Patient/a HTTP/1.1\r\n" in (first := load.request(0))
    assert b'If-Match: W/"4"' in first
    assert b'"active": false' in first
    assert b'If-Match: W/"1"' in load.request(1)


def test_an_update_that_creates_is_an_error_once_the_resource_is_there() -> None:
    load = Updates(REVISIONS)
    load.answered(0, answer(200))

    with pytest.raises(UnexpectedAnswer):
        load.answered(0, answer(201))
