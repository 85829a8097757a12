"""One claim per sequence, written by the server, corrected by cancelling and replacing, never deleted."""

from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.name_based_uuid import name_based_uuid
from tests.interactions.client import Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import (
    ASSESSED,
    NUMBERS,
    UNTIL_ASSESSED,
    begin,
    change,
    claims,
    lacking,
    number_of,
    sent,
    stored,
    tell,
    update,
)
from tests.mappings.validity import GUIDE, errors

Resource = dict[str, Any]


def states(client: Client) -> list[tuple[str, str]]:
    return [(number_of(claim), claim["status"]) for claim in claims(client)]


def total(claim: Resource) -> bytes:
    return json.serialise(claim["total"])


def test_r1_the_story_has_two_claims_of_608_euros(client: Client) -> None:
    tell(client)
    first, second = claims(client)
    for claim in (first, second):
        (line,) = claim["item"]
        for amount in (line["unitPrice"], line["net"], claim["total"]):
            assert json.serialise(amount) == b'{"value":608.00,"currency":"EUR"}'
        assert line["servicedPeriod"] == claim["billablePeriod"]
        assert "diagnosis" not in claim
        assert errors(claim) == []
    assert first["billablePeriod"] == {"start": "2025-01-13", "end": "2025-04-12"}
    assert "related" not in first
    (related,) = second["related"]
    assert related["claim"]["reference"] == f"Claim/{first['id']}"
    assert related["relationship"]["coding"][0]["code"] == "prior"


def test_r2_a_leger_costs_245_euros(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", track="leger"))
    (claim,) = claims(assessed)
    assert total(claim) == b'{"value":245.00,"currency":"EUR"}'
    assert errors(claim) == []


def test_the_claim_is_there_with_the_sequence_and_once(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    assert states(assessed) == [("2025-0001-c1-0", "active")]
    sent(change(assessed, "2025-0001-c1", status="on-hold"))
    sent(change(assessed, "2025-0001-c1", status="completed"))
    assert states(assessed) == [("2025-0001-c1-0", "active")]
    assert claims(assessed)[0]["meta"]["versionId"] == "1"


def test_a_sequence_that_comes_on_hold_is_billed_when_it_takes_place(assessed: Client) -> None:
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="on-hold"))
    told = assessed.get(f"CarePlan/{plan.id}/$explain-billing").content["parameter"]
    assert any("came on hold" in one.get("valueString", "") for one in told)
    assert states(assessed) == []
    for status in ("active", "on-hold", "completed"):
        sent(change(assessed, "2025-0001-c1", status=status))
        assert states(assessed) == [("2025-0001-c1-0", "active")]


def test_at_the_end_if_the_policy_says_so(pathway: Pathway) -> None:
    client = pathway(claim_at="end", minimum_contacts=4)
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, ASSESSED, "2025-04-12"))
    sent(change(client, "2025-0001-c1", status="completed"))
    assert states(client) == []
    plan = stored(client, "2025-0001-c1")
    told = client.get(f"CarePlan/{plan['id']}/$explain-billing").content["parameter"]
    assert {"name": "billed", "valueBoolean": False} in told
    assert any("asks for 4 before" in one.get("valueString", "") for one in told)
    tell(client, "06-nurse-contacts", "07-phq9-9")
    contacts = len(client.get("Encounter?type=nurse-contact&date=le2025-04-12").entries)
    assert (len(states(client)) == 1) == (contacts >= 4)


