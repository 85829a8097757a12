"""When a claim is corrected or kept; claims that are not the programme's; acknowledgements."""

from copy import deepcopy
from typing import Any

import pytest

from tests.interactions.bundles import entry, transact
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import (
    ASSESSED,
    UNTIL_ASSESSED,
    begin,
    change,
    claims,
    lacking,
    plan,
    sent,
    stored,
    tell,
    update,
)
from tests.mappings.pathway.referrals import only
from tests.mappings.pathway.test_claims import acknowledge, refused, states

FIRST, SECOND = "2025-0001-c1", "2025-0001-c2"
Resource = dict[str, Any]


@pytest.fixture
def billed(assessed: Client) -> Client:
    """The patient of the story, after a first sequence."""
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="completed"))
    return assessed


def coverage_of(client: Client, number: str) -> str:
    (claim,) = [one for one in claims(client) if one["identifier"][0]["value"] == number]
    reference: str = claim["insurance"][0]["coverage"]["reference"]
    return reference


def insured_anew(client: Client, until: str = "2025-04-12") -> str:
    """Let the patient change insurers on 13 April 2025; the id of the new Coverage."""
    old = only(client, "Coverage")
    update(client, old | {"period": {"end": until}})
    new = lacking(old, "id", "meta")
    number = [old["identifier"][0] | {"value": "C-other"}]
    return sent(client.post("Coverage", new | {"identifier": number, "period": {"start": "2025-04-13"}})).id


def test_a_sequence_is_billed_to_the_coverage_of_its_first_day(billed: Client) -> None:
    old = only(billed, "Coverage")["id"]
    new = insured_anew(billed)
    sent(begin(billed, 2, "2025-04-13", "2025-07-12"))
    assert coverage_of(billed, f"{FIRST}-0") == f"Coverage/{old}"
    assert coverage_of(billed, f"{SECOND}-0") == f"Coverage/{new}"


def test_a_coverage_is_in_force_on_its_last_day(billed: Client) -> None:
    """https://hl7.org/fhir/R4/datatypes.html#Period: the end is included."""
    old = only(billed, "Coverage")["id"]
    insured_anew(billed, until="2025-04-13")
    sent(begin(billed, 2, "2025-04-13", "2025-07-12"))
    assert coverage_of(billed, f"{SECOND}-0") == f"Coverage/{old}"


def test_what_was_billed_stays_when_the_coverage_ends(billed: Client) -> None:
    old = only(billed, "Coverage")["id"]
    insured_anew(billed)
    ended = billed.get(f"Coverage/{old}").content | {"status": "cancelled"}
    sent(billed.put(f"Coverage/{old}", ended))
    assert states(billed) == [(f"{FIRST}-0", "active")]
    sent(billed.put(f"Coverage/{old}", ended | {"status": "entered-in-error"}))
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_corrected_coverage_corrects_its_claims(billed: Client) -> None:
    found = only(billed, "Coverage")
    update(billed, found | {"subscriberId": "285057864699999"})
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_sequence_that_is_corrected_on_hold_is_billed_anew(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, ASSESSED, "2025-04-12"))
    sent(change(client, FIRST, status="on-hold"))
    sent(change(client, FIRST, period={"start": ASSESSED, "end": "2025-04-11"}))
    assert states(client) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_coverage_in_error_bills_nothing_until_it_is_one_again(billed: Client) -> None:
    found = only(billed, "Coverage")
    update(billed, found | {"status": "entered-in-error"})
    assert states(billed) == [(f"{FIRST}-0", "cancelled")]
    update(billed, found)
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_coverage_without_the_number_of_the_insured_bills_nothing(assessed: Client) -> None:
    found = only(assessed, "Coverage")
    sent(assessed.put(f"Coverage/{found['id']}", lacking(found, "subscriberId", "meta")))
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    assert states(assessed) == []


def test_a_coverage_that_is_somebody_elses_bills_nothing(billed: Client) -> None:
    found = only(billed, "Coverage")
    other = {"reference": f"Patient/{sent(billed.post('Patient', {'resourceType': 'Patient'})).id}"}
    update(billed, found | {"beneficiary": other})
    assert states(billed) == [(f"{FIRST}-0", "cancelled")]
    update(billed, found)
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_what_was_billed_stays_while_the_referral_is_missing(billed: Client) -> None:
    episode = only(billed, "EpisodeOfCare")
    update(billed, lacking(episode, "meta", "referralRequest"))
    sent(change(billed, FIRST, status="revoked"))
    assert states(billed) == [(f"{FIRST}-0", "active")]


