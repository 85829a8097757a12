"""A record changes the elements that it owns and keeps those of others."""

from typing import Any

from fhir_server.conversion.merge import merged
from fhir_server.conversion.table import OwnedElements, Part

OWN = OwnedElements(frozenset({"name", "gender", "status"}), frozenset({"urn:own", "http://own/extension"}))
STORED: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "stored",
    "meta": {
        "versionId": "3",
        "profile": ["http://own/guide/a", "http://other/guide/b"],
        "tag": [{"code": "t"}],
        "security": [{"code": "s"}],
        "source": "urn:other:app",
    },
    "identifier": [{"system": "urn:own", "value": "1"}, {"system": "urn:other", "value": "2"}],
    "extension": [{"url": "http://own/extension"}, {"url": "http://other/extension"}],
    "name": [{"family": "Old"}],
    "gender": "female",
    "status": "moved-on",
    "photo": [{"url": "http://x"}],
}
FRESH: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "fresh",
    "meta": {"profile": ["http://own/guide/c"]},
    "identifier": [{"system": "urn:own", "value": "1"}],
    "name": [{"family": "New"}],
    "status": "begun",
}


def test_what_is_its_own_is_said_anew() -> None:
    found = merged(STORED, FRESH, Part("Patient"), OWN)
    assert found["name"] == [{"family": "New"}]
    assert found["status"] == "begun"
    assert "gender" not in found
    assert found["id"] == "stored"


def test_nothing_stays_of_what_is_said_no_more() -> None:
    stored = STORED | {"extension": [{"url": "http://own/extension"}]}
    assert "extension" not in merged(stored, FRESH, Part("Patient"), OWN)


def test_what_others_wrote_stays() -> None:
    found = merged(STORED, FRESH, Part("Patient"), OWN)
    assert found["photo"] == STORED["photo"]
    assert found["identifier"] == STORED["identifier"]
    assert found["extension"] == [{"url": "http://other/extension"}]
    assert found["meta"] == {
        "profile": ["http://own/guide/c", "http://other/guide/b"],
        "tag": [{"code": "t"}],
        "security": [{"code": "s"}],
        "source": "urn:other:app",
    }


def test_of_one_identifier_that_is_no_list_the_record_decides() -> None:
    other, own = {"system": "urn:other", "value": "2"}, {"system": "urn:own", "value": "1"}
    stored, fresh = STORED | {"identifier": other}, FRESH | {"identifier": own}
    assert merged(stored, fresh, Part("Patient"), OWN)["identifier"] == own
    del fresh["identifier"]
    assert merged(stored, fresh, Part("Patient"), OWN)["identifier"] == other


def test_what_others_move_on_is_said_only_at_first() -> None:
    own = OwnedElements(OWN.members - {"status"}, OWN.items)
    found = merged(STORED, FRESH, Part("Patient", initial=("status",)), own)
    assert found["status"] == "moved-on"
    without = {name: value for name, value in STORED.items() if name != "status"}
    assert merged(without, FRESH, Part("Patient", initial=("status",)), own)["status"] == "begun"
