"""What a transaction defines counts for all that comes with it, and for nothing where it fails."""

from typing import Any

import pytest

from tests.interactions.bundles import entry, statuses, transact
from tests.interactions.client import Answer, Client, ClientFactory
from tests.structures import line, structure

SYSTEM = "https://example.org/fhir/CodeSystem/colours"
PROFILE = "https://example.org/fhir/StructureDefinition/named"


def colours(*codes: str, **members: Any) -> dict[str, Any]:
    """A complete code system."""
    concepts = [{"code": code} for code in codes]
    system = {"resourceType": "CodeSystem", "id": "colours", "url": SYSTEM, "status": "active"}
    return system | {"content": "complete", "concept": concepts} | members


def coloured(code: str) -> dict[str, Any]:
    return {"resourceType": "Basic", "code": {"coding": [{"system": SYSTEM, "code": code}]}}


def named(**members: Any) -> dict[str, Any]:
    """A Patient that claims a profile which asks for a name."""
    return {"resourceType": "Patient", "meta": {"profile": [PROFILE]}} | members


def profile() -> dict[str, Any]:
    return structure(PROFILE, "Patient", line("Patient.name", min=1)) | {"id": "named"}


def define(client: Client, system: dict[str, Any], resource: dict[str, Any], method: str = "PUT") -> Answer:
    """A code system, and what has a code of it before it in the Bundle."""
    url = f"CodeSystem/{system['id']}" if method == "PUT" else "CodeSystem"
    return transact(client, entry("POST", "Basic", resource), entry(method, url, system))


def test_a_code_may_come_with_its_system(client: Client) -> None:
    client.put("CodeSystem/colours", colours("red"))
    assert client.post("Basic", coloured("blue")).status == 422
    assert statuses(define(client, colours("red", "blue"), coloured("blue"))) == ["201", "200"]
    assert client.post("Basic", coloured("blue")).status == 201


def test_a_code_may_go_with_its_system(client: Client) -> None:
    client.put("CodeSystem/colours", colours("red", "blue"))
    answer = define(client, colours("red"), coloured("blue"))
    assert answer.status == 422
    assert answer.content["issue"][0]["expression"] == ["Bundle.entry[0].resource.code.coding[0].code"]
    assert client.post("Basic", coloured("blue")).status == 201


@pytest.mark.parametrize(("version", "status"), [("1.1.0", 200), ("0.9.0", 422)])
def test_of_several_versions_the_newest_counts_as_ever(client: Client, version: str, status: int) -> None:
    client.put("CodeSystem/colours", colours("red", version="1.0.0"))
    other = colours("red", "blue", id="other", version=version)
    assert define(client, other, coloured("blue")).status == status


def test_a_system_that_is_created_replaces_no_other(client: Client) -> None:
    client.put("CodeSystem/colours", colours("red", "blue", version="1.0.0"))
    assert define(client, colours("red", version="0.9.0"), coloured("blue"), "POST").status == 200


def test_a_profile_may_come_with_those_who_claim_it(client: Client) -> None:
    bare, with_name = named(), named(name=[{"text": "Marie"}])
    brought = entry("PUT", "StructureDefinition/named", profile())
    refused = transact(client, brought, entry("POST", "Patient", bare))
    assert (refused.status, client.get("StructureDefinition/named").status) == (422, 404)
    assert statuses(transact(client, brought, entry("POST", "Patient", with_name))) == ["201", "201"]


def test_a_definition_without_sound_structure_is_refused_for_itself_alone(client: Client) -> None:
    answer = define(client, colours("red", url=[SYSTEM]), coloured("blue"))
    assert answer.status == 400
    assert {issue["expression"][0] for issue in answer.content["issue"]} == {"Bundle.entry[1].resource.url"}


def test_what_a_newer_guide_brings_is_over_what_the_store_has_of_the_older(
    client_with: ClientFactory,
) -> None:
    registry = client_with().engine.registry.with_guides([colours("red", "blue")])
    client = client_with(registry=registry)
    client.put("CodeSystem/colours", colours("red"))
    assert define(client, colours("red", "blue"), coloured("blue")).status == 200
