"""https://hl7.org/fhir/R4/patient-operation-everything.html"""

from typing import Any

import pytest

from tests.interactions.client import BASE, Answer, Client, patient


def about(type: str, patient_id: str, **members: Any) -> dict[str, Any]:
    """A resource of a patient, with what its type demands."""
    needed = {
        "Encounter": {"status": "finished", "class": {"code": "AMB"}},
        "Observation": {"status": "final", "code": {"text": "x"}},
        "Condition": {},
    }[type]
    return {"resourceType": type, "subject": {"reference": f"Patient/{patient_id}"}, **needed, **members}


def types(answer: Answer, mode: str = "match") -> list[str]:
    return sorted(
        entry["resource"]["resourceType"] for entry in answer.entries if entry["search"]["mode"] == mode
    )


@pytest.fixture
def file(client: Client) -> str:
    """A patient with dated resources and a practitioner they refer to; another patient beside."""
    doctor = client.post("Practitioner", {"resourceType": "Practitioner"}).id
    performer = [{"reference": f"Practitioner/{doctor}"}]
    mine, other = (client.post("Patient", patient()).id for _ in range(2))
    for id in (mine, other):
        client.post("Condition", about("Condition", id))
        client.post("Encounter", about("Encounter", id, period={"start": "2025-01-10", "end": "2025-01-10"}))
        client.post(
            "Observation", about("Observation", id, effectiveDateTime="2025-03-10", performer=performer)
        )
    return mine


def test_the_compartment_and_what_it_refers_to(client: Client, file: str) -> None:
    answer = client.get(f"Patient/{file}/$everything")
    assert types(answer) == ["Condition", "Encounter", "Observation", "Patient"]
    assert types(answer, "include") == ["Practitioner"]
    references = [e["resource"].get("subject", {}).get("reference") for e in answer.entries]
    assert set(references) <= {None, f"Patient/{file}"}


def test_what_no_parameter_finds_is_referred_to_as_well(client: Client, file: str) -> None:
    recorder = client.post("Practitioner", {"resourceType": "Practitioner"}).id
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "eA=="}
    known, other, gone, apart = (client.post("Binary", binary).id for _ in range(4))
    client.delete(f"Binary/{gone}")
    urls = f"{BASE}/Binary/{known}", f"Binary/{other}", f"Binary/{gone}", f"http://elsewhere/Binary/{apart}"
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{file}"},
        "presentedForm": [{"url": url} for url in urls],
    }
    client.post("DiagnosticReport", report)
    client.post("Condition", about("Condition", file, recorder={"reference": f"Practitioner/{recorder}"}))
    answer = client.get(f"Patient/{file}/$everything")
    assert types(answer, "include") == ["Binary", "Binary", "Practitioner", "Practitioner"]
    assert {recorder, known, other} <= set(answer.ids)
    assert types(client.get(f"Patient/{file}/$everything?_type=Binary"), "include") == ["Binary", "Binary"]


def test_what_is_of_nobody_is_referred_to_as_well(client: Client, file: str) -> None:
    team = {"resourceType": "CareTeam"}
    other = client.post("Patient", patient()).id
    nobodys = client.post("CareTeam", team).id
    someones = client.post("CareTeam", team | {"subject": {"reference": f"Patient/{other}"}}).id
    episode = {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "patient": {"reference": f"Patient/{file}"},
        "team": [{"reference": f"CareTeam/{id}"} for id in (nobodys, someones)],
    }
    client.post("EpisodeOfCare", episode)
    answer = client.get(f"Patient/{file}/$everything")
    assert types(answer, "include") == ["CareTeam", "Practitioner"]
    assert nobodys in answer.ids


def test_dates_of_care_and_types(client: Client, file: str) -> None:
    since = client.get(f"Patient/{file}/$everything?start=2025-02-01")
    assert types(since) == ["Condition", "Observation", "Patient"]
    until = client.get(f"Patient/{file}/$everything?end=2025-02-01")
    assert types(until) == ["Condition", "Encounter", "Patient"]
    assert types(client.get(f"Patient/{file}/$everything?_type=Encounter,Condition")) == [
        "Condition",
        "Encounter",
    ]
    assert types(client.get(f"Patient/{file}/$everything?_since=2100-01-01T00:00:00Z")) == []