def test_of_contacts_those_count_that_took_place_with_a_nurse_within_the_sequence(pathway: Pathway) -> None:
    client = pathway(claim_at="end", minimum_contacts=5)
    tell(client, *UNTIL_ASSESSED, "06-nurse-contacts")
    plan = sent(begin(client, 1, ASSESSED, "2025-04-12", status="completed"))
    first = client.get("Encounter?type=nurse-contact").entries[0]["resource"]
    visit = lacking(first, "meta")

    def has(contacts: int, **changes: Any) -> bool:
        update(client, visit | changes)
        told = client.get(f"CarePlan/{plan.id}/$explain-billing").content["parameter"]
        return any(f"has {contacts} nurse contacts" in one.get("valueString", "") for one in told)

    assert has(3, status="planned")
    assert has(3, type=[GUIDE.concept("sesame-encounter-type", "case-review")])
    for day, contacts in (("2025-01-12", 3), ("2025-01-13", 4), ("2025-04-12", 4), ("2025-04-13", 3)):
        assert has(contacts, period={"start": f"{day}T12:00:00+02:00"}), day
    fifth = lacking(visit, "id", "identifier")
    update(client, visit)
    sent(client.post("Encounter", fifth))
    assert states(client) == [("2025-0001-c1-0", "active")]