def test_a_claim_names_another_request_by_the_number_that_it_has(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    episode = only(client, "EpisodeOfCare")
    letter = {"resourceType": "ServiceRequest", "status": "active", "intent": "order"}
    number = {"identifier": [{"system": "urn:letter", "value": "7"}], "subject": episode["patient"]}
    made = sent(client.post("ServiceRequest", letter | number)).id
    referral = {"referralRequest": [{"reference": f"ServiceRequest/{made}"}]}
    update(client, episode | referral)
    sent(begin(client, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(client)
    assert claim["referral"]["identifier"] == number["identifier"][0]


def site_of(claim: Resource) -> str:
    *_, site = claim["supportingInfo"]
    value: str = site["valueReference"]["identifier"]["value"]
    return value


def test_a_nurse_who_moves_cancels_no_claim(billed: Client) -> None:
    elsewhere = only(billed, "PractitionerRole", "identifier=99900000037-990000028-psychiatre")["id"]
    episode = only(billed, "EpisodeOfCare")
    moved = episode | {"careManager": {"reference": f"PractitionerRole/{elsewhere}"}}
    update(billed, moved)
    sent(change(billed, FIRST, status="revoked"))
    assert states(billed) == [(f"{FIRST}-0", "active")]
    told = billed.get(f"CarePlan/{stored(billed, FIRST)['id']}/$explain-billing").content["parameter"]
    assert [one["name"] for one in told] == ["billed", "billable", "reason", "claim"]
    sent(begin(billed, 2, "2025-04-13", "2025-07-12"))
    first, second = claims(billed)
    assert site_of(first) != site_of(second)


def test_what_is_only_written_otherwise_cancels_no_claim(billed: Client) -> None:
    """Names and other numbers beside those that claims bear."""
    referral = only(billed, "ServiceRequest")
    first, *others = referral["identifier"]
    numbers = [{"system": "urn:other", "value": "1"}, first | {"use": "official"}, *others]
    update(billed, referral | {"identifier": numbers})
    cover = only(billed, "Coverage")
    payor = [cover["payor"][0] | {"display": "CPAM"}]
    update(billed, cover | {"payor": payor})
    episode = only(billed, "EpisodeOfCare")
    carrier = episode["managingOrganization"] | {"display": "Quartet Santé"}
    update(billed, episode | {"managingOrganization": carrier})
    assert states(billed) == [(f"{FIRST}-0", "active")]
    other = {"managingOrganization": cover["payor"][0]}
    update(billed, episode | other)
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_sequence_that_was_no_error_is_billed_again(billed: Client) -> None:
    sent(change(billed, FIRST, status="entered-in-error"))
    sent(change(billed, FIRST, status="completed"))
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]
    assert claims(billed)[1]["related"][0]["claim"]["reference"] == f"Claim/{claims(billed)[0]['id']}"


def test_at_the_end_a_sequence_that_was_no_error_is_billed_when_it_is_over_again(pathway: Pathway) -> None:
    client = pathway(claim_at="end")
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, ASSESSED, "2025-04-12", status="completed"))
    for status in ("entered-in-error", "active"):
        sent(change(client, FIRST, status=status))
        assert states(client) == [(f"{FIRST}-0", "cancelled")]
    sent(change(client, FIRST, status="completed"))
    assert states(client) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]
    (taken_back, _) = claims(client)
    assert [one["code"] for one in taken_back["meta"]["tag"]] == ["withdrawn"]
    refused(
        client.put(f"Claim/{taken_back['id']}", lacking(taken_back, "meta")),
        "Of a claim only the status changes",
    )


def test_what_billing_has_cancelled_stays_so_until_it_is_corrected(billed: Client) -> None:
    (claim,) = claims(billed)
    update(billed, claim | {"status": "cancelled"})
    for status in ("entered-in-error", "revoked"):
        sent(change(billed, FIRST, status=status))
    cover = only(billed, "Coverage")
    for status in ("entered-in-error", "active"):
        update(billed, cover | {"status": status})
    assert states(billed) == [(f"{FIRST}-0", "cancelled")]
    sent(change(billed, FIRST, period={"start": ASSESSED, "end": "2025-04-11"}))
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_in_one_commit_a_renewal_is_billed_after_what_it_renews(assessed: Client) -> None:
    urns = [f"urn:uuid:00000000-0000-4000-8000-00000000000{rank}" for rank in (1, 2, 3)]
    plans = [
        plan(1, ASSESSED, "2025-04-12", status="completed"),
        plan(2, "2025-04-13", "2025-07-12", status="completed", replaces=[{"reference": urns[0]}]),
        plan(3, "2025-07-13", "2025-10-12", replaces=[{"reference": urns[1]}]),
    ]
    entries = [
        entry("POST", "CarePlan", one, urn) for urn, one in reversed(list(zip(urns, plans, strict=True)))
    ]
    sent(transact(assessed, *entries))
    first, second, third = claims(assessed)
    assert "related" not in first
    for before, claim in ((first, second), (second, third)):
        assert [one["claim"]["reference"] for one in claim["related"]] == [f"Claim/{before['id']}"]
        assert claim["meta"]["versionId"] == "1"


