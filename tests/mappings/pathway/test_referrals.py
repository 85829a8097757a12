"""A referral is stored, answered, and changes its state only by its Task."""

from typing import Any

import pytest

from mappings.sesame.cohort.team import make_team, team_bundle
from mappings.sesame.pathway.referral import STATUS_RULES, is_minor, is_surely_adult
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import iso, lacking, sent, tell, update
from tests.mappings.pathway.referrals import REASONS, bundle, code, move, only, refer, walk
from tests.mappings.story import resources
from tests.mappings.validity import GUIDE, assert_valid

WITHOUT_FOLLOW_UP = GUIDE.profile("sans-suivi-psychiatrique")
REASON: dict[str, Any] = {"statusReason": GUIDE.concept("sesame-reject-reason", "unreachable")}
(FORM, *_) = resources("QuestionnaireResponse")


def refused(answer: Answer, said: str, place: str) -> None:
    assert answer.status == 422, answer.content
    assert said in answer.diagnostics
    assert place in answer.expressions[0]
    assert answer.content["issue"][0]["code"] == "business-rule"


def state(client: Client) -> tuple[str, str | None, str]:
    """The Task's status and reason, and the status of the ServiceRequest."""
    task, request = only(client, "Task", "code=referral"), only(client, "ServiceRequest")
    assert_valid(task)
    assert_valid(request)
    return task["status"], code(task.get("statusReason"), REASONS), request["status"]


def test_a_referral_is_numbered_by_the_server_and_awaits_the_team(client: Client) -> None:
    sent(refer(client))
    assert state(client) == ("requested", None, "active")
    filler = only(client, "ServiceRequest")["identifier"][1]
    assert filler["type"]["coding"][0]["code"] == "FILL"
    assert filler["system"] == GUIDE.naming_system("referral")


def test_the_number_goes_with_the_doctors_own(client: Client) -> None:
    sent(refer(client))
    first = only(client, "ServiceRequest")["identifier"][1]["value"]
    request = {"identifier": [{**_placer(), "value": "A-2"}]}
    sent(client.post("", bundle("Task", ServiceRequest=request)))
    numbers = {e["resource"]["identifier"][1]["value"] for e in client.get("ServiceRequest").entries}
    assert len(numbers) == 2
    assert first in numbers


def test_one_placer_identifier_is_one_referral(client: Client) -> None:
    sent(refer(client))
    answers = sent(client.post("", bundle())).entries
    assert {entry["response"]["status"] for entry in answers} == {"200 OK"}
    again = only(client, "ServiceRequest")
    copy = lacking(again, "id", "meta")
    refused(client.post("ServiceRequest", copy), f"ServiceRequest/{again['id']}", "identifier")


def test_a_bundle_is_held_to_the_profile_of_referrals_that_it_claims(client: Client) -> None:
    claimed = bundle() | {"meta": {"profile": [GUIDE.profile("sesame-bundle-referral")]}}
    sent(client.post("", team_bundle(GUIDE, make_team(GUIDE))))
    sent(client.post("", claimed))
    assert {e["response"]["status"] for e in sent(client.post("", claimed)).entries} == {"200 OK"}
    del claimed["entry"][-1]["request"]["ifNoneExist"]
    answer = client.post("", claimed)
    assert answer.status == 422
    assert "ses-bundle-1" in str(answer.content)


def test_a_bundle_that_claims_its_profile_is_refused_for_all_that_its_entries_are_refused_for_alone(
    client: Client,
) -> None:
    sent(client.post("", team_bundle(GUIDE, make_team(GUIDE))))
    whole = bundle()
    spoilt = [
        (place, name)
        for place, entry in enumerate(whole["entry"])
        for name in entry["resource"]
        if name not in ("resourceType", "meta")
    ]
    refusals = 0
    for place, name in spoilt:
        entries = [entry | {"resource": dict(entry["resource"])} for entry in whole["entry"]]
        del entries[place]["resource"][name]
        alone = client.post("", whole | {"entry": entries})
        if alone.status == 200:
            continue
        refusals += 1
        claimed = {"meta": {"profile": [GUIDE.profile("sesame-bundle-referral")]}}
        answer = client.post("", whole | {"entry": entries} | claimed)
        assert answer.status == alone.status, (place, name)
        assert _errors(alone) <= _errors(answer), (place, name)
    assert refusals > len(whole["entry"])


def _errors(answer: Answer) -> set[str]:
    return {
        place
        for issue in answer.content["issue"]
        if issue["severity"] == "error"
        for place in issue["expression"]
    }


