"""Paths, queries and base URLs are read off the request line and the Host header."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.api import target
from fhir_server.api.headers import select_headers
from fhir_server.errors import InvalidRequest, InvalidSearch
from fhir_server.interactions.routes import BY_SHAPE

SCOPE = {"scheme": "http", "server": ("127.0.0.1", 8080)}


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        (b"/fhir", True),
        (b"/fhir/", True),
        (b"/fhir/Patient", True),
        (b"/fhirs", False),
        (b"/", False),
        (b"/health/live", False),
    ],
)
def test_the_base_ends_at_a_segment(path: bytes, inside: bool) -> None:
    assert target.is_fhir(path) is inside


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/fhir", ()),
        (b"/fhir/", ()),
        (b"/fhir/Patient", ("Patient",)),
        (b"/fhir/Patient/", ("Patient",)),
        (b"/fhir/Patient/1/_history/2", ("Patient", "1", "_history", "2")),
        (b"/fhir/Patient/a%2Fb", ("Patient", "a/b")),
        (b"/fhir/Patient/%C3%A9", ("Patient", "é")),
        (b"/fhir//Patient", ("", "Patient")),
    ],
)
def test_a_path_is_split_at_slashes_and_decoded(path: bytes, expected: tuple[str, ...]) -> None:
    assert target.segments(path) == expected


@pytest.mark.parametrize("path", [b"/fhir/Patient/%FF", b"/fhir/Patient/\xff"])
def test_a_path_that_is_not_utf8_is_refused(path: bytes) -> None:
    with pytest.raises(InvalidRequest, match="UTF-8"):
        target.segments(path)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ()),
        (b"name=a", (("name", "a"),)),
        (b"name=a&name=b", (("name", "a"), ("name", "b"))),
        (b"identifier=urn%3Aoid%3A1.2%7C42", (("identifier", "urn:oid:1.2|42"),)),
        (b"identifier=http://x|42", (("identifier", "http://x|42"),)),
        (b"name=Le+Goff", (("name", "Le Goff"),)),
        (b"date=2020-01-01T00:00:00%2B02:00", (("date", "2020-01-01T00:00:00+02:00"),)),
        (b"a=b=c&&d", (("a", "b=c"), ("d", ""))),
    ],
)
def test_a_query_is_split_and_decoded(raw: bytes, expected: tuple[tuple[str, str], ...]) -> None:
    assert target.query(raw) == expected


@given(st.lists(st.sampled_from(["%3A", "%3a", "%2F", "%7C", "%25", "%", "3A", "2", ":", "x"])))
def test_each_escape_of_a_query_is_read_once(parts: list[str]) -> None:
    text = "".join(parts)
    assert target.query(f"name={text}".encode()) == (("name", unquote(text)),)


def test_far_too_many_parameters_are_only_counted() -> None:
    with pytest.raises(InvalidSearch, match="20001 parameters; at most 100"):
        target.query(b"%FF&" * 20_001)


def test_a_query_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="UTF-8"):
        target.query(b"name=%FF")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ((), ("GET", "HEAD", "POST")),
        (("metadata",), ("GET", "HEAD")),
        (("Patient",), ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")),
        (("Patient", "1"), ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
        (("Patient", "_search"), ("GET", "HEAD", "POST")),
        (("Patient", "1", "_history", "2"), ("GET", "HEAD")),
        (("Patient", "$validate"), ("GET", "HEAD", "POST")),
        (("Patient", "1", "Observation"), ("GET", "HEAD")),
    ],
)
def test_each_path_has_the_methods_of_its_interactions(
    path: tuple[str, ...], methods: tuple[str, ...]
) -> None:
    assert target.allowed_methods(path) == methods


EXAMPLES = {"type": "Patient", "id": "1", "version": "2", "operation": "$validate"}


@pytest.mark.parametrize("shape", BY_SHAPE)
def test_what_is_allowed_is_what_is_answered(shape: str) -> None:
    parts = [EXAMPLES.get(part, part) for part in shape.split("/") if part]
    allowed = set(target.allowed_methods(tuple(parts)))
    assert allowed - {"HEAD"} == set(BY_SHAPE[shape])
    assert ("HEAD" in allowed) == ("GET" in allowed)


def test_a_template_shows_only_known_words() -> None:
    known = frozenset({"Patient", "_history"})
    assert target.log_path(("Patient", "martin", "_history", "2"), known) == "/Patient/{}/_history/{}"
    assert target.log_path(("Jean Martin",), known) == "/{}"
    assert target.log_path((), known) == "/"


def test_the_base_url_follows_the_host_header() -> None:
    urls = target.BaseUrls()
    assert urls.of(SCOPE, {b"host": b"fhir.example:8443"}) == "http://fhir.example:8443/fhir"
    assert urls.of(SCOPE | {"scheme": "https"}, {b"host": b"[::1]"}) == "https://[::1]/fhir"
    assert urls.of(SCOPE, {}) == "http://127.0.0.1:8080/fhir"


def test_http_1_1_needs_a_host_header() -> None:
    urls = target.BaseUrls()
    assert urls.of(SCOPE | {"http_version": "1.0"}, {}) == "http://127.0.0.1:8080/fhir"
    with pytest.raises(InvalidRequest, match="no Host header"):
        urls.of(SCOPE | {"http_version": "1.1"}, {})


def test_the_operator_can_fix_the_base_url() -> None:
    urls = target.BaseUrls(fixed="https://fhir.example/r4")
    assert urls.of(SCOPE, {b"host": b"127.0.0.1"}) == "https://fhir.example/r4"


@pytest.mark.parametrize("host", [b"a b", b"x/y", b"evil.example\r\n", b"a:b:c", b"host:999999", b"<script>"])
def test_a_malformed_host_is_refused(host: bytes) -> None:
    with pytest.raises(InvalidRequest, match="Host"):
        target.BaseUrls().of(SCOPE, {b"host": host})


def test_only_the_named_hosts_are_served() -> None:
    urls = target.BaseUrls(hosts=frozenset({"localhost", "127.0.0.1"}))
    assert urls.of(SCOPE, {b"host": b"LOCALHOST:9"}) == "http://LOCALHOST:9/fhir"
    with pytest.raises(InvalidRequest, match="Host"):
        urls.of(SCOPE, {b"host": b"rebound.example:8080"})


def test_forwarded_headers_count_only_when_trusted() -> None:
    forwarded = {b"host": b"inner", b"x-forwarded-host": b"outer.example", b"x-forwarded-proto": b"https"}
    assert target.BaseUrls().of(SCOPE, forwarded) == "http://inner/fhir"
    assert target.BaseUrls(trust_forwarded=True).of(SCOPE, forwarded) == "https://outer.example/fhir"


def test_a_header_that_comes_twice_is_one_list() -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#section-5.2"""
    pairs = [(b"accept", b"text/html"), (b"cookie", b"x"), (b"accept", b"application/json")]
    assert select_headers(pairs) == {b"accept": b"text/html, application/json"}
