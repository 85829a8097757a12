"""The doctor gets one message for each step, without clinical content except the advice."""

from typing import Any

import pytest

from mappings.sesame import identifiers
from mappings.sesame.resources.communication import Message, communication
from mappings.sesame.resources.elements import present
from tests.interactions.client import Client
from tests.mappings.pathway.plans import lacking, sent, tell, update
from tests.mappings.pathway.referrals import CATEGORIES, code, move, only, refer, walk
from tests.mappings.validity import GUIDE, assert_valid

ADVICE = "Augmenter la posologie, revoir dans deux semaines."
IMPRESSION = {
    "meta": {"profile": [GUIDE.profile("sesame-clinicalimpression-case-review")]},
    "status": "completed",
    "summary": ADVICE,
}
UNTIL_REVIEW = ("01-referral", "02-received", "03-accepted", "04-initial-assessment")


def told(client: Client) -> dict[str | None, dict[str, Any]]:
    """The Communications by their categories; each is sound."""
    found = [entry["resource"] for entry in client.get("Communication").entries]
    for one in found:
        assert_valid(one)
    by_category = {code(one["category"][0], CATEGORIES): one for one in found}
    assert len(by_category) == len(found)
    return by_category


def review(client: Client, **changes: Any) -> dict[str, Any]:
    """A case review of the story's patient, on record, and the impression that ends it."""
    episode = only(client, "EpisodeOfCare")
    nurse, psychiatrist = (
        {"reference": f"PractitionerRole/{found['resource']['id']}"}
        for role in ("ide", "psychiatre")
        for found in client.get(f"PractitionerRole?role={role}").entries[:1]
    )
    visit = {
        "resourceType": "Encounter",
        "meta": {"profile": [GUIDE.profile("sesame-encounter-case-review")]},
        "identifier": [identifiers.visit(GUIDE, "2025-0001-revue-1")],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "type": [GUIDE.concept("sesame-encounter-type", "case-review")],
        "subject": episode["patient"],
        "episodeOfCare": [{"reference": f"EpisodeOfCare/{episode['id']}"}],
        "participant": [
            {"type": [GUIDE.concept("sesame-role", role)], "individual": individual}
            for role, individual in (("ide", nurse), ("psychiatre", psychiatrist))
        ],
        "period": {"start": "2025-03-10T13:00:00+01:00"},
    }
    visit = sent(client.post("Encounter", visit)).content
    return present(
        resourceType="ClinicalImpression",
        subject=episode["patient"],
        encounter={"reference": f"Encounter/{visit['id']}"},
        date="2025-03-10T13:10:00+01:00",
        assessor=psychiatrist,
        **IMPRESSION | changes,
    )