def test_every_type_has_its_own_date_of_care(client: Client, file: str) -> None:
    subject = {"subject": {"reference": f"Patient/{file}"}}
    taken = {
        "status": "active",
        "medicationCodeableConcept": {"text": "x"},
        "effectiveDateTime": "2024-01-10",
    }
    asked = {"status": "active", "intent": "order", "authoredOn": "2025-01-10"}
    planned = asked | {"occurrenceDateTime": "2025-03-10"}
    for type, members in (
        ("MedicationStatement", taken),
        ("ServiceRequest", asked),
        ("ServiceRequest", planned),
        ("Condition", {"onsetDateTime": "2024-01-10"}),
    ):
        client.post(type, {"resourceType": type, **subject, **members})
    answer = client.get(f"Patient/{file}/$everything?start=2025-02-01")
    assert types(answer) == ["Condition", "Observation", "Patient", "ServiceRequest"]
    answer = client.get(f"Patient/{file}/$everything?start=2024-01-01&end=2024-12-31")
    assert types(answer) == ["Condition", "Condition", "MedicationStatement", "Patient"]


def test_types_say_what_is_returned(client: Client, file: str) -> None:
    expected: dict[str, tuple[list[str], list[str]]] = {
        "_type=Observation": (["Observation"], []),
        "_type=Observation&_type=Encounter": (["Encounter", "Observation"], []),
        "_type=Observation,Practitioner": (["Observation"], ["Practitioner"]),
        "_type=Practitioner": ([], ["Practitioner"]),
        "_type=Medication": ([], []),
    }
    for query, found in expected.items():
        answer = client.get(f"Patient/{file}/$everything?{query}")
        assert (types(answer), types(answer, "include")) == found, query


def test_of_every_patient(client: Client, file: str) -> None:
    answer = client.get("Patient/$everything?_type=Patient,Encounter&start=2025-01-01")
    assert types(answer) == ["Encounter", "Encounter", "Patient", "Patient"]
    assert file in answer.ids
    assert types(client.get("Patient/$everything"), "include") == ["Practitioner"]


def test_parameters_may_come_in_a_body(client: Client, file: str) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Encounter"}]}
    assert types(client.post(f"Patient/{file}/$everything", body)) == ["Encounter"]


def test_pages_hold_each_match_once(client: Client, file: str) -> None:
    seen: list[str] = []
    url = f"Patient/{file}/$everything?_count=1"
    while url:
        page = client.get(url)
        seen += types(page)
        url = page.link("next") or ""
    assert sorted(seen) == ["Condition", "Encounter", "Observation", "Patient"]


def test_of_an_encounter(client: Client, file: str) -> None:
    encounter = client.get(f"Patient/{file}/Encounter").ids[0]
    reference = {"reference": f"Encounter/{encounter}"}
    client.post("Observation", about("Observation", file, encounter=reference))
    answer = client.get(f"Encounter/{encounter}/$everything")
    assert types(answer) == ["Encounter", "Observation"]
    assert types(answer, "include") == ["Patient"]


def test_of_an_encounter_and_what_it_took_from_earlier_ones(client: Client, file: str) -> None:
    other = client.post("Patient", patient()).id
    earlier = client.get(f"Patient/{file}/Encounter").ids[0]
    reference = {"reference": f"Encounter/{earlier}"}
    known = client.post("Condition", about("Condition", file, encounter=reference)).id
    strange = client.post("Condition", about("Condition", other)).id
    diagnosis = [{"condition": {"reference": f"Condition/{id}"}} for id in (known, strange)]
    encounter = client.post("Encounter", about("Encounter", file, partOf=reference, diagnosis=diagnosis)).id
    answer = client.get(f"Encounter/{encounter}/$everything")
    assert types(answer) == ["Encounter"]
    assert set(answer.ids) == {encounter, earlier, known, file}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("start=yesterday", 400),
        ("_type=Medicine", 400),
        ("colour=red", 400),
        ("_count=x", 400),
        ("_count=1&_count=2", 400),
    ],
)
def test_bad_parameters_are_refused(client: Client, file: str, query: str, status: int) -> None:
    assert client.get(f"Patient/{file}/$everything?{query}").status == status


def test_nobody_has_no_everything(client: Client, file: str) -> None:
    assert client.get("Patient/nobody/$everything").status == 404
    client.delete(f"Patient/{file}")
    assert client.get(f"Patient/{file}/$everything").status == 410
