"""Passations are complete or refused; their scores, alerts and outcomes are written with them."""

from collections.abc import Callable
from typing import Any

import pytest

from mappings.sesame import identifiers
from mappings.sesame.resources.elements import concept
from mappings.sesame.resources.observation import CATEGORY
from mappings.sesame.resources.questionnaire_response import scale_response
from mappings.sesame.scales import read_scale
from tests.interactions.bundles import entry, transact
from tests.interactions.client import Answer, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.list_responses import lines, role_of
from tests.mappings.pathway.plans import UNTIL_ASSESSED, lacking, sent, tell, update
from tests.mappings.pathway.referrals import code, only
from tests.mappings.validity import GUIDE, assert_valid

SCALES = {id: read_scale(GUIDE, id) for id in ("phq-9", "gad-7", "phq-2")}
PHQ9 = SCALES["phq-9"]
OUTCOMES = GUIDE.canonical("CodeSystem", "sesame-outcome")
OBSERVED = GUIDE.canonical("CodeSystem", "sesame-observation-code")
BANDS = GUIDE.canonical("CodeSystem", "sesame-phq9-severity")
Resource = dict[str, Any]


def response(
    client: Client, answers: list[int], on: str = "2025-04-01", scale: str = "phq-9", **changes: Any
) -> Resource:
    """A passation of the story's patient."""
    made = scale_response(
        GUIDE,
        identifier=identifiers.identifier("urn:passation", f"{scale}-{on}"),
        scale=SCALES[scale],
        answers=answers,
        patient={"reference": f"Patient/{only(client, 'Patient')['id']}"},
        authored=f"{on}T10:00:00+02:00",
    )
    return {name: value for name, value in (made | changes).items() if value is not None}


def take(client: Client, answers: list[int], on: str = "2025-04-01", **changes: Any) -> Answer:
    return client.post("QuestionnaireResponse", response(client, answers, on, **changes))


def spread(total: int, item_9: int = 0) -> list[int]:
    """Answers to the PHQ-9 that come to a total."""
    rest = total - item_9
    return [min(3, max(0, rest - 3 * place)) for place in range(8)] + [item_9]


def found(client: Client, type: str, query: str) -> list[Resource]:
    entries = client.get(f"{type}?{query}&_count=100").entries
    resources = [entry["resource"] for entry in entries]
    for one in resources:
        assert_valid(one)
    return resources


def score_on(client: Client, on: str = "2025-04-01", total: str = PHQ9.total) -> Resource:
    (score,) = found(client, "Observation", f"code=http://loinc.org|{total}&date={on}")
    return score


def outcomes(client: Client, on: str) -> dict[str, str | None]:
    observed = found(client, "Observation", f"code={OBSERVED}|&date={on}")
    return {
        str(code(one["code"], OBSERVED)): code(one.get("valueCodeableConcept"), OUTCOMES)
        for one in observed
        if one["status"] != "entered-in-error"
    }


@pytest.mark.parametrize(
    ("scale", "answers", "score", "band"),
    [
        ("phq-9", spread(17), 17, "moderately-severe"),
        ("phq-9", [0] * 9, 0, "minimal"),
        ("phq-9", [3] * 9, 27, "severe"),
        ("gad-7", [1] * 7, 7, "mild"),
        ("phq-2", [3, 3], 6, None),
    ],
)
def test_the_score_is_written_with_the_passation(
    client: Client, scale: str, answers: list[int], score: int, band: str | None
) -> None:
    tell(client, "01-referral")
    taken = sent(take(client, answers, scale=scale)).content
    written = score_on(client, total=SCALES[scale].total)
    assert written["valueInteger"] == score
    assert written["derivedFrom"] == [{"reference": f"QuestionnaireResponse/{taken['id']}"}]
    assert written["meta"]["profile"] == [GUIDE.profile("sesame-observation-score")]
    system = BANDS if scale == "phq-9" else GUIDE.canonical("CodeSystem", "sesame-gad7-severity")
    assert code((written.get("interpretation") or [{}])[0], system) == band


