"""The profiles accept the resources of the story and the cohort, also those that claim no profile."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fhir_server import bootstrap
from fhir_server.core import json
from fhir_server.core.request import FhirRequest
from fhir_server.settings import Settings
from mappings.sesame.cohort import demo_cohort
from tests.mappings.story import resources, steps
from tests.mappings.validity import GUIDE, VALIDATOR

Resource = dict[str, Any]


def code(concept: Resource) -> str:
    return str(concept["coding"][0]["code"])


def organization(found: Resource) -> str:
    if code(found["type"][0]) == "pay":
        return "sesame-organization-insurer"
    is_site = "finess" in found["identifier"][0]["system"]
    return "sesame-organization-site" if is_site else "sesame-organization-quartet"


def practitioner(found: Resource) -> str:
    is_nurse = code(found["qualification"][0]["code"]) == "60"
    return "sesame-practitioner-ide" if is_nurse else "sesame-practitioner-mg"


CONSENTS = {
    "team-care": "sesame-consent-care",
    "evaluation": "sesame-consent-evaluation",
    "research": "sesame-consent-research",
}
PROFILES: Mapping[str, Callable[[Resource], str | None]] = {
    "CareTeam": lambda _: "sesame-careteam",
    "Communication": lambda found: (
        "sesame-communication-advice" if code(found["category"][0]) == "case-review-advice" else None
    ),
    "Consent": lambda found: CONSENTS[code(found["category"][0])],
    "Coverage": lambda _: "sesame-coverage",
    "EpisodeOfCare": lambda _: "sesame-episodeofcare",
    "Goal": lambda _: "sesame-goal-target",
    "Organization": organization,
    "Patient": lambda _: "sesame-patient-ins",
    "Practitioner": practitioner,
    "PractitionerRole": lambda _: "sesame-practitionerrole",
    "QuestionnaireResponse": lambda found: (
        "sesame-questionnaireresponse-adressage" if found["questionnaire"].endswith("adressage") else None
    ),
}
"""For each type of which resources claim no profile, or a wider one, the profile that is theirs."""


def serious(resource: Resource, profile: str) -> list[str]:
    issues = VALIDATOR.validate(resource, [GUIDE.profile(profile)])
    return [
        str(issue)
        for issue in issues
        if issue.severity in ("fatal", "error", "warning")
        and issue.key != "dom-6"
        and issue.code != "code-invalid"
    ]


@pytest.mark.parametrize("type", PROFILES)
def test_every_resource_fits_its_profile(type: str) -> None:
    cohort = [entry["resource"] for bundle in demo_cohort() for entry in bundle["entry"]]
    found = [*resources(type), *(resource for resource in cohort if resource["resourceType"] == type)]
    assert found
    for resource in found:
        if profile := PROFILES[type](resource):
            assert serious(resource, profile) == []


def test_the_referral_of_the_story_fits_the_profile_of_referrals() -> None:
    assert serious(steps()["01-referral"], "sesame-bundle-referral") == []


def test_the_answer_to_a_referral_fits_its_profile_the_first_time_and_the_second() -> None:
    server = bootstrap.build(Settings.load({}, {"store": "memory:"}))
    request = FhirRequest(
        method="POST",
        path=(),
        base_url="https://serveur-fictif.example/fhir",
        content=steps()["01-referral"],
        content_type="application/fhir+json",
    )
    answers = [json.parse(server.dispatcher.dispatch(request).body or b"") for _ in range(2)]
    assert [answer["entry"][0]["response"]["status"][:3] for answer in answers] == ["201", "200"]
    for answer in answers:
        assert serious(answer, "sesame-bundle-referral-response") == []
