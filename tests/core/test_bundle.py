"""Bundles are assembled from bytes, and parse to what was put in."""

from fhir_server.core import json
from fhir_server.core.bundle import Link, bundle, entry

PATIENT = b'{"resourceType":"Patient","multipleBirthInteger":2,"x":1.50}'


def test_entries_keep_the_bytes_of_their_resource() -> None:
    spliced = bundle("searchset", [entry("http://a/Patient/1", PATIENT, search={"mode": "match"})], total=1)
    assert PATIENT in spliced
    assert json.parse(spliced)["entry"][0]["fullUrl"] == "http://a/Patient/1"
    assert json.parse(spliced)["entry"][0]["search"] == {"mode": "match"}
    assert json.parse(spliced)["total"] == 1


def test_a_bundle_without_entries_has_no_entry_element() -> None:
    read = json.parse(bundle("searchset", [], [Link("self", "http://a/Patient")], total=0))
    assert "entry" not in read
    assert read["link"] == [{"relation": "self", "url": "http://a/Patient"}]
    assert read["total"] == 0


def test_several_entries_are_all_there() -> None:
    entries = [entry(response={"status": str(status)}) for status in (200, 201, 404)]
    read = json.parse(bundle("batch-response", entries))
    assert [entry["response"]["status"] for entry in read["entry"]] == ["200", "201", "404"]
