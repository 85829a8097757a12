"""Each rule of the profiles accepts the story and refuses what breaks it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from fhir_server.core import json
from tests.mappings.sound import GUIDE, PROFILES, broken_rules
from tests.mappings.story import resources

RANK, LEGER = GUIDE.profile("sequence-rank"), GUIDE.profile("sesame-careplan-leger")

Change = Callable[[dict[str, Any]], object]


def first(profile: str) -> dict[str, Any]:
    """A copy of the first resource of the story that claims a profile."""
    url = GUIDE.profile(profile)
    return deepcopy(next(found for found in resources() if url in found["meta"].get("profile", [])))


def set_rank(plan: dict[str, Any], rank: int) -> None:
    next(found for found in plan["extension"] if found["url"] == RANK)["valuePositiveInt"] = rank


def as_leger(plan: dict[str, Any]) -> None:
    plan["meta"]["profile"] = [LEGER]


def answer(response: dict[str, Any], link_id: str) -> dict[str, Any]:
    return next(item for item in response["item"] if item["linkId"] == link_id)["answer"][0]


def without_item(link_id: str) -> Change:
    return lambda response: response.update(item=[i for i in response["item"] if i["linkId"] != link_id])


def with_total(link_id: str, total: int) -> Change:
    return lambda response: answer(response, link_id).update(valueInteger=total)


def as_social_security(person: dict[str, Any]) -> None:
    person["identifier"][0]["system"] = "urn:oid:1.2.250.1.213.1.4.8"


def two_lines(claim: dict[str, Any]) -> None:
    claim["item"].append(claim["item"][0])
    claim["total"]["value"] = 1216


def two_forfaits(claim: dict[str, Any]) -> None:
    coding = claim["item"][0]["productOrService"]["coding"]
    coding.append(coding[0] | {"code": "leger"})


CASES: list[tuple[str, str, Change]] = [
    ("ses-patient-1", "sesame-patient", lambda p: p.pop("birthDate")),
    ("ses-patient-1", "sesame-patient", lambda p: p.pop("gender")),
    ("ses-patient-1", "sesame-patient", lambda p: p["name"][0].pop("given")),
    ("ses-patient-1", "sesame-patient", lambda p: p["extension"].pop()),
    ("ses-patient-2", "sesame-patient", as_social_security),
    (
        "ses-referral-1",
        "sesame-servicerequest-referral",
        lambda r: r["reasonCode"].append({"coding": [{"system": "urn:x"}]}),
    ),
    ("ses-task-1", "sesame-task-referral", lambda t: t.update(status="rejected")),
    ("ses-careplan-1", "sesame-careplan-classique", lambda p: p["period"].pop("end")),
    ("ses-careplan-2", "sesame-careplan-classique", lambda p: p["period"].update(end="2025-04-13")),
    ("ses-careplan-3", "sesame-careplan-classique", lambda p: set_rank(p, 5)),
    ("ses-careplan-4", "sesame-careplan-classique", lambda p: set_rank(p, 2)),
    (
        "ses-careplan-4",
        "sesame-careplan-classique",
        lambda p: p.update(replaces=[{"reference": "CarePlan/1"}]),
    ),
    ("ses-careplan-5", "sesame-careplan-classique", lambda p: (as_leger(p), set_rank(p, 2))),
    (
        "ses-careplan-5",
        "sesame-careplan-classique",
        lambda p: (as_leger(p), p.update(replaces=[{"reference": "CarePlan/1"}])),
    ),
    ("ses-qr-phq9-1", "sesame-questionnaireresponse-phq9", without_item("44260-8")),
    ("ses-qr-phq9-2", "sesame-questionnaireresponse-phq9", with_total("44261-6", 16)),
    ("ses-qr-phq9-3", "sesame-questionnaireresponse-phq9", lambda r: r.update(questionnaire="urn:other")),
    ("ses-qr-gad7-1", "sesame-questionnaireresponse-gad7", without_item("69725-0")),
    ("ses-qr-gad7-2", "sesame-questionnaireresponse-gad7", with_total("70274-6", 0)),
    ("ses-qr-gad7-3", "sesame-questionnaireresponse-gad7", lambda r: r.pop("questionnaire")),
    ("ses-qr-phq2-1", "sesame-questionnaireresponse-phq2", without_item("44250-9")),
    ("ses-qr-phq2-2", "sesame-questionnaireresponse-phq2", with_total("55758-7", 7)),
    ("ses-qr-phq2-3", "sesame-questionnaireresponse-phq2", lambda r: r.update(questionnaire="urn:other")),
    ("ses-obs-1", "sesame-observation-score", lambda o: o.update(valueInteger=28)),
    ("ses-obs-1", "sesame-observation-score", lambda o: o.update(valueInteger=-1)),
    ("ses-claim-1", "sesame-claim", two_lines),
    ("ses-claim-2", "sesame-claim", two_forfaits),
    ("ses-claim-2", "sesame-claim", lambda c: c["item"][0]["unitPrice"].update(value=json.number("607.99"))),
    ("ses-claim-4", "sesame-claim", lambda c: c["item"][0]["net"].update(currency="USD")),
    ("ses-claim-4", "sesame-claim", lambda c: c["total"].pop("currency")),
    ("ses-claim-5", "sesame-claim", lambda c: c["total"].update(value=245)),
]


@pytest.mark.parametrize(
    ("key", "profile", "change"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_rule_refuses_what_breaks_it_and_no_other_does(key: str, profile: str, change: Change) -> None:
    resource = first(profile)
    assert broken_rules(resource) == set()
    change(resource)
    assert key in broken_rules(resource)


def test_every_rule_has_a_refused_case() -> None:
    rules = {
        rule["key"]
        for profile in PROFILES.values()
        for element in profile["differential"]["element"]
        for rule in element.get("constraint", [])
    }
    assert {key for key, _, _ in CASES} == rules


def test_an_unfinished_response_may_lack_answers() -> None:
    response = first("sesame-questionnaireresponse-phq9")
    without_item("44260-8")(response)
    without_item("44261-6")(response)
    response["status"] = "in-progress"
    assert broken_rules(response) == set()


def test_a_response_may_name_the_version_of_its_questionnaire() -> None:
    response = first("sesame-questionnaireresponse-phq9")
    response["questionnaire"] += "|0.1.0"
    assert broken_rules(response) == set()


def test_the_difficulty_question_does_not_count_in_the_score() -> None:
    response = first("sesame-questionnaireresponse-phq9")
    extreme = {"system": "http://loinc.org", "code": "LA6574-3"}
    response["item"].append({"linkId": "69722-7", "answer": [{"valueCoding": extreme}]})
    assert broken_rules(response) == set()


@pytest.mark.parametrize("amount", ["608", "608.0", "608.00", "6.08e2"])
def test_amounts_are_compared_by_value_not_by_digits(amount: str) -> None:
    claim = first("sesame-claim")
    claim["total"]["value"] = json.number(amount)
    assert broken_rules(claim) == set()


@pytest.mark.parametrize(
    ("start", "end", "fits"),
    [
        ("2025-01-13", "2025-04-12", True),
        ("2025-01-13", "2025-04-13", False),
        ("2024-11-30", "2025-02-27", True),
        ("2024-11-30", "2025-02-28", False),
        ("2024-02-29", "2024-05-28", True),
        ("2024-02-29", "2024-05-29", False),
        ("2025-01", "2025-03", False),
    ],
)
def test_three_calendar_months_with_the_last_day_included(start: str, end: str, fits: bool) -> None:
    plan = first("sesame-careplan-classique")
    plan["period"] = {"start": start, "end": end}
    assert (broken_rules(plan) == set()) == fits


def test_a_leger_plan_of_rank_one_is_accepted() -> None:
    plan = first("sesame-careplan-classique")
    as_leger(plan)
    assert broken_rules(plan) == set()


def test_an_ins_under_the_shared_oid_needs_its_type_and_its_traits() -> None:
    person = first("sesame-patient")
    person["identifier"][0] |= {"system": "urn:oid:1.2.250.1.213.1.4.8"}
    person["identifier"][0]["type"]["coding"][0]["code"] = "INS-NIR"
    assert broken_rules(person) == set()
    del person["birthDate"]
    assert broken_rules(person) == {"ses-patient-1"}


def test_a_social_security_number_needs_no_traits() -> None:
    person = first("sesame-patient")
    del person["birthDate"]
    person["identifier"][0] |= {
        "system": "urn:oid:1.2.250.1.213.1.4.8",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NH"}]},
    }
    assert broken_rules(person) == set()
