"""The rules of the profiles at their limits."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from fhir_server.core import json
from tests.mappings.story import resources
from tests.mappings.validity import GUIDE, broken_rules
from tests.profiles.examples import examples

LEGER = GUIDE.profile("sesame-careplan-leger")

Change = Callable[[dict[str, Any]], object]


def first(profile: str) -> dict[str, Any]:
    """A copy of the first resource of the story that claims a profile."""
    url = GUIDE.profile(profile)
    return deepcopy(next(found for found in resources() if url in found["meta"].get("profile", [])))


def as_leger(plan: dict[str, Any]) -> None:
    plan["meta"]["profile"] = [LEGER]


def without_item(link_id: str) -> Change:
    return lambda response: response.update(item=[i for i in response["item"] if i["linkId"] != link_id])


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
    claim = next(example.resource for example in examples() if example.name == "facture-1")
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
