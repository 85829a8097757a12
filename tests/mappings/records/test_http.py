"""Records over HTTP: idempotent, consistent with FHIR, and errors with their location."""

import asyncio
from typing import Any

import pytest

from mappings.sesame.records.table import tables
from scripts.document_records import examples
from tests.mappings.records.conftest import Client
from tests.mappings.validity import GUIDE

EXAMPLES = examples()
PATIENT: dict[str, Any] = EXAMPLES["patient"]
FHIR_PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:practice", "value": "77"}],
    "name": [{"use": "official", "family": "Venue", "given": ["Par", "FHIR"]}],
    "gender": "female",
    "birthDate": "1990-01-01",
}


@pytest.fixture
def doctor(client: Client) -> str:
    """The identifier of a professional on record."""
    client.post("site", EXAMPLES["site"])
    client.post("professionnel", EXAMPLES["professionnel"])
    return "P1"


def outcome(answer: Any) -> dict[str, Any]:
    """The first issue of a refusal."""
    content = answer.json()
    assert content["resourceType"] == "OperationOutcome"
    issue: dict[str, Any] = content["issue"][0]
    return issue


def test_what_is_said_twice_is_written_once(client: Client) -> None:
    first = client.post("patient", PATIENT)
    assert first.headers["location"] == "/sesame/patient/12"
    (reference,) = first.json()["resources"]
    assert client.post("patient", PATIENT).status_code == 200
    assert client.get(f"/fhir/{reference}")["meta"]["versionId"] == "1"
    assert client.post("patient", PATIENT | {"nom": "AUTRE"}).status_code == 200
    assert client.get(f"/fhir/{reference}")["meta"]["versionId"] == "2"
    assert client.get("/fhir/Patient?family=AUTRE")["total"] == 1
    assert client.get("/sesame/patient/12")["nom"] == "AUTRE"


def test_many_at_once_make_one(client: Client) -> None:
    async def race() -> list[int]:
        sent = (client._send("POST", "/sesame/patient", PATIENT, {}) for _ in range(8))
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    statuses = client.loop.run_until_complete(race())
    assert set(statuses) <= {200, 201}
    assert statuses.count(201) == 1
    assert client.get("/fhir/Patient?_summary=count")["total"] == 1


def test_what_others_wrote_by_fhir_stays(client: Client) -> None:
    (reference,) = client.post("patient", PATIENT).json()["resources"]
    stored = client.get(f"/fhir/{reference}")
    stored["identifier"].append({"system": "urn:practice", "value": "77"})
    stored["maritalStatus"] = {"text": "-"}
    assert client.send("PUT", f"/fhir/{reference}", stored).status_code == 200
    assert client.get("/sesame/patient/12") == PATIENT
    client.post("patient", PATIENT | {"telephone": "+33 1 99 00 00 01"})
    found = client.get("/fhir/Patient?identifier=urn:practice|77")["entry"][0]["resource"]
    assert found["maritalStatus"] == {"text": "-"}
    assert found["telecom"][0]["value"] == "+33 1 99 00 00 01"


def test_what_came_by_fhir_is_a_record_under_its_id(client: Client) -> None:
    id = client.send("POST", "/fhir/Patient", FHIR_PATIENT).json()["id"]
    record = client.get(f"/sesame/patient/{id}")
    assert record == {
        "identifiant": id,
        "nom": "Venue",
        "prenom": "Par",
        "sexe": "feminin",
        "date_naissance": "1990-01-01",
    }
    assert client.post("patient", record).status_code == 200
    assert client.get(f"/fhir/Patient/{id}")["meta"]["versionId"] == "1"
    answer = client.post("consentement", EXAMPLES["consentement"] | {"patient": id})
    assert answer.status_code == 201
    assert client.get("/sesame/consentement/C1")["patient"] == id
    assert client.get(f"/fhir/Consent?patient=Patient/{id}")["total"] == 1


def test_a_patient_sent_by_fhir_is_known_by_the_ins(client: Client) -> None:
    (reference,) = client.post("patient", PATIENT).json()["resources"]
    patient = client.get(f"/fhir/{reference}")
    ins = [identifier for identifier in patient["identifier"] if identifier["use"] == "official"]
    practice = {"system": "urn:practice", "value": "77"}
    client.send("PUT", f"/fhir/{reference}", patient | {"identifier": [*ins, practice]})
    assert client.post("patient", PATIENT).json()["resources"] == [reference]
    assert client.get("/fhir/Patient?_summary=count")["total"] == 1
    assert client.get("/fhir/Patient?identifier=urn:practice|77")["total"] == 1
    twin = client.post("patient", PATIENT | {"identifiant": "13"})
    assert twin.status_code == 201
    assert client.get("/sesame/patient/12") == PATIENT


