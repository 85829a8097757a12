"""https://hl7.org/fhir/R4/http.html#create"""

from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.limits import Limits
from tests.interactions.bundles import batch, entry, transact
from tests.interactions.client import BASE, Client, ClientFactory, identified, patient


def test_create_gives_an_id_and_a_first_version(client: Client) -> None:
    answer = client.post("Patient", patient())
    assert answer.status == 201
    assert answer.location == f"Patient/{answer.id}/_history/1"
    assert answer.content["meta"]["versionId"] == "1"


def test_the_id_of_the_body_is_not_used(client: Client) -> None:
    assert client.post("Patient", patient(id="mine")).id != "mine"


def test_decimals_come_back_as_they_were_written(client: Client) -> None:
    text = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":1.50,"unit":"g"},"component":[{"code":{"text":"y"},'
        b'"valueQuantity":{"value":187e0}}]}'
    )
    id = client.post("Observation", json.parse(text)).id
    stored = client.engine.store.read("Observation", id)
    assert stored is not None
    assert b'"value":1.50,' in stored.body
    assert b'"value":187e0}' in stored.body


def test_if_none_exist_creates_once(client: Client) -> None:
    first = client.post("Patient", identified("a"), if_none_exist="identifier=urn:ids|a")
    second = client.post("Patient", identified("a"), if_none_exist="identifier=urn:ids|a")
    assert (first.status, second.status) == (201, 200)
    assert first.id == second.id
    assert first.location == second.location == f"Patient/{first.id}/_history/1"


@pytest.mark.parametrize("start", ["", "?", "Patient?", f"{BASE}/Patient?"])
def test_a_value_of_if_none_exist_may_hold_a_question_mark(client: Client, start: str) -> None:
    client.post("Patient", patient(active=True))
    asked = patient(identifier=[{"system": "http://ids?active=true", "value": "a?b"}])
    criteria = f"{start}identifier=http://ids?active=true|a?b"
    answers = [client.post("Patient", asked, if_none_exist=criteria) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200]
    encounter = {"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}}
    encounter["subject"] = {"reference": "Patient?identifier=http://ids?active=true|a?b"}
    subject = client.post("Encounter", encounter).content["subject"]
    assert subject == {"reference": f"Patient/{answers[0].id}"}


def test_criteria_in_the_url_are_those_of_a_conditional_create(client: Client) -> None:
    """R4 has If-None-Exist for that. To pass over the url would create another one each time."""
    first = client.post("Patient?identifier=urn:ids|a&_format=json", identified("a"))
    second = client.post("Patient?identifier=urn:ids|a", identified("a"))
    assert [first.status, second.status, first.id] == [201, 200, second.id]
    assert client.post(f"Patient?_id={first.id}", patient()).id == first.id
    asked = entry("POST", "Patient?identifier=urn:ids|a", identified("a"))
    for bundle in (batch(client, asked), transact(client, asked)):
        assert bundle.entries[0]["response"]["status"] == "200 OK"
    assert client.post("Patient?identifier=urn:ids|b", identified("a")).status == 201
    assert client.post("Patient?identifier=urn:ids|a", identified("a")).status == 412
    assert client.post("Patient?identifir=urn:ids|a", identified("a")).status == 400
    assert client.post("Patient?_filename=a.txt&_pretty=true", patient()).status == 201
    assert client.post("Patient?identifier=", identified("c")).status == 400
    header = client.post("Patient?identifier=urn:ids|a", identified("d"), if_none_exist="identifier=d")
    assert header.status == 201


def test_if_none_exist_must_be_of_the_type_that_is_created(client: Client) -> None:
    ours = f"{BASE}/Patient?identifier=urn:ids|a"
    assert client.post("Patient", identified("a"), if_none_exist=ours).status == 201
    assert client.post("Patient", identified("a"), if_none_exist="Patient?identifier=a").status == 200
    answer = client.post("Patient", identified("a"), if_none_exist="Observation?identifier=urn:ids|b")
    assert answer.status == 400
    assert "Observation" in answer.diagnostics


def test_a_reference_that_only_a_transaction_could_resolve_is_refused(client: Client) -> None:
    urn = "urn:uuid:0c7a8b6e-3b9d-4a4e-9d38-53dbb2e1a1cf"
    linked = patient(id="a", link=[{"type": "seealso", "other": {"reference": urn}}])
    assert client.put("Patient/a", patient(id="a")).status == 201
    operation = {"op": "add", "path": "/link", "value": linked["link"]}
    in_batch = batch(client, entry("POST", "Patient", linked)).entries[0]["response"]
    answers = [client.post("Patient", linked), client.put("Patient/a", linked)]
    answers.append(client.patch("Patient/a", [operation]))
    assert [answer.status for answer in answers] == [400, 400, 400]
    assert {*answers[0].expressions, *answers[1].expressions} == {"Patient.link[0].other.reference"}
    place = "Bundle.entry[0].resource.link[0].other.reference"
    assert in_batch["outcome"]["issue"][0]["expression"] == [place]
    entries = [{"fullUrl": urn, "resource": patient()}, {"fullUrl": f"{BASE}/Patient/a", "resource": linked}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert client.post("Bundle", bundle).status == 201
    named = patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": urn}])
    assert client.post("Patient", named).status == 201


def test_what_a_summary_left_of_a_resource_is_not_stored(client: Client) -> None:
    whole = client.post("Patient", identified("a", active=True))
    for asked in ("_summary=true", "_elements=active"):
        part = client.get(f"Patient/{whole.id}?{asked}").content
        for answer in (client.put(f"Patient/{whole.id}", part), client.post("Patient", part)):
            assert answer.status == 422
            assert answer.expressions == ["Patient.meta.tag[0]"]
    assert client.get(f"Patient/{whole.id}").version == 1


def test_what_would_be_found_by_too_much_is_refused(client_with: ClientFactory) -> None:
    client = client_with(limits=Limits(index_entries_max=100))
    many = patient(name=[{"family": f"n{number}"} for number in range(100)])
    answers = [client.post("Patient", many), client.put("Patient/p", {**many, "id": "p"})]
    answers.append(transact(client, entry("POST", "Patient", many)))
    for answer in answers:
        assert (answer.status, answer.content["issue"][0]["code"]) == (422, "too-costly")
        assert "more than 100 values" in answer.diagnostics
    assert client.post("Patient", patient()).status == 201


def test_if_none_exist_with_several_matches_is_refused(client: Client) -> None:
    client.post("Patient", identified("a"))
    client.post("Patient", identified("a"))
    answer = client.post("Patient", identified("a"), if_none_exist="identifier=urn:ids|a")
    assert answer.status == 412
    assert answer.content["issue"][0]["code"] == "multiple-matches"


@pytest.mark.parametrize(
    ("criteria", "status"),
    [("", 412), ("_count=1", 412), ("colour=red", 400), ("no search", 400), ("identifier=", 400)],
)
def test_if_none_exist_needs_criteria_it_can_use(client: Client, criteria: str, status: int) -> None:
    assert client.post("Patient", identified("a"), if_none_exist=criteria).status == status
    assert client.get("Patient").entries == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 400, "needs a body"),
        ([], 400, ""),
        ({"name": []}, 400, "resourceType"),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, 400, "/Observation"),
        (patient(nam=[]), 400, "nam"),
        (patient(gender="unknown-code"), 400, "gender"),
        (patient(birthDate="2020-02-30"), 400, "2020-02-30"),
    ],
)
def test_a_body_that_is_not_the_resource_is_refused(
    client: Client, content: Any, status: int, said: str
) -> None:
    answer = client.post("Patient", content)
    assert answer.status == status
    assert said in answer.diagnostics + " ".join(answer.expressions)
    assert client.get("Patient").entries == []


