"""What clients define may take its time, and no more for a whole Bundle than for some of its resources."""

from typing import Any

import pytest

from tests.interactions.bundles import batch, entry, statuses, transact
from tests.interactions.client import Client
from tests.structures import line, structure

PROFILE = "https://example.org/fhir/StructureDefinition/heavy"
COUNT = 14
STEPS_MAX = 140_000


def heavy() -> dict[str, Any]:
    """A profile with a rule that takes some thousand steps."""
    numbers, expression = "(0 | 1 | 2 | 3 | 4 | 5 | 6)", "$this + 1"
    for _ in range(4):
        expression = f"{numbers}.select({expression})"
    rule = {"key": "h-1", "severity": "error", "human": "Heavy.", "expression": f"{expression}.exists()"}
    return structure(PROFILE, "Patient", line("Patient", constraint=[rule]))


@pytest.fixture
def entries(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setattr("fhir_server.validation.fhirpath.compiled.BUNDLE_STEPS_MAX", STEPS_MAX)
    assert client.post("StructureDefinition", heavy()).status == 201
    claiming = {"resourceType": "Patient", "meta": {"profile": [PROFILE]}}
    assert client.post("Patient", claiming).status == 201
    return [entry("POST", "Patient", claiming) for _ in range(COUNT)]


def test_the_rules_of_a_transaction_have_one_budget(client: Client, entries: list[Any]) -> None:
    answer = transact(client, *entries)
    assert answer.status == 422
    [issue] = answer.content["issue"]
    assert (issue["code"], issue["expression"]) == ("too-costly", ["Bundle.entry[11]"])
    assert client.get("Patient").content["total"] == 1
    assert transact(client, *entries[:8]).status == 200
    assert transact(client, *entries[:8]).status == 200, "each has its own"


def test_the_rules_of_a_batch_have_one_budget(client: Client, entries: list[Any]) -> None:
    found = statuses(batch(client, *entries))
    assert found == ["201"] * 11 + ["422"] * 3
    assert client.post("Patient", entries[0]["resource"]).status == 201


def test_the_patches_of_a_batch_have_one_budget(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_server.validation.fhirpath.compiled.STEPS_PER_SECOND", 10**12)
    patient = client.post("Patient", {"resourceType": "Patient", "active": True})
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.active"}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    patches = [entry("PATCH", f"Patient/{patient.id}", patch)] * 2
    answer = batch(client, *patches)
    assert statuses(answer) == ["200", "422"]
    assert answer.entries[1]["response"]["outcome"]["issue"][0]["code"] == "too-costly"
    assert transact(client, *patches[:1]).status == 200, "each request has its own"


def test_the_rules_of_what_is_validated_have_one_budget(client: Client, entries: list[Any]) -> None:
    resources = [{"resource": one["resource"]} for one in entries]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": resources}
    issues = client.post("Bundle/$validate", bundle).content["issue"]
    assert any("of one Bundle" in issue["diagnostics"] for issue in issues)
    assert client.post("Patient/$validate", entries[0]["resource"]).content["issue"][0]["severity"] != "error"