def test_the_server_makes_the_task_that_the_doctor_did_not_send(client: Client) -> None:
    sent(refer(client, "Task"))
    assert state(client) == ("requested", None, "active")
    task = only(client, "Task")
    assert task["requester"] == only(client, "ServiceRequest")["requester"]
    assert task["meta"]["tag"]
    twin = lacking(task, "id", "meta", "identifier")
    refused(client.post("Task", twin), f"Task/{task['id']}", "Task.focus")


def test_r7_a_minor_is_recorded_and_rejected_with_the_reason(client: Client) -> None:
    sent(refer(client, Patient={"birthDate": "2007-01-07"}))
    assert state(client) == ("rejected", "under-18", "revoked")
    statuses = [e["resource"]["status"] for e in client.get("Task/$changes").entries]
    assert statuses == ["requested", "rejected"]


def test_r7_whoever_turns_18_on_the_day_is_an_adult(client: Client) -> None:
    sent(refer(client, Patient={"birthDate": "2007-01-06"}))
    assert state(client) == ("requested", None, "active")


@pytest.mark.parametrize(
    ("authored", "status"),
    [
        ("2025-05-13T23:59:59+02:00", "rejected"),
        ("2025-05-13T21:59:59Z", "rejected"),
        ("2025-05-13T22:00:00Z", "requested"),
        ("2025-05-14T05:00:00.000+10:00", "rejected"),
    ],
)
def test_r7_the_day_of_a_referral_is_that_of_paris(client: Client, authored: str, status: str) -> None:
    """Software that writes its times in another zone, as UTC, does not change how old a patient is."""
    changed = {"Patient": {"birthDate": "2007-05-14"}, "ServiceRequest": {"authoredOn": authored}}
    sent(refer(client, **changed))
    assert only(client, "Task", "code=referral")["status"] == status


def test_r7_the_age_is_a_switch(pathway: Pathway) -> None:
    client = pathway(adult_age=16)
    sent(refer(client, Patient={"birthDate": "2008-06-01"}))
    assert state(client)[0] == "requested"


@pytest.mark.parametrize("born", [None, "2007"])
def test_r7_an_age_that_is_not_known_turns_nobody_away(client: Client, born: str | None) -> None:
    sent(refer(client, "ServiceRequest", "Task", Patient={"birthDate": born, "meta": None}))
    patient = only(client, "Patient")
    request = _alone(patient["id"])
    answer = client.post("ServiceRequest", request, returns="OperationOutcome")
    assert answer.status == 201, answer.content
    assert "cannot be told from Patient.birthDate" in answer.diagnostics
    assert state(client)[0] == "requested"


def test_r7_the_task_that_the_server_makes_is_rejected_too(client: Client) -> None:
    sent(refer(client, "Task", Patient={"birthDate": "2010-01-01"}))
    assert state(client) == ("rejected", "under-18", "revoked")


def test_r7_a_minor_known_as_such_later_is_not_accepted(client: Client) -> None:
    sent(refer(client, Patient={"birthDate": None, "meta": None}))
    walk(client, "received")
    patient = only(client, "Patient")
    update(client, patient | {"birthDate": "2009-05-05"})
    refused(move(client, "accepted"), "under-18", "Task.status")


def test_r8_psychiatric_follow_up_is_recorded_and_rejected_with_the_reason(client: Client) -> None:
    followed = [{"url": WITHOUT_FOLLOW_UP, "valueBoolean": False}]
    sent(refer(client, ServiceRequest={"extension": followed}))
    assert state(client) == ("rejected", "psychiatric-follow-up", "revoked")


def test_r8_the_answer_of_the_form_counts_too(client: Client) -> None:
    made = bundle()
    for entry in made["entry"]:
        if entry["resource"].get("identifier") == FORM["identifier"]:
            entry["resource"]["item"][0]["answer"] = [{"valueBoolean": True}]
    tell(client, "nothing")
    sent(client.post("", made))
    assert state(client) == ("rejected", "psychiatric-follow-up", "revoked")


def test_the_status_of_the_request_follows_the_task(client: Client) -> None:
    sent(refer(client))
    walk(client, "received:contact-attempted", "accepted:first-appointment-booked")
    assert state(client) == ("accepted", None, "active")
    walk(client, "in-progress:assessed-leger", "completed:assessed-leger")
    assert state(client) == ("completed", None, "completed")