def test_a_part_without_the_identifier_is_known_by_what_it_refers_to(client: Client, doctor: str) -> None:
    client.post("patient", PATIENT)
    referral = EXAMPLES["adressage"] | {"medecin": doctor}
    assert client.post("adressage", referral).status_code == 201
    (task,) = [entry["resource"] for entry in client.get("/fhir/Task")["entry"]]
    del task["identifier"]
    assert client.send("PUT", f"/fhir/Task/{task['id']}", task).status_code == 200
    assert client.post("adressage", referral | {"motif": "Anxiété"}).status_code == 200
    assert [entry["resource"]["id"] for entry in client.get("/fhir/Task")["entry"]] == [task["id"]]


def test_an_identifier_that_leads_to_several_is_refused(client: Client) -> None:
    (reference,) = client.post("patient", PATIENT).json()["resources"]
    twin = client.get(f"/fhir/{reference}")
    twin["identifier"] = [one for one in twin["identifier"] if one["use"] != "official"]
    assert client.send("POST", "/fhir/Patient", twin).status_code == 201
    answer = client.post("patient", PATIENT)
    assert (answer.status_code, outcome(answer)["code"]) == (409, "conflict")
    assert "identifier 12" in outcome(answer)["diagnostics"]


def test_the_state_of_a_referral_is_left_to_others(client: Client, doctor: str) -> None:
    client.post("patient", PATIENT)
    referral = EXAMPLES["adressage"] | {"medecin": doctor}
    assert client.post("adressage", referral).status_code == 201
    task = client.get("/fhir/Task?code=referral")["entry"][0]["resource"]
    moved = client.send("PUT", f"/fhir/Task/{task['id']}", task | {"status": "received"})
    assert moved.status_code == 200, moved.text
    assert client.post("adressage", referral).status_code == 200
    assert client.post("adressage", referral | {"motif": "Anxiété"}).status_code == 200
    assert client.get(f"/fhir/Task/{task['id']}")["status"] == "received"
    assert client.get("/sesame/adressage/A1")["motif"] == "Anxiété"


def test_a_person_in_two_roles_is_one_practitioner(client: Client, doctor: str) -> None:
    other = EXAMPLES["professionnel"] | {"identifiant": "P9", "telephone": "+33 1 99 00 00 02"}
    assert client.post("professionnel", other).status_code == 201
    assert client.get("/fhir/Practitioner?_summary=count")["total"] == 1
    assert client.get("/fhir/PractitionerRole?_summary=count")["total"] == 2
    assert client.get("/sesame/professionnel/P9") == other
    assert client.get(f"/sesame/professionnel/{doctor}") == EXAMPLES["professionnel"]


def test_an_id_of_another_kind_of_resource_is_not_overwritten(client: Client, doctor: str) -> None:
    client.post("patient", PATIENT)
    screening = EXAMPLES["depistage"] | {"medecin": doctor}
    (reference,) = client.post("depistage", screening).json()["resources"]
    id = reference.partition("/")[2]
    assert client.send("GET", f"/sesame/prevention_rechute/{id}").status_code == 404
    answers = {"signes": ["a"], "actions": ["b"]}
    plan = {"identifiant": id, "patient": "12", "ide": doctor, "date": "2025-03-24T14:00:00+01:00", **answers}
    assert client.post("prevention_rechute", plan).status_code == 201
    assert client.get("/sesame/depistage/D1") == screening


def test_each_of_an_array_for_itself(client: Client) -> None:
    other = PATIENT | {"identifiant": "13", "ins_test": "283017864610211"}
    answer = client.post("patient", [PATIENT, {"identifiant": "14"}, other, PATIENT])
    assert answer.status_code == 200
    first, refused, second, again = answer.json()
    assert [one["status"] for one in (first, refused, second, again)] == [201, 422, 201, 200]
    assert refused["outcome"]["resourceType"] == "OperationOutcome"
    assert again["resources"] == first["resources"]


