"""What a client can read is understood as R4 and RFC 9110 say."""

import pytest

from fhir_server.api import negotiation
from fhir_server.core.request import Preferences
from fhir_server.errors import InvalidRequest, NotAcceptable

FHIR = b"application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("", FHIR),
        ("*/*", FHIR),
        ("application/*", FHIR),
        ("application/fhir+json", FHIR),
        ("APPLICATION/FHIR+JSON", FHIR),
        ("application/json", b"application/json; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", FHIR),
        ("application/fhir+xml, application/fhir+json;q=0.1", FHIR),
        ("application/json;q=0.2, application/fhir+json;q=0.9", FHIR),
        ("*/*, application/json", b"application/json; charset=utf-8"),
        ("application/fhir+json; fhirVersion=4.0", b"application/fhir+json; fhirVersion=4.0; charset=utf-8"),
        ("application/fhir+json;fhirVersion=3.0, application/fhir+json;q=0.5", FHIR),
        ("application/fhir+json;q=0, */*", b"application/json; charset=utf-8"),
        ("text/*", b"text/json; charset=utf-8"),
        ("application/xml, text/*;q=0.5, */*;q=0.1", b"text/json; charset=utf-8"),
    ],
)
def test_accept_chooses_the_format(accept: str, answered: bytes) -> None:
    assert negotiation.content_type(accept.encode()) == answered


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("application/fhir+xml", "XML"),
        ("application/xml", "XML"),
        ("text/turtle, application/xml", "XML"),
        ("text/turtle", "text/turtle"),
        ("application/fhir+json;q=0", "cannot be served"),
        ("text/json;q=0, text/*", "cannot be served"),
        ("application/fhir+json; fhirVersion=5.0", "5.0"),
    ],
)
def test_what_cannot_be_served_is_refused(accept: str, said: str) -> None:
    with pytest.raises(NotAcceptable, match=said):
        negotiation.content_type(accept.encode())


@pytest.mark.parametrize(
    ("value", "answered"),
    [
        ("json", FHIR),
        ("application/fhir+json", FHIR),
        ("application/fhir json", FHIR),
        ("application/json", b"application/json; charset=utf-8"),
    ],
)
def test_the_format_parameter_names_a_kind_of_json(value: str, answered: bytes) -> None:
    assert negotiation.content_type_of_format(value) == answered


@pytest.mark.parametrize(
    "value", ["xml", "application/fhir+xml", "ttl", "html", "nonsense", "application/json; fhirVersion=3.0"]
)
def test_other_formats_are_refused(value: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiation.content_type_of_format(value)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB, fr;q=0.9", "en"),
        ("de, fr;q=0.5", "fr"),
        ("de", "en"),
        ("*", "en"),
        ("fr;q=0", "en"),
    ],
)
def test_the_language_is_the_one_ranked_higher_or_english(header: str, language: str) -> None:
    assert negotiation.language(header.encode()) == language


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Preferences()),
        ("return=minimal", Preferences(returns="minimal")),
        ('Return="representation"', Preferences(returns="representation")),
        ("return=OperationOutcome, handling=lenient", Preferences(returns="OperationOutcome", lenient=True)),
        ("respond-async; wait=10", Preferences(respond_async=True)),
        ("return=minimal, return=representation", Preferences(returns="minimal")),
        ("return=everything, foo=bar", Preferences()),
        ("handling=strict", Preferences()),
    ],
)
def test_preferences_of_fhir_are_read_and_others_ignored(header: str, expected: Preferences) -> None:
    assert negotiation.preferences(header.encode()) == expected


def test_pretty_is_true_or_false() -> None:
    assert negotiation.pretty("true")
    assert not negotiation.pretty("false")
    assert not negotiation.pretty(None)
    with pytest.raises(InvalidRequest, match=r"at http\._pretty: .*maybe"):
        negotiation.pretty("maybe")


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("gzip, deflate, br", "gzip"),
        ("br", "identity"),
        ("gzip;q=0", "identity"),
        ("*", "gzip"),
        ("*, gzip;q=0", "identity"),
        ("", "identity"),
    ],
)
def test_a_body_is_packed_where_the_client_reads_gzip(header: str, chosen: str) -> None:
    assert negotiation.encoding(header.encode()) == chosen
