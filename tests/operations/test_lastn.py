"""https://hl7.org/fhir/R4/observation-operation-lastn.html"""

from typing import Any

import pytest

from tests.interactions.client import Client

LOINC = "http://loinc.org"


def observation(value: int, date: str, *codes: str, text: str = "") -> dict[str, Any]:
    coded = {"coding": [{"system": LOINC, "code": code} for code in codes]} if codes else {}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded | ({"text": text} if text else {}),
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": date,
        "valueInteger": value,
    }


@pytest.fixture
def scores(client: Client) -> None:
    """Two kinds of scores, one known by two codes, and one by its text alone."""
    for each in (
        observation(17, "2025-01-10", "44261-6"),
        observation(4, "2025-06-10", "44261-6", "local"),
        observation(9, "2025-03-10", "local"),
        observation(11, "2025-01-10", "70274-6"),
        observation(1, "2025-01-10", text="Humeur"),
        observation(2, "2025-02-10", text="Humeur"),
    ):
        client.post("Observation", each)
    elsewhere = observation(27, "2026-01-01", "44261-6") | {"subject": {"reference": "Patient/2"}}
    client.post("Observation", elsewhere)


def values(client: Client, query: str) -> list[int]:
    answer = client.get(f"Observation/$lastn?{query}")
    return [entry["resource"]["valueInteger"] for entry in answer.entries]


@pytest.mark.usefixtures("scores")
def test_the_last_of_each_kind(client: Client) -> None:
    assert values(client, "patient=Patient/1") == [4, 2, 11]
    assert values(client, "subject=Patient/1&max=2") == [4, 9, 2, 11, 1]
    assert values(client, f"patient=1&code={LOINC}|44261-6&max=5") == [4, 17]


@pytest.mark.usefixtures("scores")
def test_each_subject_has_kinds_of_its_own(client: Client) -> None:
    assert values(client, f"patient=1,2&code={LOINC}|44261-6") == [27, 4]
    versioned = observation(28, "2026-02-01", "44261-6")
    client.post("Observation", versioned | {"subject": {"reference": "Patient/2/_history/1"}})
    assert values(client, f"patient=1,2&code={LOINC}|44261-6&max=2") == [28, 27, 4, 17]


@pytest.mark.usefixtures("scores")
def test_a_tie_for_the_last_place_brings_both(client: Client) -> None:
    client.post("Observation", observation(12, "2025-01-10", "44261-6"))
    client.post("Observation", observation(13, "2025-06-10", "44261-6"))
    assert values(client, f"patient=1&code={LOINC}|44261-6") == [4, 13]
    assert values(client, f"patient=1&code={LOINC}|44261-6&max=3") == [4, 13, 17, 12]


@pytest.mark.usefixtures("scores")
def test_what_shapes_the_answer(client: Client) -> None:
    client.put("Patient/1", {"resourceType": "Patient", "id": "1"})
    query = (
        f"patient=1&code={LOINC}|70274-6&_include=Observation:patient&_elements=status&_sort=date&_count=5"
    )
    answer = client.get(f"Observation/$lastn?{query}")
    assert [entry["search"]["mode"] for entry in answer.entries] == ["match", "include", "outcome"]
    assert "valueInteger" not in answer.entries[0]["resource"]
    assert (answer.link("self") or "").endswith("_elements=status&max=1")
    counted = client.get("Observation/$lastn?patient=1&_summary=count")
    assert (counted.content["total"], counted.entries) == (3, [])


@pytest.mark.usefixtures("scores")
def test_parameters_may_be_posted(client: Client) -> None:
    given = [{"name": "patient", "valueString": "Patient/1"}, {"name": "max", "valuePositiveInt": 2}]
    answer = client.post("Observation/$lastn", {"resourceType": "Parameters", "parameter": given})
    assert [entry["resource"]["valueInteger"] for entry in answer.entries] == [4, 9, 2, 11, 1]


@pytest.mark.parametrize(
    "query",
    ["", "code=x", "patient=1&max=0", "patient=1&max=x", "patient=1&max=1&max=2", "patient=1&colour=x"],
)
def test_bad_parameters_are_refused(client: Client, query: str) -> None:
    assert client.get(f"Observation/$lastn?{query}").status == 400
