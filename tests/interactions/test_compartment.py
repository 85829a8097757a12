"""https://hl7.org/fhir/R4/compartmentdefinition.html"""

import pytest

from tests.interactions.client import BASE, Client, patient


def condition(patient_id: str) -> dict[str, object]:
    return {"resourceType": "Condition", "subject": {"reference": f"Patient/{patient_id}"}}


def encounter(patient_id: str, status: str = "planned") -> dict[str, object]:
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{patient_id}"},
    }


@pytest.fixture
def two_patients(client: Client) -> tuple[str, str]:
    """Two patients, each with a Condition and two Encounters."""
    ids = [client.post("Patient", patient()).id for _ in range(2)]
    for id in ids:
        client.post("Condition", condition(id))
        client.post("Encounter", encounter(id))
        client.post("Encounter", encounter(id, "finished"))
    return ids[0], ids[1]


def test_one_type_in_a_compartment(client: Client, two_patients: tuple[str, str]) -> None:
    mine, _ = two_patients
    answer = client.get(f"Patient/{mine}/Encounter?status=finished")
    (entry,) = answer.entries
    assert entry["resource"]["subject"]["reference"] == f"Patient/{mine}"
    assert answer.link("self") == f"{BASE}/Patient/{mine}/Encounter?status=finished"
    assert len(client.post(f"Patient/{mine}/Encounter/_search").entries) == 2


def test_everything_in_a_compartment(client: Client, two_patients: tuple[str, str]) -> None:
    mine, _ = two_patients
    types = [entry["resource"]["resourceType"] for entry in client.get(f"Patient/{mine}/*").entries]
    assert sorted(types) == ["Condition", "Encounter", "Encounter", "Patient"]
    some = client.get(f"Patient/{mine}/*?_type=Condition").entries
    assert [entry["resource"]["resourceType"] for entry in some] == ["Condition"]


def test_pages_stay_in_the_compartment(client: Client, two_patients: tuple[str, str]) -> None:
    mine, other = two_patients
    page = client.get(f"Patient/{mine}/*?_count=3")
    link = page.link("next")
    assert link is not None
    assert len(page.entries) == 3
    assert len(client.get(link).entries) == 1
    assert client.get(link.replace(mine, other)).status == 400


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("Patient/1/Medication", 404),
        ("Patient/1/*?_type=Medication", 404),
        ("Organization/1/Patient", 404),
        ("Patient/1/Nothing", 404),
        ("Patient/1/Encounter?colour=red", 400),
    ],
)
def test_what_is_no_compartment_is_refused(client: Client, url: str, status: int) -> None:
    assert client.get(url).status == status


def test_compartments_are_in_the_capability_statement(client: Client) -> None:
    compartments = client.get("metadata").content["rest"][0]["compartment"]
    assert "http://hl7.org/fhir/CompartmentDefinition/patient" in compartments
