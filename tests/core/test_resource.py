"""A stored resource is the client's, except for the head written by the commit."""

import pytest

from fhir_server.core import json
from fhir_server.core.resource import body, committed, draft

MOMENT = 1_763_751_780_123_000  # 2025-11-21T19:03:00.123Z


def stored(resource: dict[str, object]) -> dict[str, object]:
    content: dict[str, object] = json.parse(body(draft(resource, "a"), 3, MOMENT))
    return content


def test_head_carries_identity_version_and_time() -> None:
    assert stored({"resourceType": "Patient", "active": True}) == {
        "resourceType": "Patient",
        "id": "a",
        "meta": {"versionId": "3", "lastUpdated": "2025-11-21T19:03:00.123Z"},
        "active": True,
    }


def test_what_the_client_says_of_id_and_version_is_left_out() -> None:
    meta = {"versionId": "9", "lastUpdated": "2000-01-01T00:00:00Z", "profile": ["urn:p"]}
    found = stored({"resourceType": "Patient", "id": "b", "meta": meta})
    assert found["id"] == "a"
    assert found["meta"] == {
        "versionId": "3",
        "lastUpdated": "2025-11-21T19:03:00.123Z",
        "profile": ["urn:p"],
    }


def test_a_resource_without_other_members_is_whole() -> None:
    assert set(stored({"resourceType": "Patient"})) == {"resourceType", "id", "meta"}


@pytest.mark.parametrize("meta", [None, {}, {"versionId": "9", "tag": [{"code": "a"}]}])
def test_what_is_told_of_a_resource_is_what_is_stored(meta: dict[str, object] | None) -> None:
    resource = {"resourceType": "Patient", "active": True} | ({} if meta is None else {"meta": meta})
    assert committed(resource | {"id": "a"}, 3, MOMENT) == stored(resource)
