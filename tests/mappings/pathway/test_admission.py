"""Admission: a sequence needs a complete referral that was not rejected."""

import pytest

from mappings.sesame.pathway.referral import FOLLOW_UP_ITEM
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.plans import UNTIL_ASSESSED, begin, change, lacking, sent, stored, tell, update
from tests.mappings.pathway.referrals import REASONS, Resource, code, move, only, refer, walk
from tests.mappings.pathway.test_referrals import FORM, WITHOUT_FOLLOW_UP, refused
from tests.mappings.story import steps

FOLLOWED = [{"url": WITHOUT_FOLLOW_UP, "valueBoolean": False}]


def taken_on(client: Client) -> Answer:
    """What a nurse's software does that does not look at the Task: an assessment, and a first sequence."""
    for name in ("03-accepted", "04-initial-assessment"):
        told = steps()[name]
        told["entry"] = [entry for entry in told["entry"] if entry["resource"]["resourceType"] != "Task"]
        sent(client.post("", told))
    return begin(client, 1, "2025-01-13", "2025-04-12")


def test_r7_no_sequence_begins_for_a_minor(client: Client) -> None:
    sent(refer(client, Patient={"birthDate": "2010-05-14"}))
    refused(taken_on(client), "under 18 on 2025-01-13", "CarePlan.subject")


def test_r7_no_sequence_begins_by_a_referral_that_was_rejected(client: Client) -> None:
    """Who came of age between the referral and the assessment is referred again."""
    sent(refer(client, Patient={"birthDate": "2007-01-10"}))
    refused(taken_on(client), "the patient is not taken on: rejected", "CarePlan.extension")


def test_r8_no_sequence_begins_for_whom_a_psychiatrist_follows(client: Client) -> None:
    sent(refer(client, ServiceRequest={"extension": FOLLOWED}))
    refused(taken_on(client), "the patient is not taken on: rejected", "CarePlan.extension")


def test_r8_the_question_is_answered_before_a_referral_is_accepted(client: Client) -> None:
    unanswered = {"ServiceRequest": {"extension": None, "supportingInfo": None, "meta": None}}
    sent(refer(client, "QuestionnaireResponse", **unanswered))
    walk(client, "received")
    refused(move(client, "accepted"), "Nobody has said whether a psychiatrist", "Task.status")
    request = only(client, "ServiceRequest") | {"extension": [FOLLOWED[0] | {"valueBoolean": True}]}
    update(client, request)
    sent(move(client, "accepted"))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"identifier": [{"system": "urn:a", "value": "1"}]}, "identifier (PLAC)"),
        ({"subject": {"display": "Camille"}}, "subject (Patient)"),
        ({"requester": None, "authoredOn": "2025-01"}, "requester, authoredOn"),
    ],
)
def test_a_referral_that_could_not_be_answered_is_refused(
    client: Client, changes: Resource, names: str
) -> None:
    """Whatever profile it claims: it is not to lie there unseen, without a Task."""
    answer = refer(client, "Task", ServiceRequest={"meta": None, **changes})
    refused(answer, f"is a referral, but lacks: {names}. ", "Bundle.entry[9].resource")


def test_who_is_referred_is_on_record(client: Client) -> None:
    answer = refer(client, "Task", ServiceRequest={"subject": {"reference": "Patient/nobody"}})
    refused(answer, "Patient/nobody is not on record", "Bundle.entry[9].resource.subject")


