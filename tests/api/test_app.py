"""The HTTP surface as a client sees it, on a dispatcher without an engine."""

import errno
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.api import messages
from fhir_server.api.middleware import Cors
from fhir_server.core.request import Conditions, FhirRequest, FhirResponse
from fhir_server.errors import MethodNotAllowed, NotFound, StoreUnavailable

MakeApi = Callable[..., Any]
JSON = {"Content-Type": "application/fhir+json"}


def test_a_read_carries_its_version_and_date(make_api: MakeApi) -> None:
    api = make_api(
        FhirResponse(200, b'{"resourceType":"Patient"}', version=3, last_updated=1_445_412_480_999_999)
    )
    response = api.send("GET", "/fhir/Patient/1")
    assert response.status_code == 200
    assert response.json() == {"resourceType": "Patient"}
    assert response.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert response.headers["etag"] == 'W/"3"'
    assert response.headers["last-modified"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert response.headers["content-length"] == "26"
    assert api.dispatcher.asked[0].path == ("Patient", "1")


def test_locations_are_absolute(make_api: MakeApi) -> None:
    api = make_api(
        FhirResponse(201, location="Patient/1/_history/1", content_location="Patient/1/_history/1")
    )
    response = api.send("POST", "/fhir/Patient", content=b"{}", headers=JSON)
    assert response.status_code == 201
    assert response.headers["location"] == "http://localhost:8080/fhir/Patient/1/_history/1"
    assert response.headers["content-location"] == "http://localhost:8080/fhir/Patient/1/_history/1"
    assert response.headers["content-length"] == "0"
    assert "content-type" not in response.headers


def test_writes_go_through_the_executor(make_api: MakeApi) -> None:
    api = make_api(FhirResponse(201))
    api.send("GET", "/fhir/Patient/1")
    assert api.dispatcher.groups == 0
    api.send("PUT", "/fhir/Patient/1", content=b"{}", headers=JSON)
    assert api.dispatcher.groups == 1


def test_head_is_get_without_a_body(make_api: MakeApi) -> None:
    api = make_api()
    head, get = api.send("HEAD", "/fhir/Patient/1"), api.send("GET", "/fhir/Patient/1")
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))
    assert [request.method for request in api.dispatcher.asked] == ["GET", "GET"]


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(make_api: MakeApi, status: int) -> None:
    response = make_api(FhirResponse(status, b"{}", version=1)).send("GET", "/fhir/Patient/1")
    assert response.content == b""
    assert "content-length" not in response.headers
    assert "content-type" not in response.headers
    assert response.headers["etag"] == 'W/"1"'


def test_the_request_reaches_the_door_whole(make_api: MakeApi) -> None:
    api = make_api()
    headers = {
        **JSON,
        "If-Match": 'W/"1"',
        "If-None-Match": "*",
        "If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT",
        "If-Unmodified-Since": "Thu, 22 Oct 2015 07:28:00 GMT",
        "If-None-Exist": "identifier=a|b",
        "Prefer": "return=minimal",
        "Accept-Language": "fr",
    }
    api.send("POST", "/fhir/Patient?x=1&y=a%20b", content=b'{"a":1.50}', headers=headers)
    request = api.dispatcher.asked[0]
    assert request.query == (("x", "1"), ("y", "a b"))
    assert bytes(request.content["a"]) == b"1.50"
    assert request.conditions == Conditions(
        if_match='W/"1"',
        if_none_match="*",
        if_modified_since="Wed, 21 Oct 2015 07:28:00 GMT",
        if_unmodified_since="Thu, 22 Oct 2015 07:28:00 GMT",
        if_none_exist="identifier=a|b",
    )
    assert request.preferences.returns == "minimal"
    assert request.language == "fr"
    assert request.base_url == "http://localhost:8080/fhir"


def test_a_search_by_post_joins_url_and_form(make_api: MakeApi) -> None:
    api = make_api()
    api.send("POST", "/fhir/Patient/_search?_count=5", data={"name": "Léa"})
    assert api.dispatcher.asked[0].query == (("_count", "5"), ("name", "Léa"))
    assert api.dispatcher.asked[0].content is None


