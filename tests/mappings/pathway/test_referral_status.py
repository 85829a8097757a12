"""$referral-status: the state of a referral for the doctor's software."""

import pytest

from tests.interactions.client import Client
from tests.mappings.pathway.plans import sent
from tests.mappings.pathway.referrals import only, refer, walk

PLACER = {"system": "https://logiciel-medecin.example/adressage", "value": "A-2025-0001"}


def test_a_referral_stands_as_its_task_says(client: Client) -> None:
    sent(refer(client))
    walk(client, "received:contact-attempted")
    request = only(client, "ServiceRequest")
    task = only(client, "Task")
    assert client.get(f"ServiceRequest/{request['id']}/$referral-status").content == task
    by_identifier = f"identifier={PLACER['system']}|{PLACER['value']}"
    assert client.get(f"ServiceRequest/{request['id']}/$referral-status?{by_identifier}").status == 400
    assert client.get(f"ServiceRequest/$referral-status?{by_identifier}").content == task
    asked = {"name": "identifier", "valueIdentifier": PLACER}
    body = {"resourceType": "Parameters", "parameter": [asked]}
    assert client.post("ServiceRequest/$referral-status", body).content == task


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?identifier=1", 400), ("?identifier=urn:other|1", 404), ("?identifer=urn:other|1", 400)],
)
def test_a_referral_that_is_not_there_is_told(client: Client, query: str, status: int) -> None:
    assert client.get(f"ServiceRequest/$referral-status{query}").status == status


def test_another_request_has_no_such_status(client: Client) -> None:
    patient = sent(client.post("Patient", {"resourceType": "Patient"})).id
    other = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    }
    id = sent(client.post("ServiceRequest", other)).id
    assert client.get(f"ServiceRequest/{id}/$referral-status").status == 422
    assert client.get("ServiceRequest/unknown/$referral-status").status == 404


@pytest.mark.parametrize("body", [{"resourceType": "Task"}, {"resourceType": "Parameters", "parameter": [1]}])
def test_a_body_that_is_none_is_refused(client: Client, body: dict[str, object]) -> None:
    assert client.post("ServiceRequest/$referral-status", body).status == 400