def test_r8_nobody_is_taken_on_by_the_referral_of_another(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    request = only(client, "ServiceRequest")
    kept = lacking(request, "id", "meta")
    other = sent(client.post("Patient", {"resourceType": "Patient"}))
    placer = [kept["identifier"][0] | {"value": "of-another"}]
    subject = {"reference": f"Patient/{other.id}"}
    second = sent(client.post("ServiceRequest", kept | {"identifier": placer, "subject": subject}))
    episode = only(client, "EpisodeOfCare")
    referral = {"referralRequest": [{"reference": f"ServiceRequest/{second.id}"}]}
    update(client, episode | referral)
    answer = begin(client, 1, "2025-01-13", "2025-04-12")
    refused(answer, "the referral of another patient", "CarePlan.extension")


def test_r7_a_birth_date_that_is_corrected_turns_away_who_still_waits(client: Client) -> None:
    sent(refer(client))
    patient = only(client, "Patient")
    url = f"Patient/{patient['id']}"
    sent(client.put(url, patient | {"birthDate": "2000-01-01"}))
    assert only(client, "Task", "code=referral")["status"] == "requested"
    sent(client.put(url, patient | {"birthDate": "2010-01-01"}))
    task = only(client, "Task", "code=referral")
    assert (task["status"], code(task["statusReason"], REASONS)) == ("rejected", "under-18")
    assert only(client, "ServiceRequest")["status"] == "revoked"


def test_r8_so_does_a_form_that_is_corrected(client: Client) -> None:
    sent(refer(client, ServiceRequest={"extension": None, "meta": None}))
    form = only(
        client,
        "QuestionnaireResponse",
        "questionnaire:below=https://sesame.example/fhir/Questionnaire/adressage",
    )
    for item in form["item"]:
        if item["linkId"] == "suivi-psychiatrique":
            item["answer"] = [{"valueBoolean": True}]
    update(client, form | {"status": "amended"})
    task = only(client, "Task", "code=referral")
    assert (task["status"], code(task["statusReason"], REASONS)) == ("rejected", "psychiatric-follow-up")


def test_r8_no_other_answer_of_the_form_tells_of_a_follow_up(client: Client) -> None:
    """In a version of the form that this server does not know, and cannot hold answers to."""
    sent(refer(client, ServiceRequest={"extension": None, "meta": None}))
    form = only(client, "QuestionnaireResponse", f"questionnaire:below={FORM['questionnaire']}")
    other = {"linkId": "deja-suivi", "answer": [{"valueBoolean": True}]}
    item = [*form["item"], other, {"linkId": FOLLOW_UP_ITEM, "answer": [{"valueString": "?"}]}]
    unknown = {"questionnaire": f"{form['questionnaire'].partition('|')[0]}|9.9", "item": item}
    kept = lacking(form, "meta")
    update(client, kept | unknown)
    assert only(client, "Task", "code=referral")["status"] == "requested"


@pytest.fixture
def begun(client: Client) -> Client:
    """The patient of the story in the first sequence."""
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, "2025-01-13", "2025-04-12"))
    return client


def test_r7_who_corrects_a_birth_date_is_told_of_what_has_begun(begun: Client) -> None:
    patient = only(begun, "Patient")
    url = f"Patient/{patient['id']}"
    adult = begun.put(url, patient | {"birthDate": "2007-01-06"}, returns="OperationOutcome")
    assert (adult.status, "Patient.birthDate" in adult.expressions) == (200, False)
    answer = begun.put(url, patient | {"birthDate": "2010-01-01"}, returns="OperationOutcome")
    sequence = stored(begun, "2025-0001-c1")
    assert answer.status == 200
    assert "Patient.birthDate" in answer.expressions
    assert f"first day of CarePlan/{sequence['id']}" in answer.diagnostics
    assert f"Task/{only(begun, 'Task', 'code=referral')['id']}, which was taken on" in answer.diagnostics


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"type": [{"text": "Contact"}], "meta": None},
        {"subject": {"display": "Somebody else"}, "meta": None},
        {"period": {"start": "2025-01-14T09:00:00+01:00", "end": "2025-01-14T10:00:00+01:00"}},
    ],
)
def test_r9_the_assessment_under_a_sequence_stays_one(begun: Client, changes: Resource) -> None:
    visit = only(begun, "Encounter", "type=initial-assessment")
    changed = {name: value for name, value in (visit | changes).items() if value is not None}
    refused(begun.put(f"Encounter/{visit['id']}", changed), "rests on this initial assessment", "Encounter")
    refused(begun.delete(f"Encounter/{visit['id']}"), "rests on this initial assessment", "Encounter")
    earlier = {"start": "2025-01-12T23:30:00+01:00", "end": "2025-01-12T23:50:00+01:00"}
    update(begun, visit | {"period": earlier})
    sent(change(begun, "2025-0001-c1", status="entered-in-error"))
    update(begun, changed)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"},
        {"status": "planned"},
        {"patient": {"display": "Somebody else"}},
        {"identifier": [{"system": "urn:other", "value": "1"}]},
    ],
)
def test_the_episode_of_a_sequence_stays_that_of_its_patient(begun: Client, changes: Resource) -> None:
    episode = only(begun, "EpisodeOfCare")
    answer = begun.put(f"EpisodeOfCare/{episode['id']}", episode | changes)
    refused(answer, "is a sequence of this EpisodeOfCare", "EpisodeOfCare")
    answer = begun.delete(f"EpisodeOfCare/{episode['id']}")
    refused(answer, "is a sequence of this EpisodeOfCare", "EpisodeOfCare")
    assert stored(begun, "2025-0001-c1")["status"] == "active"