def test_errors_are_outcomes_in_the_readers_language(make_api: MakeApi) -> None:
    api = make_api(NotFound.of(messages.METHOD_NOT_ALLOWED(method="X", allowed="Y"), "Patient.id"))
    response = api.send("GET", "/fhir/Patient/1", headers={"Accept-Language": "fr"})
    outcome = response.json()
    assert response.status_code == 404
    assert response.headers["content-language"] == "fr"
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] == "not-found"
    assert outcome["issue"][0]["diagnostics"].startswith("X n'est pas possible ici")
    assert outcome["issue"][0]["expression"] == ["Patient.id"]


def test_the_unforeseen_is_told_without_details(make_api: MakeApi, caplog: pytest.LogCaptureFixture) -> None:
    api = make_api(KeyError("Dupont, Jeanne"))
    response = api.send("GET", "/fhir/Patient?name=Dupont", headers={"X-Request-Id": "abc-1"})
    assert response.status_code == 500
    assert response.json()["issue"][0]["code"] == "exception"
    assert "abc-1" in response.text
    assert "Traceback" not in response.text
    assert ".py" not in response.text
    assert "Dupont" not in response.text
    assert "abc-1" in caplog.text
    assert "KeyError" in caplog.text
    assert "conftest.py" in caplog.text
    assert "Dupont" not in caplog.text


def test_an_error_that_led_to_itself_is_told_once(
    make_api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    error = KeyError("x")
    error.__cause__ = error
    response = make_api(error).send("GET", "/fhir/Patient/1")
    assert response.status_code == 500
    assert response.json()["issue"][0]["code"] == "exception"
    assert caplog.text.count("KeyError") == 1


def test_the_unforeseen_in_a_write_is_told_alike(make_api: MakeApi) -> None:
    response = make_api(ZeroDivisionError()).send("DELETE", "/fhir/Patient/1")
    assert response.status_code == 500
    assert response.json()["issue"][0]["severity"] == "fatal"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), 503),
        (OSError(errno.EMFILE, "Too many open files"), 503),
        (OSError(errno.ENFILE, "Too many open files in system"), 503),
        (FileNotFoundError(errno.ENOENT, "No such file"), 500),
    ],
)
def test_what_the_system_has_no_more_of_passes(make_api: MakeApi, error: Exception, status: int) -> None:
    response = make_api(error).send("GET", "/fhir/Patient/1")
    assert response.status_code == status
    assert response.headers.get("retry-after") == ("1" if status == 503 else None)


def test_an_overloaded_store_says_when_to_come_back(make_api: MakeApi) -> None:
    response = make_api(StoreUnavailable.of(messages.OVERLOADED())).send("GET", "/fhir/Patient/1")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


def test_what_is_not_allowed_comes_with_what_is(make_api: MakeApi) -> None:
    api = make_api(MethodNotAllowed.of(messages.METHOD_NOT_ALLOWED(method="POST", allowed="")))
    response = api.send("POST", "/fhir/Patient/1")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"


def test_an_operation_may_allow_less_than_its_path(make_api: MakeApi) -> None:
    error = MethodNotAllowed.of(messages.METHOD_NOT_ALLOWED(method="GET", allowed="POST"))
    error.allowed = ("POST",)
    response = make_api(error).send("GET", "/fhir/Patient/1/$meta-add")
    assert response.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(("method", "status"), [("TRACE", 405), ("PROPFIND", 501)])
def test_other_methods_are_refused(make_api: MakeApi, method: str, status: int) -> None:
    api = make_api()
    response = api.send(method, "/fhir/Patient")
    assert response.status_code == status
    assert response.headers["allow"].startswith("GET, HEAD, POST")
    assert response.json()["resourceType"] == "OperationOutcome"
    assert api.dispatcher.asked == []


def test_options_names_the_methods(make_api: MakeApi) -> None:
    response = make_api().send("OPTIONS", "/fhir/Patient/1")
    assert response.headers["accept-patch"] == "application/json-patch+json, application/fhir+json"
    response = make_api().send("OPTIONS", "/fhir/metadata")
    assert "accept-patch" not in response.headers
    assert response.status_code == 204
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_format_stands_above_accept(make_api: MakeApi) -> None:
    api = make_api()
    response = api.send("GET", "/fhir/Patient/1?_format=json", headers={"Accept": "application/fhir+xml"})
    assert response.status_code == 200
    refused = api.send("GET", "/fhir/Patient/1?_format=xml")
    assert refused.status_code == 406
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_pretty_spreads_the_body(make_api: MakeApi) -> None:
    response = make_api(FhirResponse(200, b'{"a":1.50}')).send("GET", "/fhir/Patient/1?_pretty=true")
    assert response.content == b'{\n  "a": 1.50\n}'


