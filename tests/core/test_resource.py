"""A stored resource is the client's, but for the head that the commit writes."""

from fhir_server.core import json
from fhir_server.core.resource import body, draft

MOMENT = 1_763_751_780_123_000  # 2025-11-21T19:03:00.123Z


def committed(resource: dict[str, object]) -> dict[str, object]:
    content: dict[str, object] = json.parse(body(draft(resource, "a"), 3, MOMENT))
    return content


def test_head_carries_identity_version_and_time() -> None:
    assert committed({"resourceType": "Patient", "active": True}) == {
        "resourceType": "Patient",
        "id": "a",
        "meta": {"versionId": "3", "lastUpdated": "2025-11-21T19:03:00.123Z"},
        "active": True,
    }


def test_what_the_client_says_of_id_and_version_is_left_out() -> None:
    meta = {"versionId": "9", "lastUpdated": "2000-01-01T00:00:00Z", "profile": ["urn:p"]}
    stored = committed({"resourceType": "Patient", "id": "b", "meta": meta})
    assert stored["id"] == "a"
    assert stored["meta"] == {
        "versionId": "3",
        "lastUpdated": "2025-11-21T19:03:00.123Z",
        "profile": ["urn:p"],
    }


def test_a_resource_without_other_members_is_whole() -> None:
    assert set(committed({"resourceType": "Patient"})) == {"resourceType", "id", "meta"}
