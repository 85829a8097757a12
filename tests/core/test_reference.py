"""Parsing of references and canonicals."""

import pytest

from fhir_server.core.reference import Canonical, Reference, parse_canonical, parse_reference

BASE = "https://fhir.example.org/fhir"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Reference("local", "Patient", "1")),
        ("Patient/a-b.C/_history/3", Reference("local", "Patient", "a-b.C", "3")),
        (f"{BASE}/Patient/1", Reference("local", "Patient", "1")),
        (f"{BASE}/Patient/1/_history/2", Reference("local", "Patient", "1", "2")),
        (
            "http://other.example/r4/Patient/1/_history/2",
            Reference("absolute", "Patient", "1", "2", "http://other.example/r4/Patient/1"),
        ),
        ("http://other.example/thing?x=1", Reference("absolute", url="http://other.example/thing?x=1")),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
         Reference("urn", url="urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")),
        ("urn:oid:1.2.3", Reference("urn", url="urn:oid:1.2.3")),
        ("#p1", Reference("contained", id="p1")),
        ("#", Reference("contained")),
        ("Patient?identifier=a|b", Reference("conditional", "Patient", query="identifier=a|b")),
        ("Patient/?identifier=a|b", Reference("conditional", "Patient", query="identifier=a|b")),
        ("Patient/", Reference("invalid")),
        ("patient/1", Reference("invalid")),
        ("Patient/1/2", Reference("invalid")),
        ("Patient/" + "x" * 65, Reference("invalid")),
        ("", Reference("invalid")),
        ("some text", Reference("invalid")),
    ],
)  # fmt: skip
def test_a_reference_is_taken_apart(text: str, expected: Reference) -> None:
    assert parse_reference(text, BASE) == expected


def test_a_base_of_another_server_is_not_ours() -> None:
    assert parse_reference(f"{BASE}2/Patient/1", BASE).kind == "absolute"
    assert parse_reference(f"{BASE}/Patient/1").kind == "absolute"
    assert parse_reference(f"{BASE}/Patient/1", BASE + "/").kind == "local"
    assert parse_reference(f"{BASE}/Patient/1", "http://localhost/fhir", BASE).kind == "local"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://x.example/q", Canonical("http://x.example/q")),
        ("http://x.example/q|1.0", Canonical("http://x.example/q", "1.0")),
        ("http://x.example/q|1.0#part", Canonical("http://x.example/q", "1.0", "part")),
        ("http://x.example/q#part", Canonical("http://x.example/q", "", "part")),
        ("#part", Canonical("", "", "part")),
    ],
)
def test_a_canonical_is_taken_apart(text: str, expected: Canonical) -> None:
    assert parse_canonical(text) == expected
