"""https://hl7.org/fhir/R4/resource-operations.html"""

from typing import Any

import pytest

from tests.interactions.bundles import batch, entry, transact
from tests.interactions.client import Answer, Client, patient

PROFILE = "http://hl7.org/fhir/StructureDefinition/Patient"
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
URGENT, OLD = {"system": "urn:tags", "code": "urgent"}, {"system": "urn:tags", "code": "ancien"}

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def asked(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": members}]}


def returned(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.content
    (parameter,) = answer.content["parameter"]
    assert parameter["name"] == "return"
    return dict(parameter["valueMeta"])


@pytest.fixture
def id(client: Client) -> str:
    return client.post("Patient", patient(meta={"tag": [OLD], "source": "urn:ours"})).id


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_meta_of_a_resource(client: Client, id: str, method: str) -> None:
    found = returned(client.send(method, f"Patient/{id}/$meta"))
    assert found == client.get(f"Patient/{id}").content["meta"]
    assert found["tag"] == [OLD]


def test_what_is_added_is_there_once_and_can_be_searched(client: Client, id: str) -> None:
    more = asked(
        profile=[PROFILE], security=[LABEL], tag=[OLD | {"display": "Ancien"}, URGENT], source="urn:no"
    )
    found = returned(client.post(f"Patient/{id}/$meta-add", more))
    assert (found["profile"], found["security"], found["tag"]) == ([PROFILE], [LABEL], [OLD, URGENT])
    assert (found["versionId"], found["source"]) == ("2", "urn:ours")
    assert client.get(f"Patient/{id}").content["meta"] == found
    assert client.get("Patient?_tag=urn:tags|urgent").ids == [id]
    assert returned(client.post(f"Patient/{id}/$meta-add", more)) == found, "no version without a change"


def test_what_is_removed_goes_by_system_and_code(client: Client, id: str) -> None:
    client.post(f"Patient/{id}/$meta-add", asked(profile=[PROFILE], tag=[URGENT]))
    gone = asked(profile=[PROFILE, "urn:other"], tag=[OLD | {"display": "x"}, {"code": "urgent"}])
    found = returned(client.post(f"Patient/{id}/$meta-delete", gone))
    assert (found["tag"], "profile" in found, found["versionId"]) == ([URGENT], False, "3")
    assert client.get("Patient?_tag=ancien").ids == []
    assert "tag" not in returned(client.post(f"Patient/{id}/$meta-delete", asked(tag=[URGENT])))


def test_a_profile_that_is_added_has_to_hold(client: Client) -> None:
    vital = "http://hl7.org/fhir/StructureDefinition/bmi"
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    other = client.post("Observation", observation).id
    assert client.post(f"Observation/{other}/$meta-add", asked(profile=[vital])).status == 422
    assert client.get(f"Observation/{other}").version == 1


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (None, 400),
        (patient(), 400),
        ({"resourceType": "Parameters"}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]}, 400),
        ({"resourceType": "Parameters", "parameter": [{"name": "mta", "valueMeta": {"tag": [OLD]}}]}, 400),
        (asked(tag="x"), 400),
        (asked(colour="red"), 400),
        (asked(tag=[SUBSETTED]), 422),
    ],
)
def test_what_is_no_meta_is_refused(client: Client, id: str, content: Any, status: int) -> None:
    assert client.post(f"Patient/{id}/$meta-add", content).status == status
    assert client.get(f"Patient/{id}").version == 1


def test_it_is_written_as_all_is(client: Client, id: str) -> None:
    add = f"Patient/{id}/$meta-add"
    assert client.get(add).status == 405
    assert client.post(add, asked(tag=[URGENT]), if_match='W/"7"').status == 412
    assert client.post("Patient/none/$meta-add", asked(tag=[URGENT])).status == 404
    assert batch(client, entry("POST", add, asked(tag=[URGENT]))).entries[0]["response"]["status"] == "200 OK"
    assert transact(client, entry("POST", add, asked(tag=[LABEL]))).status == 400
    client.delete(f"Patient/{id}")
    assert client.post(add, asked(tag=[LABEL])).status == client.get(f"Patient/{id}/$meta").status == 410
    assert client.get("Patient/$meta").status == 404