def test_the_acceptance_and_the_assessment_are_told(client: Client) -> None:
    sent(refer(client))
    walk(client, "received")
    assert told(client) == {}
    walk(client, "accepted:contact-attempted", "accepted:first-appointment-booked")
    assert set(told(client)) == {"referral-accepted"}
    walk(client, "in-progress:assessed-leger", "completed:assessed-leger")
    messages = told(client)
    assert set(messages) == {"referral-accepted", "assessment-report"}
    assert "SÉSAME léger" in messages["assessment-report"]["payload"][0]["contentString"]
    request = only(client, "ServiceRequest")
    for message in messages.values():
        assert message["recipient"] == [request["requester"]]
        assert message["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]


def test_a_rejection_is_told_by_the_task_alone(client: Client) -> None:
    sent(refer(client, Patient={"birthDate": "2010-01-01"}))
    assert told(client) == {}


def test_the_advice_of_a_review_is_told_once(client: Client) -> None:
    tell(client, *UNTIL_REVIEW)
    impression = sent(client.post("ClinicalImpression", review(client))).content
    message = told(client)["case-review-advice"]
    assert message["payload"] == [{"contentString": ADVICE}]
    assert message["sender"] == impression["assessor"]
    assert message["encounter"] == impression["encounter"]
    assert message["meta"]["profile"] == [GUIDE.profile("sesame-communication-advice")]
    url = f"ClinicalImpression/{impression['id']}"
    sent(client.put(url, impression | {"description": "Relu."}))
    assert len(told(client)) == 3


def test_what_is_corrected_is_corrected_in_the_message(client: Client) -> None:
    tell(client, *UNTIL_REVIEW)
    impression = sent(client.post("ClinicalImpression", review(client))).content
    url = f"ClinicalImpression/{impression['id']}"

    def said() -> tuple[str, str]:
        message = told(client)["case-review-advice"]
        return message["status"], message["payload"][0]["contentString"]

    sent(client.put(url, impression | {"summary": "Ne rien changer."}))
    assert said() == ("completed", "Ne rien changer.")
    sent(client.put(url, impression | {"status": "entered-in-error"}))
    assert said() == ("entered-in-error", "Ne rien changer.")
    sent(client.put(url, impression))
    assert said() == ("completed", ADVICE)
    message = told(client)["case-review-advice"]
    own = message | {"payload": [{"contentString": "Appelez-moi."}]}
    update(client, own)
    assert client.delete(url).status == 204
    assert said() == ("completed", "Appelez-moi.")


def test_another_track_is_told_in_place_of_the_first(client: Client) -> None:
    sent(refer(client))
    walk(client, "received", "accepted", "in-progress:assessed-leger", "in-progress:assessed-classique")
    assert "SÉSAME classique" in told(client)["assessment-report"]["payload"][0]["contentString"]
    walk(client, "in-progress", "completed:assessed-leger")
    assert "SÉSAME léger" in told(client)["assessment-report"]["payload"][0]["contentString"]


def test_a_review_that_names_no_episode_is_of_the_open_one(client: Client) -> None:
    tell(client, *UNTIL_REVIEW)
    impression = review(client)
    visit = client.get(impression["encounter"]["reference"]).content
    alone = lacking(visit, "meta", "episodeOfCare")
    update(client, alone)
    sent(client.post("ClinicalImpression", impression))
    assert told(client)["case-review-advice"]["payload"] == [{"contentString": ADVICE}]


@pytest.mark.parametrize("changes", [{"status": "in-progress"}, {"summary": ""}])
def test_a_review_without_advice_is_not_told(client: Client, changes: dict[str, str]) -> None:
    tell(client, *UNTIL_REVIEW)
    sent(client.post("ClinicalImpression", review(client, meta=None, **changes)))
    assert "case-review-advice" not in told(client)


def test_the_exit_is_told_with_the_end_of_the_episode(client: Client) -> None:
    tell(client, *UNTIL_REVIEW)
    episode = only(client, "EpisodeOfCare")
    reason = {
        "url": GUIDE.profile("exit-reason"),
        "valueCodeableConcept": GUIDE.concept("sesame-exit-reason", "moved"),
    }
    period = {"start": "2025-01-13", "end": "2025-07-12"}
    finished = episode | {
        "extension": [reason],
        "status": "finished",
        "statusHistory": [{"status": "active", "period": period}],
        "period": period,
    }
    update(client, finished)
    message = told(client)["exit-report"]
    assert message["sent"] == "2025-07-12"
    assert message["sender"] == episode["careManager"]
    assert "Déménagement" not in str(message)
    again = lacking(episode, "meta")
    update(client, again)
    assert told(client)["exit-report"]["status"] == "entered-in-error"
    later = finished | {"period": period | {"end": "2025-07-20"}}
    update(client, later)
    message = told(client)["exit-report"]
    assert (message["status"], message["sent"]) == ("completed", "2025-07-20")


def test_the_teams_own_report_stands(client: Client) -> None:
    tell(client)
    report = told(client)["exit-report"]
    assert report["identifier"][0]["value"] == "2025-0001-sortie"


def test_what_the_team_told_before_is_not_told_again(client: Client) -> None:
    sent(refer(client))
    request = only(client, "ServiceRequest")
    own = communication(
        GUIDE,
        identifier=identifiers.identifier("urn:own", "1"),
        category="referral-accepted",
        patient=request["subject"],
        referral={"reference": f"ServiceRequest/{request['id']}"},
        message=Message(
            text="Merci, nous recevons votre patient lundi.",
            sent="2025-01-07",
            sender=None,
            recipient=request["requester"],
        ),
    )
    sent(client.post("Communication", own))
    walk(client, "received", "accepted")
    assert told(client)["referral-accepted"]["identifier"][0]["value"] == "1"
    assert move(client, "accepted").status == 200