@pytest.mark.parametrize("status", ["completed", "amended"])
@pytest.mark.parametrize("version", ["", "|9.9"])
def test_an_incomplete_passation_is_refused(client: Client, status: str, version: str) -> None:
    tell(client, "01-referral")
    made = response(client, [1] * 9, meta=None, status=status)
    made["questionnaire"] += version
    made["item"] = made["item"][:8]
    answer = client.post("QuestionnaireResponse", made)
    assert answer.status == 422
    assert "44260-8" in answer.diagnostics
    sent(client.post("QuestionnaireResponse", made | {"status": "in-progress"}))
    assert found(client, "Observation", f"code=http://loinc.org|{PHQ9.total}") == []


@pytest.mark.parametrize("version", ["", "|9.9"])
def test_a_wrong_total_is_refused_and_none_is_needed(client: Client, version: str) -> None:
    tell(client, "01-referral")
    made = response(client, [1] * 9, meta=None)
    made["questionnaire"] += version
    made["item"][-1]["answer"][0]["valueInteger"] = 10
    answer = client.post("QuestionnaireResponse", made)
    assert answer.status == 422
    assert "not 10" in answer.diagnostics
    made["item"].pop()
    sent(client.post("QuestionnaireResponse", made))
    assert score_on(client)["valueInteger"] == 9


@pytest.mark.parametrize("lacking", ["subject", "authored"])
def test_whose_and_when_a_passation_is_must_be_said(client: Client, lacking: str) -> None:
    tell(client, "01-referral")
    absent: dict[str, Any] = {"meta": None, lacking: None}
    answer = take(client, [1] * 9, **absent)
    assert answer.status == 422
    assert answer.expressions == [f"QuestionnaireResponse.{lacking}"]


def test_item_9_raises_the_alert_whatever_the_total(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    taken = sent(take(client, spread(1, item_9=1))).content
    (flag,) = found(client, "Flag", "")
    (task,) = found(client, "Task", "code=suicide-alert")
    assert flag["status"] == "active"
    assert (task["status"], task["priority"]) == ("requested", "urgent")
    assert task["focus"] == {"reference": f"Flag/{flag['id']}"}
    assert task["owner"] == only(client, "EpisodeOfCare")["careManager"]
    assert task["restriction"]["period"]["end"] == "2025-04-02"
    assert task["reasonReference"] == {"reference": f"QuestionnaireResponse/{taken['id']}"}


def test_a_high_total_alone_raises_no_alert(client: Client) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(24)))
    assert found(client, "Flag", "") == []


def test_an_unfinished_passation_raises_the_alert_too(pathway: Pathway) -> None:
    client = pathway(alert_days=3)
    tell(client, "01-referral")
    made = response(client, spread(3, item_9=3), status="in-progress")
    made["item"] = made["item"][8:9]
    sent(client.post("QuestionnaireResponse", made))
    (task,) = found(client, "Task", "code=suicide-alert")
    assert task["restriction"]["period"]["end"] == "2025-04-04"
    assert task["owner"] == only(client, "ServiceRequest")["requester"]


def test_answers_that_are_not_dated_yet_raise_the_alert_on_the_day_that_they_come(client: Client) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(3, item_9=1), status="in-progress", authored=None, meta=None))
    (flag,) = found(client, "Flag", "")
    (task,) = found(client, "Task", "code=suicide-alert")
    moment = flag["period"]["start"]
    assert (
        moment
        == task["authoredOn"]
        == only(client, "QuestionnaireResponse", "status=in-progress")["meta"]["lastUpdated"]
    )
    assert task["restriction"]["period"]["end"] > moment[:10]


def test_answers_about_nobody_on_record_raise_no_alert(client: Client) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(3, item_9=1), status="in-progress", subject=None, meta=None))
    assert found(client, "Flag", "") == []


def test_an_answer_that_the_scale_has_not_is_none(client: Client) -> None:
    """In a version of the questionnaire that this server does not know, and cannot hold answers to."""
    tell(client, "01-referral")
    made = response(client, spread(3), questionnaire=f"{PHQ9.questionnaire}|9.9", meta=None)
    made["item"][0]["answer"] = [{"valueCoding": {"code": "often"}}]
    answer = client.post("QuestionnaireResponse", made)
    assert (answer.status, PHQ9.questions[0] in answer.diagnostics) == (422, True)


