"""What writes refuse for rules and profiles, and what they only mention."""

from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.validation.validator import Validator
from tests.interactions.client import Answer, Client, ClientFactory
from tests.structures import line, structure

Json = dict[str, Any]
ADULT, NAMED = "http://example.org/StructureDefinition/adult", "http://example.org/StructureDefinition/named"


def profile(url: str, element: str) -> Json:
    return structure(url, "Patient", line(element, min=1))


@pytest.fixture
def strict(client_with: ClientFactory) -> Any:
    """Makes clients of servers that know two profiles, and require some."""
    registry = Registry.r4().with_guides(
        [profile(ADULT, "Patient.birthDate"), profile(NAMED, "Patient.name")]
    )
    validator = Validator(registry, FhirPath(), Terminology(registry))

    def make(**required: tuple[str, ...]) -> Client:
        return client_with(registry=registry, validator=validator, required_profiles=required)

    return make


def patient(*profiles: str, **changes: Any) -> Json:
    claim = {"meta": {"profile": list(profiles)}} if profiles else {}
    return {"resourceType": "Patient", "active": True, **claim, **changes}


def test_a_broken_rule_of_r4_is_a_422(client: Client) -> None:
    answer = client.post("Patient", patient(contact=[{"gender": "male"}]))
    assert answer.status == 422
    assert "Patient.contact[0]" in answer.expressions
    assert "pat-1" in answer.diagnostics


def test_a_malformed_resource_is_a_400_whatever_else_is_wrong(client: Client) -> None:
    assert client.post("Patient", patient(contact=[{"gender": "male"}], naem=1)).status == 400


def test_a_profile_that_is_claimed_must_be_satisfied(strict: Any) -> None:
    client = strict()
    assert client.post("Patient", patient(ADULT)).status == 422
    assert client.post("Patient", patient(ADULT, birthDate="1970")).status == 201
    assert client.post("Patient", patient()).status == 201


def test_a_refusal_tells_what_is_wrong_before_what_is_but_mentioned(strict: Any) -> None:
    answer = strict().post("Patient", patient("http://example.org/StructureDefinition/unknown", ADULT))
    assert answer.status == 422
    assert [issue["severity"] for issue in answer.content["issue"]] == ["error", "warning", "warning"]


@pytest.mark.parametrize("profiles", [(ADULT,), (ADULT, NAMED)])
def test_a_profile_that_is_required_need_not_be_claimed(strict: Any, profiles: tuple[str, ...]) -> None:
    client = strict(Patient=profiles)
    assert client.post("Patient", patient()).status == 422
    assert client.post("Patient", patient(birthDate="1970")).status == 201
    named = client.post("Patient", patient(name=[{"text": "x"}]))
    assert named.status == (201 if NAMED in profiles else 422)
    assert client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}}).status == 201


def test_a_required_profile_that_is_not_known_lets_nothing_in(strict: Any) -> None:
    answer = strict(Patient=("http://example.org/nosuch",)).post("Patient", patient())
    assert answer.status == 422
    assert "http://example.org/nosuch" in answer.diagnostics


def test_a_claimed_profile_that_is_not_known_is_mentioned(client: Client) -> None:
    answer = client.post("Patient", patient("http://example.org/nosuch"), returns="OperationOutcome")
    assert answer.status == 201
    assert "Patient.meta.profile[0]" in answer.expressions


def test_updates_and_patches_are_held_to_the_same(strict: Any) -> None:
    client = strict()
    id = client.post("Patient", patient(ADULT, birthDate="1970")).id
    assert client.put(f"Patient/{id}", patient(ADULT, id=id)).status == 422
    remove = [{"op": "remove", "path": "/birthDate"}]
    patched = client.patch(f"Patient/{id}", remove, content_type="application/json-patch+json")
    assert patched.status == 422
    assert client.get(f"Patient/{id}").content["birthDate"] == "1970"


