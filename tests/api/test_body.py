"""Bodies: type, size, compression, and what they hold."""

import asyncio
import gzip
from collections.abc import Iterable
from typing import Any

import pytest

from fhir_server.api.body import Body, BodyLimits, ClientGone, parse_body, read_body
from fhir_server.errors import (
    ContentTooLarge,
    InvalidRequest,
    MalformedContent,
    NotSupported,
    UnsupportedMediaType,
)

LIMITS = BodyLimits(bytes_max=1_000, depth_max=20)
JSON = {b"content-type": b"application/fhir+json"}


def read_all(
    parts: Iterable[bytes],
    headers: dict[bytes, bytes],
    method: str = "POST",
    path: tuple[str, ...] = ("Patient",),
) -> Body:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": True} for part in parts
    ]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    queue = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(queue)

    return asyncio.run(read_body(method, path, headers, receive, LIMITS))


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/fhir+json",
        b"application/json",
        b"application/fhir+json; charset=utf-8",
        b'Application/FHIR+JSON; charset="UTF-8"; fhirVersion=4.0',
    ],
)
def test_json_in_parts(content_type: bytes) -> None:
    body = read_all([b'{"resource', b'Type":"Patient"}'], {b"content-type": content_type})
    assert body.content == {"resourceType": "Patient"}
    assert body.content_type in ("application/fhir+json", "application/json")


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        (b"application/fhir+xml", "XML"),
        (b"text/plain", "text/plain"),
        (b"application/x-www-form-urlencoded", "application/fhir\\+json"),
        (b"", "no Content-Type"),
        (b"application/json; charset=iso-8859-1", "iso-8859-1"),
        (b"application/fhir+json; fhirVersion=3.0", "3.0"),
        (b"application/json-patch+json", "application/fhir\\+json"),
    ],
)
def test_other_types_are_refused(content_type: bytes, said: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=said):
        read_all([b"{}"], {b"content-type": content_type})


def test_no_body_needs_no_type() -> None:
    assert read_all([], {}) == Body()


def test_a_patch_may_be_a_json_patch() -> None:
    body = read_all([b"[]"], {b"content-type": b"application/json-patch+json"}, "PATCH", ("Patient", "1"))
    assert body == Body(content=[], content_type="application/json-patch+json")


def test_a_search_is_a_form() -> None:
    headers = {b"content-type": b"application/x-www-form-urlencoded"}
    body = read_all([b"name=L%C3%A9a&_count=2"], headers, path=("Patient", "_search"))
    assert body.form == (("name", "Léa"), ("_count", "2"))
    with pytest.raises(UnsupportedMediaType, match="urlencoded"):
        read_all([b"{}"], JSON, path=("Patient", "_search"))
    # What is no search by its method is told so elsewhere.
    assert read_all([b"{}"], JSON, "PUT", ("Patient", "_search")).content == {}


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ContentTooLarge, match="1000"):
        read_all([], JSON | {b"content-length": b"1001"})


def test_a_body_over_the_limit_is_refused_while_it_comes() -> None:
    endless = (b" " * 100 for _ in range(10**9))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(endless), "more_body": True}

    with pytest.raises(ContentTooLarge):
        asyncio.run(read_body("POST", ("Patient",), JSON, receive, LIMITS))


def test_a_body_of_exactly_the_limit_is_read() -> None:
    body = b'{"a":"' + b"x" * 992 + b'"}'
    assert len(body) == 1_000
    assert read_all([body], JSON).content == {"a": "x" * 992}
    with pytest.raises(ContentTooLarge):
        read_all([body + b" "], JSON)


@pytest.mark.parametrize("members", [1, 2])
def test_gzip_is_read(members: int) -> None:
    halves = [b'{"a":', b"1}"] if members == 2 else [b'{"a":1}']
    packed = b"".join(gzip.compress(half) for half in halves)
    assert read_all([packed], JSON | {b"content-encoding": b"gzip"}).content == {"a": 1}


def test_a_decompression_bomb_is_refused() -> None:
    bomb = gzip.compress(b" " * 200_000)
    assert len(bomb) < LIMITS.bytes_max
    with pytest.raises(ContentTooLarge):
        read_all([bomb], JSON | {b"content-encoding": b"gzip"})


@pytest.mark.parametrize("raw", [b"not gzip", gzip.compress(b'{"a":1}', mtime=0)[:-3]])
def test_broken_gzip_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedContent, match="gzip"):
        read_all([raw], JSON | {b"content-encoding": b"gzip"})


def test_the_members_of_a_gzip_stream_are_read_one_after_the_other() -> None:
    """However many: what lies behind one is not copied for each of them."""
    members = [b'{"resourceType"', *[b" "] * 100_000, b':"Patient"}']
    packed = b"".join(gzip.compress(part, mtime=0) for part in members)
    found = parse_body(
        packed, "POST", ("Patient",), JSON | {b"content-encoding": b"gzip"}, BodyLimits(10**7, 20)
    )
    assert found.content == {"resourceType": "Patient"}


def test_other_encodings_are_refused() -> None:
    with pytest.raises(UnsupportedMediaType, match="br"):
        read_all([b"x"], JSON | {b"content-encoding": b"br"})


def test_a_form_is_as_short_as_a_url() -> None:
    form = {b"content-type": b"application/x-www-form-urlencoded"}
    with pytest.raises(ContentTooLarge, match="1048576"):
        parse_body(b"_id=" + b"%41" * 400_000, "POST", ("Patient", "_search"), form, BodyLimits(10**7, 20))


def test_malformed_json_is_refused() -> None:
    with pytest.raises(MalformedContent):
        read_all([b"{"], JSON)


def test_a_length_that_is_no_number() -> None:
    with pytest.raises(InvalidRequest, match="Content-Length"):
        read_all([], JSON | {b"content-length": b"many"})


def test_a_client_that_goes_away() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        asyncio.run(read_body("POST", ("Patient",), JSON, receive, LIMITS))


def test_chunks_are_the_only_transfer_coding() -> None:
    chunked = JSON | {b"transfer-encoding": b"Chunked"}
    assert read_all([b'{"resourceType":"Patient"}'], chunked).content == {"resourceType": "Patient"}
    with pytest.raises(NotSupported, match="gzip, chunked"):
        read_all([b"x"], JSON | {b"transfer-encoding": b"gzip, chunked"})
