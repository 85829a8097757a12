"""https://hl7.org/fhir/R4/binary.html#rest"""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.request import FhirResponse

HELLO = {"resourceType": "Binary", "id": "1", "contentType": "text/plain", "data": "aGVsbG8="}

MakeApi = Callable[..., Any]


def holding(**members: Any) -> FhirResponse:
    return FhirResponse(200, json.serialise(HELLO | members), version=1)


@pytest.mark.parametrize(
    "accept", ["text/plain", "text/html, text/plain;q=0.5", "image/png,text/plain;q=0.1"]
)
@pytest.mark.parametrize("path", ["Binary/1", "Binary/1/_history/1"])
def test_a_document_is_given_in_its_own_format(make_api: MakeApi, path: str, accept: str) -> None:
    answer = make_api(holding()).send("GET", f"/fhir/{path}", headers={"accept": accept})
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_range_of_formats_will_do(make_api: MakeApi) -> None:
    answer = make_api(holding(contentType="image/png")).send(
        "GET", "/fhir/Binary/1", headers={"accept": "image/*"}
    )
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "accept", ["*/*", "", "application/fhir+json", "text/html, */*;q=0.1", "application/json"]
)
def test_who_reads_fhir_gets_the_resource(make_api: MakeApi, accept: str) -> None:
    answer = make_api(holding()).send("GET", "/fhir/Binary/1", headers={"accept": accept})
    assert answer.json() == HELLO


def test_the_format_parameter_stands_above_accept(make_api: MakeApi) -> None:
    answer = make_api(holding()).send("GET", "/fhir/Binary/1?_format=json", headers={"accept": "text/plain"})
    assert answer.json() == HELLO


def test_head_tells_of_the_document(make_api: MakeApi) -> None:
    answer = make_api(holding()).send("HEAD", "/fhir/Binary/1", headers={"accept": "text/plain"})
    assert (answer.headers["content-length"], answer.content) == ("5", b"")


@pytest.mark.parametrize(
    ("members", "accept"),
    [
        ({}, "image/png"),
        ({}, "text/plain;q=0, image/*"),
        ({"contentType": "image/png"}, "image/png;q=0, image/*"),
        ({"contentType": "a/b\nset-cookie: c"}, "a/b"),
        ({"contentType": "texte/é"}, "texte/é"),
        ({"contentType": "x"}, "x"),
    ],
)
def test_what_the_client_does_not_read_is_refused(make_api: MakeApi, members: Any, accept: str) -> None:
    headers = {"accept": accept.encode("latin-1")}
    answer = make_api(holding(**members)).send("GET", "/fhir/Binary/1", headers=headers)
    assert answer.status_code == 406
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["Patient/1", "Binary", "Binary/1/_history", "Binary/$validate"])
def test_nothing_else_has_a_format_of_its_own(make_api: MakeApi, path: str) -> None:
    api = make_api(holding())
    assert api.send("GET", f"/fhir/{path}", headers={"accept": "text/plain"}).status_code == 406
    assert api.dispatcher.asked == []


def test_a_binary_without_data_is_empty(make_api: MakeApi) -> None:
    bare = FhirResponse(200, b'{"resourceType":"Binary","contentType":"text/plain"}', version=1)
    answer = make_api(bare).send("GET", "/fhir/Binary/1", headers={"accept": "text/plain"})
    assert (answer.status_code, answer.content) == (200, b"")
    unchanged = make_api(FhirResponse(304, version=1))
    assert unchanged.send("GET", "/fhir/Binary/1", headers={"accept": "text/plain"}).status_code == 304


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/pdf;  a=b"])
def test_a_document_may_be_sent_as_it_is(make_api: MakeApi, content_type: str) -> None:
    api = make_api()
    headers = {"content-type": content_type, "x-security-context": "Patient/7"}
    api.send("POST", "/fhir/Binary", content=b"\xffa", headers=headers)
    api.send("PUT", "/fhir/Binary/mine", content=b"\xffa", headers={"content-type": content_type})
    expected = {"resourceType": "Binary", "contentType": " ".join(content_type.split()), "data": "/2E="}
    created, updated = (request.content for request in api.dispatcher.asked)
    assert created == expected | {"securityContext": {"reference": "Patient/7"}}
    assert updated == expected | {"id": "mine"}


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"resourceType":"Patient"}', "application/fhir+json"),
        (b'{"resourceType":"Patient"}', "application/json"),
        (b'{"contentType":"text/plain"}', "application/json; charset=utf-8"),
        (b"[1.50]", "text/json"),
    ],
)
def test_json_that_is_no_binary_is_a_document_too(
    make_api: MakeApi, content: bytes, content_type: str
) -> None:
    api = make_api()
    api.send("POST", "/fhir/Binary", content=content, headers={"content-type": content_type})
    api.send(
        "PUT", "/fhir/Binary/mine", content=json.serialise(HELLO), headers={"content-type": content_type}
    )
    sent, resource = (request.content for request in api.dispatcher.asked)
    assert (sent["resourceType"], sent["contentType"]) == ("Binary", content_type)
    assert base64.b64decode(sent["data"]) == content
    assert resource == HELLO


@pytest.mark.parametrize("content", [b'{"data":"aGVsbG8="}', b"[]"])
def test_what_claims_to_be_fhir_and_says_no_type_is_none(make_api: MakeApi, content: bytes) -> None:
    api = make_api()
    api.send("POST", "/fhir/Binary", content=content, headers={"content-type": "application/fhir+json"})
    assert [request.content for request in api.dispatcher.asked] == [json.parse(content)]


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status"),
    [
        ("POST", "Patient", "text/plain", 415),
        ("PATCH", "Binary/1", "text/plain", 415),
        ("POST", "Binary/$validate", "text/plain", 415),
        ("POST", "Binary/_search", "text/plain", 415),
        ("POST", "Binary", "application/fhir+xml", 415),
        ("POST", "Binary", "application/fhir+json", 400),
        ("POST", "Binary", "", 415),
    ],
)
def test_other_bodies_are_resources(
    make_api: MakeApi, method: str, path: str, content_type: str, status: int
) -> None:
    api = make_api()
    headers = {"content-type": content_type}
    assert api.send(method, f"/fhir/{path}", content=b"hello", headers=headers).status_code == status
    assert api.dispatcher.asked == []
