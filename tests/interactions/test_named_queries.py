"""Named queries that clients store: used from their commit on, and told in the CapabilityStatement."""

from typing import Any

import pytest

from fhir_server.definitions.named_queries import CRITERIA
from tests.interactions.client import BASE, Answer, Client, patient

DEFINITION = {
    "resourceType": "OperationDefinition",
    "id": "born-in",
    "url": "https://example.org/OperationDefinition/born-in",
    "extension": [{"url": CRITERIA, "valueString": "gender=female&birthdate={year}"}],
    "name": "BornIn",
    "status": "active",
    "kind": "query",
    "code": "born-in",
    "resource": ["Patient"],
    "system": False,
    "type": True,
    "instance": False,
    "parameter": [
        {"name": "year", "use": "in", "min": 1, "max": "1", "type": "string", "searchType": "date"},
    ],
}


@pytest.fixture
def filled(client: Client) -> Client:
    for id, gender, year in (("a", "female", 1980), ("b", "female", 1980), ("c", "male", 1980)):
        client.put(f"Patient/{id}", patient(id=id, gender=gender, birthDate=f"{year}-01-01"))
    assert client.put("OperationDefinition/born-in", DEFINITION).status == 201
    return client


def offered(answer: Answer) -> list[dict[str, Any]]:
    (of_patient,) = [
        resource for resource in answer.content["rest"][0]["resource"] if resource["type"] == "Patient"
    ]
    return [operation for operation in of_patient["operation"] if operation["name"] == "born-in"]


def test_it_is_used_from_its_commit_on(filled: Client) -> None:
    answer = filled.get("Patient?_query=born-in&year=1980")
    assert answer.ids == ["a", "b"]
    assert answer.link("self") == f"{BASE}/Patient?_query=born-in&year=1980"


def test_its_pages_follow(filled: Client) -> None:
    first = filled.get("Patient?_query=born-in&year=1980&_count=1")
    assert (first.ids, first.content["total"]) == (["a"], 2)
    assert filled.get(first.link("next") or "").ids == ["b"]


def test_it_is_gone_with_its_definition(filled: Client) -> None:
    filled.delete("OperationDefinition/born-in")
    answer = filled.get("Patient?_query=born-in&year=1980")
    assert (answer.status, answer.expressions) == (400, ["http._query"])
    assert offered(filled.get("metadata")) == []


def test_the_capabilities_name_it(filled: Client) -> None:
    assert offered(filled.get("metadata")) == [{"name": "born-in", "definition": DEFINITION["url"]}]


def test_it_is_explained_with_its_parameters(filled: Client) -> None:
    answer = filled.get("Patient/$explain-search?_query=born-in&year=1980&_id=a")
    told = [
        part["part"][0]["valueString"] for part in answer.content["parameter"] if part["name"] == "clause"
    ]
    assert told == ["_query=born-in&year=1980"] * 2 + ["_id=a"]
    unknown = filled.get("Patient/$explain-search?_query=born-on&year=1980")
    problems = [part for part in unknown.content["parameter"] if part["name"] == "problem"]
    assert "Did you mean 'born-in'?" in str(problems)
