"""Merged patients: once linked, the sequences and episodes of both records count as one person's."""

from typing import Any

import pytest

from tests.interactions.client import Answer, Client
from tests.mappings.pathway.plans import NUMBERS, begin, lacking, plan, sent, update
from tests.mappings.pathway.referrals import only
from tests.mappings.pathway.test_claims import refused, states

Resource = dict[str, Any]
BEFORE: dict[str, Any] = {"status": "finished", "period": {"start": "2024-06-01", "end": "2025-01-13"}}


@pytest.fixture
def begun(assessed: Client) -> Client:
    """The patient of the story in the first sequence."""
    sent(begin(assessed, 1, "2025-01-13", "2025-04-12"))
    return assessed


def again(client: Client, type: str, query: str = "", **changes: Any) -> Answer:
    """What is on record once, recorded once more under another number."""
    found = only(client, type, query)
    number = {"identifier": [found["identifier"][0] | {"value": "again"}]}
    made = lacking(found, "id", "meta") | number | changes
    return client.post(type, {name: value for name, value in made.items() if value is not None})


def links(id: str, type: str = "replaces") -> list[Resource]:
    return [{"other": {"reference": f"Patient/{id}"}, "type": type}]


def begin_again(client: Client, patient: Resource) -> Answer:
    """The first sequence in an episode of the duplicate, on days of the one that has begun."""
    visit = sent(again(client, "Encounter", "type=initial-assessment", subject=patient)).id
    episode = sent(again(client, "EpisodeOfCare", patient=patient, referralRequest=None, **BEFORE)).id
    made = plan(1, "2025-01-13", "2025-04-12", subject=patient)
    lead = {"valueReference": {"reference": f"EpisodeOfCare/{episode}"}}
    made["extension"] = [
        extension | lead if "valueReference" in extension else extension for extension in made["extension"]
    ]
    number = {"identifier": [{"system": NUMBERS, "value": "again"}]}
    return client.post("CarePlan", made | number | {"encounter": {"reference": f"Encounter/{visit}"}})


@pytest.mark.parametrize("named_by", ["the duplicate", "the other"])
def test_sequences_and_episodes_of_duplicates_count_together(begun: Client, named_by: str) -> None:
    first = only(begun, "Patient")
    second = sent(again(begun, "Patient", link=links(first["id"]) if named_by == "the duplicate" else None))
    if named_by == "the other":
        linked = first | {"link": links(second.id, "replaced-by")}
        update(begun, linked)
    patient = {"reference": f"Patient/{second.id}"}
    refused(again(begun, "EpisodeOfCare", patient=patient), "an open episode already")
    refused(begin_again(begun, patient), "overlaps CarePlan/")
    assert states(begun) == [("2025-0001-c1-0", "active")]


def test_who_links_them_is_told_of_sequences_that_overlap(begun: Client) -> None:
    first = only(begun, "Patient")
    second = sent(again(begun, "Patient"))
    sent(begin_again(begun, {"reference": f"Patient/{second.id}"}))
    linked = second.content | {"link": links(first["id"])}
    answer = begun.put(f"Patient/{second.id}", linked, returns="OperationOutcome")
    assert answer.status == 200
    assert "These patients are one person" in answer.diagnostics
    assert "Patient.link" in answer.expressions
    corrected = linked | {"birthDate": "1985-05-15"}
    again_told = begun.put(f"Patient/{second.id}", corrected, returns="OperationOutcome")
    assert "Patient.link" not in again_told.expressions


def test_a_coverage_that_moves_to_the_other_record_still_bills(begun: Client) -> None:
    second = sent(again(begun, "Patient", link=links(only(begun, "Patient")["id"])))
    moved = only(begun, "Coverage") | {"beneficiary": {"reference": f"Patient/{second.id}"}}
    update(begun, moved)
    assert states(begun) == [("2025-0001-c1-0", "active")]


def test_what_has_no_coverage_is_billed_to_that_of_the_other_record_while_they_are_one(begun: Client) -> None:
    cover, first = only(begun, "Coverage"), only(begun, "Patient")
    second = sent(again(begun, "Patient"))
    url, alone = f"Patient/{second.id}", second.content
    update(begun, cover | {"beneficiary": {"reference": url}})
    assert states(begun) == [("2025-0001-c1-0", "cancelled")]
    sent(begun.put(url, alone | {"link": links(first["id"])}))
    assert states(begun) == [("2025-0001-c1-0", "cancelled"), ("2025-0001-c1-1", "active")]
    sent(begun.put(url, alone))
    assert states(begun)[1] == ("2025-0001-c1-1", "cancelled")


@pytest.mark.parametrize("type", ["seealso", "refer"])
def test_a_record_of_its_own_is_not_counted_with_the_other(begun: Client, type: str) -> None:
    """https://hl7.org/fhir/R4/patient.html#linking"""
    first = only(begun, "Patient")
    second = sent(again(begun, "Patient", link=links(first["id"], type)))
    sent(begun.put(f"Patient/{first['id']}", first | {"link": links(second.id, type)}))
    sent(begin_again(begun, {"reference": f"Patient/{second.id}"}))


def test_of_the_coverages_of_both_records_that_of_the_sequences_own_is_billed(assessed: Client) -> None:
    first, cover = only(assessed, "Patient"), only(assessed, "Coverage")
    for id in ("0", "zz"):
        duplicate = {"resourceType": "Patient", "id": id, "link": links(first["id"])}
        sent(assessed.put(f"Patient/{id}", duplicate))
        other = {"beneficiary": {"reference": f"Patient/{id}"}}
        sent(assessed.post("Coverage", lacking(cover, "id", "meta", "identifier") | other))
    sent(begin(assessed, 1, "2025-01-13", "2025-04-12"))
    billed = only(assessed, "Claim")["insurance"][0]["coverage"]["reference"]
    assert billed == f"Coverage/{cover['id']}"