def test_whoever_gave_the_scale_at_the_visit_is_called_before_the_doctor(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    episode, visit = only(client, "EpisodeOfCare"), only(client, "Encounter")
    over = {"status": "finished", "period": {"start": "2025-01-13", "end": "2025-03-31"}}
    update(client, episode | over)
    nurse = {"individual": episode["careManager"]}
    met = {"participant": [{"individual": {"display": "Une proche"}}, nurse], "meta": None}
    changed = {name: value for name, value in (visit | met).items() if value is not None}
    update(client, changed)
    encounter = {"reference": f"Encounter/{visit['id']}"}
    author = {"author": episode["patient"]}
    sent(take(client, spread(1, item_9=1), encounter=encounter, **author))
    assert only(client, "Task", "code=suicide-alert")["owner"] == episode["careManager"]
    assert score_on(client)["performer"] == [episode["patient"]]


def test_a_call_that_was_made_stays_made_although_the_alert_is_taken_back(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    taken = sent(take(client, spread(12, item_9=2))).content
    task = only(client, "Task", "code=suicide-alert")
    update(client, task | {"status": "completed", "note": [{"text": "Appelée."}]})
    amended = response(client, spread(7), status="amended") | {"id": taken["id"]}
    update(client, amended)
    assert only(client, "Flag")["status"] == "entered-in-error"
    assert only(client, "Task", "code=suicide-alert")["status"] == "completed"


def test_an_amended_passation_corrects_its_score_and_its_alert(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    taken = sent(take(client, spread(12, item_9=2))).content
    url = f"QuestionnaireResponse/{taken['id']}"
    amended = response(client, spread(7), status="amended") | {"id": taken["id"]}
    sent(client.put(url, amended))
    written = score_on(client)
    assert (written["valueInteger"], written["status"]) == (7, "corrected")
    assert code(written["interpretation"][0], BANDS) == "mild"
    assert [one["status"] for one in found(client, "Flag", "")] == ["entered-in-error"]
    assert [one["status"] for one in found(client, "Task", "code=suicide-alert")] == ["cancelled"]
    sent(client.put(url, amended | {"status": "entered-in-error"}))
    assert score_on(client)["status"] == "entered-in-error"
    assert outcomes(client, "2025-04-01") == {}


def test_a_passation_of_the_wrong_patient_is_moved_with_all_that_follows_from_it(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    taken = sent(take(client, spread(12, item_9=2))).content
    right = {"reference": f"Patient/{sent(client.post('Patient', {'resourceType': 'Patient'})).id}"}
    amended = taken | {"subject": right, "status": "amended"}
    update(client, amended)
    assert (score_on(client)["subject"], score_on(client)["status"]) == (right, "corrected")
    (flag,) = found(client, "Flag", "")
    (task,) = found(client, "Task", "code=suicide-alert")
    assert (flag["subject"], flag["status"], task["for"]) == (right, "active", right)
    assert outcomes(client, "2025-04-01") == {}


def test_two_passations_under_one_number_keep_their_scores_and_their_alerts(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    number = identifiers.numbered(GUIDE, "record", "twice")
    first = sent(take(client, spread(12, item_9=2), identifier=number)).content
    second = sent(take(client, spread(8, item_9=1), "2025-05-01", identifier=number)).content
    assert [score_on(client, on)["valueInteger"] for on in ("2025-04-01", "2025-05-01")] == [12, 8]
    reasons = {one["reasonReference"]["reference"] for one in found(client, "Task", "code=suicide-alert")}
    assert reasons == {f"QuestionnaireResponse/{one['id']}" for one in (first, second)}
    update(client, second | {"status": "entered-in-error"})
    states = sorted((one["period"]["start"][:7], one["status"]) for one in found(client, "Flag", ""))
    assert states == [("2025-04", "active"), ("2025-05", "entered-in-error")]


def test_a_passation_that_was_no_error_has_its_score_back(client: Client) -> None:
    tell(client, "01-referral")
    taken = sent(take(client, spread(12))).content
    for status, expected in (("entered-in-error", "entered-in-error"), ("completed", "corrected")):
        sent(client.put(f"QuestionnaireResponse/{taken['id']}", taken | {"status": status}))
        assert (score_on(client)["status"], score_on(client)["valueInteger"]) == (expected, 12)


def test_a_deleted_passation_takes_its_score_back(client: Client) -> None:
    tell(client, "01-referral")
    taken = sent(take(client, spread(12))).id
    assert client.delete(f"QuestionnaireResponse/{taken}").status == 204
    assert score_on(client)["status"] == "entered-in-error"


@pytest.mark.parametrize(
    ("total", "response_outcome", "remission"),
    [
        (17, "no-response", "no-remission"),
        (9, "no-response", "no-remission"),
        (8, "response", "no-remission"),
        (4, "response", "remission"),
    ],
)
def test_response_and_remission_since_the_baseline_of_17(
    client: Client, total: int, response_outcome: str, remission: str
) -> None:
    tell(client, *UNTIL_ASSESSED)
    assert outcomes(client, "2025-01-13") == {}
    sent(take(client, spread(total)))
    assert outcomes(client, "2025-04-01") == {"treatment-response": response_outcome, "remission": remission}


def test_a_low_baseline_has_no_response(pathway: Pathway) -> None:
    client = pathway(elevated_score=18)
    tell(client, *UNTIL_ASSESSED)
    sent(take(client, spread(2)))
    assert outcomes(client, "2025-04-01") == {"treatment-response": None, "remission": "remission"}


def test_without_a_baseline_nothing_is_derived(client: Client) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(20)))
    sent(take(client, spread(3), "2025-05-01"))
    assert outcomes(client, "2025-05-01") == {}


def test_an_episode_that_comes_after_its_scores_says_what_they_come_to(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    episode = only(client, "EpisodeOfCare")
    url = f"EpisodeOfCare/{episode['id']}"
    sent(client.put(url, episode | {"status": "entered-in-error"}))
    sent(take(client, spread(8)))
    assert outcomes(client, "2025-04-01") == {}
    sent(client.put(url, episode))
    assert outcomes(client, "2025-04-01") == {"treatment-response": "response", "remission": "no-remission"}
    sent(client.put(url, episode | {"period": {"start": "2024-12-01"}}))
    assert outcomes(client, "2025-04-01") == {}


def test_of_two_scores_of_a_day_the_earlier_is_the_baseline_in_whatever_zone(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    sent(take(client, spread(8), authored="2025-01-13T14:00:00Z"))
    assert outcomes(client, "2025-01-13") == {"treatment-response": "response", "remission": "no-remission"}
    (listed,) = lines(client.get(f"PractitionerRole/{role_of(client)}/$file-active?date=2025-02-01").content)
    assert (listed["baseline-score"], listed["last-score"]) == (17, 8)


def test_a_corrected_baseline_corrects_what_was_derived(client: Client) -> None:
    tell(client, *UNTIL_ASSESSED)
    sent(take(client, spread(8)))
    assert outcomes(client, "2025-04-01")["treatment-response"] == "response"
    first = score_on(client, "2025-01-13")["derivedFrom"][0]["reference"]
    taken = client.get(first).content
    ordinals = spread(12)
    for item, ordinal in zip(taken["item"], ordinals, strict=False):
        item["answer"] = [{"valueCoding": PHQ9.options[ordinal]}]
    taken["item"][-1]["answer"] = [{"valueInteger": 12}]
    sent(client.put(first, taken | {"status": "amended"}))
    assert outcomes(client, "2025-04-01")["treatment-response"] == "no-response"


def test_a_score_that_contradicts_its_passation_is_refused(client: Client) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(12)))
    wrong = lacking(score_on(client), "id", "meta")
    answer = client.post("Observation", wrong | {"valueInteger": 11})
    assert answer.status == 422
    assert "comes to 12, not 11" in answer.diagnostics
    item = {"code": concept("http://loinc.org", PHQ9.questions[0]), "interpretation": None, "meta": None}
    answered = {name: value for name, value in (wrong | item).items() if value is not None}
    sent(client.post("Observation", answered | {"valueInteger": 3}))


def test_the_score_that_a_client_sends_with_its_passation_stays_the_only_one(client: Client) -> None:
    tell(client, "01-referral")
    made = response(client, spread(12))
    own = {
        "resourceType": "Observation",
        "meta": {"profile": [GUIDE.profile("sesame-observation-score")]},
        "status": "final",
        "category": [concept(CATEGORY, "survey")],
        "code": {"coding": [{"system": "http://loinc.org", "code": PHQ9.total}]},
        "subject": made["subject"],
        "effectiveDateTime": made["authored"],
        "valueInteger": 12,
        "derivedFrom": [{"reference": "urn:uuid:8a1b6a0e-63f1-4b0c-9d39-4a52a1b8a111"}],
    }
    entries = [
        entry("POST", one["resourceType"], one, f"urn:uuid:8a1b6a0e-63f1-4b0c-9d39-4a52a1b8a11{place}")
        for place, one in enumerate((own, made))
    ]
    sent(transact(client, *entries))
    assert "identifier" not in score_on(client)


@pytest.mark.parametrize("scale", ["hads", "isi", "wsas"])
def test_scales_whose_text_is_not_shipped_are_accepted_as_scores(client: Client, scale: str) -> None:
    tell(client, "01-referral")
    sent(take(client, spread(12)))
    template = score_on(client)
    score = {name: template[name] for name in ("resourceType", "status", "category", "subject")} | {
        "meta": {"profile": template["meta"]["profile"]},
        "code": GUIDE.concept("sesame-scale", scale),
        "effectiveDateTime": "2025-04-01",
        "valueInteger": 12,
    }
    sent(client.post("Observation", score))


def test_answers_can_be_scored_without_being_stored(client: Client) -> None:
    tell(client, "01-referral")
    made = response(client, spread(16, item_9=1))
    body = {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": made}]}
    answer = sent(client.post("QuestionnaireResponse/$score", body))
    by_name = {parameter["name"]: parameter for parameter in answer.content["parameter"]}
    assert by_name["return"]["resource"]["valueInteger"] == 16
    assert_valid(by_name["return"]["resource"])
    (class_,) = by_name["return"]["resource"]["interpretation"]
    assert code(class_, BANDS) == "moderately-severe"
    assert by_name["severity"]["valueCoding"]["code"] == "moderately-severe"
    assert by_name["suicideAlert"]["valueBoolean"] is True
    assert found(client, "Flag", "") == []
    taken = sent(client.post("QuestionnaireResponse", made)).id
    assert sent(client.get(f"QuestionnaireResponse/{taken}/$score")).content["parameter"][1:] == [
        by_name["severity"],
        by_name["suicideAlert"],
    ]


def test_incomplete_answers_are_not_scored(client: Client) -> None:
    tell(client, "01-referral")
    made = response(client, [1] * 9)
    made["item"] = made["item"][1:]
    body = {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": made}]}
    assert client.post("QuestionnaireResponse/$score", body).status == 422
    other = made | {"questionnaire": "urn:other"}
    body["parameter"] = [{"name": "response", "resource": other}]
    assert client.post("QuestionnaireResponse/$score", body).status == 422
    assert client.post("QuestionnaireResponse/$score", {"resourceType": "Parameters"}).status == 400
    assert client.get("QuestionnaireResponse/unknown/$score").status == 404


@pytest.mark.parametrize(("scale", "highest"), [("phq-9", 27), ("gad-7", 21), ("phq-2", 6)])
def test_no_scale_gives_more_than_its_highest_total(client: Client, scale: str, highest: int) -> None:
    said = {"status": "final", "code": concept("http://loinc.org", SCALES[scale].total)}
    for value in (-1, highest + 1):
        answer = client.post("Observation", {"resourceType": "Observation", **said, "valueInteger": value})
        assert (answer.status, f"from 0 to {highest}, not {value}" in answer.diagnostics) == (422, True)
    sent(client.post("Observation", {"resourceType": "Observation", **said, "valueInteger": highest}))


def twice(never: Resource) -> list[Resource]:
    often = {"answer": [{"valueCoding": {"code": "LA6570-1"}}]}
    return [never | often, never]


def nested(never: Resource) -> list[Resource]:
    often = {"answer": [{"valueCoding": {"code": "LA6570-1"}}]}
    return [{"linkId": "group", "item": [never | often]}]


@pytest.mark.parametrize("told", [twice, nested])
def test_an_answer_about_self_harm_is_heard_however_it_is_told(
    client: Client, told: Callable[[Resource], list[Resource]]
) -> None:
    """In a version of the questionnaire that this server does not know, and cannot hold answers to."""
    tell(client, "01-referral")
    made = response(client, spread(0), questionnaire=f"{PHQ9.questionnaire}|9.9", meta=None)
    made["item"] = [*made["item"][:8], *told(made["item"][8])]
    answer = client.post("QuestionnaireResponse", made)
    assert (answer.status, "44260-8" in answer.diagnostics) == (422, True)
    sent(client.post("QuestionnaireResponse", made | {"status": "in-progress"}))
    assert len(found(client, "Flag", "")) == 1