def test_another_episode_of_the_patient_is_free(begun: Client) -> None:
    first = only(begun, "EpisodeOfCare")
    earlier = {"status": "finished", "period": {"start": "2024-01-08", "end": "2024-06-30"}}
    kept = lacking(first, "id", "meta", "referralRequest")
    number = [first["identifier"][0] | {"value": "earlier"}]
    made = sent(begun.post("EpisodeOfCare", kept | earlier | {"identifier": number})).content
    update(begun, made | {"status": "entered-in-error"})


def test_an_episode_does_not_end_before_its_sequences_begin(begun: Client) -> None:
    episode = only(begun, "EpisodeOfCare")
    over = episode | {"status": "finished", "period": {"start": "2025-01-01", "end": "2025-01-12"}}
    answer = begun.put(f"EpisodeOfCare/{episode['id']}", over)
    refused(answer, "ended on 2025-01-12, and the sequence begins on 2025-01-13", "EpisodeOfCare.period.end")


def test_a_referral_by_which_a_sequence_began_was_no_error(begun: Client) -> None:
    refused(move(begun, "entered-in-error"), "began by this referral", "Task.status")
    sent(change(begun, "2025-0001-c1", status="entered-in-error"))
    sent(move(begun, "entered-in-error"))


def test_r8_no_sequence_goes_on_by_the_referral_of_another(begun: Client) -> None:
    request = only(begun, "ServiceRequest")
    kept = lacking(request, "id", "meta", "supportingInfo")
    subject = {"reference": f"Patient/{sent(begun.post('Patient', {'resourceType': 'Patient'})).id}"}
    placer = [kept["identifier"][0] | {"value": "of-another"}]
    second = sent(begun.post("ServiceRequest", kept | {"identifier": placer, "subject": subject})).id
    episode = only(begun, "EpisodeOfCare")
    changed = episode | {"referralRequest": [{"reference": f"ServiceRequest/{second}"}]}
    answer = begun.put(f"EpisodeOfCare/{episode['id']}", changed)
    refused(answer, "the referral of another patient", "EpisodeOfCare.referralRequest")


def test_a_sequence_is_closed_although_its_team_has_gone(begun: Client) -> None:
    """Nor is it in the way that the episode was broken off."""
    episode = only(begun, "EpisodeOfCare")
    update(begun, episode | {"status": "cancelled"})
    team = only(begun, "CareTeam")
    update(begun, team | {"status": "inactive"})
    sent(change(begun, "2025-0001-c1", status="completed"))
    renewal = begin(begun, 2, "2025-04-13", "2025-07-12")
    assert renewal.status == 422
    assert "care team is incomplete" in renewal.diagnostics
    assert "active, on hold or finished" in renewal.diagnostics
