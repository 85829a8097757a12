"""What the server itself writes is what it would accept: outcomes, Bundles, its CapabilityStatement."""

from collections.abc import Iterator
from typing import Any

import pytest

from fhir_server.validation.validator import Validator
from tests.interactions.bundles import entry
from tests.interactions.client import Answer, Client, patient


def assert_valid(validator: Validator, answer: Answer, type: str) -> None:
    assert answer.content["resourceType"] == type
    issues = validator.validate(answer.content)
    assert [str(issue) for issue in issues if issue.severity in ("fatal", "error")] == []


def transaction(*requests: tuple[str, str, Any]) -> dict[str, Any]:
    return bundle("transaction", *requests)


def bundle(type: str, *requests: tuple[str, str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": [entry(*request) for request in requests]}


def test_its_capability_statement_is_valid(client: Client, validator: Validator) -> None:
    assert_valid(validator, client.get("metadata"), "CapabilityStatement")


def refused(client: Client) -> Iterator[Answer]:
    yield client.get("Patient/unknown")
    yield client.get("Patient/unknown", language="fr")
    yield client.get("Nothing/1")
    yield client.get("Patient?no-such-parameter=1")
    yield client.get("Patient?birthdate=yesterday")
    yield client.post("Patient", patient(gender="femelle", birthDate="1985-14-05"))
    yield client.post("Patient", [1, 2])
    yield client.post("Patient", {"resourceType": "Observation"})
    yield client.post("Observation", {"resourceType": "Observation", "status": "final"})
    yield client.put("Patient/1", patient(id="2"))
    yield client.post("", transaction(("GET", "Patient/unknown", None)))
    yield client.post("$no-such-operation")


def test_its_operation_outcomes(client: Client, validator: Validator) -> None:
    for answer in refused(client):
        assert answer.status >= 400
        assert_valid(validator, answer, "OperationOutcome")


@pytest.mark.parametrize(
    "url",
    [
        "Patient?_summary=count",
        "Patient?_count=1&_total=accurate",
        "Patient?_include=Patient:organization",
        "Patient?_elements=name",
        "Patient/_history",
        "_history?_count=2",
        "$changes",
    ],
)
def test_its_bundles_are_valid(client: Client, validator: Validator, url: str) -> None:
    for family in ("Durand", "Martin"):
        created = client.post("Patient", patient(name=[{"family": family}]))
    client.put(f"Patient/{created.id}", patient(id=created.id))
    client.delete(f"Patient/{created.id}")
    answer = client.get(url)
    assert answer.status == 200
    assert_valid(validator, answer, "Bundle")


def test_its_answers_to_a_batch_and_a_transaction_are_valid(client: Client, validator: Validator) -> None:
    requests = (("POST", "Patient", patient()), ("GET", "Patient?name=durand", None))
    assert_valid(validator, client.post("", transaction(*requests)), "Bundle")
    mixed = bundle("batch", *requests, ("GET", "Patient/unknown", None))
    assert_valid(validator, client.post("", mixed), "Bundle")


def test_its_searchset_with_something_to_say(client: Client, validator: Validator) -> None:
    client.post("Patient", patient())
    answer = client.get("Patient?no-such-parameter=1", lenient=True)
    assert [entry["search"]["mode"] for entry in answer.entries] == ["match", "outcome"]
    assert_valid(validator, answer, "Bundle")