@pytest.mark.parametrize(
    ("way", "to", "allowed"),
    [
        ((), "accepted", "received, rejected, cancelled, entered-in-error"),
        ((), "completed", "received, rejected, cancelled, entered-in-error"),
        (("received", "accepted"), "requested", "in-progress, cancelled, entered-in-error"),
        (("received", "accepted"), "rejected", "in-progress, cancelled, entered-in-error"),
        (("received", "cancelled"), "received", "entered-in-error"),
        (("entered-in-error",), "received", "none"),
    ],
)
def test_an_illegal_move_names_those_allowed(
    client: Client, way: tuple[str, ...], to: str, allowed: str
) -> None:
    sent(refer(client))
    walk(client, *way)
    before = state(client)
    refused(move(client, to, **(REASON if to == "rejected" else {})), f"Allowed moves: {allowed}.", "status")
    assert state(client) == before


@pytest.mark.parametrize(
    "status", sorted(STATUS_RULES.keys() - {"requested", "received", "entered-in-error"})
)
def test_a_referral_does_not_begin_otherwise(client: Client, status: str) -> None:
    answer = refer(client, Task={"status": status, **REASON})
    refused(answer, "Begin with one of: requested, received.", "status")
    assert client.get("ServiceRequest").entries == []


def test_a_rejection_says_why(client: Client) -> None:
    sent(refer(client, Task={"meta": None}))
    refused(move(client, "rejected"), "sesame-reject-reason", "Task.statusReason")
    sent(move(client, "rejected", **REASON))
    assert state(client) == ("rejected", "unreachable", "revoked")


@pytest.mark.parametrize(
    ("status", "business"),
    [("received", "assessed-leger"), ("received", "not-eligible"), ("received", "first-appointment-booked")],
)
def test_a_business_status_fits_the_status(client: Client, status: str, business: str) -> None:
    sent(refer(client))
    refused(move(client, status, business), "Allowed with it: contact-attempted.", "Task.businessStatus")


def test_the_request_alone_does_not_change_its_status(client: Client) -> None:
    sent(refer(client))
    request = only(client, "ServiceRequest") | {"status": "completed"}
    refused(client.put(f"ServiceRequest/{request['id']}", request), "Change the Task", "status")


def test_who_is_referred_stays_on_record_but_for_an_error(client: Client) -> None:
    sent(refer(client))
    patient = f"Patient/{only(client, 'Patient')['id']}"
    refused = client.delete(patient)
    assert (refused.status, "refers this patient" in refused.diagnostics) == (422, True)
    sent(move(client, "entered-in-error"))
    assert client.delete(patient).status == 204


def test_what_a_referral_is_about_does_not_change(client: Client) -> None:
    sent(refer(client))
    task, request = only(client, "Task"), only(client, "ServiceRequest")
    url = f"ServiceRequest/{request['id']}"
    placer = [{**_placer(), "value": "A-3"}]
    refused(client.put(url, request | {"identifier": placer}), "does not change", "identifier")
    filler = [request["identifier"][0], request["identifier"][1] | {"value": "1"}]
    refused(client.put(url, request | {"identifier": filler}), "leave it out", "identifier")
    refused(client.delete(f"Task/{task['id']}"), "never deleted", "Task")
    refused(client.delete(url), "neither deleted", "ServiceRequest")
    other = sent(client.post("Patient", {"resourceType": "Patient", "birthDate": "1980-01-01"})).id
    subject = {"reference": f"Patient/{other}"}
    refused(client.put(url, request | {"subject": subject}), "does not change", "ServiceRequest.subject")
    refused(client.put(f"Task/{task['id']}", task | {"for": subject}), "another patient", "Task.for")


@pytest.mark.parametrize(
    ("born", "minor", "adult"),
    [
        ("2007-01-06", False, True),
        ("2007-01-07", True, False),
        ("2007-01", False, False),
        ("2007-02", True, False),
        ("2006-12", False, True),
        ("2007", False, False),
        ("2008", True, False),
        ("2006", False, True),
        (None, False, False),
        ("nonsense", False, False),
    ],
)
def test_ages_of_birth_dates_that_are_not_known_to_the_day(
    born: str | None, minor: bool, adult: bool
) -> None:
    on = iso("2025-01-06")
    assert (is_minor(born, on, 18), is_surely_adult(born, on, 18)) == (minor, adult)


def _placer() -> dict[str, Any]:
    (request, *_) = resources("ServiceRequest")
    placer: dict[str, Any] = request["identifier"][0]
    return placer


def _alone(patient: str) -> dict[str, Any]:
    """The referral as a single resource."""
    (request, *_) = resources("ServiceRequest")
    role = "99900000011-990000010-medecin-generaliste"
    system = GUIDE.naming_system("practitioner-role")
    made = request | {
        "subject": {"reference": f"Patient/{patient}"},
        "requester": {"reference": f"PractitionerRole?identifier={system}|{role}"},
        "supportingInfo": [{"reference": f"Patient/{patient}"}],
    }
    return lacking(made, "insurance")