def test_what_makes_a_sequence_billable_in_one_commit_bills_it_once(assessed: Client) -> None:
    found = only(assessed, "Coverage")
    cover = f"Coverage/{found['id']}"
    begun = entry("POST", "CarePlan", plan(1, ASSESSED, "2025-04-12"))
    sent(transact(assessed, entry("PUT", cover, found | {"order": 1}), begun))
    sent(change(assessed, FIRST, status="entered-in-error"))
    resumed = stored(assessed, FIRST) | {"status": "active"}
    again = entry("PUT", f"CarePlan/{resumed['id']}", resumed)
    sent(transact(assessed, entry("PUT", cover, found | {"order": 2}), again))
    assert states(assessed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


def test_a_sequence_recorded_anew_under_its_number_is_billed(billed: Client) -> None:
    sent(change(billed, FIRST, status="entered-in-error"))
    sent(begin(billed, 1, ASSESSED, "2025-04-12", status="completed"))
    assert states(billed) == [(f"{FIRST}-0", "cancelled"), (f"{FIRST}-1", "active")]


@pytest.mark.parametrize("status", ["draft", "entered-in-error"])
def test_another_plan_of_the_same_number_cancels_no_claim(billed: Client, status: str) -> None:
    other = sent(begin(billed, 1, "2025-02-01", "2025-04-12", status=status))
    assert states(billed) == [(f"{FIRST}-0", "active")]
    sent(billed.put(f"CarePlan/{other.id}", other.content | {"status": "unknown"}))
    assert states(billed) == [(f"{FIRST}-0", "active")]


@pytest.mark.parametrize("amount", [608, 608.0])
def test_software_that_writes_amounts_in_its_own_way_may_cancel(billed: Client, amount: float) -> None:
    (claim,) = deepcopy(claims(billed))
    claim["status"] = "cancelled"
    for money in (claim["total"], claim["item"][0]["net"], claim["item"][0]["unitPrice"]):
        money["value"] = amount
    update(billed, claim)
    assert states(billed) == [(f"{FIRST}-0", "cancelled")]


def posted(client: Client, *without: str, **changes: Any) -> Answer:
    """A client's own Claim, like the server's but for what it leaves out."""
    made = lacking(claims(client)[0], "id", *without)
    return client.post("Claim", made | changes)


def test_a_claim_by_any_mark_of_the_programme_is_the_servers_to_write(billed: Client) -> None:
    number = {"identifier": [claims(billed)[0]["identifier"][0] | {"value": "mine"}]}
    own_line = deepcopy(claims(billed)[0]["item"])
    own_line[0]["productOrService"] = {"text": "Forfait"}
    writes = "writes claims itself"
    refused(posted(billed, "meta", "identifier"), writes)
    refused(posted(billed, "meta", "subType", "identifier", "supportingInfo"), writes)
    refused(posted(billed, "meta", "subType", "supportingInfo", item=own_line, **number), writes)
    assert len(claims(billed)) == 1


def test_an_acknowledgement_is_kept(billed: Client) -> None:
    (claim,) = claims(billed)
    task = sent(acknowledge(billed, claim["id"], "paid")).content
    url = f"Task/{task['id']}"
    refused(billed.delete(url), "neither deleted nor made into another")
    refused(
        billed.put(url, lacking(task, "meta") | {"code": {"text": "Other"}}), "neither deleted nor made into"
    )
    refused(billed.put(url, lacking(task, "meta", "businessStatus")), "says what became of the claim")
    sent(begin(billed, 2, "2025-04-13", "2025-07-12"))
    other = {"reference": f"Claim/{claims(billed)[1]['id']}"}
    refused(billed.put(url, task | {"focus": other}), f"acknowledges Claim/{claim['id']}")
    assert stored(billed, SECOND)["status"] == "active"