def test_all_problems_are_said_at_once(client: Client) -> None:
    answer = client.post("Patient", patient(gender="x", birthDate="x", active="yes"))
    assert {"Patient.gender", "Patient.birthDate", "Patient.active"} <= set(answer.expressions)


def test_prefer_decides_what_comes_back(client: Client) -> None:
    assert client.post("Patient", patient(), returns="minimal").content is None
    assert client.post("Patient", patient(), returns="representation").content["resourceType"] == "Patient"
    outcome = client.post("Patient", patient(), returns="OperationOutcome").content
    assert outcome["resourceType"] == "OperationOutcome"


def test_a_conditional_reference_becomes_the_one_match(client: Client) -> None:
    id = client.post("Patient", identified("a")).id
    encounter = {
        "resourceType": "Encounter",
        "status": "planned",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient?identifier=urn:ids|a"},
    }
    slashed = encounter | {"subject": {"reference": "Patient/?identifier=urn:ids|a"}}
    for written in (encounter, slashed):
        assert client.post("Encounter", written).content["subject"]["reference"] == f"Patient/{id}"
    client.post("Patient", identified("a"))
    assert client.post("Encounter", encounter).status == 412
    encounter["subject"] = {"reference": "Patient?identifier=urn:ids|b"}
    assert client.post("Encounter", encounter).status == 412
    assert len(client.get("Encounter").entries) == 2


def test_a_dangling_literal_reference_is_accepted(client: Client) -> None:
    encounter = {
        "resourceType": "Encounter",
        "status": "planned",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/not-here"},
    }
    assert client.post("Encounter", encounter).status == 201