def test_a_wrong_host_is_refused(make_api: MakeApi) -> None:
    response = make_api().send("GET", "/fhir/Patient/1", headers={"Host": "a b"})
    assert response.status_code == 400


def test_an_operation_may_answer_in_its_own_type(make_api: MakeApi) -> None:
    answer = FhirResponse(200, b"{}\n{}\n", media_type="application/fhir+ndjson")
    assert make_api(answer).send("GET", "/fhir/$x").headers["content-type"] == "application/fhir+ndjson"


def test_ids_of_requests(make_api: MakeApi) -> None:
    api = make_api()
    echoed = api.send("GET", "/fhir/Patient/1", headers={"X-Request-Id": "a-1", "X-Correlation-Id": "c.2"})
    assert echoed.headers["x-request-id"] == "a-1"
    assert echoed.headers["x-correlation-id"] == "c.2"
    made = api.send("GET", "/fhir/Patient/1", headers={"X-Request-Id": 'a"b'}).headers["x-request-id"]
    assert made not in ("", 'a"b')


def large(_: FhirRequest) -> FhirResponse:
    return FhirResponse(200, b'{"a":"' + b"x" * 5_000 + b'"}')


def test_large_bodies_are_compressed_for_who_asks(make_api: MakeApi) -> None:
    api = make_api(large)
    packed = api.send("GET", "/fhir/Patient/1", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 500
    assert packed.json() == {"a": "x" * 5_000}
    plain = api.send("GET", "/fhir/Patient/1", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    small = make_api().send("GET", "/fhir/Patient/1", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


def test_compressed_bodies_are_read(make_api: MakeApi) -> None:
    api = make_api()
    headers = {**JSON, "Content-Encoding": "gzip"}
    api.send("POST", "/fhir/Patient", content=gzip.compress(b'{"a":1}'), headers=headers)
    assert api.dispatcher.asked[0].content == {"a": 1}


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"])
def test_pages_of_this_machine_may_call(make_api: MakeApi, origin: str) -> None:
    response = make_api().send("GET", "/fhir/Patient/1", headers={"Origin": origin})
    assert response.headers["access-control-allow-origin"] == origin
    for name in ("ETag", "Location", "Content-Location", "Last-Modified", "X-Request-Id"):
        assert name in response.headers["access-control-expose-headers"]
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null"])
def test_other_pages_may_not(make_api: MakeApi, origin: str) -> None:
    response = make_api().send("GET", "/fhir/Patient/1", headers={"Origin": origin})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origins", "shown"),
    [(frozenset({b"*"}), "*"), (frozenset({b"https://app.example"}), "https://app.example")],
)
def test_the_operator_may_name_origins(make_api: MakeApi, origins: frozenset[bytes], shown: str) -> None:
    api = make_api(cors=Cors(origins))
    response = api.send("GET", "/fhir/Patient/1", headers={"Origin": "https://app.example"})
    assert response.headers["access-control-allow-origin"] == shown


def test_a_preflight_says_what_a_page_may_send(make_api: MakeApi) -> None:
    api = make_api()
    headers = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type, if-match",
    }
    response = api.send("OPTIONS", "/fhir/Patient/1", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "PUT" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "content-type, if-match"
    refused = api.send("OPTIONS", "/fhir/Patient/1", headers={**headers, "Origin": "https://evil.example"})
    assert "access-control-allow-methods" not in refused.headers
    assert api.dispatcher.asked == []


def test_the_log_shows_the_kind_of_request_and_no_value(make_api: MakeApi) -> None:
    api = make_api()
    api.send("GET", "/fhir/Patient/dupont-42?name=Dupont", headers={"X-Request-Id": "r1"})
    (line,) = api.log
    logged = json.loads(line)
    assert logged.pop("ms") >= 0
    assert logged.pop("time").endswith("Z")
    assert logged == {"method": "GET", "path": "/Patient/{}", "status": 200, "request": "r1"}


def test_other_paths_go_to_the_site(make_api: MakeApi) -> None:
    api = make_api()
    assert api.send("GET", "/").status_code == 418
    assert api.send("GET", "/fhirs").status_code == 418
    assert api.dispatcher.asked == []
