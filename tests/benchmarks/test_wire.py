"""The load client reads complete, partial and unsupported responses."""

import pytest

from benchmarks import wire

ANSWER = (
    b"HTTP/1.1 201 Created\r\ncontent-type: application/fhir+json\r\nContent-Length: 11\r\n"
    b'ETag: W/"3"\r\n\r\n{"a": "b"} '
)


def test_a_whole_answer_is_read() -> None:
    answer = wire.response(ANSWER)

    assert answer is not None
    assert (answer.status, answer.body) == (201, b'{"a": "b"} ')


@pytest.mark.parametrize("cut", range(len(ANSWER)))
def test_an_answer_cut_anywhere_is_not_there_yet(cut: int) -> None:
    assert wire.response(ANSWER[:cut]) is None


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_an_answer_that_has_no_body_needs_no_length(status: bytes) -> None:
    answer = wire.response(b"HTTP/1.1 " + status + b'\r\netag: W/"1"\r\n\r\n')

    assert answer is not None
    assert answer.body == b""


def test_bytes_after_the_answer_are_refused() -> None:
    with pytest.raises(wire.UnsupportedResponse, match="1 bytes after"):
        wire.response(ANSWER + b"H")


def test_a_chunked_answer_is_refused() -> None:
    with pytest.raises(wire.UnsupportedResponse, match="Content-Length"):
        wire.response(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def test_a_header_is_found_whatever_its_case() -> None:
    answer = wire.response(ANSWER)

    assert answer is not None
    assert answer.header(b"etag") == b'W/"3"'
    with pytest.raises(wire.UnsupportedResponse, match="location"):
        answer.header(b"location")


def test_a_request_says_how_long_its_body_is() -> None:
    sent = wire.request("PUT", "/fhir/Patient/a", "é".encode(), (("If-Match", 'W/"1"'),))

    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /fhir/Patient/a HTTP/1.1\r\nHost: ")
    assert b'\r\nIf-Match: W/"1"\r\n' in head
    assert head.endswith(b"\r\nContent-Length: 2")
    assert body == "é".encode()