def test_a_refusal_points_into_the_record(client: Client) -> None:
    answer = client.post("patient", PATIENT | {"sexe": "F"}, **{"accept-language": "fr"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/fhir+json")
    issue = outcome(answer)
    assert issue["expression"] == ["/sexe"]
    assert issue["diagnostics"] == (
        "/sexe doit être l'une de ces valeurs : feminin, masculin, autre, inconnu."
    )


def test_a_reference_to_nothing_points_to_its_field(client: Client) -> None:
    answer = client.post("consentement", EXAMPLES["consentement"] | {"patient": "99"})
    assert answer.status_code == 422
    assert outcome(answer)["expression"] == ["/patient"]
    assert "99" in outcome(answer)["diagnostics"]
    assert client.get("/fhir/Consent?_summary=count")["total"] == 0


def test_a_profile_refuses_with_the_field(client: Client) -> None:
    client.post("patient", PATIENT)
    goal = EXAMPLES["objectif"]
    assert client.post("objectif", goal).status_code == 201
    client.post("parcours", EXAMPLES["parcours"])
    backwards = {"debut": "2025-02-01", "fin": "2025-01-01"}
    cover = {
        "identifiant": "c",
        "patient": "12",
        "nss": PATIENT["ins_test"],
        "caisse": "k",
        "statut": "active",
    }
    client.post("organisme", {"identifiant": "k", "nature": "caisse", "nom": "Caisse"})
    answer = client.post("couverture", cover | backwards)
    assert answer.status_code == 422
    assert outcome(answer)["expression"] == ["/debut"]


def test_an_answer_is_pointed_to_among_many(client: Client, doctor: str) -> None:
    client.post("patient", PATIENT)
    assessment = EXAMPLES["evaluation_initiale"] | {"ide": doctor}
    said = {name: value for name, value in assessment.items() if name not in ("adressage", "parcours")}
    unknown = client.post("evaluation_initiale", said | {"ide": "nobody"})
    assert outcome(unknown)["expression"] == ["/ide"]
    table = next(one for one in tables(GUIDE) if one.name == "evaluation_initiale")
    _, form = table.to_fhir(assessment)
    assert table.field_at(form, "item[2].item[0].answer[0].valueBoolean") == "idees_suicidaires"
    assert table.field_at(form, "item[2]") is None
    assert table.field_at(form, "item[3].item[1].answer[1].valueCoding.code") == "soins"


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("GET", "/sesame/patient/nobody", None, 404),
        ("GET", "/sesame/site/S9,S1", None, 404),
        ("GET", "/sesame/site/S1%7Cx", None, 404),
        ("GET", "/sesame/nothing/1", None, 404),
        ("GET", "/nobody/patient/1", None, 404),
        ("GET", "/sesame/nothing/schema", None, 404),
        ("POST", "/sesame/nothing", {}, 404),
        ("DELETE", "/sesame/patient/1", None, 405),
        ("PUT", "/sesame/patient/1", {}, 405),
        ("GET", "/sesame/patient", None, 405),
        ("POST", "/sesame/patient/1", {}, 405),
        ("TRACE", "/sesame/patient", None, 405),
        ("TRACE", "/health/live", None, 405),
        ("PUT", "/nobody/patient/1", {}, 404),
        ("GET", "/sesame", None, 404),
        ("GET", "/Patient", None, 404),
        ("POST", "/sesame/patient", None, 422),
        ("POST", "/sesame/patient", "text", 422),
        ("POST", "/sesame/patient", [{}] * 6_000, 413),
    ],
)
def test_what_is_not_there_or_no_record(
    client: Client, method: str, url: str, body: Any, status: int
) -> None:
    assert client.post("site", EXAMPLES["site"]).status_code == 201
    answer = client.send(method, url, body)
    assert answer.status_code == status
    assert outcome(answer)["diagnostics"]


def test_options_tells_the_methods(client: Client) -> None:
    answer = client.send("OPTIONS", "/sesame/patient")
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")


def test_a_body_is_json_and_says_so(client: Client) -> None:
    assert client.send("POST", "/sesame/patient", {}, **{"content-type": "text/csv"}).status_code == 415
    refused = client.send("GET", "/sesame/patient/1", host="elsewhere.example")
    assert refused.status_code == 400


def test_a_schema_is_served(client: Client) -> None:
    answer = client.send("GET", "/sesame/patient/schema")
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert answer.json()["required"] == ["identifiant", "nom", "prenom", "sexe", "date_naissance"]