def test_every_entry_of_a_transaction_is_held_to_the_same(strict: Any) -> None:
    def entry(resource: Json) -> Json:
        return {"resource": resource, "request": {"method": "POST", "url": "Patient"}}

    def transaction(*resources: Json) -> Json:
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [entry(resource) for resource in resources],
        }

    client = strict()
    good, broken = patient(ADULT, birthDate="1970"), patient(ADULT)
    assert client.post("", transaction(good)).status == 200
    refused = client.post("", transaction(good, broken))
    assert refused.status == 422
    assert "Bundle.entry[1].resource.birthDate" in refused.expressions
    assert client.post("", transaction(broken, patient(naem=1))).status == 400


@pytest.mark.parametrize("profiles", [(), (ADULT,), (ADULT, NAMED)])
def test_entries_of_a_bundle_that_claims_a_profile_are_held_to_no_less(
    strict: Any, profiles: tuple[str, ...]
) -> None:
    client: Client = strict(Patient=profiles) if profiles else strict()

    def send(resource: Json, url: str = "Patient") -> Answer:
        entry = {"resource": resource, "request": {"method": "POST", "url": url}}
        claim = {"profile": ["http://example.org/StructureDefinition/some-bundle"]}
        content = {"resourceType": "Bundle", "type": "transaction", "meta": claim, "entry": [entry]}
        return client.post("", content)

    refused = send(patient(ADULT))
    assert refused.status == 422
    assert "Bundle.entry[0].resource.birthDate" in refused.expressions
    assert send(patient()).status == (422 if profiles else 200)
    assert send(patient(ADULT, birthDate="1970")).status == 200
    assert send(patient(ADULT, birthDate="1970"), url="Basic").status == 400
    assert send(patient(ADULT, birthDate="1970", naem=1)).status == 400
    assert client.get("Patient?_summary=count").content["total"] == (1 if profiles else 2)


def test_a_profile_is_in_force_from_the_write_that_stores_it(client: Client) -> None:
    before = client.post("Patient", patient(ADULT))
    assert before.status == 201
    stored = client.post("StructureDefinition", profile(ADULT, "Patient.birthDate"))
    assert stored.status == 201
    assert client.post("Patient", patient(ADULT)).status == 422
    assert client.post("Patient", patient(ADULT, birthDate="1970")).status == 201
    client.delete(f"StructureDefinition/{stored.id}")
    assert client.post("Patient", patient(ADULT)).status == 201


def test_a_faulty_rule_of_a_stored_profile_is_named_and_the_server_keeps_serving(client: Client) -> None:
    faulty = profile(ADULT, "Patient")
    rule = {"key": "bad-1", "severity": "error", "human": "Never.", "expression": "name.matches('(a+)+$'"}
    faulty["differential"]["element"][0] = {"id": "Patient", "path": "Patient", "constraint": [rule]}
    assert client.post("StructureDefinition", faulty).status == 201
    answer = client.post("Patient", patient(ADULT))
    assert answer.status == 422
    assert "bad-1" in answer.diagnostics
    assert client.post("Patient", patient()).status == 201


def test_warnings_are_told_to_who_prefers_to_read_them(client: Client) -> None:
    claim = patient("http://example.org/StructureDefinition/unknown", id="1")
    told = "OperationOutcome"
    steps = [{"op": "replace", "path": "/active", "value": False}]
    for answer in (
        client.post("Patient", claim, returns=told),
        client.put("Patient/1", claim, returns=told),
        client.patch("Patient/1", steps, returns=told),
    ):
        assert "Patient.meta.profile[0]" in answer.expressions
        assert {issue["severity"] for issue in answer.content["issue"]} == {"warning"}


def test_a_refusal_tells_warnings_too(client: Client) -> None:
    claim = patient("http://example.org/StructureDefinition/unknown", contact=[{"gender": "male"}])
    answer = client.post("Patient", claim)
    assert answer.status == 422
    assert {"Patient.meta.profile[0]", "Patient.contact[0]"} <= set(answer.expressions)
