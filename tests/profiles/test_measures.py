"""The criteria of the measures, evaluated on one pathway as the Bundle of its graph."""

from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPath
from mappings.sesame.guide import read_guide
from tests.profiles.examples import examples

GUIDE = read_guide()
MEASURES = {found["id"]: found for found in GUIDE.resources if found["resourceType"] == "Measure"}
EXAMPLES = {(example.profile, example.name): example.resource for example in examples()}
EPISODE = EXAMPLES["sesame-episodeofcare", "parcours-camille"]
REVIEW = EXAMPLES["sesame-clinicalimpression-case-review", "recommandation-1"]
RESPONSE = EXAMPLES["sesame-observation-outcome", "reponse"]
REMISSION = EXAMPLES["sesame-observation-outcome", "remission-atteinte"]


def told(outcome: dict[str, Any], code: str) -> dict[str, Any]:
    """The outcome with another value."""
    return outcome | {"valueCodeableConcept": GUIDE.concept("sesame-outcome", code)}


def contact(day: str) -> dict[str, Any]:
    return EXAMPLES["sesame-encounter-contact", "contact-1"] | {
        "period": {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:30:00+01:00"}
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in (EPISODE, *resources)],
    }


def values(measure: str, population: str, pathway: dict[str, Any]) -> list[Any]:
    (group,) = MEASURES[measure]["group"]
    (criteria,) = [
        found["criteria"] for found in group["population"] if found["code"]["coding"][0]["code"] == population
    ]
    assert criteria["language"] == "text/fhirpath"
    return FhirPath().evaluate(criteria["expression"], pathway)


@pytest.mark.parametrize(
    ("days", "reached"),
    [
        (["2025-01-13", "2025-01-27", "2025-02-10", "2025-02-24"], True),
        (["2025-01-13", "2025-01-27", "2025-02-10", "2025-04-03"], True),
        (["2025-01-13", "2025-01-27", "2025-02-10", "2025-04-04"], False),
        (["2025-01-13", "2025-01-27", "2025-02-10"], False),
        ([], False),
    ],
)
def test_four_contacts_in_twelve_weeks_from_the_start(days: list[str], reached: bool) -> None:
    pathway = bundle(*map(contact, days))
    assert values("quatre-contacts", "denominator", pathway) == [True]
    assert values("quatre-contacts", "numerator", pathway) == [reached]


def test_a_case_review_and_a_vain_attempt_are_no_contacts() -> None:
    others = (
        EXAMPLES["sesame-encounter-case-review", "revue-1"],
        EXAMPLES["sesame-communication-contact-attempt", "tentative-1"],
        contact("2025-02-10") | {"status": "cancelled"},
    )
    assert values("contacts", "measure-observation", bundle(contact("2025-01-13"), *others)) == [1]


@pytest.mark.parametrize(("review", "seen"), [([REVIEW], True), ([], False)])
def test_who_has_not_improved_is_seen_in_a_case_review(review: list[dict[str, Any]], seen: bool) -> None:
    pathway = bundle(told(RESPONSE, "no-response"), *review)
    assert values("revue-de-cas", "denominator", pathway) == [True]
    assert values("revue-de-cas", "numerator", pathway) == [seen]
    assert values("revue-de-cas", "denominator", bundle(RESPONSE)) == [False]


@pytest.mark.parametrize(
    ("measure", "outcome", "other"),
    [("reponse", RESPONSE, "no-response"), ("remission", REMISSION, "no-remission")],
)
def test_outcomes_count_where_they_are_known(measure: str, outcome: dict[str, Any], other: str) -> None:
    unknown = {name: value for name, value in outcome.items() if name != "valueCodeableConcept"}
    assert values(measure, "denominator", bundle(outcome)) == [True]
    assert values(measure, "numerator", bundle(outcome)) == [True]
    assert values(measure, "numerator", bundle(told(outcome, other))) == [False]
    assert values(measure, "denominator", bundle(unknown)) == [False]


def forecasts() -> dict[str, dict[str, Any]]:
    return {name: found for (_, name), found in EXAMPLES.items() if name.startswith("prevision-")}


def test_the_forecast_adds_up_to_its_total() -> None:
    reports = forecasts()
    total = reports.pop("prevision-totale")
    for place, group in enumerate(total["group"]):
        parts = [report["group"][place] for report in reports.values()]
        for part in parts:
            assert part["code"]["coding"][0]["code"] == group["code"]["coding"][0]["code"]
        assert sum(part["population"][0]["count"] for part in parts) == group["population"][0]["count"]
        assert sum(part["measureScore"]["value"] for part in parts) == group["measureScore"]["value"]
    assert sum(group["measureScore"]["value"] for group in total["group"]) == 2_617_026