def test_a_corrected_sequence_cancels_and_replaces_its_claim(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", period={"start": "2025-01-14", "end": "2025-04-13"}))
    assert states(assessed) == [("2025-0001-c1-0", "cancelled"), ("2025-0001-c1-1", "active")]
    first, second = claims(assessed)
    assert second["related"][0]["claim"]["reference"] == f"Claim/{first['id']}"
    assert second["related"][0]["relationship"]["coding"][0]["code"] == "replaces"
    assert errors(second) == []


def test_a_sequence_in_error_cancels_its_claim(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", status="entered-in-error"))
    assert states(assessed) == [("2025-0001-c1-0", "cancelled")]


def test_a_patient_without_coverage_is_billed_when_it_comes(assessed: Client) -> None:
    (entry,) = assessed.get("Coverage").entries
    cover = lacking(entry["resource"], "meta")
    update(assessed, cover | {"status": "cancelled"})
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    assert states(assessed) == []
    told = assessed.get(f"CarePlan/{plan.id}/$explain-billing", language="fr").content["parameter"]
    assert any("Coverage actif" in one.get("valueString", "") for one in told)
    update(assessed, cover)
    assert states(assessed) == [("2025-0001-c1-0", "active")]


def refused(answer: Any, said: str) -> None:
    assert answer.status == 422, answer.content
    assert said in answer.diagnostics


def test_a_client_writes_no_claim(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    copy = lacking(claim, "id", "meta")
    refused(assessed.post("Claim", copy), "writes claims itself")
    other = copy | {"identifier": [claim["identifier"][0] | {"value": "2025-0001-c1-1"}]}
    refused(assessed.post("Claim", other), "writes claims itself")
    unknown = copy | {"supportingInfo": copy["supportingInfo"][:1]}
    assert assessed.post("Claim", unknown).status == 422
    assert states(assessed) == [("2025-0001-c1-0", "active")]


@pytest.mark.parametrize(
    ("status", "correction", "number"),
    [
        ("active", 1, "2025-0001-c1-1"),
        ("cancelled", 2, "2025-0001-c1-2"),
        ("cancelled", 1, "2025-0001-c1-01"),
        ("cancelled", 1, "1"),
    ],
)
def test_nor_a_second_one_as_if_it_were_a_correction(
    assessed: Client, status: str, correction: int, number: str
) -> None:
    """As a copy from another server would bring it: the ids of claims follow from their numbers."""
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    update(assessed, claim | {"status": status})
    (first,) = claim["identifier"]
    id = name_based_uuid(f"{first['system']}|2025-0001-c1-{correction}")
    copy = claim | {"id": id, "identifier": [first | {"value": number}]}
    refused(assessed.put(f"Claim/{id}", copy), "writes claims itself")
    assert states(assessed) == [("2025-0001-c1-0", status)]


def test_nor_one_at_another_price(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    sent(assessed.put(f"Claim/{claim['id']}", claim | {"status": "cancelled"}))
    (first,) = claim["identifier"]
    id = name_based_uuid(f"{first['system']}|2025-0001-c1-1")
    dearer = {"value": 1000, "currency": "EUR"}
    line = claim["item"][0] | {"unitPrice": dearer, "net": dearer}
    number = {"id": id, "identifier": [first | {"value": "2025-0001-c1-1"}]}
    answer = assessed.put(f"Claim/{id}", claim | number | {"item": [line], "total": dearer})
    refused(answer, "writes claims itself")


def test_of_a_claim_only_the_status_changes(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    url = f"Claim/{claim['id']}"
    refused(assessed.put(url, claim | {"created": "2025-01-14"}), "only the status changes")
    refused(assessed.delete(url), "never deleted")
    sent(assessed.put(url, claim | {"status": "cancelled"}))
    refused(assessed.put(url, claim | {"status": "active"}), "only the status changes")
    assert states(assessed) == [("2025-0001-c1-0", "cancelled")]


def test_a_billed_sequence_is_not_deleted(assessed: Client) -> None:
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    refused(assessed.delete(f"CarePlan/{plan.id}"), "entered-in-error")


@pytest.mark.parametrize("type", ["Patient", "Coverage", "Organization"])
def test_whom_a_claim_names_stays_on_record(assessed: Client, type: str) -> None:
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    partners = assessed.get("Claim/$billing-feed").entries
    (partner,) = [partner["resource"] for partner in partners if partner["resource"]["resourceType"] == type]
    refused(assessed.delete(f"{type}/{partner['id']}"), f"names this {type}")
    sent(change(assessed, "2025-0001-c1", status="entered-in-error"))
    assert assessed.delete(f"CarePlan/{plan.id}").status == 422
    refused(assessed.delete(f"{type}/{partner['id']}"), f"names this {type}")
    site = assessed.get("Organization?identifier=990000010").entries[0]["resource"]
    assert assessed.delete(f"Organization/{site['id']}").status == 204


def test_a_patient_with_a_sequence_stays_on_record_unbilled(assessed: Client) -> None:
    (entry,) = assessed.get("Coverage").entries
    assert assessed.delete(f"Coverage/{entry['resource']['id']}").status == 204
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    refused(assessed.delete(plan.content["subject"]["reference"]), "is a sequence of this patient")


def test_claims_of_others_are_theirs(client: Client) -> None:
    patient = f"Patient/{sent(client.post('Patient', {'resourceType': 'Patient'})).id}"
    other = {
        "resourceType": "Claim",
        "status": "active",
        "type": {"text": "other"},
        "use": "claim",
        "patient": {"reference": patient},
        "created": "2025-01-01",
        "provider": {"display": "someone"},
        "priority": {"text": "normal"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "some"}}],
        "subType": {"coding": [{"system": "urn:other", "code": "forfait-article-51"}]},
        "item": [{"sequence": 1, "productOrService": {"text": "other"}}],
    }
    made = sent(client.post("Claim", other))
    assert feed(client)[0] == []
    assert client.delete(patient).status == 204
    assert client.delete(f"Claim/{made.id}").status == 204


# the feed


def feed(client: Client, url: str = "Claim/$billing-feed?_count=1") -> tuple[list[tuple[str, str]], str]:
    """The events of one page as number and state, and the link to what follows."""
    answer = sent(client.get(url))
    following = answer.link("next")
    assert following
    events = [
        (number_of(entry["resource"]), entry["resource"]["status"])
        for entry in answer.entries
        if entry["search"]["mode"] == "match"
    ]
    return events, following


def test_the_feed_tells_each_event_once_in_the_order_of_commits(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    first, cursor = feed(assessed)
    sent(change(assessed, "2025-0001-c1", period={"start": "2025-01-14", "end": "2025-04-13"}))
    assert first == [("2025-0001-c1-0", "active")]
    told: list[tuple[str, str]] = []
    following = cursor
    for _ in range(4):
        events, following = feed(assessed, following)
        told += events
    assert told == [("2025-0001-c1-0", "cancelled"), ("2025-0001-c1-1", "active")]
    assert feed(assessed, cursor)[0] == told[:1]


def test_the_feed_brings_what_billing_needs_and_no_more(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    answer = assessed.get("Claim/$billing-feed")
    partners = {entry["resource"]["resourceType"]: entry["resource"] for entry in answer.entries}
    assert set(partners) == {"Claim", "Patient", "Coverage", "Organization"}
    assert set(partners["Patient"]) <= {"resourceType", "id", "meta", "name", "gender", "birthDate"}


def test_the_feed_goes_on_without_a_patient_who_was_purged(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    assert assessed.engine.store.purge(*claim["patient"]["reference"].split("/"))
    entries = sent(assessed.get("Claim/$billing-feed")).entries
    assert {entry["resource"]["resourceType"] for entry in entries} == {"Claim", "Coverage", "Organization"}


def test_a_cursor_of_elsewhere_is_refused(assessed: Client) -> None:
    changes = assessed.get("Claim/$changes").link("next")
    assert changes
    cursor = changes.partition("after=")[2]
    assert assessed.get(f"Claim/$billing-feed?after={cursor}").status == 400
    assert assessed.get("Claim/$billing-feed?after=x").status == 400
    assert assessed.get("Claim/$billing-feed?since=x").status == 400


# acknowledgements


def acknowledge(client: Client, claim: str, state: str, value: str = "1") -> Any:
    task = {
        "resourceType": "Task",
        "meta": {"profile": ["https://sesame.example/fhir/StructureDefinition/sesame-task-claim-ack"]},
        "identifier": [{"system": "https://facturation.example/accuse", "value": value}],
        "status": "completed",
        "businessStatus": {
            "coding": [{"system": "https://sesame.example/fhir/CodeSystem/sesame-claim-state", "code": state}]
        },
        "intent": "order",
        "code": {
            "coding": [
                {
                    "system": "https://sesame.example/fhir/CodeSystem/sesame-task-code",
                    "code": "acknowledge-claim",
                }
            ]
        },
        "focus": {"reference": f"Claim/{claim}"},
        "authoredOn": "2025-04-15T08:00:00+02:00",
    }
    condition = f"identifier=https://facturation.example/accuse|{value}"
    return client.post("Task", task, if_none_exist=condition)


def test_a_claim_is_acknowledged_once_and_forward(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    about = {"resourceType": "Task", "status": "requested", "intent": "order"}
    sent(assessed.post("Task", about | {"focus": {"reference": f"Claim/{claim['id']}"}}))
    first = sent(acknowledge(assessed, claim["id"], "received"))
    assert acknowledge(assessed, claim["id"], "received").status == 200
    refused(acknowledge(assessed, claim["id"], "paid", "2"), "acknowledged by Task/")
    refused(acknowledge(assessed, "none", "received", "3"), "a claim of this server")
    task = assessed.get(f"Task/{first.id}").content
    for state in ("transmitted", "paid"):
        task["businessStatus"]["coding"][0]["code"] = state
        sent(assessed.put(f"Task/{first.id}", task))
    sent(assessed.put(f"Task/{first.id}", task | {"description": "Virement du 2 mai"}))
    task["businessStatus"]["coding"][0]["code"] = "received"
    refused(assessed.put(f"Task/{first.id}", task), "cannot say received")
    assert feed(assessed)[0] == [("2025-0001-c1-0", "active")]


# renewal


def test_renew_closes_opens_and_bills_in_one_commit(assessed: Client) -> None:
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Séquence 1</div>'}
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12", text=text))
    renewed = sent(assessed.post(f"CarePlan/{first.id}/$renew"))
    assert ("text" in renewed.content, renewed.version) == (False, 1)
    assert renewed.content["identifier"] == [{"system": NUMBERS, "value": "2025-0001-c1-2"}]
    assert renewed.content["period"] == {"start": "2025-04-13", "end": "2025-07-12"}
    assert renewed.content["replaces"] == [{"reference": f"CarePlan/{first.id}"}]
    assert stored(assessed, "2025-0001-c1")["status"] == "completed"
    assert len(claims(assessed)) == 2
    again = assessed.post(f"CarePlan/{first.id}/$renew")
    assert (again.status, again.id, len(claims(assessed))) == (200, renewed.id, 2)


def test_a_renewal_is_answered_although_the_commit_is_shared(assessed: Client) -> None:
    """A server carries out several requests in one commit, and nothing outside sees them before it."""
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    with assessed.engine.store.group():
        renewed = sent(assessed.post(f"CarePlan/{first.id}/$renew"))
        again = sent(assessed.post(f"CarePlan/{first.id}/$renew?start=2025-04-13"))
    assert (again.id, len(claims(assessed))) == (renewed.id, 2)
    refused(assessed.post(f"CarePlan/{first.id}/$renew?start=2025-04-14"), "was renewed already")


@pytest.mark.parametrize("taken", [["2025-1"], ["2025-1", "2025-2"], ["2025-1", "2025-2", "2025-1-2"]])
def test_a_renewal_has_a_number_of_its_own(assessed: Client, taken: list[str]) -> None:
    """A site may number its patients as this server numbers renewals."""
    number, *others = ([{"system": NUMBERS, "value": one}] for one in taken)
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12", identifier=number))
    patient = first.content["subject"]
    for other in others:
        plan = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": patient}
        sent(assessed.post("CarePlan", plan | {"identifier": other}))
    renewed = sent(assessed.post(f"CarePlan/{first.id}/$renew"))
    assert renewed.content["replaces"] == [{"reference": f"CarePlan/{first.id}"}]
    assert renewed.content["identifier"][0]["value"] not in taken


def test_nothing_is_renewed_by_being_looked_at(assessed: Client) -> None:
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    assert assessed.get(f"CarePlan/{first.id}/$renew").status == 405
    assert len(claims(assessed)) == 1


def test_renewals_end_with_the_fourth_sequence_and_the_twelve_months(assessed: Client) -> None:
    plan = sent(begin(assessed, 1, "2025-01-31", "2025-04-29"))
    for _ in range(3):
        plan = sent(assessed.post(f"CarePlan/{plan.id}/$renew"))
    assert plan.content["period"]["end"] <= "2026-01-30"
    refused(assessed.post(f"CarePlan/{plan.id}/$renew"), "4 classique sequences at most")
    status = assessed.get(f"CarePlan/{plan.id}/$sequence-status?date=2025-12-31").content["parameter"]
    assert {"name": "rank", "valuePositiveInt": 4} in status
    assert {"name": "renewable", "valueBoolean": False} in status


@pytest.mark.parametrize(
    ("start", "status", "said"),
    [
        ("2025-04-12", 422, "lasts until 2025-04-12"),
        ("2026-01-13", 422, "no sequence can begin"),
        ("13/04/2025", 400, "is no date"),
    ],
)
def test_a_renewal_that_cannot_be_says_why(assessed: Client, start: str, status: int, said: str) -> None:
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    answer = assessed.post(f"CarePlan/{plan.id}/$renew?start={start}")
    assert (answer.status, said in answer.diagnostics) == (status, True), answer.diagnostics
    assert stored(assessed, "2025-0001-c1")["status"] == "active"


def test_a_leger_is_not_renewed(assessed: Client) -> None:
    plan = sent(begin(assessed, 1, ASSESSED, "2025-04-12", track="leger"))
    refused(assessed.post(f"CarePlan/{plan.id}/$renew"), "never renewed")


def test_what_is_no_sequence_is_told(client: Client) -> None:
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"display": "someone"},
    }
    made = sent(client.post("CarePlan", plan))
    for operation in ("$sequence-status", "$explain-billing"):
        refused(client.get(f"CarePlan/{made.id}/{operation}"), "no sequence of care")
        assert client.get(f"CarePlan/none/{operation}").status == 404
    assert client.delete(f"CarePlan/{made.id}").status == 204
    assert client.get(f"CarePlan/{made.id}/$sequence-status").status == 410
